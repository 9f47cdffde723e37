"""The few words of ASGI the page needs: the types, a JSON answer, the headers by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any

import orjson

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]
Pairs = Iterable[tuple[bytes, bytes]]


def headers_of(scope: Scope) -> dict[str, str]:
    """By lower-case name, as latin-1 text; of a name sent twice, the values joined by commas (cookies by semicolons)."""
    headers: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        joint = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{joint}{text}" if name in headers else text
    return headers


async def send_json(
    send: Send, status: int, body: Any, headers: Pairs = (), media_type: str = "application/json"
) -> None:
    """The whole answer."""
    payload = orjson.dumps(body)
    own = ((b"content-type", media_type.encode()), (b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": payload})


async def send_problem(send: Send, status: int, detail: str, headers: Pairs = (), **members: Any) -> None:
    """A refusal, as the control API words its own (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    await send_json(send, status, body, headers, "application/problem+json")
