"""At a slow, endless or proxied target a check ends in time, within memory, and leaves no process behind."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from checking import check

from counterfoil.contract import Target
from counterfoil.contract.http_client import TIME_USED_UP, HttpClient, NoResponse

Behaviour = Callable[[BaseHTTPRequestHandler], None]
BASE = "/billingplatform/backend/api/v1"


def plain(handler: BaseHTTPRequestHandler, body: bytes = b"[]", **headers: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def is_schemathesis(handler: BaseHTTPRequestHandler) -> bool:
    return "schemathesis" in handler.headers.get("User-Agent", "")


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Sends an endless body, one byte at a time."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.2)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    while True:
        handler.wfile.write(b"[" * 1_000_000)


BOMB = gzip.compress(b" " * 200_000_000, 1)


def bomb(handler: BaseHTTPRequestHandler) -> None:
    plain(handler, BOMB, Content_Encoding="gzip")


@pytest.fixture
def serving() -> Iterator[Callable[..., tuple[str, list[float]]]]:
    servers: list[ThreadingHTTPServer] = []

    def serve(behave: Behaviour, *, everybody: bool = False) -> tuple[str, list[float]]:
        asked: list[float] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked.append(time.monotonic())
                try:
                    (behave if everybody or is_schemathesis(self) else plain)(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        servers[-1].daemon_threads = True
        servers[-1].handle_error = lambda *about: None  # type: ignore[method-assign]  # a client that hangs up is expected
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}{BASE}", asked

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def command(url: str, *options: str) -> list[str]:
    words = ["check", "billingplatform", "--fast", "--url", f"billingplatform={url}", "--only", "billingplatform.runs"]
    return [sys.executable, "-m", "counterfoil", *words, "--only", "conformance", *options]


def small_check(folder: Path, url: str) -> list[str]:
    """A check of an API with one operation, for tests that need few requests."""
    runs = {"type": "array", "items": {"type": "object"}}
    response = {"description": "runs", "content": {"application/json": {"schema": runs}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Runs", "version": "1"},
        "security": [{"token": []}],
        "paths": {"/runs": {"get": {"responses": {"200": response}}}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
    (folder / "runs.json").write_text(json.dumps(document))
    words = ["check", "--spec", str(folder / "runs.json"), "--url", url, "--fast", "--json"]
    return [sys.executable, "-m", "counterfoil", *words]


def assert_cut_off(report: Any) -> None:
    """Laws that were left out give the time limit as reason; laws tried before it at most give too few items."""
    reasons = {record["reason"] for record in report["records"] if record["status"] == "not tried"}
    assert TIME_USED_UP in reasons
    assert all(each == TIME_USED_UP or each.startswith("needs at least ") for each in reasons), reasons


def test_a_dripping_target_ends_with_max_time(serving: Any) -> None:
    """The body would take two days, and what is left of a check that was cut off is said."""
    url, _ = serving(drip)
    done = subprocess.run(command(url, "--max-time", "6", "--json"), capture_output=True, text=True, timeout=240)
    report = json.loads(done.stdout)
    assert_cut_off(report)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""
"""Runs a command and prints the most memory, in MB, that one of its processes had."""


def test_a_body_without_end_is_bounded_in_conformance_too(serving: Any) -> None:
    sent: list[Behaviour] = []

    def either(handler: BaseHTTPRequestHandler) -> None:
        sent.append((endless, bomb)[len(sent) % 2])
        sent[-1](handler)

    url, _ = serving(either)
    measured = [sys.executable, "-c", MEASURED, *command(url, "--max-time", "12", "--json")]
    done = subprocess.run(measured, capture_output=True, text=True, timeout=240)
    json.loads(done.stdout)
    assert done.returncode in (1, 3)
    assert {endless, bomb} <= set(sent), "both were sent"
    assert int(done.stderr.split()[-1]) < 300
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_check_leaves_no_process_behind(serving: Any, how: signal.Signals) -> None:
    url, asked = serving(lambda handler: plain(handler))
    with subprocess.Popen(
        command(url, "--max-examples", "500"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        children = children_of(process, 1, lambda: len(asked) > 20)
        process.send_signal(how)
        process.wait()
    assert children
    assert all_end(children)


@pytest.mark.parametrize(
    ("how", "to_all"),
    [(signal.SIGTERM, False), (signal.SIGKILL, False), (signal.SIGINT, True), (signal.SIGINT, False)],
)
def test_a_killed_check_of_a_stand_in_leaves_no_process_behind(how: signal.Signals, to_all: bool) -> None:
    """One process serves the stand-in that conformance is tried at, another sends the requests. Ctrl-C signals all processes
    of a terminal; a CI service may send SIGINT to the first one alone."""
    words = [sys.executable, "-m", "counterfoil", "check", "billingplatform", "--max-examples", "10000"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as process:
        children = children_of(process, 2)
        if to_all:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        process.wait()
    assert len(children) == 2
    assert all_end(children)
    assert "Traceback" not in said


def children_of(process: subprocess.Popen[Any], least: int, ready: Callable[[], bool] = lambda: True) -> list[str]:
    """The ids of a process's children, once there are that many and it is ``ready``."""
    found: list[str] = []
    for _ in range(600):
        listed = ["ps", "-o", "pid=", "--ppid", str(process.pid)]
        found = subprocess.run(listed, capture_output=True, text=True).stdout.split()
        if len(found) >= least and ready():
            break
        time.sleep(0.1)
    return found


