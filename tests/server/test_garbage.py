"""A request leaves nothing behind for the garbage collector."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from .toy import PREFIX, server


class Cycle:
    """As in uvicorn: the object of one exchange refers to the scope, and ``send`` is its method."""

    def __init__(self, path: str, key: str) -> None:
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"toy.test"), (b"authorization", f"Bearer {key}".encode())],
        }
        self.status = 0

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)


def test_an_answered_request_is_gone_without_the_collector() -> None:
    app = server()

    async def ask(path: str, key: str = "counterfoil-key") -> int:
        cycle = Cycle(PREFIX + path, key)
        await app(cycle.scope, cycle.receive, cycle.send)
        return cycle.status

    async def many() -> list[int]:
        """``/optional`` takes a credential that is good, or none: the second is tried after the first was refused."""
        statuses = [await ask(path) for _ in range(50) for path in ("/notes/1", "/notes/none", "/lost")]
        return [*statuses, *[await ask(path, "bad") for _ in range(50) for path in ("/notes/1", "/optional")]]

    asyncio.run(many())
    gc.collect()
    gc.disable()
    try:
        assert set(asyncio.run(many())) == {200, 401, 404}
        assert gc.collect() < 250  # of 250 requests; before, 20 objects of each
    finally:
        gc.enable()
