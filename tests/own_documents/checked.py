"""Checks a document's stand-in, or a server that a test writes, with the command ``check``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from counterfoil.cli import main


def verdict(document: Path, *options: str) -> Any:
    words = ["check", "--spec", str(document), "--fast", "--max-examples", "5", "--json", *options]
    return json.loads(CliRunner().invoke(main, words, env={"COUNTERFOIL_TOKEN": "any"}).stdout)


@contextmanager
def server_that_takes(answers: Callable[[str, bytes], int]) -> Iterator[str]:
    """A server that answers a POST with the status that ``answers`` gives for its path and body."""

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            self._answer(answers(self.path, body), b"{}")

        def do_GET(self) -> None:
            self._answer(200, b"[]")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def found_at(document: Path, answers: Callable[[str, bytes], int], check: str, path: str) -> list[str]:
    """The findings of a check of such a server at one of its paths."""
    with server_that_takes(answers) as url:
        found = verdict(document, "--url", url, "--writes", "--only", f"conformance.{check}")
    return [each["got"] for each in found["findings"] if each["operation"] == f"POST {path}"]


def found_by_path(document: Path, answers: Callable[[str, bytes], int], check: str) -> dict[str, list[str]]:
    """The findings of one check of such a server, by path: what it does at each path is tried in one run."""
    with server_that_takes(answers) as url:
        verdicts = verdict(document, "--url", url, "--writes", "--only", f"conformance.{check}")
    found: dict[str, list[str]] = {}
    for each in verdicts["findings"]:
        found.setdefault(each["operation"].removeprefix("POST "), []).append(each["got"])
    return found
