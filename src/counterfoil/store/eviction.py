"""Chooses the worlds that are dropped from memory, because too many were used or they take too much of it. The store has them."""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil.store.head import StoredHead
from counterfoil.world.state import WorldState
from counterfoil.world.worlds import DEFAULT

MOST_WORLDS = 4096
MOST_BYTES = 256 * 2**20
BYTES_OF_A_WORLD, BYTES_OF_A_COMMAND, BYTES_OF_AN_ACCOUNT = 8192, 512, 4096
"""Measured with the demo scenario: 8.0 kB without a command, 0.4 for each billing run, and for each account state 3.3 after a
month and 6.4 after a billing run of it."""


def estimated_bytes(state: WorldState) -> int:
    """What a world takes in memory, about, in addition to what it shares with others of its scenario."""
    commands = len(state.history) - state.scenario_length
    accounts = 0
    if commands:
        accounts = state.ledger.store.slot_count
        if state.now == state.history[state.scenario_length].at:  # the clock was not moved, which changes all of them
            accounts = min(accounts, commands)
    derived = sum(cache.bytes for cache in (state.cache, state.accounts_cache) if cache is not None)
    written = 2 * state.resources.bytes_written
    return BYTES_OF_A_WORLD + commands * BYTES_OF_A_COMMAND + accounts * BYTES_OF_AN_ACCOUNT + derived + written


def to_drop(heads: Iterable[StoredHead], most_worlds: int, most_bytes: int) -> tuple[list[StoredHead], int]:
    """Those that were not used for the longest, so that a quarter of each bound is free again, if one is passed; and how many
    bytes the others take. The default world is not counted, and stays."""
    oldest_first = sorted((each for each in heads if each.name != DEFAULT), key=lambda each: each.used_at)
    sizes = [estimated_bytes(each.state) for each in oldest_first]
    count, total, dropped = len(sizes), sum(sizes), 0
    if count > most_worlds or total > most_bytes:
        while dropped < count and (count - dropped > most_worlds * 3 // 4 or total > most_bytes * 3 // 4):
            total -= sizes[dropped]
            dropped += 1
    return oldest_first[:dropped], total
