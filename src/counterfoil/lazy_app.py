"""An ASGI application that is built on its first request, so that start-up does not wait for its imports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Lock

from counterfoil.asgi import ASGIApp, Receive, Scope, Send


class LazyApp:
    """Calls ``build`` once, in a thread, and passes every request to the application that it returned.

    If ``build`` raises, the request fails and the next one tries again.
    """

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # in a thread, so that the event loop can answer the APIs meanwhile: importing Flask takes 0.1 s
        app = self._app if self._app is not None else await asyncio.to_thread(self.get)
        await app(scope, receive, send)

    def get(self) -> ASGIApp:
        """The application; the first call builds it. Thread-safe."""
        with self._lock:
            if self._app is None:
                self._app = self._build()
            return self._app
