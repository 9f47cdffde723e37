"""Makes numbers that fit a schema and look like what their name says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import inf
from typing import Any

from counterfoil.apis.generic.data import fake_data
from counterfoil.apis.generic.data.instants import INSTANT_NAMES
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.schemas import example_of

Json = Any
_WIDTHS = {"int32": 2**31 - 1, "int64": 2**53 - 1}


def make_number(merged: Mapping[str, Json], name: str, key: str, anchor: int, row: int, *, whole: bool) -> int | float:
    """A number within the bounds. Row 0 has the document's example, if that is within them."""
    example = example_of(merged, int if whole else float)
    low, high = _range(merged)
    step = merged.get("multipleOf")
    step = step if isinstance(step, int | float) and step > 0 else None
    if row == 0 and example is not None and _within(example, low, high, step):
        return example  # type: ignore[no-any-return]
    value: int | float = _usual(merged, name, key, anchor, example, whole)
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


def _usual(merged: Mapping[str, Json], name: str, key: str, anchor: int, example: Json, whole: bool) -> int | float:
    form, words = str(merged.get("format", "")).lower(), letters(name)
    if "time" in form or (whole and (INSTANT_NAMES.search(name) or (example or 0) > 10**9) and _epoch(form, example)):
        seconds = anchor - number_of(key) % (400 * 86400)
        return seconds * (1000 if (example or 0) > 10**11 or "milli" in form else 1)
    return fake_data.number(words, key, example, whole)


def _epoch(form: str, example: Json) -> bool:
    return form in ("", "int64", "unix-time", "timestamp", "int32") and (example is None or example > 10**8)


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


def bounds_of(schema: Mapping[str, Json]) -> tuple[float, float]:
    """The ``minimum`` and the ``maximum`` of a schema; infinite where it has none."""
    bounds = [
        schema[name] if isinstance(schema.get(name), int | float) and not isinstance(schema[name], bool) else open_
        for name, open_ in (("minimum", -inf), ("maximum", inf))
    ]
    return bounds[0], bounds[1]
