"""Makes texts, numbers and booleans that fit a schema and look like what their name says.

In this order: one of the listed values; what the format says; what the name says (``fake_data``); the document's example;
a text that matches the pattern; plain words. The result is within lengths and bounds.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from counterfoil.apis.generic import fake_data
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.patterns import text_for
from counterfoil.apis.generic.seeds import hex_digits, number_of, uuid_of

Json = Any
NOTHING: Any = object()

ANCHOR = 1767225600
"""2026-01-01T00:00:00Z, for instants that no world's clock says."""
_WIDTHS = {"int32": 2**31 - 1, "int64": 2**53 - 1}
_INSTANT_NAMES = re.compile(
    r"(?:_|^)(?:at|time|timestamp|date|created|updated|modified|expires|expiry)$|(?:At|Time|Timestamp|Date)$"
)


class Scalars:
    """Makes and takes plain values."""

    def taken(self, merged: Mapping[str, Json], types: frozenset[str], given: Json) -> Json:
        """``given`` as the schema wants it (a form sends ``"12"`` for 12), or ``NOTHING`` if it cannot stand there."""
        listed = merged.get("enum")
        if isinstance(listed, list):
            if given in listed:
                return given
            same = [each for each in listed if isinstance(each, str) and letters(each) == letters(str(given))]
            return same[0] if same and given is not None else NOTHING
        if given is None:
            return None if "null" in types or merged.get("nullable") or not types else NOTHING
        if not types:
            return given
        return _converted(given, types)

    def make(
        self, merged: Mapping[str, Json], types: frozenset[str], name: str, key: str, anchor: int, row: int
    ) -> Json:
        """A value that fits."""
        listed = merged.get("enum")
        if isinstance(listed, list) and listed:
            values = [each for each in listed if each is not None] or listed
            return values[number_of(key) % len(values)]
        if "string" in types or not types:
            return self._text(merged, name, key, anchor or ANCHOR, row)
        if types & {"integer", "number"}:
            return self._number(merged, name, key, anchor or ANCHOR, row, whole="number" not in types)
        if "boolean" in types:
            return self._boolean(merged, name, key, row)
        return None

    def suits(self, merged: Mapping[str, Json], text: str) -> bool:
        """Whether a text fits the lengths, the pattern and (for a UUID) the format of a schema."""
        pattern = merged.get("pattern") if isinstance(merged.get("pattern"), str) else None
        shortest, longest = _bound(merged.get("minLength"), 0), _bound(merged.get("maxLength"), None)
        if str(merged.get("format", "")).lower() in ("uuid", "guid") and not _UUID.fullmatch(text):
            return False
        return (
            len(text) >= shortest
            and (longest is None or len(text) <= longest)
            and (pattern is None or _matches(pattern, text))
        )

    def _boolean(self, merged: Mapping[str, Json], name: str, key: str, row: int) -> bool:
        example = _example(merged, bool)
        if row == 0 and example is not None:
            return bool(example)
        words = letters(name)
        if any(
            each in words for each in ("delete", "archiv", "disabled", "blocked", "error", "test", "hidden", "lock")
        ):
            return False
        if isinstance(merged.get("default"), bool):
            return bool(merged["default"])
        return (
            bool(number_of(key) % 4)
            if any(e in words for e in ("active", "enabled", "live", "valid"))
            else bool(number_of(key) % 2)
        )

    # --- texts -----------------------------------------------------------------------------------

    def _text(self, merged: Mapping[str, Json], name: str, key: str, anchor: int, row: int) -> str:
        shortest = _bound(merged.get("minLength"), 0)
        longest = _bound(merged.get("maxLength"), None)
        pattern = merged.get("pattern") if isinstance(merged.get("pattern"), str) else None
        example = _example(merged, str)
        for candidate in self._candidates(merged, name, key, anchor, row, example, shortest, longest, pattern):
            text: str | None = None if candidate is None else _sized(str(candidate), shortest, longest, pattern)
            if text is not None:
                return text
        return str((fake_data.words(key, 2) + "x" * shortest)[: max(shortest, min(longest or 40, 40))])

    def _candidates(
        self,
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
        yield _formatted(form, key, anchor, name)
        if (
            form in ("", "string", "text")
            and example is not None
            and (moment := _like_instant(example, key, anchor)) is not None
        ):
            yield moment
        if form in ("", "email", "uri", "url", "string", "text", "hostname", "iri", "uri-reference", "markdown"):
            yield fake_data.named(name, key, example, longest)
        if example is not None:
            yield _varied(example, name, key)
            yield example
        default = merged.get("default")
        if isinstance(default, str) and default:
            yield default
        if pattern is not None:
            yield text_for(pattern, number_of(key), shortest=shortest, longest=longest)
        if form in ("", "string", "text") and _INSTANT_NAMES.search(name):
            yield _formatted("date" if name.lower().endswith("date") else "date-time", key, anchor, name)
        yield fake_data.words(key, 1 if longest is not None and longest < 12 else 2)

    # --- numbers ---------------------------------------------------------------------------------

    def _number(
        self, merged: Mapping[str, Json], name: str, key: str, anchor: int, row: int, *, whole: bool
    ) -> int | float:
        example = _example(merged, int if whole else float)
        low, high = _range(merged)
        step = merged.get("multipleOf")
        step = step if isinstance(step, int | float) and step > 0 else None
        if row == 0 and example is not None and _within(example, low, high, step):
            return example  # type: ignore[no-any-return]
        value: int | float = self._usual(merged, name, key, anchor, example, whole)
        if not _within(value, low, high, None):
            first = low if low is not None else (high or 0) - 1000
            last = high if high is not None else first + 1000
            span = max(0, int(min(last - first, 1_000_000)))
            value = first + number_of(key) % (span + 1)
        if step is not None:
            counted = int(Decimal(str(value)) // Decimal(str(step)))
            value = float(Decimal(str(step)) * counted)
            value = value + step if low is not None and value < low else value
        if whole or (float(value).is_integer() and step is not None):
            return int(value)
        return value

    def _usual(
        self, merged: Mapping[str, Json], name: str, key: str, anchor: int, example: Json, whole: bool
    ) -> int | float:
        form, words = str(merged.get("format", "")).lower(), letters(name)
        if "time" in form or (
            whole and (_INSTANT_NAMES.search(name) or (example or 0) > 10**9) and _epoch(form, words, example)
        ):
            seconds = anchor - number_of(key) % (400 * 86400)
            return seconds * (1000 if (example or 0) > 10**11 or "milli" in form else 1)
        return fake_data.number(words, key, example, whole)


def _epoch(form: str, words: str, example: Json) -> bool:
    return form in ("", "int64", "unix-time", "timestamp", "int32") and (example is None or example > 10**8)


def _formatted(form: str, key: str, anchor: int, name: str) -> str | None:
    """A text of a format; None for one that is not known."""
    if form in ("date-time", "datetime", "timestamp", "rfc3339"):
        return _instant(key, anchor).strftime("%Y-%m-%dT%H:%M:%SZ")
    if form == "date":
        return _instant(key, anchor).strftime("%Y-%m-%d")
    if form in ("time", "partial-time"):
        return _instant(key, anchor).strftime("%H:%M:%SZ" if form == "time" else "%H:%M:%S")
    if form in ("uuid", "guid", "uuid4"):
        return uuid_of(key)
    if form == "byte":
        return b64encode(fake_data.words(key, 2).encode()).decode()
    if form == "duration":
        return f"P{1 + number_of(key) % 30}D"
    if form in ("regex", "json-pointer"):
        return "" if form == "json-pointer" else ".*"
    return fake_data.formatted(form, key)


def _instant(key: str, anchor: int) -> datetime:
    return datetime.fromtimestamp(anchor, UTC) - timedelta(seconds=number_of(key) % (400 * 86400))


_MOMENTS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "%Y-%m-%dT%H:%M:%S.000Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "%Y-%m-%dT%H:%M:%SZ"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00"), "%Y-%m-%dT%H:%M:%S+00:00"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "%Y-%m-%d"),
    (re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"), "%a, %d %b %Y %H:%M:%S +0000"),
)


