"""The object that all views of one stored world share in one process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from counterfoil.world.command_log import CommandLog, StoreUnavailable
from counterfoil.world.head import Head
from counterfoil.world.state import WorldState
from counterfoil.world.write_lock import WriteLock


class SettlingLock(WriteLock):
    """The write lock of a world that other processes change too. ``entered`` is called once a thread holds it, before the
    thread reads the world: changes from other processes that arrived meanwhile are then shown to writers, too."""

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
    """A world kept in a store. ``id`` is the id of its row; ``used_at`` is in seconds since 1970. ``taken`` is the state after
    the last accepted change; ``newest`` has later logins too. ``in_flight`` accepted changes are not durable yet. ``bytes``
    is the last estimate of its memory.

    The rest is for stores that several processes write to: ``revision`` is the store's revision that this state reflects
    (None: unknown), ``faults`` and ``logins`` are the stored JSON, ``unreadable`` is why the store could not be read, and
    ``contended`` is how many of the next changes use ``exclusively`` because an earlier one had a conflict.
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
        """Whether the world is known to have neither faults nor failed logins."""
        return self.faults == b"" and self.logins == b""

    def is_settled(self) -> bool:
        """Whether ``revision`` is known and ``newest`` is not older than ``state``."""
        return self.revision is not None and self.newest.version >= self.state.version
