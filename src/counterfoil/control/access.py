"""Decides who may use the control API, by the token, the Host header and the browser's Origin header.

A page on another site must not be able to change worlds through its visitor's browser. It can send a request to a loopback
address, or have its own name resolve to it (DNS rebinding), but it cannot choose the Origin and Host its browser sends:
Host must be a name of this server, and Origin, if sent, must equal Host. No response has a CORS header, and the spec has no
OPTIONS operation, so that a preflight is refused.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from counterfoil.api import ApiError, Principal

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_PORTS = {"http": "80", "https": "443"}
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - names that mean every interface; nothing is bound here


def guard(token: str | None, hosts: Iterable[str]) -> Callable[[Mapping[str, str]], Principal]:
    """Returns the check for every request; it takes lower-case headers and raises ``ApiError`` (403, or 401 without the token).

    ``hosts`` are the names the server is reached by, in addition to the loopback ones. With an address that means every
    interface (``0.0.0.0``), any IP address is a valid Host: a name can be rebound, an address cannot.
    """
    names = frozenset(_normalized_host(host) for host in hosts)
    any_address = bool(names & set(ANYWHERE))
    expected = None if token is None else token.encode()

    def check(headers: Mapping[str, str]) -> Principal:
        host = headers.get("host", "")
        match = _HOST.fullmatch(host)
        name = _normalized_host(match["name"]) if match else ""
        if not (name in names or _is_loopback(name) or (any_address and _address(name))):
            raise ApiError("forbidden", "the Host header is not a name of this server", where="Host")
        _check_origin(headers, host)
        if expected is not None and not _has_token(headers, expected):
            raise ApiError(
                "unauthenticated",
                "the control API needs its token: send 'Authorization: Bearer TOKEN' or 'X-Counterfoil-Token: TOKEN'",
            )
        return Principal("control")

    return check


def _check_origin(headers: Mapping[str, str], host: str) -> None:
    origin = headers.get("origin")
    if origin is None:
        return
    scheme, separator, authority = origin.partition("://")
    port = _PORTS.get(scheme.lower(), "")
    if not separator or not port or _with_port(authority, port) != _with_port(host, port):
        raise ApiError("forbidden", "a page of another origin may not use the control API", where="Origin")


def _has_token(headers: Mapping[str, str], expected: bytes) -> bool:
    scheme, _, bearer = headers.get("authorization", "").strip().partition(" ")
    sent = [headers.get("x-counterfoil-token", ""), bearer.strip() if scheme.lower() == "bearer" else ""]
    # headers are decoded as latin-1, so a token in UTF-8 is compared as the bytes that were sent
    return any(hmac.compare_digest(token.encode("latin-1", "replace"), expected) for token in sent)


def _with_port(authority: str, default: str) -> tuple[str, str]:
    match = _HOST.fullmatch(authority)
    return (_normalized_host(match["name"]), match["port"] or default) if match else ("", authority)


def _normalized_host(name: str) -> str:
    return name.lower().strip("[]").rstrip(".")


def _is_loopback(name: str) -> bool:
    address = _address(name)
    return address.is_loopback if address else name == "localhost" or name.endswith(".localhost")


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
