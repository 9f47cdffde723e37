"""A target that cannot be checked gives one clear line within a bounded time: no stack trace, no hang, no success."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from checking import check

from counterfoil.contract import Target
from counterfoil.contract.http_client import HttpClient, NoResponse
from counterfoil.contract.law_books import law_book
from counterfoil.contract.runner import CouldNotRun, open_client

Behaviour = Callable[[BaseHTTPRequestHandler], None]
SECRET = "s3cret-of-a-customer"


class Server:
    """An HTTP server that responds as ``behave`` says and records its requests."""

    def __init__(self, behave: Behaviour) -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                behave(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(status: int, body: bytes, *headers: tuple[str, str]) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers or (("Content-Type", "application/json"),):
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.recv(1)  # nothing comes until the client gives up and closes the connection


def stream(handler: BaseHTTPRequestHandler) -> None:
    """An endless JSON body in small pieces: no single read exceeds the time limit."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        for _ in range(200):
            handler.wfile.write(b"[" * 100)
            time.sleep(0.03)
    except OSError:
        pass


def drop(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def bad_chunk(handler: BaseHTTPRequestHandler) -> None:
    """A chunked body whose first chunk has no length."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ZZZ\r\n[]")
    handler.close_connection = True


@pytest.fixture
def serving() -> Iterator[Callable[[Behaviour], Server]]:
    opened: list[Server] = []

    def serve(behave: Behaviour) -> Server:
        opened.append(Server(behave))
        return opened[-1]

    yield serve
    for server in opened:
        server.close()


HTML = answer(200, b"<!doctype html><html><body>Welcome</body></html>", ("Content-Type", "text/html"))
ELSEWHERE = answer(302, b"", ("Location", "http://elsewhere.invalid/v1"))


@pytest.mark.parametrize(
    ("behave", "told"),
    [
        (hang, "no response within 0.3 s"),
        (stream, "does not end within"),
        (drop, "the connection failed"),
        (bad_chunk, "the connection failed: illegal chunk header: ZZZ"),
        (HTML, "HTML where JSON was expected"),
        (ELSEWHERE, "redirects to http://elsewhere.invalid/v1, which is not followed"),
        (answer(200, b""), "empty body"),
        (answer(200, b"[{", ("Content-Type", "application/json")), "where JSON was expected"),
        (answer(200, b"[NaN]"), "where JSON was expected"),
        (answer(200, b"[" * 100_000), "where JSON was expected"),
        (answer(401, b'{"error":"Unauthorized"}'), "could not log in"),
        (answer(403, b'{"error":"Forbidden"}'), "could not log in"),
        (answer(404, b"{}"), "answered 404"),
        (answer(500, SECRET.encode()), "answered 500"),
        (answer(429, b"{}", ("Retry-After", "3600")), "too many requests"),
    ],
)
@pytest.mark.timeout(60)
def test_one_clear_line_in_bounded_time(serving: Any, behave: Behaviour, told: str) -> None:
    server = serving(behave)
    with pytest.raises(CouldNotRun) as raised:
        # Only what never ends is given little time: a busy machine may be slow with the rest.
        open_client(law_book("elevate"), Target(server.url, SECRET), seconds=0.3 if behave in (hang, stream) else 5)
    line = str(raised.value)
    assert told in line
    assert "\n" not in line
    assert SECRET not in line


def test_a_body_without_end_is_cut_by_its_bytes(serving: Any) -> None:
    target = Target(serving(answer(200, b"x" * 50_000)).url)
    with (
        HttpClient(target, max_bytes=1000) as client,
        pytest.raises(NoResponse, match="does not end within 1,000 bytes"),
    ):
        client.send("GET", "/things")


def test_a_429_is_waited_for_and_tried_again(serving: Any) -> None:
    seen: list[int] = []

    def busy_once(handler: BaseHTTPRequestHandler) -> None:
        seen.append(1)
        busy = answer(429, b"{}", ("Retry-After", "0"))
        (busy if len(seen) == 1 else answer(200, b"[]"))(handler)

    with HttpClient(Target(serving(busy_once).url)) as client:
        assert client.send("GET", "/things").body == []
    assert len(seen) == 2


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promises 100 bytes and hangs up after 1."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"[")
    handler.close_connection = True


@pytest.mark.parametrize("fails", [cut, drop, hang])
def test_a_read_that_is_interrupted_is_sent_once_more(serving: Any, fails: Behaviour) -> None:
    def fails_first(handler: BaseHTTPRequestHandler) -> None:
        (fails if len(server.asked) == 1 else answer(200, b"[]"))(handler)

    server = serving(fails_first)
    with HttpClient(Target(server.url), seconds=2 if fails is hang else 10) as client:
        assert client.send("GET", "/things").body == []
    assert server.asked == ["/v1/things", "/v1/things"]


def test_a_write_that_is_interrupted_is_not_repeated(serving: Any) -> None:
    server = serving(drop)
    with HttpClient(Target(server.url)) as client, pytest.raises(NoResponse, match="the connection failed"):
        client.send("POST", "/things", body={})
    assert server.asked == ["/v1/things"]


def test_nothing_outside_the_base_is_requested(serving: Any) -> None:
    server = serving(answer(200, b"[]"))
    with HttpClient(Target(server.url)) as client:
        for path in ("/../secrets", "http://elsewhere.invalid/", "things", "/a/./b"):
            with pytest.raises(NoResponse, match="nothing outside"):
                client.send("GET", path)
        client.send("GET", "//elsewhere.invalid/")
        assert server.asked == ["/v1//elsewhere.invalid/"]
        assert client.path_of("http://elsewhere.invalid/v1/things") is None
        assert client.path_of(f"{server.url}/things?a=b") == "/things?a=b"
        assert client.path_of("/other/things") is None


def test_tls_trouble_is_named(serving: Any) -> None:
    url = serving(answer(200, b"[]")).url.replace("http://", "https://")
    with pytest.raises(CouldNotRun, match="TLS failed"):
        open_client(law_book("elevate"), Target(url), seconds=2)


def test_an_unreachable_target_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    code = check(["elevate"], urls={"elevate": url}, environ={"COUNTERFOIL_TOKEN": SECRET})
    told = capsys.readouterr()
    assert code == 3
    assert "cannot be reached" in told.out
    assert SECRET not in told.out + told.err


def test_a_wrong_credential_is_exit_3(serving: Any, capsys: pytest.CaptureFixture[str]) -> None:
    url = serving(answer(401, b'{"error":"Unauthorized","message":"no"}')).url
    assert check(["elevate"], urls={"elevate": url}, headers=[f"Authorization: Bearer {SECRET}"], environ={}) == 3
    told = capsys.readouterr()
    assert "could not log in" in told.out
    assert "the credential of --header Authorization is refused" in told.out
    assert SECRET not in told.out + told.err


def test_a_target_that_dies_on_the_way_is_exit_3(serving: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[int] = []

    def die(handler: BaseHTTPRequestHandler) -> None:
        asked.append(1)
        (answer(200, b"[]") if len(asked) < 3 else drop)(handler)

    only = ["elevate.auth", "elevate.paging"]
    assert check(["elevate"], urls={"elevate": serving(die).url}, only=only, json=True, environ={}) == 3
    report = json.loads(capsys.readouterr().out)
    assert "stopped answering" in report["verdict"]
    assert report["not_tried"] > 3
    assert {r["reason"] for r in report["records"] if r["status"] == "not tried"} == {"the target stopped answering"}
    assert len(asked) < 40
