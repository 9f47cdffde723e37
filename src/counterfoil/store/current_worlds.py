"""An ASGI layer that updates a request's world from the store before the request is handled, if other processes change worlds.

Quick updates are made in the event loop; rebuilding a world, or asking a store on another machine, in a thread. Requests that
arrive before an update begins share it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from concurrent.futures import Future, ThreadPoolExecutor

from counterfoil.api.saving import until_saved
from counterfoil.asgi import DEFAULT_WORLD, ASGIApp, Receive, Scope, Send, raw_path, split_world, world_in_path
from counterfoil.store.cold_worlds import NOT_DEFAULT, THREADS
from counterfoil.store.shared_worlds import SharedWorlds


class CurrentWorlds:
    """``app`` with the worlds of ``worlds``."""

    def __init__(self, app: ASGIApp, worlds: SharedWorlds) -> None:
        self._app = app
        self._worlds = worlds
        self._executor = ThreadPoolExecutor(THREADS, "counterfoil-catch-up")
        self._waiting: dict[str, Future[None]] = {}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            name = _name(scope)
            if not self._worlds.try_catch_up(name):
                return self._serve(name, scope, receive, send)
        return self._app(scope, receive, send)

    async def _serve(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        await self._in_thread(name)
        await self._app(scope, receive, send)

    async def refresh(self, name: str) -> None:
        """Update that world from the store."""
        if not self._worlds.try_catch_up(name):
            await self._in_thread(name)

    async def _in_thread(self, name: str) -> None:
        update = self._waiting.get(name)
        if update is None:
            update = self._waiting[name] = Future()  # before the thread can remove it
            self._executor.submit(self._update, name, update)
        await until_saved(update)

    def _update(self, name: str, update: Future[None]) -> None:
        self._waiting.pop(name, None)  # a request that arrives from now on needs a newer update
        try:
            self._worlds.refresh(name)
        finally:
            update.set_result(None)


def _name(scope: Scope) -> str:
    """The name of the world that the request is for."""
    raw: bytes | None = scope.get("raw_path")
    if raw is not None and b"%" not in raw and not raw.startswith(NOT_DEFAULT):
        return DEFAULT_WORLD
    name, _, below = split_world(raw_path(scope))
    named = world_in_path(below)
    return named[0] if named else (name or "")
