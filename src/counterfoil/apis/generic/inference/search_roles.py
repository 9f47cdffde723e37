"""Finds the operations that search: POST to ``/customers/search`` lists the customers that its body selects."""

from __future__ import annotations

from typing import Any

from counterfoil.apis.generic.inference.envelopes import list_place, member_place
from counterfoil.apis.generic.inference.found_collections import FoundCollections
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import word_set, words
from counterfoil.apis.generic.paths import Path, Segment

Json = Any

SEARCHES = word_set("search query find list lookup filter listall findall")


def search_role(collections: FoundCollections, name: str, path: Path) -> InferredRole | None:
    """The role ``list`` of a POST to a search path; None if it is not a search, or what it lists is not known."""
    answer = collections.answer(name)
    if not _is_search(path.last) or path.ends_in_parameter or not answer.is_json:
        return None
    above = _without_search(path)
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
    members, known = reader.properties(reader.member(item, each)), reader.properties(draft.entity)
    if draft.id[0] not in members or 2 * len(members.keys() & known.keys()) < len(members):
        return None
    reason = f"the listed items have the fields of {draft.path.text}; the body selects; {how}"
    return InferredRole("list", draft, at, each, reason=reason, confidence=min(sure, is_list, 0.8))


def _is_search(segment: str) -> bool:
    """Whether a path segment names a search: ``search``, ``customers:query``, ``search-items``."""
    parts = words(segment.rpartition(":")[2])
    return bool(parts) and parts[0] in SEARCHES


def _without_search(path: Path) -> Path:
    """The path of the searched collection: ``/customers`` for ``/customers/search`` and for ``/customers:search``."""
    if ":" not in path.last:
        return path.parent()
    segments = (*path.parent().segments, Segment(path.last.rpartition(":")[0], ""))
    return Path("/" + "/".join(each.text for each in segments), segments)
