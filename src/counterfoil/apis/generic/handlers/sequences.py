"""Writes values in media types for sequences: JSON Lines, JSON text sequences (RFC 7464), server-sent events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from counterfoil.media_types import without_parameters

Json = Any

LINES = frozenset(
    f"application/{each}"
    for each in ("x-ndjson", "ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines", "json-lines")
)
EVENTS = "text/event-stream"
EVENT_FIELDS = ("event", "id", "retry")
"""Fields of a server-sent event other than its data (HTML, 9.2.6; OpenAPI 3.2)."""


def is_sequence(media_type: str | None) -> bool:
    """Whether a body of this media type is a sequence of values."""
    kind = without_parameters(media_type or "")
    return kind in LINES or kind == EVENTS or kind.endswith("/json-seq")


def to_sequence(media_type: str, items: Iterable[Json]) -> bytes:
    """The values as a body of the media type."""
    kind = without_parameters(media_type)
    if kind == EVENTS:
        return b"".join(_event(each) for each in items)
    start = b"\x1e" if kind.endswith("/json-seq") else b""
    return b"".join(start + msgspec.json.encode(each) + b"\n" for each in items)


def _event(item: Json) -> bytes:
    fields: list[tuple[str, Json]] = []
    data = item
    if isinstance(item, dict) and "data" in item and item.keys() <= {"data", *EVENT_FIELDS}:
        data = item["data"]
        fields = [(name, item[name]) for name in EVENT_FIELDS if item.get(name) is not None]
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    lines = [f"{name}: {' '.join(str(value).split())}" for name, value in fields]
    lines += [f"data: {line}" for line in text.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()
