"""Finds and compares the scalars of a member."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Json = Any


def scalars(member: Json) -> dict[str, Json]:
    """The properties of an object that are scalars."""
    if not isinstance(member, dict):
        return {}
    return {name: value for name, value in member.items() if isinstance(value, (str, int, float, bool, Decimal))}


def same(one: Json, other: Json) -> bool:
    """Whether two scalars are equal. A number equals its text, because forms send texts."""
    if one == other or isinstance(one, bool) or isinstance(other, bool):
        return bool(one == other)
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except ArithmeticError:
        return False
