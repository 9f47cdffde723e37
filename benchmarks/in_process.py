"""Calls the ASGI application in this process, without a socket: leaves out HTTP parsing and the kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.calls import Call

App = Callable[..., Coroutine[Any, Any, None]]


class Refused(Exception):
    """A response that is not 2xx. It is not timed."""


async def ask(app: App, call: Call) -> bytes:
    """Send one request; returns the response body. Raises ``Refused``."""
    path, _, query = call.path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in (*call.headers, ("host", "127.0.0.1"))],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    body = call.body.encode() if call.body else b""
    status = 0
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    payload = b"".join(parts)
    if not 200 <= status < 300:
        raise Refused(f"{call.method} {call.path}: {status} {payload[:200].decode(errors='replace')}")
    return payload


def run(act: Coroutine[Any, Any, Any]) -> Any:
    """Run one coroutine until it is done."""
    return asyncio.run(act)
