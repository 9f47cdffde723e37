"""Makes texts, numbers and booleans that fit a schema and look realistic for the property's name, and converts sent ones.

A value of the enum comes first; ``texts`` and ``numbers`` have the rules for other schemas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from counterfoil.apis.generic.data.numbers import make_number
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.data.texts import make_text
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.schemas import example_of

Json = Any
UNSET: Any = object()

ANCHOR = 1767225600
"""2026-01-01T00:00:00Z, for times that do not depend on a world's clock."""

_64_BITS = range(-(2**63), 2**64)
"""The whole numbers that JSON bodies are read and written with (orjson)."""


class Scalars:
    """Makes and converts scalars."""

    def coerce(self, merged: Mapping[str, Json], types: frozenset[str], given: Json) -> Json:
        """``given`` with the type that the schema wants (a form sends ``"12"`` for 12), or ``UNSET`` if it does not fit."""
        listed = merged.get("enum")
        if given is None and (merged.get("nullable") or "null" in types):
            return None  # even if the enum does not list null
        if isinstance(listed, list):
            if given in listed:
                return given
            same = [each for each in listed if isinstance(each, str) and letters(each) == letters(str(given))]
            return same[0] if same and given is not None else UNSET
        if given is None:
            return None if "null" in types or merged.get("nullable") or not types else UNSET
        if not types:
            return given
        return _converted(given, types)

    def make(
        self, merged: Mapping[str, Json], types: frozenset[str], name: str, key: str, anchor: int, row: int
    ) -> Json:
        """A value for a schema; None if its types are not those of a scalar."""
        listed = merged.get("enum")
        if isinstance(listed, list) and listed:
            values = [each for each in listed if each is not None] or listed
            return values[number_of(key) % len(values)]
        if "string" in types or not types:
            return make_text(merged, name, key, anchor or ANCHOR, row)
        if types & {"integer", "number"}:
            return make_number(merged, name, key, anchor or ANCHOR, row, whole="number" not in types)
        if "boolean" in types:
            return _make_boolean(merged, name, key, row)
        return None


def _make_boolean(merged: Mapping[str, Json], name: str, key: str, row: int) -> bool:
    example = example_of(merged, bool)
    if row == 0 and example is not None:
        return bool(example)
    words = letters(name)
    if any(each in words for each in ("delete", "archiv", "disabled", "blocked", "error", "test", "hidden", "lock")):
        return False
    if isinstance(merged.get("default"), bool):
        return bool(merged["default"])
    return (
        bool(number_of(key) % 4)
        if any(e in words for e in ("active", "enabled", "live", "valid"))
        else bool(number_of(key) % 2)
    )


def _converted(given: Json, types: frozenset[str]) -> Json:
    is_number = isinstance(given, int | float | Decimal) and not isinstance(given, bool)
    if isinstance(given, bool):
        return given if "boolean" in types else (str(given).lower() if "string" in types else UNSET)
    if is_number:
        if "number" in types or ("integer" in types and given == int(given)):
            return int(given) if given == int(given) and "integer" in types else given
        return str(given) if "string" in types else UNSET
    if isinstance(given, str):
        if "string" in types:
            return given
        if types & {"integer", "number"} and re.fullmatch(r"-?\d{1,20}", given) and int(given) in _64_BITS:
            return int(given)
        if "number" in types and re.fullmatch(r"-?\d{1,18}\.\d{1,18}", given):
            return float(given)
        if "boolean" in types and given.lower() in ("true", "false"):
            return given.lower() == "true"
    return UNSET
