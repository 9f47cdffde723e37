"""Serves an application on a port with uvicorn, until interrupted or in a background thread.

The port is bound before the application is built, so that a port in use is reported at once.
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
from counterfoil.garbage import collect_rarely

if TYPE_CHECKING:
    from uvicorn.server import Server

    from counterfoil.server.connections.limits import Admission

IDLE_SECONDS = 75
"""How long a connection may be idle between two requests. Longer than httpx (5 seconds), nginx and AWS load balancers (60) keep
theirs, so that they send no request on a connection that is being closed; with uvicorn's own 5 seconds some were lost."""


class CannotListen(Exception):
    """The address is in use or cannot be bound; the message is one line that says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Port 0 chooses a free one. Raises ``CannotListen``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port or --host"
        ) from None
    except OverflowError:
        listener.close()
        raise CannotListen(f"{port} is not a port: choose one from 0 to 65535 with --port") from None
    return listener


def listen_together(host: str, port: int, count: int) -> list[socket.socket]:
    """Sockets bound to the same address, one for each process; the system distributes connections among them. Raises
    ``CannotListen``.

    With one shared socket, one process sometimes accepted all of 16 connections.
    """
    with listen(host, port) as alone:  # without SO_REUSEPORT, so that another server at this address is detected
        family, address = alone.family, alone.getsockname()
    listeners = []
    for _ in range(count):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listeners.append(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listener.bind(address)
        except OSError as error:
            for each in listeners:
                each.close()
            raise CannotListen(f"{host}:{port} cannot be bound: {error.strerror}") from None
    return listeners


def is_loopback(host: str) -> bool:
    """Whether ``host`` can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin_of(listener: socket.socket) -> str:
    """``http://127.0.0.1:8000`` for a bound socket."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    ready: Callable[[], None] = lambda: None,
    closing: Callable[[], None] = lambda: None,
    per_address: int | None = None,
    proxies: Sequence[str] = (),
) -> None:
    """Serve until interrupted, in a dedicated process: this sets signal handlers and log levels.

    ``ready`` is called once requests are accepted, ``closing`` before connections are closed, to end event streams, for
    which uvicorn would wait. ``per_address`` bounds the connections from one address. ``proxies``: addresses and networks
    from which ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are trusted.
    """

    def on_startup() -> None:
        gc.freeze()  # objects built at start live as long as the process
        collect_rarely()
        gc.enable()
        ready()

    # Silenced, because its messages are about requests that are answered with 400, responses cut by Ctrl-C, and exceptions
    # that the application has logged.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    # uvicorn raises the signal that stopped it again at the end; a requested stop is not a failure.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), listener:
        _server(app, on_startup, closing, per_address=per_address, proxies=proxies).run(sockets=[listener])


def serve_in_thread(app: ASGIApp, listener: socket.socket) -> Callable[[], None]:
    """Start serving in a background thread; returns a ``stop()`` function once the server accepts requests.

    Changes nothing else in the process. Raises ``CannotListen`` if the server does not start within 30 seconds.
    """
    started = threading.Event()
    server = _server(app, started.set)
    thread = threading.Thread(target=server.run, args=([listener],), name="counterfoil-server", daemon=True)
    thread.start()
    if not started.wait(timeout=30):
        raise CannotListen("the server did not start within 30 seconds")

    def stop() -> None:
        server.should_exit = True
        server.force_exit = True
        thread.join()
        listener.close()

    return stop


def max_connections() -> int:
    """How many connections to accept: below the process's limit of file descriptors, which other files need too."""
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

    from counterfoil.server.connections.protocol import BoundedProtocol

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
            interface="asgi3",  # "auto" recognises an ASGI 3 application only if it is a coroutine function
            # uvicorn calls it as it would call the class
            http=partial(BoundedProtocol, admission=_admission(per_address, proxies)),  # type: ignore[arg-type]
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=5,
        )
    )


def _admission(per_address: int | None, proxies: Sequence[str]) -> Admission:
    """Limits the connections: in total to what the limit of open files allows, to ``per_address`` from one address unless it
    is a proxy's."""
    from counterfoil.asgi import address_key
    from counterfoil.server.connections.limits import Admission, Limits

    networks = [ipaddress.ip_network(each, strict=False) for each in proxies]
    return Admission(
        Limits(connections=max_connections(), per_address=per_address),
        address_key,
        exempt=lambda address: any(ipaddress.ip_address(address) in network for network in networks),
    )
