"""ASGI types, and the parts of HTTP that the server, the control API and the page must read in the same way."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from ipaddress import IPv6Address, IPv6Network
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
CheckAccess = Callable[[Mapping[str, str]], object]
"""Takes a request's headers by lower-case name; raises ``ApiError`` for a request that may not use the control API."""
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

DEFAULT_WORLD = "default"
CONTROL_PREFIX = "/_sandbox/v1"
"""How the paths of the control API begin."""
REFUSAL = "counterfoil.refusal"
"""The key of a ``Refusal`` in the scope's ``state``, set by the HTTP server."""


class Refusal(NamedTuple):
    """Why the HTTP server refuses a request; the application answers it with the error body of the API in the path."""

    status: int
    message: str


def refusal_of(scope: Scope) -> Refusal | None:
    """The HTTP server's refusal of this request; None if there is none. It may be set while the body is being received."""
    state = scope.get("state")
    return state.get(REFUSAL) if state else None


_UNRESERVED_ESCAPE = re.compile(r"%(4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe]|3[0-9]|2[DdEe])")


def raw_path(scope: Scope) -> str:
    """The request's path as sent: still percent-encoded, one character per byte, without the query.

    Only escapes of unreserved characters are decoded (RFC 3986, 6.2.2.2). Routing and authorization must both read the path
    with this function, so that they see the same segments.
    """
    raw: bytes | None = scope.get("raw_path")
    if raw is None:  # ASGI makes raw_path optional
        return quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
    path = raw.decode("latin-1")
    if "?" in path:  # httpx's ASGITransport before 0.26 sends the query along
        path = path.partition("?")[0]
    if "%" in path:
        return _UNRESERVED_ESCAPE.sub(lambda m: chr(int(m.group(1), 16)), path)
    return path


def split_world(path: str) -> tuple[str | None, str, str]:
    """``/w/blue/elevate/v1`` → ``("blue", "/w/blue", "/elevate/v1")``: the world's name, its prefix, and the rest.

    A path without ``/w/`` belongs to the default world and has an empty prefix. The name is ``None`` if it is not
    percent-encoded UTF-8. ``path`` is the result of ``raw_path``.
    """
    if not path.startswith("/w/"):
        return DEFAULT_WORLD, "", path
    sent, _, rest = path[3:].partition("/")
    name: str | None = sent
    if "%" in sent or not sent.isascii():
        try:
            name = unquote_to_bytes(sent.encode("latin-1")).decode("utf-8")
        except UnicodeDecodeError:
            name = None
    return name, path[: 3 + len(sent)], "/" + rest


_WORLD_PATH = re.compile(rf"(?:{CONTROL_PREFIX}/worlds|/events|/plots)/([^/]*)((?:/.*)?)")


def world_in_path(path: str) -> tuple[str, str] | None:
    """``/_sandbox/v1/worlds/blue/clock`` → ``("blue", "/clock")``: the world that a path of the control API, ``/events`` or
    ``/plots`` names, and the rest; None for other paths. ``path`` is the last part of ``split_world``."""
    match = _WORLD_PATH.fullmatch(path)
    return (match[1], match[2]) if match else None


def request_headers(scope: Scope) -> dict[str, str]:
    """The request's headers by lower-case name; repeated ones are joined with a comma (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            repeated.setdefault(name, [headers[name]]).append(value)
        else:
            headers[name] = value
    for name, values in repeated.items():
        headers[name] = ", ".join(values)
    return headers


async def until_disconnected(receive: Receive) -> None:
    """Wait until the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def address_key(address: str) -> str:
    """The part of an address that identifies a client: for IPv6 the first 64 bits, because a subscriber has at least a /64
    (RFC 6177); an IPv4 address mapped to IPv6 is that IPv4 address."""
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False))
