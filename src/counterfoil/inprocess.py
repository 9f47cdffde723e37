"""An httpx transport that calls an ASGI application in this process: no socket, from any thread, sync or async code.

httpx brings one for async clients only. Here the application runs on an event loop in a thread of its own, so that it
behaves as it does under a server whatever the caller is doing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any

import httpx

Asgi = Any


class InProcess(httpx.BaseTransport):
    """``httpx.Client(transport=InProcess(app), base_url="http://counterfoil")``. Close it, or use it as a context."""

    def __init__(self, app: Asgi) -> None:
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
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
        response = await self._transport.handle_async_request(sent)
        return httpx.Response(
            response.status_code, headers=response.headers, content=await response.aread(), request=request
        )

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class _Body(httpx.AsyncByteStream):
    """A body that was read already, for the async side; headers (length, type) were set by the caller's request."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
