"""Runs an application on a port with uvicorn: bind first, build, serve, stop cleanly.

The port is taken before anything is built, so that a busy one is one line at once.
"""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from counterfoil.asgi import ASGIApp

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
        raise CannotListen(f"{port} is not a port: choose one from 0 to 65535 with --port") from None
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
    app: ASGIApp,
    taken: socket.socket,
    *,
    ready: Callable[[], None] = lambda: None,
    closing: Callable[[], None] = lambda: None,
    per_address: int | None = None,
    proxies: Sequence[str] = (),
) -> None:
    """Serve until interrupted, in a process of our own: it sets signal handlers and log levels.

    ``ready`` is called once requests are answered, ``closing`` before connections are closed: a stream of events would
    otherwise be waited for. ``per_address`` bounds the connections from one address. ``proxies``: addresses and networks
    whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed.
    """

    def answering() -> None:
        gc.freeze()  # what was built at start stays: the collector need not look at it again
        gc.enable()
        ready()

    # Bytes that are not HTTP are the sender's mistake, answered with 400; a response cut short by Ctrl-C was meant to be;
    # and what fails in the application is logged there. Nothing is left for uvicorn to say.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    # uvicorn raises the signal that stopped it once more when it is done; a stop that was asked for is not a failure.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), taken:
        _server(app, answering, closing, per_address=per_address, proxies=proxies).run(sockets=[taken])


def in_thread(app: ASGIApp, taken: socket.socket) -> Callable[[], None]:
    """Start serving in a background thread; returns a ``stop()`` function once the server accepts requests.

    Changes nothing else in the process. Raises ``CannotListen`` if the server does not start within 30 seconds.
    """
    started = threading.Event()
    server = _server(app, started.set)
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


def most_connections() -> int:
    """How many connections to accept: below the process's limit on descriptors, which files and worlds need too."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 10_000
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 10_000 if soft == resource.RLIM_INFINITY else max(8, min(10_000, soft - 192))


def _server(
    app: ASGIApp,
    ready: Callable[[], None],
    closing: Callable[[], None] = lambda: None,
    *,
    per_address: int | None = None,
    proxies: Sequence[str] = (),
) -> Server:
    from uvicorn.config import Config
    from uvicorn.server import Server

    from counterfoil.asgi import address_key
    from counterfoil.server.connection_limits import Admission, Limits
    from counterfoil.server.protocol import BoundedProtocol

    limits = Limits(connections=most_connections(), per_address=per_address)
    networks = [ipaddress.ip_network(each, strict=False) for each in proxies]
    admission = Admission(
        limits,
        address_key,
        exempt=lambda address: any(ipaddress.ip_address(address) in network for network in networks),
    )

    class ServerWithCallbacks(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            closing()
            await super().shutdown(sockets)

    return ServerWithCallbacks(
        Config(
            app,
            interface="asgi3",  # found out by looking whether it is a coroutine function, which a layer need not be
            # uvicorn calls what it is given, as it would the class
            http=partial(BoundedProtocol, admission=admission),  # type: ignore[arg-type]
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )
