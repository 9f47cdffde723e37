"""The registry of worlds in a store on another machine, and the ASGI layer that looks there for each request.

Looking takes a round trip, so the event loop never does it: requests that wait share one query (``HeadQueries``). What has
changed is then fetched in a thread.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

from counterfoil.asgi import ASGIApp
from counterfoil.store.current_worlds import CurrentWorlds
from counterfoil.store.engines import RemoteLog
from counterfoil.store.head import StoredHead
from counterfoil.store.head_queries import HeadQueries
from counterfoil.store.log import Position
from counterfoil.store.shared_worlds import SharedWorlds
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import NAME

_failed: ContextVar[StoreUnavailable | None] = ContextVar("failed", default=None)
"""Why the look of the request that is worked on failed."""
_absent: ContextVar[str] = ContextVar("absent", default="")
"""The name of which that look found no world."""


class RemoteWorlds(SharedWorlds):
    """The worlds in ``log``, which is on another machine, or shared by several."""

    log: RemoteLog

    def __init__(self, log: RemoteLog, *given: Any, **options: Any) -> None:
        self.heads = HeadQueries(log.positions)
        self._counted, self._counted_until = 0, 0.0
        super().__init__(log, *given, **options)

    @property
    def problem(self) -> str | None:
        return super().problem or self.heads.problem

    def __len__(self) -> int:
        """Counted anew when ten times as long has passed as counting took: it takes a tenth of a second for a million."""
        if time.monotonic() > self._counted_until:
            began = time.monotonic()
            self._counted = super().__len__()
            ended = time.monotonic()
            self._counted_until = ended + 10 * (ended - began)
        return self._counted

    def close(self) -> None:
        self.heads.close()
        super().close()

    def before_fork(self) -> None:
        self.heads.close()
        super().before_fork()

    def is_at(self, name: str, position: Position | None) -> bool:
        """Whether the world in memory, or that there is none, agrees with what the store was just found to have."""
        head = self._heads.get(name)
        if head is None or position is None:
            return head is None and position is None
        state = head.state
        if (
            position.id != head.id
            or position.base + position.number > state.version
            or head.newest.version < state.version
            or (position.faults, position.logins) != (head.faults, head.logins)
        ):
            return False
        head.expires, head.unreadable = position.expires, None
        return True

    def _used(self, name: str) -> StoredHead | None:
        failed = _failed.get()
        if failed is not None:
            raise failed
        return super()._used(name)

    def _find(self, name: str) -> StoredHead | None:
        if name not in self._heads and _absent.get() == name:
            return None
        return super()._find(name)


class RemoteCurrentWorlds(CurrentWorlds):
    """``app`` with the worlds of ``worlds``."""

    _worlds: RemoteWorlds

    def __init__(self, app: ASGIApp, worlds: RemoteWorlds) -> None:
        super().__init__(app, worlds)

    async def _in_thread(self, name: str) -> None:
        if NAME.fullmatch(name):
            _failed.set(None)
            _absent.set("")
            try:
                position = await self._worlds.heads.ask(name)
            except StoreUnavailable as error:
                _failed.set(error)
                return
            if self._worlds.is_at(name, position):
                if position is None:
                    _absent.set(name)
                return
        await super()._in_thread(name)
