"""The registry of worlds in a store on another machine, and the ASGI layer that looks there for each request.

Looking takes a round trip, so the event loop never does it: requests that wait share one query (``HeadQueries``). What has
changed is then fetched in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from counterfoil.api.unconfirmed import Outdated, Unconfirmed, set_unconfirmed
from counterfoil.asgi import ASGIApp, Message, Receive, Scope, Send, raw_path, split_world
from counterfoil.store.current_worlds import CurrentWorlds
from counterfoil.store.head import StoredHead
from counterfoil.store.head_queries import HeadQueries
from counterfoil.store.log import Position, RemoteLog
from counterfoil.store.shared_worlds import SharedWorlds
from counterfoil.store.worlds import TOUCHED_EVERY
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.state import WorldState
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

    def written_first(self, name: str) -> StoredHead | None:
        """The world in memory, if it may be changed without a look at the store, which checks the change; else None."""
        head = self._heads.get(name)
        if head is None or not head.is_plain() or head.contended or head.unreadable is not None or self.problem:
            return None
        life = head.time_to_live
        return head if life is None or self._seconds() - head.used_at < life * TOUCHED_EVERY else None

    async def is_still_at(self, head: StoredHead, state: WorldState) -> bool:
        """Whether the store has what the world was, as of now or later."""
        try:
            position = await self.heads.ask(head.name)
        except StoreUnavailable:
            return False  # which is looked at, and said, when the request is worked on again
        return (
            position is not None
            and (position.id, position.base + position.number) == (head.id, state.version)
            and not position.faults
            and not position.logins
        )

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
    """``app`` with the worlds of ``worlds``. ``prefixes`` are those of its APIs: what is sent to them to change a world is worked
    on without a look (``counterfoil.api.unconfirmed``)."""

    _worlds: RemoteWorlds

    def __init__(self, app: ASGIApp, worlds: RemoteWorlds, prefixes: Sequence[str]) -> None:
        super().__init__(app, worlds)
        self._prefixes = tuple(f"{each.rstrip('/')}/" for each in prefixes)

    async def _serve(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        set_unconfirmed(None)
        is_change = scope["method"] in ("POST", "PUT", "PATCH", "DELETE") and _below(scope).startswith(self._prefixes)
        head = self._worlds.written_first(name) if is_change else None
        if head is not None:
            kept = KeptMessages(receive)
            if await self._write_first(head, scope, kept.receive, send):
                return
            receive = kept.again()
        await super()._serve(name, scope, receive, send)

    async def _write_first(self, head: StoredHead, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether the request was answered; nothing has happened if it was not."""
        _failed.set(None)
        _absent.set("")
        request = Unconfirmed(partial(self._worlds.is_still_at, head, head.state))

        async def send_confirmed(message: Message) -> None:
            await request.confirm()
            await send(message)

        set_unconfirmed(request)
        try:
            await self._app(scope, receive, send_confirmed)
        except Outdated:
            return False
        finally:
            set_unconfirmed(None)
        return True

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


class KeptMessages:
    """What is received of a request, which is received once more if it is worked on again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []

    async def receive(self) -> Message:
        message = await self._receive()
        self._kept.append(dict(message))
        return message

    def again(self) -> Receive:
        """What was received, and then what follows."""
        kept = iter(self._kept)

        async def receive() -> Message:
            message = next(kept, None)
            return await self._receive() if message is None else message

        return receive


def _below(scope: Scope) -> str:
    """The path in a world."""
    raw: bytes = scope.get("raw_path") or b""
    if raw.startswith(b"/w/"):
        return split_world(raw_path(scope))[2]
    return raw.decode("latin-1")
