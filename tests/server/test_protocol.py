"""What clients do with a connection: Java's HttpClient offers HTTP/2 with each request, httpx uses one again after a pause."""

from __future__ import annotations

import socket
import time
from http.client import HTTPResponse

import pytest

from counterfoil import serving
from counterfoil.testing import SandboxServer


@pytest.fixture(scope="module")
def port() -> object:
    server = SandboxServer(["billingplatform"])
    yield int(server.origin.rpartition(":")[2])
    server.stop()


def answer(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade", b"UPGRADE"])
def test_a_body_beside_an_offer_to_upgrade_arrives(port: int, name: bytes) -> None:
    body = b'{"name": "from Java, upgrade: h2c"}'
    request = (
        b"POST /billingplatform/backend/api/v1/billingRuns/ HTTP/1.1\r\nHost: localhost\r\n"
        b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n" + name + b": h2c\r\n"
        b"Authorization: Bearer counterfoil-key\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )
    said = answer(port, request)
    assert said.startswith(b"HTTP/1.1 200"), said
    assert b'"name":"from Java, upgrade: h2c"' in said


def test_a_connection_that_was_idle_for_longer_than_clients_keep_theirs_is_still_open(port: int) -> None:
    """httpx keeps an idle connection for 5 seconds; a server that closes it at that moment loses the next request. Only a head
    that has begun must be complete in 10 seconds."""
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for idle in (0, 12):
            time.sleep(idle)
            connection.sendall(request)
            answered = HTTPResponse(connection)
            answered.begin()
            assert (answered.status, answered.read()[:1]) == (200, b"{")


def test_a_connection_that_stays_idle_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second here, so that the test is short."""
    monkeypatch.setattr(serving, "IDLE_SECONDS", 1)
    server = SandboxServer(["billingplatform"])
    try:
        with socket.create_connection(("127.0.0.1", int(server.origin.rpartition(":")[2])), timeout=60) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answered = HTTPResponse(connection)
            answered.begin()
            assert answered.read()
            assert connection.recv(1) == b"", "the server closed it"
    finally:
        server.stop()
