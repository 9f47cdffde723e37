"""Finds the collection that a path with a verb before the id is about: ``/cars/edit/{id}`` is about ``/cars``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.apis.generic.inference.envelopes import list_place
from counterfoil.apis.generic.inference.rpc_operations import KINDS
from counterfoil.apis.generic.model import Role
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.paths import Path

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.found_collections import FoundCollections

MEMBER_KINDS = frozenset({"read", "update", "replace", "delete"})
ROLES: Mapping[tuple[str, str], Role] = {
    ("delete", "get"): "delete",
    ("delete", "post"): "delete",
    ("delete", "put"): "delete",
    ("delete", "patch"): "delete",
    ("read", "post"): "read",
}
"""The role by the kind of the verb and the method, where the verb says more than the method."""


def verb_before_id(path: Path) -> Role | None:
    """What the verb before the id in a member's path does; None if there is none."""
    if len(path.segments) < 3 or not path.ends_in_parameter or path.segments[-3].is_parameter:
        return None
    kind = KINDS.get(letters(path.segments[-2].text))
    return kind if kind in MEMBER_KINDS else None


def above_member(collections: FoundCollections, path: Path) -> Path:
    """The path of the collection that a member's path belongs to: the path above the id, without a verb."""
    if verb_before_id(path) is None or path.parent().key in collections.by_key:
        return path.parent()
    above = path.parent(2)
    length = len(above.segments)
    others = {each.segments[length].text for each in _below(collections, above) if each.key != path.key}
    is_known = above.key in collections.by_key or any("{" in each or letters(each) in KINDS for each in others)
    if not is_known or _lists(collections, path):
        return path.parent()
    return above


def _below(collections: FoundCollections, above: Path) -> list[Path]:
    start = f"{above.key}/"
    return [each for key, paths in collections.by_key.items() if key.startswith(start) for each in paths]


def _lists(collections: FoundCollections, path: Path) -> bool:
    """Whether GET of a path lists several members: ``/books/find/{author}``."""
    if "get" not in collections.paths[path.text]:
        return False
    answer = collections.answer(f"GET {path.text}")
    listed = list_place(collections.reader, answer.schema, path.parent(2).noun) if answer.is_json else None
    return listed is not None and (not listed[0] or "id" not in collections.reader.properties(answer.schema))
