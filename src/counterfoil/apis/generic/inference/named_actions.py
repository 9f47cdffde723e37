"""Finds operations with the name of an action in the body: ``POST /orders/{id}/actions`` with ``{"action": "cancel"}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.envelopes import member_place
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.relations import action_effect, state_field
from counterfoil.apis.generic.inference.roles import Roles
from counterfoil.apis.generic.inference.rpc_operations import KINDS
from counterfoil.apis.generic.names import letters, same, singular, stem_of, word_set
from counterfoil.apis.generic.paths import read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

PATHS = word_set("action transition operation command event status state lifecycle")
"""Path segments, after the member, of such operations (in the singular): ``/orders/{id}/actions``."""
MEMBERS = word_set("action actiontype actionname transition operation command event verb type name status state op to")
"""Names of the property that has the action in the request body."""


def named_actions(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The operations on one member that have the name of an action, or the new state, in the request body."""
    for name in found:
        method, _, text = name.partition(" ")
        path = read_path(text)
        before = path.parent()
        if method not in ("POST", "PUT", "PATCH") or path.ends_in_parameter or not before.ends_in_parameter:
            continue
        owner = roles.drafts.get(before.parent().key)
        if owner is None or owner.entity is None or owner.single or singular(path.last) not in PATHS:
            continue
        if "get" in roles.paths[text]:  # a path with a GET is a resource of its own
            continue
        body = request_schema(roles.operations[name])
        member, verbs = _verbs(roles.reader, owner, body)
        state, _ = state_field(roles.reader, owner.entity)
        is_state = same(path.last, state) and state in (roles.reader.properties(body) if body is not None else ())
        if not verbs and not is_state:
            continue
        nouns = (owner.noun, stem_of(owner.parameter))
        answer = roles.collections.answer(name)
        at = member_place(roles.reader, answer.schema, nouns, owner.parameter)[0] if answer.is_json else ()
        reason = (
            f"'{member}' in its body names the action: {', '.join(verbs[:5])}"
            if verbs
            else f"its body has the {state} of the member"
        )
        yield name, InferredRole("action", owner, at, verb_at=member, reason=reason, confidence=0.75)


def _verbs(reader: SchemaReader, owner: CollectionDraft, body: Json) -> tuple[str, list[str]]:
    """The property of a request body that names an action, and its values with a known effect; empty if there is none."""
    for name, schema in reader.properties(body).items() if body is not None else ():
        listed = reader.merged(schema).get("enum")
        if letters(name) in MEMBERS and isinstance(listed, list):
            known = [
                str(each)
                for each in listed
                if isinstance(each, str) and effect_of(reader, owner.entity, each) is not None
            ]
            if known:
                return name, known
    return "", []


def effect_of(reader: SchemaReader, entity: Json, verb: str) -> Mapping[str, Json] | None:
    """The fields that an action sets; empty if it deletes the member, None if its effect is not known."""
    state, values = state_field(reader, entity)
    named = next((each for each in values if letters(each) == letters(verb)), None)
    if named is not None:
        return {state: named}
    sets, _ = action_effect(reader, entity, verb)
    if sets:
        return sets
    return {} if deletes(verb) else None


def deletes(verb: str) -> bool:
    """Whether an action deletes the member."""
    return KINDS.get(letters(verb)) == "delete"
