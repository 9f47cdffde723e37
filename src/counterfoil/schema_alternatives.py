"""Whether the alternatives of a ``oneOf`` exclude each other, or many documents' ``oneOf`` that means ``anyOf``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.openapi import resolve

Json = Any

BOUNDS = (
    "const",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maximum",
    "maxItems",
    "maxLength",
    "minimum",
    "minItems",
    "minLength",
    "multipleOf",
    "pattern",
)
"""Keywords that tell alternatives apart. ``type`` is not one: each integer is a number."""
DEEPEST = 3


def exclude_each_other(document: Json, alternatives: list[Json]) -> bool:
    """Whether each alternative requires a member, or sets a bound, that no other does: what fits two of them is then a
    contradiction that the document's author could see. Where one lacks that, what fits it may be meant by another."""
    marks = [_marks(document, each, DEEPEST) for each in alternatives]
    return all(
        found.difference(*(each for other, each in enumerate(marks) if other != index))
        for index, found in enumerate(marks)
    )


def _marks(document: Json, schema: Json, depth: int) -> set[str]:
    """What a schema, with the parts of its ``allOf``, requires and bounds."""
    target = resolve(document, schema)
    if not isinstance(target, Mapping):
        return set()
    found = {f"required {name}" for name in target.get("required", ())}
    found |= {f"{key} {target[key]!r}" for key in BOUNDS if key in target}
    return found.union(*(_marks(document, each, depth - 1) for each in target.get("allOf", ()) if depth))
