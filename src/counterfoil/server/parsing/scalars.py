"""Parses one number, boolean or string in JSON's syntax.

Numbers become ``int`` or ``Decimal``, never ``float``. connexion 3.3.0 also accepts Python's ``1_000`` and ``nan``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Json = Any

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,39})")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,329})(?:\.[0-9]{1,340})?(?:[eE][+-]?[0-9]{1,3})?")
"""JSON's numbers in the range of a double: arithmetic on 1e999999 could take forever."""
MAX_EXPONENT = 330


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _number(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise ValueError("must be a number")
    number = Decimal(text)
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError("must be a number that a double can hold")
    return number


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


READERS: Mapping[str, Callable[[str], Json]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": str,
}
