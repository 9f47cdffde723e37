"""Serving with granian, which answers small requests faster than uvicorn and cannot reset a connection.

Measured by turns (benchmarks/README.md, "The server"): a billing run by id 1.3 times as many requests, a page of 100 0.8 times.
It is not the default because ASGI has no word for breaking a connection and granian no way to its socket, so that the
fault ``reset`` becomes a 500. And because its embedded server, which one process with one world needs, calls itself
experimental.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable

from counterfoil.server.exchange import ASGI


def serve(app: ASGI, taken: socket.socket, *, ready: Callable[[], None], closing: Callable[[], None]) -> None:
    """Serve until interrupted, on the address of ``taken``, which is given up for it: granian binds for itself."""
    import uvloop

    host, port = taken.getsockname()[:2]
    taken.close()
    # what fails in the application is logged there; that the embedded server is experimental is said above
    logging.getLogger("_granian").setLevel(logging.CRITICAL)
    uvloop.run(_serve(app, host, port, ready, closing))


async def _serve(app: ASGI, host: str, port: int, ready: Callable[[], None], closing: Callable[[], None]) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.server.embed import Server

    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        closing()
        server.stop()  # type: ignore[no-untyped-call]

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    serving = loop.create_task(server.serve())
    await _until_it_answers(host, port, serving)
    ready()
    await serving


async def _until_it_answers(host: str, port: int, serving: asyncio.Task[None]) -> None:
    while not serving.done():
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        await asyncio.sleep(0.005)
