"""An httpx transport that calls an ASGI application in this process, without a socket, from any thread or event loop.

httpx has such a transport for async clients only. Here the application runs on an event loop in its own thread, for sync and
async clients alike, so that it behaves as under a server: after its read timeout a client gets ``ReadTimeout`` while the
application continues; a connection that the application breaks on purpose raises ``ReadError``, or ``RemoteProtocolError`` if
the response had begun. httpx's ``ASGITransport`` is not used, because for every request it searches Python's path for a
package that detects trio's event loop (httpx 0.28, ``is_running_trio``), a fifth of a request's time here.
"""

from __future__ import annotations

import asyncio
import threading
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
        exchange = _Exchange(request, self._loop)
        task = self._loop.create_task(exchange.run(self._app))
        self._running.add(task)
        task.add_done_callback(self._finished)
        try:
            return await self._wait_for_response(task, exchange, request.extensions.get("timeout", {}).get("read"))
        except httpx.TransportError:
            raise
        except Exception:  # as under a server, an application that fails is a 500
            return httpx.Response(500, request=request)

    async def _wait_for_response(
        self, task: asyncio.Task[httpx.Response], exchange: _Exchange, read_timeout: float | None
    ) -> httpx.Response:
        """Wait for the response, up to ``read_timeout`` seconds without a byte; after that the application continues."""
        while True:
            left = None if read_timeout is None else exchange.sent_at + read_timeout - self._loop.time()
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


class _Exchange:
    """One request to an application, and its response; ``sent_at`` is when it last sent something, by the loop's clock."""

    def __init__(self, request: httpx.Request, loop: asyncio.AbstractEventLoop) -> None:
        self._request = request
        self._loop = loop
        self._is_received = False
        self._is_complete = asyncio.Event()
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self.sent_at = loop.time()

    async def run(self, app: Asgi) -> httpx.Response:
        """The application's response. Raises the application's exceptions."""
        await app(self._scope(), self.receive, self.send)
        if not self._is_complete.is_set():
            raise RuntimeError("the application returned before its response was complete")
        return httpx.Response(self._status, headers=self._headers, content=b"".join(self._body), request=self._request)

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 123),
            "root_path": "",
        }

    async def receive(self) -> dict[str, Any]:
        if self._is_received:
            await self._is_complete.wait()
            return {"type": "http.disconnect"}
        self._is_received = True
        return {"type": "http.request", "body": self._request.content, "more_body": False}

    async def send(self, message: Any) -> None:
        self.sent_at = self._loop.time()
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if self._request.method != "HEAD":
                self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._is_complete.set()

    def broken_connection(self, message: str, *, abruptly: bool) -> Exception:
        """The exception that a client gets when the application breaks the connection."""
        return (httpx.ReadError if abruptly else httpx.RemoteProtocolError)(message)
