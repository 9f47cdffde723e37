"""Heads, bodies, pipelining and Upgrade, byte by byte against a real server: bounded, framed, and answered in the API's shape."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any

import pytest
from tests.hostile.conftest import HEADERS, LAST, RUNS, Running, Send, receive, send_all

SUMMARIES = b"GET /elevate/v1/customer-billing-summaries HTTP/1.1\r\nHost: localhost\r\n"
UP = b'{"name":"up"}'


def responses(answer: bytes) -> list[tuple[int, Any]]:
    """Status and JSON of each response; all have a Content-Length."""
    found = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        found.append((int(head[9:12]), json.loads(rest[:length])))
        answer = rest[length:]
    return found


def one(answer: bytes) -> tuple[int, Any]:
    (response,) = responses(answer)
    return response


@pytest.mark.parametrize(
    "fields",
    [b"a: y\r\n" * 201, b"a: y\r\n" * 400_000, b"a: " + b"y" * 70_000 + b"\r\n", b"a: " + b"y" * 10_000_000 + b"\r\n"],
    ids=["201 fields", "400,000 fields", "70 KB in a field", "10 MB in a field"],
)
def test_a_large_head_is_refused_in_the_apis_shape(send: Send, fields: bytes) -> None:
    status, body = one(send(SUMMARIES + fields + b"\r\n"))
    assert status == 413
    assert body["error"] == "Payload Too Large"
    status, body = one(send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n"))
    assert (status, body["title"]) == (431, "Request Header Fields Too Large")


def test_a_head_within_the_bounds_is_served(send: Send) -> None:
    fields = b"".join(b"x-%d: %s\r\n" % (number, b"y" * 300) for number in range(190))
    request = b"GET " + RUNS + b" HTTP/1.1\r\nConnection: close\r\n" + HEADERS + fields + b"\r\n"
    assert len(request) > 55_000
    assert one(send(request))[0] == 200


def test_a_url_of_70_000_bytes_is_refused_and_not_cut(send: Send) -> None:
    assert one(send(b"GET " + RUNS + b"?x=" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HEADERS + b"\r\n"))[0] == 413
    assert one(send(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HEADERS + b"\r\n"))[0] == 414


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"FROBNICATE " + RUNS + b" HTTP/1.1", 501),
        (b"get " + RUNS + b" HTTP/1.1", 501),
        (b"GET " + RUNS + b" HTTP/2.0", 505),
        (b"GET " + RUNS + b" HTTP/1.1\r\nA B: c", 400),
    ],
)
def test_what_the_parser_refuses_has_the_apis_shape(send: Send, line: bytes, status: int) -> None:
    found, body = one(send(line + b"\r\n" + HEADERS + b"\r\n"))
    assert found == status
    assert list(body) == ["error"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    ],
)
def test_what_is_not_for_an_api_is_a_problem(send: Send, sent: bytes, status: int) -> None:
    found, body = one(send(sent))
    assert (found, body["status"]) == (status, status)


@pytest.mark.parametrize(
    "fields", [b"", b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n", b"Host: [\r\n"]
)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"DELETE", b"OPTIONS"])
@pytest.mark.parametrize(
    "path", [b"/", b"/static/none.js", b"/plots/default/none.svg", b"/health", b"/%ff", b"/w/none/x", b"*"]
)
def test_no_page_answers_in_html_but_the_page(send: Send, method: bytes, path: bytes, fields: bytes) -> None:
    host = b"" if b"Host" in fields else b"Host: localhost\r\n"
    answer = send(method + b" " + path + b" HTTP/1.1\r\nConnection: close\r\n" + host + fields + b"\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head[9:12])
    assert status in (200, 204, 400, 403, 404, 405)
    if status == 405:
        assert b"\r\nallow: " in head.lower()
    if status >= 400:
        assert json.loads(body)["status"] == status


# --- Upgrade -------------------------------------------------------------------------------------


def post(body: bytes, upgrade: bytes, *, chunked: bool = False) -> bytes:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    offer = b"Connection: Upgrade\r\nUpgrade: " + upgrade + b"\r\n"
    return b"POST " + RUNS + b" HTTP/1.1\r\n" + HEADERS + offer + framing + b"\r\n\r\n" + framed


@pytest.mark.parametrize("upgrade", [b"h2c", b"H2C", b"websocket", b"TLS/1.0", b"HTTP/2.0", b"h2c, websocket", b"x"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beside_an_upgrade_arrives_and_so_does_what_follows(send: Send, upgrade: bytes, chunked: bool) -> None:
    request = post(UP, upgrade, chunked=chunked)
    answers = responses(send(request + request + LAST))
    assert [status for status, _ in answers] == [200, 200, 200]
    assert [body.get("name") for _, body in answers] == ["up", "up", None]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_an_upgrade_split_over_packets_is_the_same(send: Send, size: int) -> None:
    request = post(UP, b"h2c") + LAST
    parts = [request[start : start + size] for start in range(0, len(request), size)]
    assert [status for status, _ in responses(send(*parts))] == [200, 200]


def test_a_body_is_not_a_second_request(send: Send, running: Running) -> None:
    smuggled = b'{"name":"smuggled"}'
    body = b"POST " + RUNS + b" HTTP/1.1\r\n" + HEADERS + b"Content-Length: 19\r\n\r\n" + smuggled
    head = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\nContent-Length: %d\r\n\r\n"
    for parts in ((head % len(body), body, LAST), (head % len(body) + body + LAST,)):
        assert [status for status, _ in responses(send(*parts))] == [200, 200]
    assert b"smuggled" not in send(b"GET " + RUNS + b" HTTP/1.1\r\nConnection: close\r\n" + HEADERS + b"\r\n")


# --- pipelining ----------------------------------------------------------------------------------


def test_pipelined_requests_are_answered_in_order(send: Send) -> None:
    requests = [
        b"GET " + RUNS + b"%d HTTP/1.1\r\n" % number + HEADERS + b"\r\n" for number in (10**6, 10**6 + 1, 10**6 + 2)
    ]
    bodies = [body["error"] for _, body in responses(send(b"".join(requests) * 300 + LAST))[:-1]]
    assert len(bodies) == 900
    assert [body for index, body in enumerate(bodies) if str(10**6 + index % 3) not in body] == []


def test_pipelined_requests_that_are_not_read_are_not_read_by_the_server_either(running: Running) -> None:
    """How much the server reads is limited by the kernel's buffers on both sides, however much is sent."""
    request = b"GET " + RUNS + b"1000000 HTTP/1.1\r\n" + HEADERS + b"\r\n"
    with running.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.settimeout(1.0)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 200_000_000:
                sent += connection.send(request * 1000)
        assert sent < 100_000_000
    assert one(running.send(LAST))[0] == 200


# --- bodies --------------------------------------------------------------------------------------

NESTED = b'{"username":[' + b",".join([b"[[[[]]]]"] * 110_000) + b"]}"
KEYS = b"{" + b",".join(b'"k%d":1' % number for number in range(95_000)) + b"}"


@pytest.mark.parametrize("path", [b"/emnify/api/v1/authenticate", b"/elevate/v1/authenticate", b"/_sandbox/v1/worlds"])
@pytest.mark.parametrize("body", [NESTED, KEYS], ids=["nested arrays", "95,000 keys"])
@pytest.mark.timeout(20)  # one took 6 to 16 s
def test_a_hostile_body_is_refused_without_looking_for_each_error(send: Send, path: bytes, body: bytes) -> None:
    head = b"POST " + path + b" HTTP/1.1\r\nConnection: close\r\n" + HEADERS + b"Content-Length: %d\r\n\r\n" % len(body)
    for _ in range(5):
        assert one(send(head + body))[0] in (400, 422)


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"deflate, gzip"])
def test_a_coded_body_is_415_and_the_answer_names_the_coding(send: Send, coding: bytes) -> None:
    head = b"POST " + RUNS + b" HTTP/1.1\r\nConnection: close\r\n" + HEADERS + b"Content-Encoding: " + coding
    status, body = one(send(head + b"\r\nContent-Length: 13\r\n\r\n" + UP))
    assert status == 415
    assert coding.decode() in body["error"]


def test_a_byte_order_mark_is_reported(send: Send) -> None:
    head = b"POST " + RUNS + b" HTTP/1.1\r\nConnection: close\r\n" + HEADERS + b"Content-Length: 16\r\n\r\n"
    status, body = one(send(head + b"\xef\xbb\xbf" + UP))
    assert status == 400
    assert "byte order mark" in body["error"]


def test_a_chunk_that_is_not_one_is_400_in_the_apis_shape(send: Send) -> None:
    head = b"POST " + RUNS + b" HTTP/1.1\r\n" + HEADERS + b"Transfer-Encoding: chunked\r\n\r\n"
    status, body = one(send(head + b"zz\r\n"))
    assert (status, list(body)) == (400, ["error"])


# --- time and number -----------------------------------------------------------------------------


def test_half_a_head_is_408(send: Send) -> None:
    status, body = one(send(SUMMARIES))
    assert status == 408
    assert "head was not complete" in body["message"]


def test_half_a_body_is_408(send: Send) -> None:
    status, body = one(send(b"POST " + RUNS + b" HTTP/1.1\r\n" + HEADERS + b"Content-Length: 13\r\n\r\n{"))
    assert status == 408
    assert "body was not complete" in body["error"]


def test_an_idle_connection_is_closed(send: Send) -> None:
    assert send(b"") == b""


def test_a_client_that_reads_no_response_is_disconnected(running: Running) -> None:
    with running.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b"GET /_sandbox/v1/scenarios HTTP/1.1\r\nHost: localhost\r\n\r\n"
        send_all(connection, [request * 20_000])
        assert len(receive(connection)) < 20_000 * 1000  # it ended: the server did not wait forever


def test_connections_over_the_bound_are_503_and_the_rest_are_served() -> None:
    from counterfoil.server.connections.limits import Limits

    server = Running(Limits(connections=8))
    try:
        held = [server.connect() for _ in range(8)]
        for connection in held:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert one(server.send(LAST))[0] == 503
        held.pop().close()
        statuses = [one(server.send(LAST))[0] for _ in range(3)]
        assert statuses[-1] == 200
        for connection in held:
            connection.close()
    finally:
        server.stop()


# --- HEAD ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        b"/elevate/v1/customer-billing-summaries?page=1&pageSize=1",
        b"/oracle-brm/brm/customerBillManagement/v4/customerBill?limit=1",
        b"/emnify/api/v1/organisation/1/billing",
        RUNS,
        b"/elevate/v1/customer-billing-summaries",
    ],
)
def test_head_answers_as_get_does_without_the_body(send: Send, path: bytes) -> None:
    answers = [
        send(method + path + b" HTTP/1.1\r\nConnection: close\r\n" + HEADERS + b"\r\n")
        for method in (b"GET ", b"HEAD ")
    ]
    heads = [answer.partition(b"\r\n\r\n")[0].split(b"\r\n") for answer in answers]
    got, headed = ([line for line in head if not line.startswith(b"date:")] for head in heads)
    assert got == headed
    assert answers[1].endswith(b"\r\n\r\n")


def test_flexprices_router_has_no_head(send: Send) -> None:
    path = b"/flexprice/v1/customers/cust_00000001/invoices/summary"
    assert send(b"HEAD " + path + b" HTTP/1.1\r\nConnection: close\r\n" + HEADERS + b"\r\n").startswith(b"HTTP/1.1 404")
