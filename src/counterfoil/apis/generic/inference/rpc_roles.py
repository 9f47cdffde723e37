"""Gives the role of RPC-style operations, whose path has a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.apis.generic.inference.envelopes import list_place, member_place
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.relations import action_effect
from counterfoil.apis.generic.inference.rpc_operations import KINDS
from counterfoil.apis.generic.names import words

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.roles import Roles


def rpc_role(roles: Roles, name: str) -> InferredRole | None:
    """The role of an operation with a verb in the path: ``/customers.create``, ``/customers/create``, ``/createCustomer``."""
    draft, call = roles.collections.rpc_operations[name]
    if draft.entity is None or not draft.id:
        return None
    verb_reason = f"'{call.verb}' is a verb on {draft.path.text}"
    if call.kind == "list":
        found = list_place(roles.reader, roles.collections.answer(name).schema, draft.noun)
        assert found is not None, name
        item = roles.reader.member(roles.collections.answer(name).schema, (*found[0], 0))
        each, _, _ = member_place(roles.reader, item, (draft.noun,), draft.parameter)
        return InferredRole(
            "list", draft, found[0], each, reason=f"{verb_reason}; {found[1]}", confidence=min(found[2], 0.85)
        )
    at, why, sure = roles.place(name, draft)
    body, _ = roles.collections.body_of(name, draft)
    role = InferredRole(call.kind, draft, at, body=body, reason=f"{verb_reason}; {why}", confidence=min(sure, 0.85))
    if call.kind != "create":
        role.id_at, role.id_query = call.id_at, call.id_query
        role.reason = f"{verb_reason}; '{call.id_name}' is the member's id; {why}"
    if call.kind == "action":
        changes_another = words(call.verb)[0] in KINDS  # ``collections.remove_user``
        role.sets, effect = ({}, "") if changes_another else action_effect(roles.reader, draft.entity, call.verb)
        role.reason += f"; {effect or 'no field that it sets is known'}"
        role.confidence = 0.8 if role.sets else 0.6
    return role
