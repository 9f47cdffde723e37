"""Reads and writes values at places inside JSON bodies."""

from __future__ import annotations

from typing import Any

from counterfoil.apis.generic.model import Place

Json = Any


def at(value: Json, place: Place) -> Json:
    """The value at a place; None if there is none."""
    for part in place:
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) and part < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def put(value: dict[str, Json], place: Place, new: Json) -> None:
    """Write a value at a place; missing objects on the way are created."""
    for part in place[:-1]:
        inner = value.get(str(part))
        value[str(part)] = value = dict(inner) if isinstance(inner, dict) else {}
    value[str(place[-1])] = new


def wrapped(place: Place, value: Json) -> Json:
    """A body with ``value`` at a place: ``("data", 0)`` gives ``{"data": [value]}``."""
    for part in reversed(place):
        value = [value] if isinstance(part, int) else {part: value}
    return value


def replaced(body: Json, place: Place, new: Json) -> Json:
    """A copy of the body with ``new`` at a place; ``body`` itself stays unchanged."""
    if not place:
        return new
    first, rest = place[0], place[1:]
    if isinstance(first, int):
        return [replaced(each, rest, new) if index == first else each for index, each in enumerate(body)]
    return {**body, first: replaced(body[first], rest, new)}
