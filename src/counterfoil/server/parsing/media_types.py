"""Media types as HTTP and OpenAPI write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def media_type(value: str) -> str:
    """``Application/JSON; charset=utf-8`` → ``application/json``."""
    return value.partition(";")[0].strip().lower()


def is_json_type(kind: str) -> bool:
    """Whether a media type without parameters is JSON."""
    return kind.endswith(("/json", "+json"))


def range_of(kind: str, known: Mapping[str, Any]) -> str | None:
    """Which of the documented media types and ranges (``image/*``, ``*/*``) takes this media type; None if none does."""
    if kind in known:
        return kind
    wide = f"{kind.partition('/')[0]}/*"
    return wide if wide in known else "*/*" if "*/*" in known else None
