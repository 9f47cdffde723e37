"""Caches of what was derived from a world's state: LRU, bounded by estimated bytes, safe to use from several threads."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Sized
from threading import Lock
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class AccountsKey(msgspec.Struct, frozen=True):
    """A key for what depends on the customers' accounts and on ``facts`` alone: it outlives commands that change neither.

    ``facts`` must hold everything else that matters (dates, switches), or an object made from it, which is compared
    by identity.
    """

    name: Hashable
    facts: Hashable


class DerivedCache:
    """Values derived from what does not change while this cache is in use. ``most`` bounds them, in bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[Hashable, tuple[Any, int]] = {}
        self._weight = 0
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """``compute()``, or what it gave before. It runs without the lock: two threads may compute the same value."""
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:
                self._entries[key] = entry  # now the last one to be dropped
                return entry[0]  # type: ignore[no-any-return]
        value = compute()
        weight = _weight(value)
        if weight <= self._most:
            with self._lock:
                self._put(key, value, weight)
        return value

    def _put(self, key: Hashable, value: Any, weight: int) -> None:
        before = self._entries.pop(key, None)
        self._weight += weight - (before[1] if before else 0)
        self._entries[key] = value, weight
        while self._weight > self._most:
            self._weight -= self._entries.pop(next(iter(self._entries)))[1]


def _weight(value: Any) -> int:
    """In bytes, roughly. What holds much says how much (``weight``); a list's items are taken for small numbers."""
    if hasattr(value, "weight"):
        return int(value.weight)
    if isinstance(value, array | bytes):
        return 100 + memoryview(value).nbytes
    return 500 + 40 * (len(value) if isinstance(value, Sized) else 0)
