"""The toy API on a real port: uvicorn with either of its HTTP parsers, and its raw responses."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn


@contextlib.contextmanager
def listening(app: Any, http: str = "httptools", loop: str = "asyncio") -> Iterator[int]:
    """Serve ``app`` as long as the context lasts; gives the port."""
    config = uvicorn.Config(app, port=0, http=http, loop=loop, ws="none", log_config=None, access_log=False)  # type: ignore[arg-type]
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield running.servers[0].sockets[0].getsockname()[1]
    finally:
        running.should_exit = True
        thread.join(5)


def get(port: int, path: str) -> tuple[bytes, bool]:
    """All bytes received for a GET, and whether the connection was reset."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.settimeout(5)
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: toy\r\nAuthorization: Bearer counterfoil-key\r\n\r\n".encode()
        )
        parts = []
        try:
            while part := connection.recv(65536):
                parts.append(part)
        except ConnectionResetError:
            return b"".join(parts), True
        return b"".join(parts), False
