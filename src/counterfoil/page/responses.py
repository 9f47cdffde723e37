"""JSON responses and problem details (RFC 9457) for the page's ASGI applications."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from counterfoil.api.problem_details import MEDIA_TYPE as PROBLEM_JSON
from counterfoil.api.problem_details import problem_details
from counterfoil.asgi import Send

Headers = Iterable[tuple[bytes, bytes]]


async def send_json(
    send: Send, status: int, body: Any, headers: Headers = (), media_type: str = "application/json"
) -> None:
    """Send a whole response."""
    payload = orjson.dumps(body)
    own = ((b"content-type", media_type.encode()), (b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": payload})


async def send_problem(send: Send, status: int, detail: str, headers: Headers = (), **members: Any) -> None:
    """Send an error response."""
    await send_json(send, status, problem_details(status, detail, **members), headers, PROBLEM_JSON)
