"""Writes the members that a field of their parent lists: a plan sent with ``charges`` has them in ``/plans/{id}/charges``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from counterfoil.api import ApiError
from counterfoil.apis.generic.handlers.member_changes import MemberChanges
from counterfoil.apis.generic.handlers.read_handlers import text
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.rows import Member, below

Json = Any
MAX_LISTED = 200
"""Members that one field of a sent member may list."""


class ListedChildren:
    """``new_member`` makes id and value of a new member, as ``WriteHandlers.new_member`` does."""

    def __init__(self, changes: MemberChanges, new_member: Callable[..., tuple[str, dict[str, Json]]]) -> None:
        self.changes = changes
        self.new_member = new_member

    def write(self, collection: Collection, parent: str, id: str, value: dict[str, Json], store: MemberStore) -> None:
        """Write the members that the fields of ``value`` list, and delete those that they no longer list.

        The fields then have the written members. Raises ``ApiError`` (malformed, conflict).
        """
        if not collection.lists:
            return
        is_new = store.get(collection, parent, id) is None
        for field, path in collection.lists:
            sent = value.get(field)
            if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
                continue
            if len(sent) > MAX_LISTED:
                raise ApiError("malformed", f"{field} takes up to {MAX_LISTED}", where=field)
            child, place = self.changes.document.model.collections[path], below(parent, id)
            known = {} if is_new else {each.id: each for each in store.all(child, place)}
            if is_new or sent != [each.value for each in known.values()]:
                value[field] = self._written(child, place, sent, known, store)

    def _written(
        self,
        child: Collection,
        parent: str,
        sent: list[dict[str, Json]],
        known: Mapping[str, Member],
        store: MemberStore,
    ) -> list[dict[str, Json]]:
        """The values of the listed members, which are written if they differ from the ``known`` ones."""
        listed: dict[str, dict[str, Json]] = {}
        for each in sent:
            fields = self.changes.fields(child, each)
            id = text(at(fields, child.id))
            if id in known:
                value = {**known[id].value, **fields}
            else:
                id, value = self.new_member(child, parent, fields, store, repeatable=listed)
            if id not in known or value != known[id].value:
                self.write(child, parent, id, value, store)
                store.write(child, parent, id, value)
            listed[id] = value
        for id in known:
            if id not in listed:
                store.write(child, parent, id, None)
        return list(listed.values())
