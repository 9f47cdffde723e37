"""Finds parts of an ``allOf`` that forbid what the other parts describe, so that no value with such a member could be valid.

``additionalProperties: false`` knows only the ``properties`` beside it. Documents have it in parts of an ``allOf`` and mean all
parts together (https://json-schema.org/understanding-json-schema/reference/object#extending-closed-schemas).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from counterfoil.openapi.nodes import Node

Json = Any
Follow = Callable[[Node], Node | None]
"""Where references from a place end; None if that is not a mapping."""

MAX_DEPTH = 8
"""How many ``allOf`` are looked into, one inside the other."""


class ClosedParts:
    """Looks at the parts of one document's schemas."""

    def __init__(self, follow: Follow) -> None:
        self.follow = follow

    def forbidding_parts(self, node: Node) -> Iterator[tuple[int, Node]]:
        """Index and place of each part of the ``allOf`` at ``node`` that forbids members of the others."""
        here = node["allOf"]
        ends = [self.follow(here[index]) for index in range(len(here.value))]
        if not any(_is_closed(each) for each in ends):
            return
        own = _own_names(node)
        named = [self._names(each, MAX_DEPTH) for each in ends]
        for index, end in enumerate(ends):
            if end is not None and _is_closed(end):
                others = own.union(*(each for other, each in enumerate(named) if other != index))
                if others - _own_names(end):
                    yield index, end

    def forbids_its_parts(self, node: Node) -> bool:
        """Whether the schema at ``node`` forbids members that the parts of its ``allOf`` describe."""
        parts = node.value.get("allOf")
        if not isinstance(parts, list) or not parts:
            return False
        ends = [self.follow(node["allOf"][index]) for index in range(len(parts))]
        return bool(frozenset().union(*(self._names(each, MAX_DEPTH) for each in ends)) - _own_names(node))

    def _names(self, node: Node | None, depth: int) -> frozenset[str]:
        """The members that a schema describes, those of its parts too."""
        if node is None:
            return frozenset()
        found = _own_names(node)
        parts = node.value.get("allOf")
        if isinstance(parts, list) and depth:
            found = found.union(
                *(self._names(self.follow(node["allOf"][index]), depth - 1) for index in range(len(parts)))
            )
        return found


def _is_closed(node: Node | None) -> bool:
    return node is not None and node.value.get("additionalProperties") is False


def _own_names(node: Node) -> frozenset[str]:
    properties = node.value.get("properties")
    return frozenset(properties) if isinstance(properties, dict) else frozenset()
