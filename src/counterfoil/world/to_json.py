"""Records and commands as JSON values: instants and dates as ISO 8601, amounts as exact decimal strings without exponent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


def to_json(value: Any) -> Any:
    """``value`` as JSON values. ``Decimal('1E-7')`` becomes ``0.0000001``, which every reader of decimals understands."""
    return _decimals(msgspec.to_builtins(value, str_keys=True, builtin_types=(Decimal,)))


def _decimals(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {name: _decimals(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_decimals(member) for member in value]
    return value
