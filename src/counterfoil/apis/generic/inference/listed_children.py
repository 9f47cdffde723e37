"""Finds fields that list the members of a collection below: ``charges`` of a plan, beside ``/plans/{id}/charges``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any


def listed_children(
    reader: SchemaReader, entity: Json, owner: Collection, below: Iterable[tuple[Collection, CollectionDraft]]
) -> tuple[tuple[str, str], ...]:
    """The fields of an entity that list the members of a collection below its own, each with that collection's path.

    Such a field has the name of the collection and the schema of its members. A field with a documented length is none: its
    list could not follow the collection.
    """
    found = []
    for child, draft in below:
        if not _is_below(child, owner) or draft.entity is None:
            continue
        for name, schema in reader.properties(entity).items():
            if letters(name) == letters(draft.noun) and _lists(reader, schema, draft.entity):
                found.append((name, child.path))
    return tuple(found)


def _is_below(child: Collection, owner: Collection) -> bool:
    return (
        bool(child.parents)
        and child.parents[-1].collection == owner.path
        and len(child.parents) == len(owner.parents) + 1
        and child.found == "known"
        and len(child.id) == 1
        and not child.parts
        and not owner.parts
    )


def _lists(reader: SchemaReader, schema: Json, entity: Json) -> bool:
    merged = reader.merged(schema)
    return (
        reader.is_array(schema)
        and not merged.keys() & {"minItems", "maxItems"}
        and reader.merged(reader.items(schema)) is reader.merged(entity)
    )
