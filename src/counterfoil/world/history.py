"""The history of a world: the commands that were executed, oldest first, in a sequence that grows without being copied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, overload

import msgspec

if TYPE_CHECKING:
    from counterfoil.world.commands import Command


class Entry(msgspec.Struct, frozen=True):
    """A command that was executed: when (world time), the command, and its result, such as the new record."""

    at: datetime
    command: Command
    fact: Any


class History(Sequence[Entry]):
    """An immutable sequence of entries. ``appended`` returns a longer one; the two share one list."""

    __slots__ = ("_entries", "_length", "_lock")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._length = 0
        self._lock = (
            Lock()
        )  # shared by all histories that share the list: forks of a world may be used in other threads

    def appended(self, entry: Entry) -> History:
        """This history with one more entry."""
        longer = History.__new__(History)
        longer._length = self._length + 1
        with self._lock:
            if len(self._entries) == self._length:
                self._entries.append(entry)
                longer._entries, longer._lock = self._entries, self._lock
                return longer
        # the history of a fork, or of a failed command, has another entry at this place
        longer._entries = [*self._entries[: self._length], entry]
        longer._lock = Lock()
        return longer

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self._entries[position] for position in range(*index.indices(self._length))]
        return self._entries[range(self._length)[index]]
