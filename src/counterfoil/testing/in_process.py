"""An httpx transport that calls an ASGI application in this process: no socket, from any thread, sync or async code.

httpx brings one for async clients only. Here the application runs on an event loop in a thread of its own, so that it
behaves as it does under a server whatever the caller is doing: a client that waits no longer than its read timeout gets
``ReadTimeout`` while the application goes on, and a connection that the application breaks on purpose is ``ReadError``, or
``RemoteProtocolError`` where the answer had begun.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any

import httpx

Asgi = Any


class InProcess(httpx.BaseTransport):
    """``httpx.Client(transport=InProcess(app), base_url="http://counterfoil")``. Close it, or use it as a context."""

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self._running: set[asyncio.Task[httpx.Response]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="counterfoil-in-process", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            stream=_Body(request.content),
            extensions=request.extensions,
        )
        heard = _Heard(self._app)
        asked = self._loop.create_task(httpx.ASGITransport(app=heard).handle_async_request(sent))
        self._running.add(asked)
        asked.add_done_callback(self._over)
        try:
            response = await self._patiently(asked, heard, request.extensions.get("timeout", {}).get("read"))
            content = await response.aread()
        except httpx.TransportError:
            raise
        except Exception:  # an application that fails is a 500 under a server, too
            return httpx.Response(500, request=request)
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)

    async def _patiently(
        self, asked: asyncio.Task[httpx.Response], heard: _Heard, longest: float | None
    ) -> httpx.Response:
        """Wait, but never ``longest`` seconds without a byte; the application is not stopped then, nor is it by a server."""
        heard.at = self._loop.time()
        while True:
            left = None if longest is None else heard.at + longest - self._loop.time()
            if left is not None and left <= 0:
                raise httpx.ReadTimeout("timed out")
            if (await asyncio.wait({asked}, timeout=left))[0]:
                return asked.result()

    def _over(self, asked: asyncio.Task[httpx.Response]) -> None:
        self._running.discard(asked)
        if not asked.cancelled():
            asked.exception()  # else asyncio warns that the exception was never retrieved

    def close(self) -> None:
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _stop(self) -> None:
        for asked in list(self._running):
            asked.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class _Heard:
    """The application, noting when it last sent something (``at``, by the loop's clock)."""

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self.at = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        @functools.wraps(send)  # it keeps the name and module of httpx's own function
        async def noted(message: Any) -> None:
            self.at = asyncio.get_running_loop().time()
            await send(message)

        await self._app(scope, receive, noted)


class _Body(httpx.AsyncByteStream):
    """A body that was read already, for the async side; headers (length, type) were set by the caller's request."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
