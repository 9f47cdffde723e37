"""Drops worlds from memory when there are too many or they take too much memory. The store still has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from counterfoil.store.head import StoredHead
from counterfoil.world.state import WorldState
from counterfoil.world.worlds import DEFAULT

MAX_WORLDS = 4096
MAX_MEMORY_BYTES = 256 * 2**20
BYTES_OF_A_WORLD, BYTES_OF_A_COMMAND, BYTES_OF_AN_ACCOUNT = 8192, 512, 4096
"""Measured with the demo scenario: 8.0 kB without a command, 0.4 for each billing run, and for each account state 3.3 after a
month and 6.4 after a billing run of it."""


def estimated_bytes(state: WorldState) -> int:
    """About how much memory a world takes, in addition to what it shares with other worlds of its scenario."""
    commands = len(state.history) - state.scenario_length
    accounts = 0
    if commands:
        accounts = state.ledger.store.slot_count
        if state.now == state.history[state.scenario_length].at:  # the clock was not moved, which changes all of them
            accounts = min(accounts, commands)
    derived = sum(cache.bytes for cache in (state.cache, state.accounts_cache) if cache is not None)
    written = 2 * state.resources.bytes_written
    return BYTES_OF_A_WORLD + commands * BYTES_OF_A_COMMAND + accounts * BYTES_OF_AN_ACCOUNT + derived + written


class WorldsInMemory:
    """The worlds in memory, by name (``heads``), within bounds on their number and their estimated bytes. Not thread-safe."""

    def __init__(self, most_worlds: int, most_bytes: int) -> None:
        self.heads: dict[str, StoredHead] = {}
        self._most_worlds, self._most_bytes = most_worlds, most_bytes
        self._bytes = 0

    def remember(self, head: StoredHead) -> None:
        """Add a world; others are dropped if there are too many."""
        before = self.heads.get(head.name)
        if before is not None:
            self.forget(before)
        head.bytes = 0
        self.heads[head.name] = head
        self.weigh([head])

    def weigh(self, changed: Iterable[StoredHead]) -> None:
        """Estimate the size of changed worlds again; others are dropped if they take too much memory."""
        counted = [head for head in changed if self.heads.get(head.name) is head and head.name != DEFAULT]
        for head in counted:
            size = estimated_bytes(head.state)
            self._bytes += size - head.bytes
            head.bytes = size
        self._bound(counted)

    def forget(self, head: StoredHead) -> None:
        """Stop counting a world that was deleted or replaced."""
        if self.heads.get(head.name) is head:
            del self.heads[head.name]
            self._bytes -= head.bytes

    def bound(self) -> None:
        """Estimate the size of all worlds again, and drop worlds beyond the bounds."""
        self._drop([])

    def _bound(self, kept: Sequence[StoredHead]) -> None:
        if len(self.heads) > self._most_worlds or self._bytes > self._most_bytes:
            self._drop(kept)

    def _drop(self, kept: Sequence[StoredHead]) -> None:
        dropped, self._bytes = to_drop(self.heads.values(), self._most_worlds, self._most_bytes, kept)
        for head in dropped:
            del self.heads[head.name]


def to_drop(
    heads: Iterable[StoredHead], most_worlds: int, most_bytes: int, kept: Sequence[StoredHead]
) -> tuple[list[StoredHead], int]:
    """The worlds to drop, and how many bytes the others take. If a bound is exceeded, the least recently used worlds are
    dropped until a quarter of each bound is free. Worlds in ``kept`` are in use and stay; the default world is not counted."""
    counted = [head for head in heads if head.name != DEFAULT]
    for head in counted:
        head.bytes = estimated_bytes(head.state)
    count, total = len(counted), sum(head.bytes for head in counted)
    dropped: list[StoredHead] = []
    if count <= most_worlds and total <= most_bytes:
        return dropped, total
    for head in sorted((head for head in counted if head not in kept), key=lambda head: head.used_at):
        if count - len(dropped) <= most_worlds * 3 // 4 and total <= most_bytes * 3 // 4:
            break
        dropped.append(head)
        total -= head.bytes
    return dropped, total
