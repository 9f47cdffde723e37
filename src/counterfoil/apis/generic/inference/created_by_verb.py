"""Finds operations that create members of a collection at a path with a verb: ``POST /cars/create`` beside ``/cars/{id}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.response_places import place_in_response
from counterfoil.apis.generic.inference.rpc_operations import KINDS
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.paths import Path

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.roles import Roles


def created_by_verb(roles: Roles, name: str, method: str, path: Path) -> InferredRole | None:
    """The role of ``POST /cars/create`` beside ``/cars/{id}``."""
    draft = roles.drafts.get(path.parent().key)
    if method != "post" or KINDS.get(letters(path.last)) != "create" or draft is None or draft.single:
        return None
    if draft.entity is None or not draft.items or "get" in roles.paths[path.text]:
        return None
    at, why, _ = place_in_response(roles.reader, roles.collections.answer(name), draft)
    body, _ = roles.collections.body_of(name, draft)
    return InferredRole("create", draft, at, body=body, reason=f"'{path.last}' creates a member; {why}", confidence=0.8)
