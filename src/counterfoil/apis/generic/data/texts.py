"""Makes texts that fit a schema and look realistic for the property's name.

Tried in this order: the format; the property's name (``fake_data``); the document's example; the pattern; plain words.
The result is within ``minLength`` and ``maxLength``.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from counterfoil.apis.generic.data import fake_data
from counterfoil.apis.generic.data.id_styles import varied
from counterfoil.apis.generic.data.instants import INSTANT_NAMES, instant_of, like_instant
from counterfoil.apis.generic.data.patterns import text_for
from counterfoil.apis.generic.data.seeds import number_of, uuid_of
from counterfoil.apis.generic.schemas import bound_of, example_of
from counterfoil.openapi.schema_terms import UUID

Json = Any


def make_text(merged: Mapping[str, Json], name: str, key: str, anchor: int, row: int) -> str:
    """The first candidate that fits. Row 0 gets the document's example."""
    shortest = bound_of(merged.get("minLength"), 0)
    longest = bound_of(merged.get("maxLength"), None)
    pattern = merged.get("pattern") if isinstance(merged.get("pattern"), str) else None
    example = example_of(merged, str)
    for candidate in _candidates(merged, name, key, anchor, row, example, shortest, longest, pattern):
        text: str | None = None if candidate is None else _sized(str(candidate), shortest, longest, pattern)
        if text is not None:
            return text
    return str((fake_data.words(key, 2) + "x" * shortest)[: max(shortest, min(longest or 40, 40))])


def _candidates(
    merged: Mapping[str, Json],
    name: str,
    key: str,
    anchor: int,
    row: int,
    example: str | None,
    shortest: int,
    longest: int | None,
    pattern: str | None,
) -> Any:
    form = str(merged.get("format", "")).lower()
    if row == 0 and example is not None:
        yield example
    yield _formatted(form, key, anchor)
    if (
        form in ("", "string", "text")
        and example is not None
        and (moment := like_instant(example, key, anchor)) is not None
    ):
        yield moment
    if form in ("", "email", "uri", "url", "string", "text", "hostname", "iri", "uri-reference", "markdown"):
        yield fake_data.named(name, key, example, longest)
    if example is not None:
        yield varied(example, name, key)
        yield example
    default = merged.get("default")
    if isinstance(default, str) and default:
        yield default
    if pattern is not None:
        yield text_for(pattern, number_of(key), shortest=shortest, longest=longest)
    if form in ("", "string", "text") and INSTANT_NAMES.search(name):
        yield _formatted("date" if name.lower().endswith("date") else "date-time", key, anchor)
    yield fake_data.words(key, 1 if longest is not None and longest < 12 else 2)


def _formatted(form: str, key: str, anchor: int) -> str | None:
    """A text of a format; None for an unknown format."""
    if form in ("date-time", "datetime", "timestamp", "rfc3339"):
        return instant_of(key, anchor).strftime("%Y-%m-%dT%H:%M:%SZ")
    if form == "date":
        return instant_of(key, anchor).strftime("%Y-%m-%d")
    if form in ("time", "partial-time"):
        return instant_of(key, anchor).strftime("%H:%M:%SZ" if form == "time" else "%H:%M:%S")
    if form in ("uuid", "guid", "uuid4"):
        return uuid_of(key)
    if form == "byte":
        return b64encode(fake_data.words(key, 2).encode()).decode()
    if form == "duration":
        return f"P{1 + number_of(key) % 30}D"
    if form in ("regex", "json-pointer"):
        return "" if form == "json-pointer" else ".*"
    return fake_data.formatted(form, key)


def _sized(text: str, shortest: int, longest: int | None, pattern: str | None) -> str | None:
    if longest is not None and len(text) > longest:
        if pattern is not None:
            return None
        text = text[:longest].rstrip() or text[:longest]
    if len(text) < shortest:
        if pattern is not None or shortest > 4096:
            return None
        text = (text + " " + text * (shortest // max(1, len(text)) + 1))[:shortest].replace(" ", "-")
    return text if pattern is None or _matches(pattern, text) else None


def suits(merged: Mapping[str, Json], text: str) -> bool:
    """Whether a text fits the lengths, the pattern and (for a UUID) the format of a schema."""
    pattern = merged.get("pattern") if isinstance(merged.get("pattern"), str) else None
    shortest, longest = bound_of(merged.get("minLength"), 0), bound_of(merged.get("maxLength"), None)
    if str(merged.get("format", "")).lower() in ("uuid", "guid") and not UUID.fullmatch(text):
        return False
    return (
        len(text) >= shortest
        and (longest is None or len(text) <= longest)
        and (pattern is None or _matches(pattern, text))
    )


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    literal = re.match(r"^/(.*)/[a-z]*$", pattern, re.DOTALL)
    try:
        return re.compile(literal.group(1) if literal else pattern)
    except (re.error, OverflowError, RecursionError):
        return None


def _matches(pattern: str, text: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.search(text) is not None
