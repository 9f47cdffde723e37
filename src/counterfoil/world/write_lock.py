"""The write lock of one world, with a bound on how many threads may wait for it."""

from __future__ import annotations

from threading import Lock, RLock
from types import TracebackType

from counterfoil.ledger.errors import RuleBroken

MAX_WAITING = 16
"""Threads that may wait for one world. Each occupies a thread, so clients must not be able to choose the number."""
MAX_SECONDS = 60.0
"""The longest wait for the lock: its holder may never finish, for example a user's own handler."""


class WorldBusy(RuleBroken):
    """A command was refused because too many threads wait for the same world; nothing has changed."""


class WriteLock:
    """A reentrant lock, also a context manager. Entering raises ``WorldBusy`` if ``most_waiting`` threads wait already."""

    __slots__ = ("_counting", "_lock", "_most_waiting", "release", "try_acquire", "waiting")

    def __init__(self, most_waiting: int = MAX_WAITING) -> None:
        self._lock = RLock()
        # the lock's own methods: one more Python call would cost a tenth of a command
        self.try_acquire = self._lock.acquire
        self.release = self._lock.release
        self._counting = Lock()
        self._most_waiting = most_waiting
        self.waiting = 0  # threads that wait now

    def acquire(self, *, wait: bool = True) -> bool:
        """Take the lock. With ``wait=False`` returns False at once if another thread holds it."""
        if self._lock.acquire(blocking=False):
            return True
        if not wait:
            return False
        with self._counting:
            if self.waiting >= self._most_waiting:
                raise WorldBusy(f"{self.waiting} other changes wait for this world already; try again")
            self.waiting += 1
        try:
            if not self._lock.acquire(timeout=MAX_SECONDS):
                raise WorldBusy(f"another change of this world has taken more than {MAX_SECONDS:g} s; try again")
            return True
        finally:
            with self._counting:
                self.waiting -= 1

    def held_elsewhere(self) -> bool:
        """Whether another thread holds the lock now, so that entering would wait."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
            return False
        return True

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
