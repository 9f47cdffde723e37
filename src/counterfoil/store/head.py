"""What all views of one stored world share, in one process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from counterfoil.world.command_log import CommandLog, StoreUnavailable
from counterfoil.world.head import Head
from counterfoil.world.state import WorldState
from counterfoil.world.write_lock import WriteLock


class SettlingLock(WriteLock):
    """The write lock of a world that other processes change. ``entered`` is called once a thread holds it, before it looks at
    the world: what others wrote while it was held could be shown to readers, but not to writers."""

    __slots__ = ("_depth", "_entered")

    def __init__(self, entered: Callable[[], None]) -> None:
        super().__init__()
        self._depth = 0
        self._entered = entered
        self.try_acquire = self._try_acquire
        self.release = self._release

    def acquire(self, *, wait: bool = True) -> bool:
        return super().acquire(wait=wait) and self._enter()

    def _try_acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return self._lock.acquire(blocking, timeout) and self._enter()

    def _enter(self) -> bool:
        self._depth += 1
        if self._depth == 1:
            self._entered()
        return True

    def _release(self) -> None:
        self._depth -= 1
        self._lock.release()


class StoredHead(Head):
    """A world kept in a store. ``id`` is that of its row, ``used_at`` in seconds since 1970; ``newest`` is what the last
    change that was taken (``taken``) made, with logins since. ``in_flight`` changes were taken and are not durable yet. ``bytes``
    is what it was last estimated to take in memory.

    The rest is for stores that several processes write to: ``revision`` of the store as of which this is the world
    (None: unknown), ``faults`` and ``logins`` as they are kept, ``unreadable``: why the store could not be asked, and how
    many of the next changes take their turn because the last one met another process's (``contended``).
    """

    __slots__ = (
        "bytes",
        "catching_up",
        "contended",
        "expires",
        "faults",
        "id",
        "in_flight",
        "is_closing",
        "logins",
        "revision",
        "taken",
        "time_to_live",
        "unreadable",
        "used_at",
    )

    def __init__(
        self,
        state: WorldState,
        name: str,
        log: CommandLog | None,
        *,
        id: int,
        time_to_live: float | None,
        expires: float | None,
        used_at: float,
    ) -> None:
        super().__init__(state, name, log)
        self.id = self.serial = id
        self.taken = state
        self.bytes = 0
        self.time_to_live = time_to_live
        self.expires = expires
        self.used_at = used_at
        self.is_closing = False
        self.in_flight = 0
        self.revision: int | None = None
        self.faults: bytes | None = None
        self.logins: bytes | None = None
        self.unreadable: StoreUnavailable | None = None
        self.contended = 0
        self.catching_up = Lock()

    def is_plain(self) -> bool:
        """Whether it is known to have neither faults nor failed logins."""
        return self.faults == b"" and self.logins == b""

    def is_settled(self) -> bool:
        """Whether ``revision`` says something, and the next change is made on what readers see or on something newer."""
        return self.revision is not None and self.newest.version >= self.state.version
