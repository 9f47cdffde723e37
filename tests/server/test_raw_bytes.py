"""Bytes that no HTTP library sends, to a real uvicorn: always a response, never a 500, never a hang."""

from __future__ import annotations

import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from .toy import PREFIX, server

KEY = b"Authorization: Bearer counterfoil-key\r\n"
Send = Callable[..., bytes]


@pytest.fixture(scope="module", params=["httptools", "h11"])
def send(request: pytest.FixtureRequest, own_cache: object) -> Iterator[Send]:
    """Sends bytes on a new connection and returns everything received."""
    config = uvicorn.Config(server(), port=0, http=request.param, ws="none", log_level="critical", access_log=False)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]

    def talk(data: bytes, *, end: bool = True) -> bytes:
        """``end``: half-close the connection; uvicorn with httptools then drops what is still queued."""
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.settimeout(5)
            try:
                connection.sendall(data)
                if end:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:  # refused before everything was sent
                pass
            return receive(connection)

    yield talk
    running.should_exit = True
    thread.join(5)


def receive(connection: socket.socket) -> bytes:
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return (
        line
        + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + KEY
        + b"".join(h + b"\r\n" for h in headers)
        + b"\r\n"
        + body
    )


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    assert found, answer[:200]
    return int(found.group(1))


def at(path: bytes) -> bytes:
    return b"GET " + PREFIX.encode() + path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/notes/a%2Fb", {200}),
        (b"/notes/a%0Ab", {200}),
        (b"/notes/%00", {200}),
        (b"/notes/%", {200}),
        (b"/notes/%zz", {200}),
        (b"/notes/%ff", {400}),
        (b"/notes/\xff", {400}),
        (b"/notes/\xe2\x82\xac", {200, 400}),
        (b"/../../etc/passwd", {404}),
        (b"/notes/../notes", {404}),
        (b"/notes?\xff=\xff", {400}),
        (b"/notes?limit=\xff", {400}),
        (b"/notes?%", {200}),
        (b"/notes?&&&==&=", {200}),
        (b"/notes?limit=%00", {400}),
        (b"/n%6Ftes", {200}),
        (b"/" + b"a" * 30000, {400, 404, 414, 431}),
    ],
)
def test_odd_paths(send: Send, path: bytes, expected: set[int]) -> None:
    assert status(send(request(at(path)))) in expected


@pytest.mark.parametrize(
    "line", [b"get " + PREFIX.encode() + b"/notes", b"OPTIONS *", b"CONNECT x:1", b"TRACE /", b"\x00 /"]
)
def test_odd_methods_and_targets(send: Send, line: bytes) -> None:
    assert status(send(request(line))) in {400, 404, 405}


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return request(b"POST " + PREFIX.encode() + b"/notes", *headers, body=body)


def test_a_chunked_body_is_read(send: Send) -> None:
    chunks = b'8\r\n{"text":\r\n4\r\n"x"}\r\n0\r\n\r\n'
    assert status(send(post(b"Transfer-Encoding: chunked", body=chunks))) == 201


def test_a_chunked_body_over_the_bound_is_413_before_it_ends(send: Send) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    assert status(send(post(b"Transfer-Encoding: chunked", body=chunk * 17))) == 413


def test_a_length_over_the_bound_is_413_without_a_body(send: Send) -> None:
    assert status(send(post(b"Content-Length: 1048577"))) == 413


def test_an_incomplete_body_is_not_logged(send: Send) -> None:
    assert b" 500 " not in send(post(b"Content-Length: 100", body=b'{"text"'))


def test_expect_continue(send: Send) -> None:
    answer = send(post(b"Expect: 100-continue", b"Content-Length: 12", body=b'{"text":"x"}'))
    assert b" 201 Created" in answer


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: -1",
        b"Content-Length: x",
        b"Transfer-Encoding: gzip",
        b"Content-Length: 1\r\nContent-Length: 2",
    ],
)
def test_odd_lengths(send: Send, header: bytes) -> None:
    assert b" 500 " not in send(post(header, body=b'{"text":"x"}'))


@pytest.mark.parametrize(
    "header",
    [
        b"Accept: " + b"text/html;q=" * 2000,
        b"Accept: \xff\xfe",
        b"Content-Type: \xff",
        b"X-Tenant: \xff",
        b"Host: \xff",
        b"X: " + b"a" * 20000,
        b"Authorization: \xff",
        b"Cookie: \x01",
    ],
)
def test_odd_headers(send: Send, header: bytes) -> None:
    answer = send(request(at(b"/notes"), header))
    assert b" 500 " not in answer.partition(b"\r\n")[0]
    assert b"Traceback" not in answer


def test_no_header_can_be_injected_through_an_answer(send: Send) -> None:
    body = rb'{"text":"a\r\nX-Evil: 1\u0000\u20ac"}'
    answer = send(post(b"Content-Length: %d" % len(body), body=body))
    assert status(answer) == 201
    assert b"\nx-evil" not in answer.lower()
    assert b"location: /toy/api/v1/notes/a%0D%0AX-Evil: 1%00%E2%82%AC\r\n".lower() in answer.lower()


def test_an_unread_body_does_not_affect_the_next_request_on_the_connection(send: Send) -> None:
    first = at(b"/notes") + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n" + KEY + b"\r\n" + b"x" * 70000
    answers = send(first + request(at(b"/notes/latest")), end=False)
    assert answers.count(b"HTTP/1.1 200 OK") == 2


def test_random_bytes_never_make_a_500(send: Send) -> None:
    dice = random.Random(7)
    good = [
        request(at(b"/notes?limit=5&since=2026-01-01"), b"Accept: application/json"),
        post(b"Content-Length: 12", b"Content-Type: application/json", body=b'{"text":"x"}'),
        request(at(b"/numbers/12")),
        request(b"GET /w/blue" + PREFIX.encode() + b"/notes"),
    ]
    for _ in range(300):
        data = bytearray(dice.choice(good))
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        answer = send(bytes(data))
        assert b" 500 " not in answer.partition(b"\r\n")[0], bytes(data)
        assert b"Traceback" not in answer
