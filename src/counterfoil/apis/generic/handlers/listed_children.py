"""Writes the members that a field of their parent lists: a plan sent with ``charges`` has them in ``/plans/{id}/charges``."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from counterfoil.api import ApiError
from counterfoil.apis.generic.handlers.member_changes import MemberChanges
from counterfoil.apis.generic.handlers.misfits import unfit_fields
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
        made = (each for each in changes.document.model.operations.values() if each.role == "create")
        self._creates = {each.collection: each for each in made}

    def write(
        self,
        collection: Collection,
        parent: str,
        id: str,
        value: dict[str, Json],
        store: MemberStore,
        *,
        whole: bool = False,
    ) -> None:
        """Write the members that the fields of ``value`` list, and delete those that they no longer list.

        The fields then have the written members; a field that is not sent has those that there were. A listed member that is
        there already keeps its fields that are not sent, unless the listed ones are ``whole`` members. Raises ``ApiError``
        (malformed, conflict).
        """
        is_new = bool(collection.lists) and store.get(collection, parent, id) is None
        for field, path in collection.lists:
            child, place = self.changes.document.model.collections[path], below(parent, id)
            if is_new:  # a deleted member may have had the same id
                store.clear_below(collection, parent, id, child)
            known = {} if is_new else {each.id: each for each in store.all(child, place)}
            there = [each.value for each in known.values()]
            sent = value.setdefault(field, there)
            if sent == there:
                continue
            sent = sent or []
            if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
                raise ApiError("malformed", f"{field} is a list of objects", where=field)
            if len(sent) > MAX_LISTED:
                raise ApiError("malformed", f"{field} takes up to {MAX_LISTED}", where=field)
            value[field] = self._written(child, place, sent, known, store, whole)

    def write_patched(
        self,
        collection: Collection,
        parent: str,
        before: Member,
        value: dict[str, Json],
        store: MemberStore,
        *,
        whole: bool = False,
    ) -> None:
        """As ``write``, after a patch: a list that it removed becomes empty. Raises ``ApiError`` (malformed, conflict)."""
        reader = self.changes.document.reader
        removed = [field for field, _ in collection.lists if field in before.value and field not in value]
        for field in removed:
            if field in reader.required(self.changes.document.entity(collection)):
                raise ApiError("conflict", f"the change cannot be applied: {field} would be missing")
            value[field] = []
        self.write(collection, parent, before.id, value, store, whole=whole)

    def _written(
        self,
        child: Collection,
        parent: str,
        sent: list[dict[str, Json]],
        known: Mapping[str, Member],
        store: MemberStore,
        whole: bool,
    ) -> list[dict[str, Json]]:
        """The values of the listed members, which are written if they differ from the ``known`` ones."""
        listed: dict[str, dict[str, Json]] = {}
        for each in sent:
            fields = self.changes.fields(child, each)
            id = text(at(fields, child.id))
            if id in known:
                value = self._changed(child, known[id].value, fields, store, whole)
            else:
                id, value = self._new(child, parent, fields, store, listed)
            if id not in known or value != known[id].value:
                if id in known:
                    self.write_patched(child, parent, known[id], value, store, whole=whole)
                else:
                    self.write(child, parent, id, value, store)
                store.write(child, parent, id, value)
            listed[id] = value
        for id in known:
            if id not in listed:
                store.write(child, parent, id, None)
        return list(listed.values())

    def _new(
        self,
        child: Collection,
        parent: str,
        fields: dict[str, Json],
        store: MemberStore,
        repeatable: Container[str],
    ) -> tuple[str, dict[str, Json]]:
        """Id and value of a listed member that is not there yet: as if it were created on its own."""
        creates = self._creates.get(child.path)
        with_defaults = fields if creates is None else self.changes.with_defaults(creates, fields)
        return self.new_member(child, parent, with_defaults, store, repeatable=repeatable)

    def _changed(
        self, child: Collection, before: dict[str, Json], fields: dict[str, Json], store: MemberStore, whole: bool
    ) -> dict[str, Json]:
        """The value of a listed member that is there already, with the fields that are sent for it."""
        now = store.world.now
        if whole:
            return before if fields == before else self.changes.replaced_by(child, before, fields, now)
        changed = {name: each for name, each in fields.items() if name not in before or before[name] != each}
        value = self.changes.updated(child, before, changed, now)
        if unfit := unfit_fields(self.changes.document, child, value, changed):
            changed = {name: each for name, each in changed.items() if name not in unfit}
            value = self.changes.updated(child, before, changed, now)
        return value if changed else before
