"""Says whether a schema validates each member of a list separately, so that a member needs to be validated only once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Json = Any

MAX_DEPTH = 20
OF_OBJECTS = frozenset(
    ["$ref", "allOf", "type", "properties", "required", "additionalProperties", "minProperties", "maxProperties"]
)
"""Keywords for objects whose result does not depend on the contents of a list in a property."""
OF_LISTS = frozenset(["$ref", "allOf", "type", "items"])
"""Keywords for lists that check only the type and each member."""


def validates_members_separately(schema: Json, place: Sequence[str | int], target: Callable[[str], Json]) -> bool:
    """Whether a value with a list at ``place`` is valid exactly if each member is valid in a list of its own there, and the
    value is valid without members. ``target`` gives what a ``$ref`` points to. False where that is not certain."""
    schemas = [schema]
    for step in place:
        parts = list(_with_parts(schemas, target, 0))
        if not isinstance(step, str) or not all(isinstance(part, dict) and part.keys() <= OF_OBJECTS for part in parts):
            return False
        schemas = [schema for part in parts for schema in _of_property(part, step)]
    parts = list(_with_parts(schemas, target, 0))
    return all(isinstance(part, dict) and part.keys() <= OF_LISTS for part in parts)


def _of_property(schema: Mapping[str, Json], name: str) -> Iterator[Json]:
    """The schemas that a property must fit."""
    properties = schema.get("properties", {})
    if name in properties:
        yield properties[name]
    elif isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]


def _with_parts(schemas: Sequence[Json], target: Callable[[str], Json], depth: int) -> Iterator[Json]:
    """The schemas with those that they refer to and the parts of their ``allOf``; None for one that is too deep."""
    for schema in schemas:
        yield schema if depth < MAX_DEPTH else None
        if isinstance(schema, dict) and depth < MAX_DEPTH:
            inner = [*schema.get("allOf", ()), *([target(schema["$ref"])] if "$ref" in schema else [])]
            yield from _with_parts(inner, target, depth + 1)
