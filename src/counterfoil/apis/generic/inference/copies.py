"""Finds operations that make a new member from one that exists: ``POST /plans/{id}/clone``, ``POST /files/{id}/copy``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.roles import Roles
from counterfoil.apis.generic.inference.view_paths import has_fields_of
from counterfoil.apis.generic.names import word_set, words

COPYING = word_set("clone copy duplicate fork")


def copies(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The actions that are called a copy, if their response shows a member: then it is the new one."""
    for name, role in found.items():
        method, _, text = name.partition(" ")
        verb = words(text.rpartition("/")[2].rpartition(".")[2].rpartition(":")[2])
        draft, answer = role.draft, roles.collections.answer(name)
        if method != "POST" or role.role != "action" or not verb or verb[0] not in COPYING:
            continue
        if draft is None or draft.entity is None or not draft.id or not answer.is_json:
            continue
        if has_fields_of(roles.reader, roles.reader.member(answer.schema, role.at), draft):
            reason = f"{role.reason}; '{verb[0]}' makes a new member with the same fields, and the response shows it"
            yield name, replace(role, copies=True, sets={}, reason=reason, confidence=0.75)