def _like_instant(example: str, key: str, anchor: int) -> str | None:
    """An instant written as the example is; None if that is none."""
    for written, form in _MOMENTS:
        if written.fullmatch(example):
            return _instant(key, anchor).strftime(form)
    return None


def _varied(example: str, name: str, key: str) -> str | None:
    """An id in the style of the example: its prefix stays, letters and digits change; None where it is no id."""
    if (
        not letters(name).endswith(("id", "sid", "gid", "uuid", "key", "token", "number", "reference"))
        or not 4 <= len(example) <= 80
    ):
        return None
    return in_style(example, key)


def in_style(example: str, key: str) -> str:
    """``cus_9s6XKz`` → ``cus_4b2QLm``: what stands before the last separator stays if it is letters."""
    cut = max(example.rfind("_"), example.rfind("-")) + 1
    head, tail = (
        (example[:cut], example[cut:])
        if cut and len(example) - cut >= 4 and example[:cut].strip("_-").isalpha()
        else ("", example)
    )
    if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", example):
        return uuid_of(key)
    if not head and (prefix := re.match(r"[A-Z]{2}(?=[0-9a-f]{8,})", example)):
        head, tail = prefix.group(), example[2:]
    is_hex = bool(re.fullmatch(r"[0-9a-f]+", tail)) and any(each.isalpha() for each in tail)
    digits, out = hex_digits(key, len(tail)), []
    for index, letter in enumerate(tail):
        code = int(digits[index], 16) + 16 * (index * 7 % 3)
        if is_hex:
            out.append(digits[index])
        elif letter.isdigit():
            out.append(str(1 + code % 9 if index == 0 else code % 10))
        elif letter.isascii() and letter.isalpha():
            out.append(chr((65 if letter.isupper() else 97) + code % 26))
        else:
            out.append(letter)
    return head + "".join(out)


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


