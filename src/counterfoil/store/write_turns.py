"""What the processes that use one SQLite file share beside it: whose turn it is to write, and counters of what was written."""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
from collections.abc import Iterator, Sequence

from counterfoil.store.log import Change, CreateWorld, TouchWorld

if sys.platform != "win32":
    import fcntl

SLOTS = 65_536
"""Counters of changes, by a world's id. Two worlds may share one: then a process looks once too often."""


class SharedWriteLock:
    """For processes that are forked from the one that makes it. ``path`` is the file of the lock."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock: int | None = None
        self.counters = memoryview(mmap.mmap(-1, SLOTS * 8)).cast("Q")
        """In memory that they share. One is odd while a commit has not ended, or if its process was killed."""

    def open(self) -> None:
        """In each process, because those that share a file description share its locks. Raises ``OSError``."""
        self.close()
        self._lock = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Within it no other process writes. The lock ends with the process, however that ends."""
        assert self._lock is not None
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def bump_counters(self, changes: Sequence[Change]) -> Iterator[None]:
        """Around a commit, in this process's turn. A reader who finds a world's counter as it was has missed nothing: it is odd
        before anything can be seen in the file, and greater when the commit has ended. If this process is killed in between,
        it stays odd, and all ask the file until the next commit."""
        changed = {each.world % SLOTS for each in changes if not isinstance(each, CreateWorld | TouchWorld)}
        for slot in changed:
            self.counters[slot] |= 1
        try:
            yield
        finally:
            for slot in changed:
                self.counters[slot] += 1

    def revision(self, world: int) -> int | None:
        """As ``Log.revision``."""
        found = self.counters[world % SLOTS]
        return None if found % 2 else found
