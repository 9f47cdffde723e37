"""What was done to a world, oldest first, in a sequence that grows without being copied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, overload

import msgspec

if TYPE_CHECKING:
    from counterfoil.world.commands import Command


class Entry(msgspec.Struct, frozen=True):
    """One thing that was done: when (world time), the command, and the fact that came of it."""

    at: datetime
    command: Command
    fact: Any


class History(Sequence[Entry]):
    """Entries that never change. ``having`` gives a longer history; both share one list, of which each sees its length."""

    __slots__ = ("_entries", "_length", "_lock")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._length = 0
        self._lock = Lock()  # shared by all who share the list: forks of a world have threads of their own

    def having(self, entry: Entry) -> History:
        """This history and one entry more."""
        twin = History.__new__(History)
        twin._length = self._length + 1
        with self._lock:
            if len(self._entries) == self._length:
                self._entries.append(entry)
                twin._entries, twin._lock = self._entries, self._lock
                return twin
        # another history goes on from here differently: a fork, or a change that was given up
        twin._entries = [*self._entries[: self._length], entry]
        twin._lock = Lock()
        return twin

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self._entries[each] for each in range(*index.indices(self._length))]
        return self._entries[range(self._length)[index]]
