"""Handles the operations on several members: those that change or delete all members that the request lists, or none, and lists
that name the requested ids that no member has."""

from __future__ import annotations

from typing import Any

import msgspec

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.listing import list_query
from counterfoil.apis.generic.handlers.read_handlers import text, unknown
from counterfoil.apis.generic.handlers.write_handlers import MAX_MEMBERS_PER_REQUEST, WriteHandlers
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection, Operation
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.places import at, wrapped
from counterfoil.apis.generic.rows import GeneratedRows

Json = Any
MISSING = word_set("missing notfound missingids notfoundids idsnotfound unknownids missingitems notfounditems")
"""Properties beside a list with the requested ids that no member has."""


class ManyAtOnce(WriteHandlers):
    """The roles that change one member or several."""

    def __init__(self, document: Document, generated: GeneratedRows, api: str) -> None:
        super().__init__(document, generated, api)
        self._missing = {
            each.name: found for each in document.model.operations.values() if (found := self._missing_property(each))
        }

    def list_members(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        response = super().list_members(operation, request, store)
        if operation.name not in self._missing or not isinstance(response.body, dict):
            return response
        parameter, member = self._missing[operation.name]
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        asked = _several(list_query(operation, request).get(parameter))
        missing = [each for each in asked if store.get(collection, parent, text(each)) is None]
        return msgspec.structs.replace(response, body={**response.body, member: missing})

    def _missing_property(self, operation: Operation) -> tuple[str, str] | None:
        """The parameter with the ids that a list is asked for, and the property for those that no member has."""
        if operation.role != "list" or not self.document.answer(operation.name).is_json:
            return None
        identity = self.document.collection(operation).id
        asked = next(
            (name for name, each in operation.filters if (each.field, each.operator) == (identity, "in")), None
        )
        reader = self.document.reader
        beside = reader.properties(self.document.answer(operation.name).schema) if asked else {}
        named = (name for name, each in beside.items() if letters(name) in MISSING and reader.is_array(each))
        member = next((each for each in named if not reader.is_object(reader.items(beside[each]))), None)
        return None if asked is None or member is None else (asked, member)

    def replace(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        if _has_several(operation):
            return self._change_each(operation, request, store)
        return super().replace(operation, request, store)

    def update(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        if _has_several(operation):
            return self._change_each(operation, request, store)
        return super().update(operation, request, store)

    def clear(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        """Delete the members with the ids in the request, or all."""
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        has_ids = bool(operation.id_query or operation.id_at)
        ids = self._listed_ids(operation, request)
        members = [store.get(collection, parent, id) for id in ids] if has_ids else list(store.all(collection, parent))
        missing = (
            next((id for id, member in zip(ids, members, strict=True) if member is None), None) if has_ids else None
        )
        if missing is not None and self.document.refuses_unknown_ids(operation.name):
            raise unknown(collection, missing)
        if len(members) > MAX_MEMBERS_PER_REQUEST:
            raise ApiError("conflict", f"one request deletes up to {MAX_MEMBERS_PER_REQUEST}")
        deleted = sum(member is not None for member in members)
        response = self._respond(operation, self.bodies.cleared(operation.name, deleted), request)
        for member in members:
            if member is not None:
                store.write(collection, parent, member.id, None)
        return response

    def _listed_ids(self, operation: Operation, request: Request) -> list[str]:
        """The ids in a request: a list, a text joined with commas, or one in each object of a list (``id_at`` has a 0)."""
        place = operation.id_at
        sent: Json
        if 0 in place:
            number = place.index(0)
            listed = at(request.body, place[:number])
            sent = [at(each, place[number + 1 :]) for each in listed] if isinstance(listed, list) else []
        else:
            sent = request.query.get(operation.id_query) if operation.id_query else at(request.body, place)
        return [text(each) for each in _several(sent)]

    def _change_each(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        """Replace or update each listed member: all, or none if one does not exist. Raises ``ApiError``."""
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        values: dict[str, dict[str, Json]] = {}
        listed = at(self._body(operation, request), operation.body[:-1])
        if not isinstance(listed, list) or not listed:  # the document allows an empty list or no list
            return self._nothing_changed(operation, request)
        for number, sent in enumerate(self._sent_members(operation, self._body(operation, request))):
            id = at(sent, operation.id_at)
            if id is None and self._creates_unknown(operation):
                id = store.new_id(collection, parent)
            if id is None or isinstance(id, dict | list):
                where = f"/{number}/{'/'.join(map(str, operation.id_at))}"
                raise ApiError("unknown_resource", f"item {number} has no {operation.id_at[-1]}", where=where)
            values[text(id)] = self._changed(operation, collection, parent, text(id), sent, store, values.get(text(id)))
        made = [self._write(operation, collection, parent, id, value, store, request) for id, value in values.items()]
        return self._combined(operation, made)

    def _creates_unknown(self, operation: Operation) -> bool:
        """Whether members with unknown ids are created: by a PUT without a documented status for unknown ids."""
        return operation.role == "replace" and not self.document.refuses_unknown_ids(operation.name)

    def _nothing_changed(self, operation: Operation, request: Request) -> Response:
        """The response to a request without members: an empty list, if the response has a list."""
        given: Json = UNSET
        if 0 in operation.at:
            given = wrapped(operation.at[: operation.at.index(0)], [])
        return self._respond(operation, self.bodies.made_up(operation.name, operation.name, given), request)

    def _changed(
        self,
        operation: Operation,
        collection: Collection,
        parent: str,
        id: str,
        sent: Json,
        store: MemberStore,
        before: dict[str, Json] | None,
    ) -> dict[str, Json]:
        """The new value of one of several members that a request changes; see ``_creates_unknown``. Raises ``ApiError``."""
        fields = self.changes.fields(collection, sent)
        self._check_references(collection, fields, store)
        now = store.world.now
        member = store.get(collection, parent, id)
        before = before if before is not None or member is None else member.value
        if before is None and not self._creates_unknown(operation):
            raise unknown(collection, id)
        if before is not None and operation.role == "update":
            return self.changes.updated(collection, before, fields, now)
        fields = self.changes.with_defaults(operation, fields)
        key = f"{self.generated.key(store.world, collection, parent)}/{id}"
        fixed = self.generated.fixed(collection, parent, id)
        if before is None:
            return self.changes.created(collection, fields, fixed, key, now)
        return self.changes.replaced(collection, before, fields, fixed, now, key)


def _several(sent: Json) -> list[Json]:
    """The ids in a list, or in a text that joins them with commas."""
    if isinstance(sent, str):
        return [each.strip() for each in sent.split(",") if each.strip()]
    return sent if isinstance(sent, list) else [] if sent is None else [sent]


def writes_several(operation: Operation) -> bool:
    """Whether one request may write several members; the writes are then one command of the world."""
    return operation.role == "clear" or operation.body[-1:] == (0,)


def _has_several(operation: Operation) -> bool:
    """Whether the request body lists members, each with its id."""
    return bool(operation.id_at) and operation.body[-1:] == (0,)
