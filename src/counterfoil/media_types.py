"""Media types as HTTP headers and OpenAPI documents write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORMS = (FORM, MULTIPART)


def without_parameters(value: str) -> str:
    """A media type without its parameters, in lower case: ``Application/JSON; charset=utf-8`` → ``application/json``."""
    return value.partition(";")[0].strip().lower()


def is_json_type(kind: str) -> bool:
    """Whether a media type without parameters is JSON."""
    return kind.endswith(("/json", "+json"))


def is_xml(kind: str) -> bool:
    """Whether a media type is XML."""
    return without_parameters(kind).endswith(("/xml", "+xml"))


def range_of(kind: str, known: Mapping[str, Any]) -> str | None:
    """The documented media type or range (``image/*``, ``*/*``) that includes this media type; None if none does."""
    if kind in known:
        return kind
    wide = f"{kind.partition('/')[0]}/*"
    return wide if wide in known else "*/*" if "*/*" in known else None
