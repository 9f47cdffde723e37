"""Reads values at places inside JSON bodies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from counterfoil.apis.generic.model import Place

Json = Any


def value_at(body: Json, place: Place) -> Json:
    """The value at ``place``; None where it is missing."""
    for part in place:
        if isinstance(part, int):
            body = body[part] if isinstance(body, list) and -len(body) <= part < len(body) else None
        else:
            body = body.get(part) if isinstance(body, dict) else None
    return body


def wrapped(value: Json, place: Place) -> Json:
    """``value`` inside as many objects (or lists of one) as ``place`` names."""
    for part in reversed(place):
        value = [value] if isinstance(part, int) else {part: value}
    return value


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
