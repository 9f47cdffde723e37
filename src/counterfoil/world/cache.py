"""An LRU cache of values derived from a world's state, bounded by estimated bytes and safe to use from several threads."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Sized
from threading import Lock
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class AccountsKey(msgspec.Struct, frozen=True):
    """A key for values that depend on the accounts and on ``facts`` alone: they stay cached while neither changes.

    ``facts`` must hold everything else that matters (dates, switches), or an object made from it, which is compared
    by identity.
    """

    name: Hashable
    facts: Hashable


class DerivedCache:
    """Values derived from data that does not change while this cache is in use."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: dict[Hashable, tuple[Any, int]] = {}
        self._size = 0
        self._lock = Lock()

    @property
    def bytes(self) -> int:
        """The estimated size of all values."""
        return self._size

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The cached value of ``compute()``. It is called without the lock: two threads may compute the same value."""
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:
                self._entries[key] = entry  # now the most recently used
                return entry[0]  # type: ignore[no-any-return]
        value = compute()
        size = _estimated_size(value)
        if size <= self._max_bytes:
            with self._lock:
                self._put(key, value, size)
        return value

    def _put(self, key: Hashable, value: Any, size: int) -> None:
        before = self._entries.pop(key, None)
        self._size += size - (before[1] if before else 0)
        self._entries[key] = value, size
        while self._size > self._max_bytes:
            self._size -= self._entries.pop(next(iter(self._entries)))[1]


def _estimated_size(value: Any) -> int:
    """The estimated size in bytes. Large objects have ``weight``; a list's items are assumed to be small numbers."""
    if hasattr(value, "weight"):
        return int(value.weight)
    if isinstance(value, array | bytes):
        return 100 + memoryview(value).nbytes
    return 500 + 40 * (len(value) if isinstance(value, Sized) else 0)
