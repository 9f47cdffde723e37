"""Finds parts of an ``allOf`` that forbid what the other parts describe, so that no value with such a member could be valid.

``additionalProperties: false`` considers only the ``properties`` of its own schema. Documents write it in a part of an ``allOf``
and mean all parts (https://json-schema.org/understanding-json-schema/reference/object#extending-closed-schemas).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from counterfoil.openapi.nodes import Node

Json = Any
Follow = Callable[[Node], Node | None]
"""Follows the references from a node to a mapping; None if they lead to none."""

MAX_DEPTH = 8
"""How many nested ``allOf`` are searched."""


class ClosedParts:
    """Looks at the parts of one document's schemas."""

    def __init__(self, follow: Follow) -> None:
        self.follow = follow

    def forbidding_parts(self, node: Node) -> Iterator[tuple[int, Node]]:
        """Index and node of each part of the ``allOf`` at ``node`` that forbids members of other parts."""
        listed = node["allOf"]
        parts = [self.follow(listed[index]) for index in range(len(listed.value))]
        if not any(_is_closed(part) for part in parts):
            return
        own = _own_names(node)
        names = [self._names(part, MAX_DEPTH) for part in parts]
        for index, part in enumerate(parts):
            if part is not None and _is_closed(part):
                others = own.union(*(of_part for other, of_part in enumerate(names) if other != index))
                if others - _own_names(part):
                    yield index, part

    def forbids_its_parts(self, node: Node) -> bool:
        """Whether the schema at ``node`` forbids members that the parts of its ``allOf`` describe."""
        listed = node.value.get("allOf")
        if not isinstance(listed, list) or not listed:
            return False
        parts = [self.follow(node["allOf"][index]) for index in range(len(listed))]
        return bool(frozenset().union(*(self._names(part, MAX_DEPTH) for part in parts)) - _own_names(node))

    def _names(self, node: Node | None, depth: int) -> frozenset[str]:
        """The members that a schema describes, those of its parts too."""
        if node is None:
            return frozenset()
        names = _own_names(node)
        parts = node.value.get("allOf")
        if isinstance(parts, list) and depth:
            names = names.union(
                *(self._names(self.follow(node["allOf"][index]), depth - 1) for index in range(len(parts)))
            )
        return names


def _is_closed(node: Node | None) -> bool:
    return node is not None and node.value.get("additionalProperties") is False


def _own_names(node: Node) -> frozenset[str]:
    properties = node.value.get("properties")
    return frozenset(properties) if isinstance(properties, dict) else frozenset()
