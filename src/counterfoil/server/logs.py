"""The server's log: one line per request, readable or as JSON, without secrets and control bytes.

Loggers: ``counterfoil.access`` (one line per request) and ``counterfoil.server`` (errors). Nothing is set up on import; the
command line sets up ``counterfoil.cli.log_output``. A program that embeds the server adds handlers of its own.
"""

from __future__ import annotations

import logging
import re
from typing import Any

_counterfoil = logging.getLogger("counterfoil")
access = logging.getLogger("counterfoil.access")
server = logging.getLogger("counterfoil.server")

_SECRET_WORDS = ("key", "token", "secret", "passw", "auth", "credential")
_UNSAFE = re.compile(r"[^\x21-\x7e]| ")
LONGEST = 300


def shown(text: str, longest: int = LONGEST) -> str:
    """Text from outside, safe for one line of a log or a message: printable ASCII, anything else escaped, bounded."""
    cut = text if len(text) <= longest else text[:longest] + "..."
    if cut.isascii() and cut.isprintable():
        return cut
    return _UNSAFE.sub(lambda m: m.group() if m.group() == " " else m.group().encode("unicode_escape").decode(), cut)


def without_secrets(query: str) -> str:
    """A query string, the values of parameters that are named like a credential replaced by ``***``."""
    if not _names_a_secret(query):
        return query
    return "&".join(_blanked(part) for part in query.split("&"))


def _names_a_secret(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _SECRET_WORDS)


def _blanked(part: str) -> str:
    """``name=***`` for ``name=value``. A ``?`` inside a value starts another name: clients append a query to a query."""
    pieces = part.split("=")
    for index, piece in enumerate(pieces[:-1]):
        if _names_a_secret(piece if index == 0 else piece.partition("?")[2]):
            return "=".join(pieces[: index + 1]) + "=***"
    return part


class AccessHandler(logging.Handler):
    """A handler that takes the fields of a request without a ``LogRecord``."""

    def access(self, fields: dict[str, Any]) -> None:
        """Write the line of one request."""
        raise NotImplementedError


def listens() -> bool:
    """Whether access lines are enabled."""
    return access.isEnabledFor(logging.INFO)


def request_line(
    *,
    method: str,
    path: str,
    query: bytes,
    status: int,
    seconds: float,
    api: str = "",
    world: str = "",
    operation: str = "",
) -> None:
    """Write one access line, if they are enabled."""
    if not listens():
        return
    target = shown(path)
    if query:
        target += "?" + shown(without_secrets(query.decode("latin-1")))
    fields: dict[str, Any] = {
        "method": shown(method, 20),
        "target": target,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "api": api,
        "world": shown(world, 80),
        "operation": operation,
    }
    handler = _only_handler()
    if handler is not None:
        handler.access(fields)
    else:
        access.info(ACCESS_FORMAT, *access_values(fields), extra={"fields": fields})


ACCESS_FORMAT = "%s %s %d %.2fms world=%s"


def access_values(fields: dict[str, Any]) -> tuple[Any, ...]:
    return fields["method"], fields["target"], fields["status"], fields["ms"], fields["world"] or "-"


def _only_handler() -> AccessHandler | None:
    """The command line's handler, if no other handler would get an access line. Otherwise a ``LogRecord`` has to be made, which
    costs a request 25 µs on its way through loggers and formatter (benchmarks/PROFILE.md)."""
    handlers = _counterfoil.handlers
    if len(handlers) != 1 or access.handlers or access.filters or logging.root.handlers:
        return None
    handler = handlers[0]
    return handler if isinstance(handler, AccessHandler) and not handler.filters else None
