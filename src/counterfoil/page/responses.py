"""JSON responses and problem details (RFC 9457) for the page's ASGI applications."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson

from counterfoil.asgi import Send

PROBLEM = "application/problem+json"
Headers = Iterable[tuple[bytes, bytes]]


def problem(status: int, detail: str, **members: Any) -> dict[str, Any]:
    """The body of an error response, with the same members as the control API's."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}


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
    await send_json(send, status, problem(status, detail, **members), headers, PROBLEM)