def _converted(given: Json, types: frozenset[str]) -> Json:
    is_number = isinstance(given, int | float | Decimal) and not isinstance(given, bool)
    if isinstance(given, bool):
        return given if "boolean" in types else (str(given).lower() if "string" in types else NOTHING)
    if is_number:
        if "number" in types or ("integer" in types and given == int(given)):
            return int(given) if given == int(given) and "integer" in types else given
        return str(given) if "string" in types else NOTHING
    if isinstance(given, str):
        if "string" in types:
            return given
        if types & {"integer", "number"} and re.fullmatch(r"-?\d{1,18}", given):
            return int(given)
        if "number" in types and re.fullmatch(r"-?\d{1,18}\.\d{1,18}", given):
            return float(given)
        if "boolean" in types and given.lower() in ("true", "false"):
            return given.lower() == "true"
    return NOTHING


def _example(merged: Mapping[str, Json], kind: type) -> Json:
    listed = merged.get("examples")
    for each in (merged.get("example"), *(listed if isinstance(listed, list) else ())):
        if kind is str and isinstance(each, str) and each:
            return each
        if kind is bool and isinstance(each, bool):
            return each
        if kind in (int, float) and isinstance(each, int | float) and not isinstance(each, bool):
            if kind is int and each != int(each):
                continue
            return int(each) if kind is int else each
    return None


def _range(merged: Mapping[str, Json]) -> tuple[int | float | None, int | float | None]:
    low, high = _plain(merged.get("minimum")), _plain(merged.get("maximum"))
    above, below = merged.get("exclusiveMinimum"), merged.get("exclusiveMaximum")
    if above is True and low is not None:
        low = low + 1
    elif (number := _plain(above)) is not None:
        low = number + 1
    if below is True and high is not None:
        high = high - 1
    elif (number := _plain(below)) is not None:
        high = number - 1
    width = _WIDTHS.get(str(merged.get("format", "")))
    if width is not None and (high is None or high > width):
        high = width
    return low, high


def _plain(value: Json) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _within(value: Json, low: Json, high: Json, step: Json) -> bool:
    if (low is not None and value < low) or (high is not None and value > high):
        return False
    return step is None or Decimal(str(value)) % Decimal(str(step)) == 0


def _bound(value: Json, default: Any) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
