"""A proxy that records every request on its way to a server, and can change the responses."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Exchange:
    """One request and its response."""

    method: str
    path: str
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Change = Callable[[str, str, int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]
"""Given method, path, status, headers and body of a response, returns the changed status, headers and body."""


@dataclass
class Recorder:
    """Forwards to ``origin`` (``http://127.0.0.1:8080``) and keeps what passed through in ``exchanges``."""

    origin: str
    change: Change | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    def __enter__(self) -> Recorder:
        recorder, place = self, urlsplit(self.origin)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body are sent together: apart, the body waits 40 ms for the head's acknowledgement

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                connection.request(self.command, self.path, body or None, headers)
                response = connection.getresponse()
                content, status = response.read(), response.status
                kept = {name: value for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP}
                connection.close()
                if recorder.change is not None:
                    status, kept, content = recorder.change(self.command, self.path, status, kept, content)
                recorder.exchanges.append(Exchange(self.command, self.path, status, content))
                self.send_response_only(status)
                for name, value in kept.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.forward
                raise AttributeError(name)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


HOP_BY_HOP = {"content-length", "connection", "transfer-encoding", "keep-alive"}
