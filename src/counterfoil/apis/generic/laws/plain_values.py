"""The plain values of a member, and whether two of them are equal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Json = Any


def scalars(member: Json) -> dict[str, Json]:
    """The members of an object that are plain values."""
    if not isinstance(member, dict):
        return {}
    return {name: value for name, value in member.items() if isinstance(value, (str, int, float, bool, Decimal))}


def same(one: Json, other: Json) -> bool:
    """Whether two plain values are equal; a number and a text of that number are, since forms send texts."""
    if one == other or isinstance(one, bool) or isinstance(other, bool):
        return bool(one == other)
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except ArithmeticError:
        return False
