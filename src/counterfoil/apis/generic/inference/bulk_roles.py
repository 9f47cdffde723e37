"""Finds operations that change or delete several members at once: their request body or query lists members or ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.envelopes import list_place, member_place
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.roles import Roles
from counterfoil.apis.generic.inference.rpc_operations import KINDS
from counterfoil.apis.generic.inference.view_paths import BULK
from counterfoil.apis.generic.model import Place, Role
from counterfoil.apis.generic.names import letters, singular, stem_of, words
from counterfoil.apis.generic.paths import Path, read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

CHANGES: Mapping[str, Role] = {"patch": "update", "put": "replace", "post": "create"}


def bulk(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The operations that change or delete the members that their body or query lists."""
    for name in found:
        method, _, text = name.partition(" ")
        method, path = method.lower(), read_path(text)
        if method == "get" or path.ends_in_parameter:
            continue
        draft, role = _target(roles, method, path)
        if draft is None or draft.single or draft.entity is None or not draft.id or draft.parts:
            continue
        if role == "delete" and (ids_place := _ids(roles, name, draft)) is not None:
            query, place = ids_place
            reason = f"'{query or place_name(place)}' lists the members to delete"
            yield name, InferredRole("clear", draft, id_query=query, id_at=place, reason=reason, confidence=0.8)
        elif (
            role == "create" and found[name].draft is not draft and (several := roles.several(name, draft)) is not None
        ):
            reason = f"its body lists new members of {draft.path.text}"
            shown = _listed_members(roles, name, draft)
            yield name, InferredRole("create", draft, shown, body=several, reason=reason, confidence=0.7)
        elif (
            role == "create"
            and found[name].role == "create"
            and path.key != draft.path.key
            and _has_only_ids(roles, name, draft)
        ):
            reason = f"its body lists ids of {draft.path.text}, and what it does with these members is not known"
            yield name, InferredRole("made_up", reason=reason, confidence=0.7)
        elif role in ("update", "replace") and (changed := _changes(roles, name, draft, role)) is not None:
            yield name, changed


def _target(roles: Roles, method: str, path: Path) -> tuple[CollectionDraft | None, Role | None]:
    """The collection of a bulk operation, and the role: by its method, or by the verb in the path's last segment."""
    own = roles.drafts.get(path.key)
    if own is not None and (own.items or own.lists):
        return own, "delete" if method == "delete" else CHANGES.get(method)
    last = words(path.last)
    above = roles.drafts.get(path.parent().key) if len(path.segments) > 1 else None
    if above is None or not last:
        return None, None
    kinds = [KINDS[each] for each in last if each in KINDS and each not in BULK]
    if method == "post" and kinds and (BULK & {*last} or len(last) == 1 or singular(last[-1]) == singular(above.noun)):
        return above, kinds[0]
    if BULK & {*last}:
        return above, "delete" if method == "delete" else CHANGES.get(method)
    return None, None


def _ids(roles: Roles, name: str, draft: CollectionDraft) -> tuple[str, Place] | None:
    """The query parameter, or the place in the body, that lists ids; 0 in a place means each item."""
    reader = roles.reader
    several = {f"{each}s" for each in draft.id_names}
    operation = roles.operations[name]
    for each in operation.get("parameters") or ():
        key = letters(str(each.get("name")))
        if each.get("in") == "query" and (
            key in several or (key in draft.id_names and reader.is_array(each.get("schema") or {}))
        ):
            return each["name"], ()
    body = request_schema(operation)
    if body is None:
        return None
    if reader.is_array(body):
        return _in_list(reader, body, draft, ())
    members = reader.properties(body)
    for member, schema in members.items():
        if letters(member) in several and reader.is_array(schema):
            return "", (member,)
    listed = list_place(reader, body, draft.noun)
    if listed is None:
        return None
    return _in_list(reader, reader.member(body, listed[0]), draft, listed[0])


def _has_only_ids(roles: Roles, name: str, draft: CollectionDraft) -> bool:
    """Whether a request body is a list of ids, or has one and no field of a member."""
    ids_place = _ids(roles, name, draft)
    if ids_place is None or len(ids_place[1]) != 1:
        return False
    fields = {letters(each) for each in roles.reader.properties(draft.entity)}
    return not fields & {letters(each) for each in roles.reader.properties(request_schema(roles.operations[name]))}


def _in_list(reader: SchemaReader, schema: Json, draft: CollectionDraft, place: Place) -> tuple[str, Place] | None:
    """The place of the ids in a list of ids, or in a list of objects with ids; None if there are no ids."""
    items = reader.items(schema)
    if reader.is_object(items):
        return ("", (*place, 0, *draft.id)) if draft.id[0] in reader.properties(items) else None
    return ("", (*place, 0)) if reader.types(items) & {"string", "integer"} else None


def _changes(roles: Roles, name: str, draft: CollectionDraft, role: Role) -> InferredRole | None:
    """The role if the request body lists objects with their ids; otherwise None."""
    reader = roles.reader
    body = request_schema(roles.operations[name])
    listed = list_place(reader, body, draft.noun) if body is not None else None
    item = reader.member(body, (*listed[0], 0)) if listed is not None else None
    if listed is None or item is None or draft.id[0] not in reader.properties(item):
        return None
    reason = f"its body lists members with their '{draft.id[0]}'"
    return InferredRole(
        role,
        draft,
        _listed_members(roles, name, draft),
        body=(*listed[0], 0),
        id_at=draft.id,
        reason=reason,
        confidence=0.8,
    )


def _listed_members(roles: Roles, name: str, draft: CollectionDraft) -> Place:
    """The place of the members in the response of an operation on several; empty if it lists none."""
    reader, answer = roles.reader, roles.collections.answer(name)
    shown = list_place(reader, answer.schema, draft.noun) if answer.is_json else None
    if shown is None:
        return ()
    inner = reader.member(answer.schema, (*shown[0], 0))
    return (*shown[0], 0, *member_place(reader, inner, (draft.noun, stem_of(draft.parameter)), draft.parameter)[0])


def place_name(place: Place) -> str:
    """A readable name for a place in a request body: the last property, or "the body"."""
    return next((str(each) for each in reversed(place) if isinstance(each, str)), "the body")
