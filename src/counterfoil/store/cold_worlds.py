"""An ASGI layer that rebuilds a request's world in a thread if it is not in memory, so that other requests need not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor

from counterfoil.asgi import ASGIApp, Receive, Scope, Send, raw_path, split_world, world_in_path
from counterfoil.store.worlds import StoredWorlds
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import NAME

NOT_DEFAULT = (b"/w/", b"/_sandbox/", b"/events/", b"/plots/")
"""Path prefixes of other worlds; the default world is always in memory. Other spellings are served without a thread."""
THREADS = 4


class ColdWorlds:
    """``app`` with the worlds of ``worlds``."""

    def __init__(self, app: ASGIApp, worlds: StoredWorlds) -> None:
        self._app = app
        self._worlds = worlds
        self._executor = ThreadPoolExecutor(THREADS, "counterfoil-rebuild")

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and (scope.get("raw_path") or b"").startswith(NOT_DEFAULT):
            return self._serve(scope, receive, send)
        return self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, _, below = split_world(raw_path(scope))
        named = world_in_path(below)
        name = named[0] if named else name
        if name is not None and not self._worlds.is_in_memory(name) and NAME.fullmatch(name):
            await asyncio.get_running_loop().run_in_executor(self._executor, self._look_up, name)
        await self._app(scope, receive, send)

    def _look_up(self, name: str) -> None:
        try:
            self._worlds.get(name)
        except StoreUnavailable:  # raised again where the request is answered
            return
