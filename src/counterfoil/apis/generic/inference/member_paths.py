"""Finds operations on one member at a path that does not end in its id: ``/users/me``, ``/clients/{id}/edit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.relations import READS
from counterfoil.apis.generic.names import letters, word_set, words
from counterfoil.apis.generic.paths import Path

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.roles import Roles

OWN = frozenset({"me", "self", "myself", "current", "my"})
"""Path segments for the caller's own member (``/users/me``)."""
MEMBER_VIEWS = READS | word_set("edit full information expanded extended")
"""First words of path segments below a member that show the member itself."""


def own_role(roles: Roles, name: str, method: str, path: Path) -> InferredRole | None:
    """The role of ``/users/me`` if there is ``/users/{id}``: it is about the caller's own member, which is the first."""
    draft = roles.drafts.get(path.parent().key)
    if letters(path.last) not in OWN or draft is None or draft.single or not draft.items or draft.path.parameters:
        return None
    if not draft.id or method == "post" or "get" not in roles.paths[path.text]:
        return None
    shown = roles.collections.shown_by(f"GET {path.text}", path)
    is_shown = shown is not None and shown[0] is draft and shown[3] == "one"
    if not is_shown and not roles.collections.answer(f"GET {path.text}").is_assumed:
        return None
    found = roles.member_role(name, method, draft)
    found.first, found.confidence = True, 0.8
    found.reason = f"'{path.last}' is the caller's own member: the first of the collection"
    return found


def view_of_member(roles: Roles, name: str, method: str, path: Path) -> InferredRole | None:
    """The role of ``GET /clients/{id}/edit`` if its response has the schema of a client: it shows the client with that id."""
    before = path.parent()
    draft = roles.drafts.get(before.parent().key) if before.ends_in_parameter else None
    if method != "get" or draft is None or draft.single or not draft.id:
        return None
    is_view = bool(MEMBER_VIEWS & {*words(path.last)[:1]})
    if not is_view or not {*roles.paths[path.text]} <= {"get", "head", "options"}:
        return None
    shown = roles.collections.shown_by(name, path)
    if shown is None or shown[0] is not draft or shown[3] != "one" or before not in draft.items:
        return None
    found = roles.member_role(name, method, draft)
    found.confidence, found.reason = 0.8, f"'{path.last}' shows the member: its response has the schema of one"
    return found
