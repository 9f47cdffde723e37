"""Finds the role of an operation that shows members of a collection with another path, as ``GET /feed`` may show articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.rpc_operations import changes_a_member
from counterfoil.apis.generic.model import Place, Role
from counterfoil.apis.generic.paths import Path

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.roles import Roles


def role_elsewhere(
    roles: Roles, name: str, method: str, path: Path, shown: tuple[CollectionDraft, Place, Place, str]
) -> InferredRole | None:
    """The role of an operation whose response shows members of a collection with another path; None if it is unknown."""
    draft, at, each, role = shown
    if role == "list" and method == "post" and (items_place := roles.several(name, draft)) is not None:
        why = f"its body and its response have several members of {draft.path.text}"
        return InferredRole("create", draft, (*at, 0, *each), body=items_place, reason=why, confidence=0.7)
    if method == "post" and changes_a_member(path.last):
        reason = f"'{path.last}' changes a member of {draft.path.text}, and the request does not say which"
        return InferredRole("made_up", reason=reason, confidence=0.7)
    if method != "post" and (role, method) != ("list", "get"):
        return None
    why = f"its response has the schema of {draft.path.text}"
    body, _ = roles.collections.body_of(name, draft)
    scope = roles.collections.scope(path, draft)
    if scope is None and role == "one" and draft.items and not draft.path.parameters:
        scope, why = [], f"its response is a member of {draft.path.text}, without a field for its parent"
    if scope is None:
        return None
    found: Role = "list" if role == "list" else "create"
    return InferredRole(found, draft, at, each, body, scope=scope, reason=why, confidence=0.7)