def all_end(processes: list[str]) -> bool:
    for _ in range(300):
        if not any(os.path.exists(f"/proc/{each}") for each in processes):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks9://nowhere", "nonsense", "http://[::"])
def test_proxy_variables_are_ignored_for_this_machine(
    serving: Any, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = serving(lambda handler: plain(handler))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    check(["billingplatform"], urls={"billingplatform": url}, only=["billingplatform.reading"], environ={})
    assert asked


@pytest.mark.parametrize("proxy", ["socks9://nowhere", "nonsense", "http://[::", "http://127.0.0.1:9"])
def test_an_odd_proxy_is_one_line_for_another_machine(
    proxy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    code = check(
        ["billingplatform"],
        urls={"billingplatform": "http://elsewhere.invalid/v1"},
        only=["billingplatform.reading"],
        environ={},
    )
    assert code == 3
    assert "COULD NOT RUN" in capsys.readouterr().out


def test_a_password_in_netrc_is_not_sent_in_place_of_the_credential(serving: Any, tmp_path: Path) -> None:
    sent: dict[bool, set[str]] = {True: set(), False: set()}

    def note(handler: BaseHTTPRequestHandler) -> None:
        sent[is_schemathesis(handler)].add(handler.headers.get("Authorization", ""))
        plain(handler)

    url, _ = serving(note, everybody=True)
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password of-another-host\n")
    netrc.chmod(0o600)
    environ = {**os.environ, "HOME": str(tmp_path), "COUNTERFOIL_TOKEN": "counterfoil-key"}
    subprocess.run(small_check(tmp_path, url), env=environ, capture_output=True, timeout=240)
    for values in sent.values():
        assert "Bearer counterfoil-key" in values
        assert not [value for value in values if value.startswith("Basic c29tZWJvZHk6")], "somebody: in base64"


def test_a_body_that_is_not_json_is_a_finding_of_conformance(serving: Any, tmp_path: Path) -> None:
    url, _ = serving(lambda handler: plain(handler, b"not JSON"))
    done = subprocess.run(small_check(tmp_path, url), capture_output=True, text=True, timeout=240)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    found = [f for f in report["findings"] if f["id"] == "conformance.response_schema_conformance"]
    assert found
    assert all("answered 200: not JSON" in f["got"] for f in found)


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    """Sends a response's head one byte at a time, without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        handler.wfile.write(b"a")
        time.sleep(0.05)


def test_a_head_without_end_is_cut_off(serving: Any) -> None:
    """No single read waits long, so the client's own timeout never comes."""
    url, asked = serving(drip_head, everybody=True)
    with HttpClient(Target(url), seconds=0.5) as client, pytest.raises(NoResponse, match=r"no response within 0\.5 s"):
        client.send("GET", "/billingRuns/")
    assert len(asked) == 2, "a read is tried twice"


@pytest.mark.parametrize("everybody", [True, False], ids=["laws", "conformance"])
def test_a_head_without_end_ends_with_max_time(serving: Any, everybody: bool) -> None:
    url, asked = serving(drip_head, everybody=everybody)
    done = subprocess.run(command(url, "--max-time", "6", "--json"), capture_output=True, text=True, timeout=240)
    report = json.loads(done.stdout)
    assert asked
    assert_cut_off(report)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
