"""A server on a port with short time-outs, and a client that sends raw bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest
import uvicorn

from counterfoil.app import build
from counterfoil.asgi import address_key
from counterfoil.server.connections.limits import Admission, Limits
from counterfoil.server.connections.protocol import BoundedProtocol
from counterfoil.serving import listen

Send = Callable[..., bytes]
HEADERS = b"Host: localhost\r\nAuthorization: Bearer counterfoil-key\r\nContent-Type: application/json\r\n"
RUNS = b"/billingplatform/backend/api/v1/billingRuns/"
LAST = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LIMITS = Limits(head_seconds=1.0, body_seconds=1.0, stalled_seconds=2.0, connections=40)


class Running:
    """All five APIs on a free port, with ``limits``; ``stop`` ends it."""

    def __init__(self, limits: Limits) -> None:
        taken = listen("127.0.0.1", 0)
        self.port: int = taken.getsockname()[1]
        started = threading.Event()

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                started.set()

        protocol = partial(BoundedProtocol, admission=Admission(limits, address_key))
        self.application = build(scenario_name="quiet")
        config = uvicorn.Config(
            self.application.asgi_app,
            http=protocol,  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        self._server = Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([taken],), daemon=True)
        self._thread.start()
        assert started.wait(30)

    def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, *parts: bytes) -> bytes:
        """Everything received until the server closes the connection."""
        with self.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            send_all(connection, parts)
            return receive(connection)


def send_all(connection: socket.socket, parts: Sequence[bytes]) -> None:
    try:
        for part in parts:
            connection.sendall(part)
    except OSError:  # refused before everything was sent
        pass


def receive(connection: socket.socket) -> bytes:
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@pytest.fixture(scope="package")
def running() -> Iterator[Running]:
    server = Running(LIMITS)
    yield server
    server.stop()


@pytest.fixture
def send(running: Running) -> Send:
    return running.send
