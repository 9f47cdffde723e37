"""The registry of worlds in a store on another machine, and the ASGI layer that asks that store for each request.

Asking takes a round trip, so the event loop never does it: waiting requests share one query (``HeadQueries``). Changes are
then fetched in a thread.
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
"""Why the store could not be asked for the current request."""
_absent: ContextVar[str] = ContextVar("absent", default="")
"""The name for which the store had no world when it was asked for the current request."""


class RemoteWorlds(SharedWorlds):
    """The worlds in ``log``, which is on another machine, or shared by several."""

    log: RemoteLog

    def __init__(self, log: RemoteLog, *arguments: Any, **options: Any) -> None:
        self.heads = HeadQueries(log.positions)
        self._counted, self._counted_until = 0, 0.0
        super().__init__(log, *arguments, **options)

    @property
    def problem(self) -> str | None:
        return super().problem or self.heads.problem

    def __len__(self) -> int:
        """Cached for ten times as long as counting took, which is a tenth of a second for a million worlds."""
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
        """Whether the world in memory (or its absence) agrees with ``position``, which the store just returned."""
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
        """The world in memory, if it may be changed without asking the store first (the commit checks the change); else None."""
        head = self._heads.get(name)
        if head is None or not head.is_plain() or head.contended or head.unreadable is not None or self.problem:
            return None
        life = head.time_to_live
        return head if life is None or self._seconds() - head.used_at < life * TOUCHED_EVERY else None

    async def is_still_at(self, head: StoredHead, state: WorldState) -> bool:
        """Whether the store still has the world in ``state``, as of now or later."""
        try:
            position = await self.heads.ask(head.name)
        except StoreUnavailable:
            return False  # reported when the request is handled again
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
    """``app`` with the worlds of ``worlds``. ``prefixes`` are the path prefixes of its APIs: a request to them that changes a
    world is handled without asking the store first (``counterfoil.api.unconfirmed``)."""

    _worlds: RemoteWorlds

    def __init__(self, app: ASGIApp, worlds: RemoteWorlds, prefixes: Sequence[str]) -> None:
        super().__init__(app, worlds)
        self._prefixes = tuple(f"{prefix.rstrip('/')}/" for prefix in prefixes)

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
        """Handle the request; returns whether it was answered. If not, nothing has changed."""
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
    """Records the received messages of a request, so that they can be received again when it is handled again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []

    async def receive(self) -> Message:
        message = await self._receive()
        self._kept.append(dict(message))
        return message

    def again(self) -> Receive:
        """A ``receive`` that repeats the recorded messages, and then continues with new ones."""
        kept = iter(self._kept)

        async def receive() -> Message:
            message = next(kept, None)
            return await self._receive() if message is None else message

        return receive


def _below(scope: Scope) -> str:
    """The path without the prefix of its world."""
    raw: bytes = scope.get("raw_path") or b""
    if raw.startswith(b"/w/"):
        return split_world(raw_path(scope))[2]
    return raw.decode("latin-1")
