"""Decides which addresses may be checked: this machine's own, and those that the user named."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from counterfoil.serving import is_loopback

_PORTS = {"http": 80, "https": 443}


def readable(url: str) -> SplitResult:
    """Parse an http or https address without credentials, query or ``..``. Raises ``ValueError`` with one line."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in _PORTS or not parts.hostname or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(f"'{url}' is not an address such as https://billing.example/api/v1")
    if parts.username is not None or parts.query or parts.fragment or ".." in parts.path.split("/"):
        raise ValueError(f"'{url}': give scheme, host, port and path only")
    return parts


def is_allowed(url: str, named: Iterable[str]) -> bool:
    """Whether ``url`` is on this machine, or equal to or below one of ``named``. Raises ``ValueError`` for an invalid address."""
    parts = readable(url)
    return is_loopback(parts.hostname or "") or is_named(url, named)


def is_named(url: str, named: Iterable[str]) -> bool:
    """Whether ``url`` is equal to or below one of ``named``."""
    parts = readable(url)
    for name in named:
        allowed = readable(name)
        base = allowed.path.rstrip("/")
        if _origin(allowed) == _origin(parts) and (parts.path == base or parts.path.startswith(f"{base}/")):
            return True
    return False


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS[parts.scheme]
