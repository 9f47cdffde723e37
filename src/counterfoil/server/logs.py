"""What the server writes about itself: one line per request, readable or as JSON, without secrets and control bytes.

Loggers: ``counterfoil.access`` (one line per request) and ``counterfoil.server`` (what went wrong). Nothing is set up on
import; ``set_up`` is for the command line, embedders use the standard library's logging as they like.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

access = logging.getLogger("counterfoil.access")
server = logging.getLogger("counterfoil.server")

_SECRET = re.compile(r"(?i)((?:^|[&?])[^=&]*(?:key|token|secret|passw|auth|credential)[^=&]*=)[^&]*")
_UNSAFE = re.compile(r"[^\x21-\x7e]| ")
LONGEST = 300


def shown(text: str, longest: int = LONGEST) -> str:
    """Text from outside, safe for one line of a log or a message: printable ASCII, anything else escaped, bounded."""
    cut = text if len(text) <= longest else text[:longest] + "..."
    if cut.isascii() and cut.isprintable():
        return cut
    return _UNSAFE.sub(lambda m: m.group() if m.group() == " " else m.group().encode("unicode_escape").decode(), cut)


def without_secrets(query: str) -> str:
    """A query string with the values of everything that is named like a credential blanked."""
    return _SECRET.sub(r"\1***", query)


def listens() -> bool:
    """Whether anybody wants access lines."""
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
    """Write one access line, if anybody ``listens``."""
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
    whose = fields["world"] or "-"
    access.info(
        "%s %s %d %.2fms world=%s", fields["method"], target, status, fields["ms"], whose, extra={"fields": fields}
    )


class JsonLines(logging.Formatter):
    """One JSON object per line, for machines that read logs."""

    def format(self, record: logging.LogRecord) -> str:
        import orjson

        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        line.update(getattr(record, "fields", None) or {"message": record.getMessage()})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class Readable(logging.Formatter):
    """``12:00:01 info GET /elevate/v1/… 200 0.31ms world=default``; line ends inside a message are escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the standard library's name)
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")


def set_up(*, as_json: bool = False, level: int = logging.INFO) -> None:
    """Send counterfoil's logs to standard error, once; calling it again only changes the form."""
    root = logging.getLogger("counterfoil")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else Readable())
    root.handlers[:] = [handler]
    root.setLevel(level)
