"""The write lock and the change counters that processes using one SQLite file share."""

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
"""Number of change counters. Two worlds may share one; a process then sometimes reads the file needlessly."""


class SharedWriteLock:
    """For processes forked from the one that creates it. ``path`` is the lock file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock: int | None = None
        self.counters = memoryview(mmap.mmap(-1, SLOTS * 8)).cast("Q")
        """In shared memory. A counter is odd during a commit, and stays odd if the committing process was killed."""

    def open(self) -> None:
        """Call it in each process, because processes that share a file description share its locks. Raises ``OSError``."""
        self.close()
        self._lock = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Within the ``with`` block no other process writes. The lock ends with the process, even if that is killed."""
        assert self._lock is not None
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def bump_counters(self, changes: Sequence[Change]) -> Iterator[None]:
        """Wraps a commit, within ``locked``. A world's counter is odd before the file shows any change, and higher after the
        commit; so a reader that sees an unchanged counter has missed nothing. If this process is killed in between, the
        counter stays odd, and all processes read the file until the next commit."""
        changed = {change.world % SLOTS for change in changes if not isinstance(change, CreateWorld | TouchWorld)}
        for slot in changed:
            self.counters[slot] |= 1
        try:
            yield
        finally:
            for slot in changed:
                self.counters[slot] += 1

    def revision(self, world: int) -> int | None:
        """As ``Log.revision``."""
        counter = self.counters[world % SLOTS]
        return None if counter % 2 else counter
