"""An httpx transport that calls an ASGI application in this process, without a socket, from any thread or event loop.

httpx has such a transport for async clients only. Here a request of a sync client is answered in its own thread, on an event
loop that is kept for the next one; a second thread for the loop took a third more CPU. A request from code that itself
runs in an event loop, sync or async, is answered in a background thread. Either way the application behaves as under a
server: after its read timeout a client gets ``ReadTimeout`` while the application continues; a connection that the
application breaks on purpose raises ``ReadError``, or ``RemoteProtocolError`` if the response had begun. httpx's
``ASGITransport`` is not used, because for every request it searches Python's path for a package that detects trio's event
loop (httpx 0.28, ``is_running_trio``), a fifth of a request's time here.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
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
        self._loops = _Loops()
        # An event loop that is not closed makes a warning, which pytest may turn into an error.
        weakref.finalize(self, self._loops.close_idle)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if _is_in_event_loop():
            return asyncio.run_coroutine_threadsafe(self._answer(request), self._loops.background()).result()
        loop = self._loops.take()
        try:
            return loop.run_until_complete(self._answer(request))
        finally:
            self._loops.put_back(loop)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        future = asyncio.run_coroutine_threadsafe(self._answer(request), self._loops.background())
        if not _is_in_event_loop():  # trio
            import anyio.to_thread

            return await anyio.to_thread.run_sync(future.result, abandon_on_cancel=True)
        return await asyncio.wrap_future(future)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        loop = asyncio.get_running_loop()
        exchange = _Exchange(request, loop)
        task = loop.create_task(exchange.run(self._app))
        task.add_done_callback(_retrieve_exception)
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
        clock = asyncio.get_running_loop()
        while True:
            left = None if read_timeout is None else exchange.sent_at + read_timeout - clock.time()
            if left is not None and left <= 0:
                raise httpx.ReadTimeout("timed out")
            if (await asyncio.wait({task}, timeout=left))[0]:
                return task.result()

    def close(self) -> None:
        self._loops.close()

    async def aclose(self) -> None:
        self.close()

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


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _retrieve_exception(task: asyncio.Task[httpx.Response]) -> None:
    if not task.cancelled():
        task.exception()  # else asyncio warns that the exception was never retrieved


class _Loops:
    """The event loops of one transport: idle ones for requests, and those that run in a background thread."""

    def __init__(self) -> None:
        self._idle: list[asyncio.AbstractEventLoop] = []
        self._running: list[_LoopThread] = []
        self._shared: _LoopThread | None = None
        self._lock = threading.Lock()

    def take(self) -> asyncio.AbstractEventLoop:
        """A loop that no other request uses."""
        try:
            return self._idle.pop()
        except IndexError:
            return asyncio.new_event_loop()

    def put_back(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep the loop for the next request, or run it in a thread if the application continues after its answer."""
        if not asyncio.all_tasks(loop):
            self._idle.append(loop)
            return
        with self._lock:
            self._running.append(_LoopThread(loop))

    def background(self) -> asyncio.AbstractEventLoop:
        """The loop in a background thread for requests from code that runs in an event loop."""
        with self._lock:
            if self._shared is None:
                self._shared = _LoopThread(asyncio.new_event_loop())
                self._running.append(self._shared)
            return self._shared.loop

    def close_idle(self) -> None:
        """Close the loops that run in no thread."""
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        """Cancel what still runs and close all loops."""
        self.close_idle()
        while self._running:
            self._running.pop().close()
        self._shared = None


class _LoopThread:
    """An event loop that runs in a thread of its own until it is closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._thread = threading.Thread(target=loop.run_forever, name="counterfoil-in-process", daemon=True)
        self._thread.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(_cancel_others(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def _cancel_others() -> None:
    """Cancel all other tasks of this loop and wait until they ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


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
