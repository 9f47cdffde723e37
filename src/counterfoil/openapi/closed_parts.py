"""Finds parts of an ``allOf`` that forbid what the other parts describe, so that no value with such a member could be valid.

``additionalProperties: false`` knows only the ``properties`` beside it. Documents have it in parts of an ``allOf`` and mean all
parts together (https://json-schema.org/understanding-json-schema/reference/object#extending-closed-schemas).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from counterfoil.openapi.places import Place

Json = Any
Follow = Callable[[Place], Place | None]
"""Where references from a place end; None if that is no mapping."""

MAX_DEPTH = 8
"""How many ``allOf`` are looked into, one inside the other."""


class ClosedParts:
    """Looks at the parts of one document's schemas."""

    def __init__(self, follow: Follow) -> None:
        self.follow = follow

    def that_shut_out(self, place: Place) -> Iterator[tuple[int, Place]]:
        """Index and place of each part of the ``allOf`` at ``place`` that forbids members of the others."""
        here = place["allOf"]
        ends = [self.follow(here[index]) for index in range(len(here.value))]
        if not any(_is_closed(each) for each in ends):
            return
        own = _own_names(place)
        named = [self._names(each, MAX_DEPTH) for each in ends]
        for index, end in enumerate(ends):
            if end is not None and _is_closed(end):
                others = own.union(*(each for other, each in enumerate(named) if other != index))
                if others - _own_names(end):
                    yield index, end

    def shuts_out_its_parts(self, place: Place) -> bool:
        """Whether the schema at ``place`` forbids members that the parts of its ``allOf`` describe."""
        parts = place.value.get("allOf")
        if not isinstance(parts, list) or not parts:
            return False
        ends = [self.follow(place["allOf"][index]) for index in range(len(parts))]
        return bool(frozenset().union(*(self._names(each, MAX_DEPTH) for each in ends)) - _own_names(place))

    def _names(self, place: Place | None, depth: int) -> frozenset[str]:
        """The members that a schema describes, those of its parts too."""
        if place is None:
            return frozenset()
        found = _own_names(place)
        parts = place.value.get("allOf")
        if isinstance(parts, list) and depth:
            found = found.union(
                *(self._names(self.follow(place["allOf"][index]), depth - 1) for index in range(len(parts)))
            )
        return found


def _is_closed(place: Place | None) -> bool:
    return place is not None and place.value.get("additionalProperties") is False


def _own_names(place: Place) -> frozenset[str]:
    properties = place.value.get("properties")
    return frozenset(properties) if isinstance(properties, dict) else frozenset()
