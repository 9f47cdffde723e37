"""Finds paths that identify a member by a field other than its id: ``/carts/key={key}``, ``/users/by-email/{email}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
Alternate = tuple[CollectionDraft, Place]
"""A collection, and the field that has the value of the path parameter."""


def find_alternates(drafts: Mapping[str, CollectionDraft], reader: SchemaReader) -> Iterator[tuple[str, Alternate]]:
    """These paths, spelled as in the document, each with its collection and field."""
    others = {f"{singular(each.noun)}id": each for each in drafts.values() if each.items}
    for draft in drafts.values():
        if draft.single or draft.entity is None or not draft.items:
            continue
        for item in draft.items[1:]:
            field = _field(reader, draft, item.segments[-1].parameter)
            if field and (field,) != draft.id:
                yield item.text, (draft, (field,))
        owner = drafts.get(draft.path.parent().key)
        if (
            owner is None
            or owner.single
            or not owner.id
            or not owner.items
            or draft.lists
            or draft.path.ends_in_parameter
        ):
            continue
        if not is_same(reader, owner.entity, draft.entity):
            continue
        for item in draft.items:
            field = _field(reader, owner, item.segments[-1].parameter)
            named = others.get(letters(item.segments[-1].parameter), owner)
            if field and (named is owner or named is draft):  # otherwise it is the id of another collection's member
                yield item.text, (owner, (field,))


def _field(reader: SchemaReader, draft: CollectionDraft, parameter: str) -> str:
    """The field with the name of a path parameter, with or without the collection's noun; empty if there is none."""
    members = {letters(name): name for name in reversed(reader.properties(draft.entity))}
    wanted, noun = letters(parameter), singular(draft.noun)
    return next((members[each] for each in (wanted, wanted.removeprefix(noun)) if each in members), "")


def is_same(reader: SchemaReader, first: Json, second: Json) -> bool:
    """Whether two schemas are the same one or have the same properties."""
    if first is None or second is None:
        return False
    if reader.merged(first) is reader.merged(second):
        return True
    names = set(reader.properties(first))
    return bool(names) and names == set(reader.properties(second))
