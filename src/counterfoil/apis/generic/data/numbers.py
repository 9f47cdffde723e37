"""Makes numbers that fit a schema and look realistic for the property's name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import ceil, floor, inf, isfinite
from typing import Any

from counterfoil.apis.generic.data import fake_data
from counterfoil.apis.generic.data.instants import INSTANT_NAMES
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.schemas import example_of

Json = Any
_WIDTHS = {"int32": 2**31 - 1, "int64": 2**53 - 1}


def make_number(merged: Mapping[str, Json], name: str, key: str, anchor: int, row: int, *, whole: bool) -> int | float:
    """A number within the bounds. Row 0 gets the document's example, if that is within the bounds."""
    example = example_of(merged, int if whole else float)
    low, high = _range(merged, whole)
    step = merged.get("multipleOf")
    step = step if isinstance(step, int | float) and step > 0 else None
    if row == 0 and example is not None and _within(example, low, high, step):
        return example  # type: ignore[no-any-return]
    value: int | float = _usual(merged, name, key, anchor, example, whole)
    if not _within(value, low, high, None):
        value = _drawn(low, high, number_of(key), whole)
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


def _drawn(low: float | None, high: float | None, number: int, whole: bool) -> int | float:
    """A number from ``low`` to ``high``; without ``low``, from 0 if ``high`` allows it."""
    first = low if low is not None else 0 if high is None or high >= 0 else high - 1000
    last = high if high is not None else first + 1000
    if not whole and 0 < last - first < 1:
        return first + (last - first) * (number % 101) / 100
    return first + number % (max(0, int(min(last - first, 1_000_000))) + 1)


def _range(merged: Mapping[str, Json], whole: bool) -> tuple[int | float | None, int | float | None]:
    """The smallest and the largest number to make; exclusive bounds are moved inwards."""
    low, high = _plain(merged.get("minimum")), _plain(merged.get("maximum"))
    above, below = merged.get("exclusiveMinimum"), merged.get("exclusiveMaximum")
    over = low if above is True else _plain(above)
    under = high if below is True else _plain(below)
    width = _WIDTHS.get(str(merged.get("format", "")))
    if width is not None and (high is None or high > width):
        high = width
    if whole:
        lows = [ceil(low)] if low is not None else []
        highs = [floor(high)] if high is not None else []
        lows += [floor(over) + 1] if over is not None else []
        highs += [ceil(under) - 1] if under is not None else []
        return max(lows, default=None), min(highs, default=None)
    least, most = (over if over is not None else low), (under if under is not None else high)
    inside = min(1, (most - least) / 4) if least is not None and most is not None else 1
    if over is not None and (low is None or over >= low):
        low = over + inside
    if under is not None and (high is None or under <= high):
        high = under - inside
    return low, high


def _plain(value: Json) -> int | float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return value if is_number else None


def _within(value: Json, low: Json, high: Json, step: Json) -> bool:
    if (low is not None and value < low) or (high is not None and value > high):
        return False
    return step is None or Decimal(str(value)) % Decimal(str(step)) == 0


def bounds_of(schema: Mapping[str, Json]) -> tuple[float, float]:
    """The ``minimum`` and the ``maximum`` of a schema; infinite if it has none."""
    bounds = [
        schema[name] if isinstance(schema.get(name), int | float) and not isinstance(schema[name], bool) else open_
        for name, open_ in (("minimum", -inf), ("maximum", inf))
    ]
    return bounds[0], bounds[1]
