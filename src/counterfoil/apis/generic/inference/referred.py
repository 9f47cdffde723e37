"""Finds the reference (``$ref``) of a schema, and the place in a body that has a given reference."""

from __future__ import annotations

from typing import Any

from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

MAX_DEPTH = 3
"""How many levels of a body are searched for a schema."""


def reference_of(schema: Json) -> str:
    """The ``$ref`` of a schema, or of its only ``allOf`` part; empty if it is not a reference."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            return str(schema["$ref"])
        parts = schema.get("allOf")
        if isinstance(parts, list) and len(parts) == 1:
            return reference_of(parts[0])
    return ""


def place_of(reader: SchemaReader, schema: Json, reference: str, depth: int = MAX_DEPTH) -> Place | None:
    """The place of a reference in a body, also inside the items of a list: ``{"data": {"invoices": [{…}]}}``."""
    if reference_of(schema) == reference:
        return ()
    if not depth:
        return None
    if reader.is_array(schema):
        members: list[tuple[str | int, Json]] = [(0, reader.items(schema))]
    else:
        members = list(reader.properties(schema).items())
    found = ((name, place_of(reader, each, reference, depth - 1)) for name, each in members)
    return next(((name, *inner) for name, inner in found if inner is not None), None)
