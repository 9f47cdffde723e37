"""Finds the operations of JSON:API on relationships (``/articles/{id}/relationships/tags``) and related resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.embedded_members import RELATIONSHIPS, related_collection
from counterfoil.apis.generic.inference.envelopes import member_place
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.roles import Roles
from counterfoil.apis.generic.model import Place, Role
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.paths import Path, read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

LINKAGE_ROLES: Mapping[str, Role] = {
    "GET": "read_linkage",
    "PATCH": "replace_linkage",
    "PUT": "replace_linkage",
    "POST": "add_linkage",
    "DELETE": "remove_linkage",
}


def linkages(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The operations on the linkage that a member holds, and those that show the members which it names."""
    named = {
        singular(each.noun): each
        for each in reversed(roles.drafts.values())
        if each.is_referable and each.entity is not None
    }
    for name in found:
        method, _, text = name.partition(" ")
        path = read_path(text)
        if path.ends_in_parameter or method not in LINKAGE_ROLES:
            continue
        is_linkage = len(path.segments) > 2 and path.segments[-2].text == RELATIONSHIPS
        owner = _owner(roles, path.parent(2 if is_linkage else 1))
        if owner is None:
            continue
        role = _linkage_role(roles, name, owner) if is_linkage else None
        if method == "GET" and not is_linkage and _is_only_read(roles, path):
            role = _related_role(roles, name, owner, named)
        if role is not None:
            yield name, role


def _is_only_read(roles: Roles, path: Path) -> bool:
    """Whether a path has no other operation than GET, and no member below it: then nothing is created there."""
    below = roles.drafts.get(path.key)
    return not roles.paths[path.text].keys() - {"get", "head", "options"} and not (below and below.items)


def _owner(roles: Roles, member: Path) -> CollectionDraft | None:
    """The collection of the member at a path."""
    owner = roles.drafts.get(member.parent().key) if member.ends_in_parameter else None
    return owner if owner is not None and owner.entity is not None and owner.id and not owner.parts else None


def _linkage_role(roles: Roles, name: str, owner: CollectionDraft) -> InferredRole | None:
    """The role of an operation on ``/articles/{id}/relationships/tags``; None if it shows or takes anything else."""
    answer, body = roles.collections.answer(name), request_schema(roles.operations[name])
    shown = _linkage_place(roles.reader, answer.schema) if answer.is_json else None
    sent = _linkage_place(roles.reader, body)
    if (shown is None and name.startswith("GET ")) or (sent is None and body is not None):
        return None
    place = _place_in_member(roles.reader, owner, read_path(name).last)
    reason = f"it is the linkage '{'.'.join(map(str, place[:-1]))}' of a member of {owner.path.text} (JSON:API)"
    role = LINKAGE_ROLES[name.partition(" ")[0]]
    return InferredRole(role, owner, shown or (), body=sent or (), linkage=place, reason=reason, confidence=0.9)


def _linkage_place(reader: SchemaReader, schema: Json) -> Place | None:
    """The place of linkage in a body: one object with type and id, or a list of such objects; None if there is none."""
    data = reader.properties(schema).get("data") if schema is not None else None
    if data is None:
        return None
    members = reader.properties(reader.items(data) if reader.is_array(data) else data)
    return ("data",) if {"type", "id"} <= members.keys() and "attributes" not in members else None


def _place_in_member(reader: SchemaReader, owner: CollectionDraft, segment: str) -> Place:
    """The place of a linkage in a member, by the relationship's name in a path."""
    known = reader.properties(reader.properties(owner.entity).get(RELATIONSHIPS, {}))
    name = next((each for each in known if letters(each) == letters(segment)), segment)
    return RELATIONSHIPS, name, "data"


def _related_role(
    roles: Roles, name: str, owner: CollectionDraft, named: Mapping[str, CollectionDraft]
) -> InferredRole | None:
    """The role of a GET of ``/articles/{id}/author``; None if the member has no such relationship, or nothing lists or reads
    the members that it names."""
    path, reader = read_path(name.partition(" ")[2]), roles.reader
    place = _place_in_member(reader, owner, path.last)
    relations = reader.properties(reader.properties(owner.entity).get(RELATIONSHIPS, {}))
    has_own_path = f"GET {path.parent().text}/{RELATIONSHIPS}/{path.last}" in roles.operations
    if place[1] not in relations and not has_own_path:
        return None
    by_noun = {noun: each.path.text for noun, each in named.items()}
    target = related_collection(reader, str(place[1]), relations.get(str(place[1]), {}), by_noun)
    draft = next((each for each in named.values() if each.path.text == target), None)
    answer = roles.collections.answer(name)
    data = reader.properties(answer.schema).get("data") if answer.is_json and answer.schema is not None else None
    if draft is None or data is None:
        return None
    at: Place = ("data",) if reader.is_array(data) else member_place(reader, answer.schema, (draft.noun,))[0]
    role: Role = "list" if reader.is_array(data) else "read"
    reason = f"it shows what the relationship '{place[1]}' of a member of {owner.path.text} refers to (JSON:API)"
    return InferredRole(role, draft, at, linkage=place, linked_from=owner, reason=reason, confidence=0.85)
