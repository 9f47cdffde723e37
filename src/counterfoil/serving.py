"""Running an application on a port: bind first, build, serve, stop cleanly.

The port is taken before anything is built, so that a busy one is one line at once. The server is uvicorn with uvloop and
httptools.
"""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from counterfoil.server import late
from counterfoil.server.exchange import ASGI

if TYPE_CHECKING:
    from uvicorn.server import Server


class CannotListen(Exception):
    """The address is taken or not ours; the message is one line with what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A listening-ready socket on the address. Port 0 takes any free one. Raises ``CannotListen``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise CannotListen(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port or --host"
        ) from None
    except OverflowError:
        taken.close()
        raise CannotListen(f"{port} is no port: choose one from 0 to 65535 with --port") from None
    return taken


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin_of(taken: socket.socket) -> str:
    """``http://127.0.0.1:8000`` for a bound socket."""
    host, port = taken.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def serve(
    app: ASGI,
    taken: socket.socket,
    *,
    ready: Callable[[], None] = lambda: None,
    closing: Callable[[], None] = lambda: None,
) -> None:
    """Serve until interrupted. ``ready`` is called once requests are answered, ``closing`` before connections are closed:
    a stream of events would otherwise be waited for."""

    def answering() -> None:
        gc.freeze()  # what was built to start stays: the collector need not look it over, now or ever
        gc.enable()
        ready()

    # uvicorn raises the signal that stopped it once more when it is done; a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), taken:
        _announcing(app, answering, closing).run(sockets=[taken])


def in_thread(app: ASGI, taken: socket.socket) -> Callable[[], None]:
    """Serve from a thread of this process; returns, once requests are answered, what stops it."""
    started = threading.Event()
    server = _announcing(app, started.set)
    thread = threading.Thread(target=server.run, args=([taken],), name="counterfoil-server", daemon=True)
    thread.start()
    if not started.wait(timeout=30):
        raise CannotListen("the server did not start within 30 seconds")

    def stop() -> None:
        server.should_exit = True
        server.force_exit = True
        thread.join()
        taken.close()

    return stop


def _announcing(app: ASGI, ready: Callable[[], None], closing: Callable[[], None] = lambda: None) -> Server:
    # uvicorn's __init__ imports its command line and its reloader too (5 ms), its configuration a bridge to WSGI (2.6 ms)
    late.put_off("uvicorn", open_package=True)
    late.put_off("a2wsgi", promise=True)
    with late.promising():
        from uvicorn.config import Config
        from uvicorn.server import Server

    from counterfoil.server.protocol import Answering

    late.settle("uvicorn")
    sys.modules["uvicorn"].__dict__["Config"] = Config  # its own lifespan/off.py takes it from there
    # Bytes that are no HTTP are the sender's mistake, answered with 400; an answer cut short by Ctrl-C was meant to be; and
    # what fails in the application is logged there. Nothing is left for uvicorn to say.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

    class Announcing(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            closing()
            await super().shutdown(sockets)

    return Announcing(
        Config(
            app,
            http=Answering,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )
