"""The server's log: one line per request, without secrets and control characters.

Loggers: ``counterfoil.access`` (one line per request) and ``counterfoil.server`` (errors). Nothing is configured on import:
the command line uses ``counterfoil.cli.log_output``, and a program that embeds the server adds its own handlers.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from counterfoil import redact

_counterfoil = logging.getLogger("counterfoil")
access = logging.getLogger("counterfoil.access")
server = logging.getLogger("counterfoil.server")

_UNSAFE = re.compile(r"[^\x21-\x7e]| ")
MAX_LENGTH = 300


def printable(text: str, longest: int = MAX_LENGTH) -> str:
    """Untrusted text, made safe for one line of a log or message: cut, and with all but printable ASCII escaped."""
    cut = text if len(text) <= longest else text[:longest] + "..."
    if cut.isascii() and cut.isprintable():
        return cut
    return _UNSAFE.sub(lambda m: m.group() if m.group() == " " else m.group().encode("unicode_escape").decode(), cut)


class AccessHandler(logging.Handler):
    """A handler that accepts the fields of a request without a ``LogRecord``."""

    def access(self, fields: dict[str, Any]) -> None:
        """Write the line of one request."""
        raise NotImplementedError


def is_access_enabled() -> bool:
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
    if not is_access_enabled():
        return
    target = printable(path)
    if query:
        target += "?" + printable(redact.logged_query(query.decode("latin-1")))
    fields: dict[str, Any] = {
        "method": printable(method, 20),
        "target": target,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "api": api,
        "world": printable(world, 80),
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
    """The command line's handler, if no other handler would get an access line. Other handlers need a ``LogRecord``, which
    costs 25 µs per request (benchmarks/PROFILE.md)."""
    handlers = _counterfoil.handlers
    if len(handlers) != 1 or access.handlers or access.filters or logging.root.handlers:
        return None
    handler = handlers[0]
    return handler if isinstance(handler, AccessHandler) and not handler.filters else None
