"""Finds operations whose body or query has the member's id: ``POST /orders/cancel``, ``PUT /customers?id=7``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.member_descriptions import WRITING
from counterfoil.apis.generic.inference.relations import action_effect, is_verb
from counterfoil.apis.generic.inference.rpc_operations import KINDS, has_another_object
from counterfoil.apis.generic.model import Role
from counterfoil.apis.generic.names import letters, words
from counterfoil.apis.generic.paths import Path

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.roles import Roles


def member_in_body(roles: Roles, name: str, method: str, path: Path) -> InferredRole | None:
    """The role of an operation on the member whose id is in the body; None if it is something else.

    ``POST /barriers/change_status`` updates the barrier, ``POST /orders/cancel`` changes its state, and ``POST
    /teams/remove_user`` changes something of a team that has no field here.
    """
    draft = roles.drafts.get(path.parent().key)
    verb = words(path.last)
    if method not in WRITING or not verb or "get" in roles.paths[path.text]:
        return None
    if draft is None or draft.single or not draft.items or draft.entity is None or not draft.id or draft.parts:
        return None
    kind = KINDS.get(verb[0], "action" if is_verb(path.last) else None)
    sent = _id_in_body(roles, name, draft)
    if kind in (None, "list", "create") or not sent:
        return None
    changes_another = kind == "delete" and has_another_object(verb[1:], draft.noun)
    role: Role = "action" if changes_another else kind
    at, why, _ = roles.place(name, draft)
    body, _ = roles.collections.body_of(name, draft)
    found = InferredRole(role, draft, at, body=body, id_at=(sent,), confidence=0.7)
    found.reason = f"'{path.last}' is a verb on {draft.path.text}; '{sent}' is the member's id; {why}"
    if role == "action" and verb[0] not in KINDS:
        found.sets, effect = action_effect(roles.reader, draft.entity, path.last)
        found.reason += f"; {effect or 'no field that it sets is known'}"
    return found


def _id_in_body(roles: Roles, name: str, draft: CollectionDraft) -> str:
    """The property of the request body that has the member's id; empty if there is none."""
    schema = request_schema(roles.operations[name])
    members = roles.reader.properties(schema) if schema is not None else {}
    for wanted in draft.id_names:
        for member, each in members.items():
            if letters(member) == wanted and roles.reader.types(each) & {"string", "integer"}:
                return member
    return ""


def id_in_query(roles: Roles, name: str, draft: CollectionDraft) -> str:
    """The query parameter with the id of one member: ``PUT /customers?id=7``; empty if there is none."""
    if not draft.id or not draft.items or draft.entity is None:
        return ""
    queries = [each for each in roles.operations[name].get("parameters") or () if each.get("in") == "query"]
    by_letters = {letters(str(each.get("name"))): str(each.get("name")) for each in queries}
    return next((by_letters[wanted] for wanted in draft.id_names if wanted in by_letters), "")
