"""An httpx transport that calls an ASGI application in this process, without a socket, from any thread or event loop.

httpx has one for async clients only. Here the application runs on an event loop in its own thread, for sync and async
clients alike, so that it behaves as under a server: after its read timeout a client gets ``ReadTimeout`` while the
application continues, and a connection that the application breaks on purpose is ``ReadError``, or
``RemoteProtocolError`` if the response had begun.
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


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """``httpx.Client(transport=InProcessTransport(app), base_url="http://counterfoil")``, or an ``AsyncClient``.

    Close it, or use it in ``with`` or ``async with``; a client closes its transport.
    """

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self._running: set[asyncio.Task[httpx.Response]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="counterfoil-in-process", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        future = asyncio.run_coroutine_threadsafe(self._answer(request), self._loop)
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # trio
            import anyio.to_thread

            return await anyio.to_thread.run_sync(future.result, abandon_on_cancel=True)
        return await asyncio.wrap_future(future)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            stream=_Body(request.content),
            extensions=request.extensions,
        )
        recorder = _SendRecorder(self._app)
        task = self._loop.create_task(httpx.ASGITransport(app=recorder).handle_async_request(sent))
        self._running.add(task)
        task.add_done_callback(self._finished)
        try:
            response = await self._wait_for_response(task, recorder, request.extensions.get("timeout", {}).get("read"))
            content = b"".join(
                [part async for part in response.aiter_raw()]
            )  # compressed, if it is, as its headers say
        except httpx.TransportError:
            raise
        except Exception:  # as under a server, an application that fails is a 500
            return httpx.Response(500, request=request)
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)

    async def _wait_for_response(
        self, task: asyncio.Task[httpx.Response], recorder: _SendRecorder, read_timeout: float | None
    ) -> httpx.Response:
        """Wait for the response, up to ``read_timeout`` seconds without a byte; after that the application continues."""
        recorder.at = self._loop.time()
        while True:
            left = None if read_timeout is None else recorder.at + read_timeout - self._loop.time()
            if left is not None and left <= 0:
                raise httpx.ReadTimeout("timed out")
            if (await asyncio.wait({task}, timeout=left))[0]:
                return task.result()

    def _finished(self, task: asyncio.Task[httpx.Response]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # else asyncio warns that the exception was never retrieved

    def close(self) -> None:
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def aclose(self) -> None:
        self.close()

    async def _stop(self) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class _SendRecorder:
    """Wraps the application and records when it last sent something (``at``, by the loop's clock)."""

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self.at = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        @functools.wraps(send)  # it keeps the name and module of httpx's own function
        async def send_and_record(message: Any) -> None:
            self.at = asyncio.get_running_loop().time()
            await send(message)

        await self._app(scope, receive, send_and_record)


class _Body(httpx.AsyncByteStream):
    """A request body that was read already, as an async stream."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
