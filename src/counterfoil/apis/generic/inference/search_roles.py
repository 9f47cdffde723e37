"""Finds the operations that search: POST to ``/customers/search`` lists the customers that its body selects."""

from __future__ import annotations

from typing import Any

from counterfoil.apis.generic.inference.envelopes import list_place, member_place
from counterfoil.apis.generic.inference.found_collections import FoundCollections
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.view_paths import has_fields_of, is_search, without_search
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.paths import Path

Json = Any


def search_role(collections: FoundCollections, name: str, path: Path) -> InferredRole | None:
    """The role ``list`` of a POST to a search path; None if it is not a search, or what it lists is not known."""
    answer = collections.answer(name)
    if not is_search(path.last) or path.ends_in_parameter or not answer.is_json:
        return None
    above = without_search(path)
    found = list_place(collections.reader, answer.schema, above.noun)
    if found is None:
        return None
    shown = collections.shown_by(name, above)
    if shown is not None and shown[3] == "list" and (scope := collections.scope(path, shown[0])) is not None:
        why = f"it lists members of {shown[0].path.text}; the body selects"
        sure = 0.85 if shown[0].path.key == above.key else 0.6
        return InferredRole("list", shown[0], shown[1], shown[2], scope=scope, reason=why, confidence=sure)
    return _by_fields(collections, above, answer.schema, found)


def _by_fields(
    collections: FoundCollections, above: Path, schema: Json, found: tuple[Place, str, float]
) -> InferredRole | None:
    """The role of a search in the collection above it, if the listed items have that collection's fields."""
    draft = collections.drafts.get(above.key)
    if draft is None or draft.single or draft.entity is None or not draft.id:
        return None
    reader, (at, how, is_list) = collections.reader, found
    item = reader.member(schema, (*at, 0))
    each, _, sure = member_place(reader, item, (draft.noun,), draft.parameter)
    if not has_fields_of(reader, reader.member(item, each), draft):
        return None
    reason = f"the listed items have the fields of {draft.path.text}; the body selects; {how}"
    return InferredRole("list", draft, at, each, reason=reason, confidence=min(sure, is_list, 0.8))
