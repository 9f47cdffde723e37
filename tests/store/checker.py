"""Compares what clients saw with what the store kept: nothing acknowledged is lost, nothing refused is kept, and one order of
all changes explains every response (linearizability, with the order of the store's log).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "refused", "unknown"]


@dataclass(frozen=True)
class Seen:
    """One operation of a client. ``started`` and ``ended`` in seconds of one clock. ``value`` is what it wrote, or read, in
    ``register``; ``version`` and ``now`` are the world's version and time in the response."""

    kind: Literal["write", "read"]
    world: str
    register: str
    value: str
    outcome: Outcome
    started: float
    ended: float
    version: int | None = None
    now: str = ""


def violations(seen: Sequence[Seen], kept: Mapping[str, Sequence[tuple[str, str]]]) -> list[str]:
    """What is wrong, one line each. ``kept`` has for each world the writes in the store's order: (register, value).

    Every value is written at most once by the clients.
    """
    found: list[str] = []
    for world, writes in kept.items():
        here = [each for each in seen if each.world == world]
        found += _lost_or_kept(here, writes)
        registers = {each.register for each in here}
        for register in sorted(registers):
            values = [value for name, value in writes if name == register]
            found += _out_of_order([each for each in here if each.register == register], values)
        found += _versions(each for each in here if each.version is not None and each.outcome == "ok")
    return found


def _lost_or_kept(seen: Iterable[Seen], writes: Sequence[tuple[str, str]]) -> list[str]:
    times = Counter(writes)
    found = []
    for each in seen:
        if each.kind == "write":
            there = times[each.register, each.value]
            if each.outcome == "ok" and there != 1:
                found.append(
                    f"LOST: {each.world} {each.register} {each.value} was acknowledged, and is there {there} times"
                )
            elif there > (each.outcome == "unknown") and each.outcome != "ok":
                found.append(f"KEPT: {each.world} {each.register} {each.value} was {each.outcome}: {there} times")
    return found


def _out_of_order(seen: Sequence[Seen], values: Sequence[str]) -> list[str]:
    """Each acknowledged write and each read has a place in the register's history. An operation that began after another
    had ended must not have an earlier place."""
    places = {value: place for place, value in enumerate(values)}
    found, placed = [], []
    for each in seen:
        if each.outcome != "ok":
            continue
        place = places.get(each.value)
        if place is not None:
            placed.append((each, place))
        elif each.kind == "read" and each.value:
            found.append(f"TAKEN BACK: {each.world} {each.register} {each.value} was read, and is not in the store")
    return found + [
        f"STALE: {each.world} {each.register} {each.value} (place {place}) after place {newest}"
        for each, place, newest in _went_back(placed)
    ]


def _versions(seen: Iterable[Seen]) -> list[str]:
    versions = [(each, each.version or 0) for each in seen]
    found = [
        f"BACKWARDS: {each.world} told version {version} after {newest}"
        for each, version, newest in _went_back(versions)
    ]
    times: dict[int, str] = {}
    for each, version in versions:
        if times.setdefault(version, each.now) != each.now:
            found.append(f"SPLIT: {each.world} was at {times[version]} and {each.now} in version {version}")
    return found


def _went_back(placed: list[tuple[Seen, int]]) -> list[tuple[Seen, int, int]]:
    """Operations placed before an operation that had ended when they began."""
    ended = sorted(placed, key=lambda pair: pair[0].ended)
    found, newest, index = [], -1, 0
    for each, place in sorted(placed, key=lambda pair: pair[0].started):
        while index < len(ended) and ended[index][0].ended < each.started:
            newest = max(newest, ended[index][1])
            index += 1
        if place < newest:
            found.append((each, place, newest))
    return found
