"""Handles the operations that change or delete several members one by one: the response says what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.handlers.item_results import ItemOutcome, ItemResults
from counterfoil.apis.generic.handlers.many_at_once import ManyAtOnce
from counterfoil.apis.generic.handlers.read_handlers import text, unknown
from counterfoil.apis.generic.handlers.write_handlers import MAX_MEMBERS_PER_REQUEST
from counterfoil.apis.generic.inference.item_results import multi_status
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Operation, Place
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.rows import GeneratedRows, Member

Json = Any
Attempt = Callable[[Operation, str, Json, MemberStore], tuple[Member, int]]
"""Does to one member what the request says; the member afterwards, and the status. Raises ``ApiError``."""


class OneByOne(ManyAtOnce):
    """The roles whose response has a result for each member that the request lists."""

    def __init__(self, document: Document, generated: GeneratedRows, api: str) -> None:
        super().__init__(document, generated, api)
        self._results: dict[str, tuple[DocumentedResponse, ItemResults]] = {}
        for each in document.model.operations.values():
            if each.one_by_one:
                answer = multi_status(document.spec.operations[each.name]) or document.answer(each.name)
                self._results[each.name] = answer, ItemResults(document, each, answer)

    def create(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        if not operation.one_by_one:
            return super().create(operation, request, store)
        create_one = partial(self._create_one, self._fixed_by_path(operation, request, store))
        return self._each(operation, request, store, self._sent_list(operation, request), create_one)

    def replace(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        if not operation.one_by_one:
            return super().replace(operation, request, store)
        return self._each(operation, request, store, self._sent_list(operation, request), self._change_one)

    def update(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        if not operation.one_by_one:
            return super().update(operation, request, store)
        return self._each(operation, request, store, self._sent_list(operation, request), self._change_one)

    def clear(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        if not operation.one_by_one:
            return super().clear(operation, request, store)
        return self._each(operation, request, store, self._listed_ids(operation, request), self._delete_one)

    def _each(
        self, operation: Operation, request: Request, store: MemberStore, sent: Sequence[Json], attempt: Attempt
    ) -> Response:
        if len(sent) > MAX_MEMBERS_PER_REQUEST:
            raise ApiError("malformed", f"one request takes up to {MAX_MEMBERS_PER_REQUEST}")
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        outcomes = []
        for number, each in enumerate(sent):
            named = at(each, operation.id_at or collection.id) if isinstance(each, dict) else each
            try:
                with store.world.one_step():
                    member, status = attempt(operation, parent, each, store)
                outcomes.append(ItemOutcome(number, member.id, status, member.value))
            except ApiError as error:
                outcomes.append(ItemOutcome(number, named, error.status, error=error))
        return self._respond_with(operation, request, store, parent, outcomes)

    def _respond_with(
        self, operation: Operation, request: Request, store: MemberStore, parent: str, outcomes: list[ItemOutcome]
    ) -> Response:
        """The response with all results; the usual one if nothing failed and that is another."""
        answer, results = self._results[operation.name]
        is_usual = answer.status != self.document.answer(operation.name).status
        if is_usual and not any(each.error for each in outcomes):
            collection = self.document.collection(operation)
            if operation.role == "clear":
                return self._respond(operation, self.bodies.cleared(operation.name, len(outcomes)), request)
            if not outcomes:
                return self._nothing_changed(operation, request)
            members = (Member(str(each.id), each.value or {}) for each in outcomes)
            shown = [self._show(operation, collection, parent, each, store, request) for each in members]
            return self._combined(operation, shown)
        body = self.bodies.filled(operation.name, answer, results.body(outcomes))
        return self._respond(operation, body, request, answer=answer)

    def _sent_list(self, operation: Operation, request: Request) -> list[Json]:
        body = self._body(operation, request)
        return self._sent_members(operation, body) if at(body, operation.body[:-1]) else []

    def _create_one(
        self, fixed: Mapping[Place, Json], operation: Operation, parent: str, sent: Json, store: MemberStore
    ) -> tuple[Member, int]:
        collection = self.document.collection(operation)
        id, value = self._new_from(operation, parent, sent, store, fixed)
        self.children.write(collection, parent, id, value, store)
        store.write(collection, parent, id, value)
        return Member(id, value), 201

    def _change_one(self, operation: Operation, parent: str, sent: Json, store: MemberStore) -> tuple[Member, int]:
        collection = self.document.collection(operation)
        id = at(sent, operation.id_at)
        if id is None and self._creates_unknown(operation):
            id = store.new_id(collection, parent)
        if id is None or isinstance(id, dict | list):
            raise ApiError("unknown_resource", f"there is no {operation.id_at[-1]}")
        is_new = store.get(collection, parent, text(id)) is None
        value = self._changed(operation, collection, parent, text(id), sent, store, None)
        self.children.write(collection, parent, text(id), value, store)
        store.write(collection, parent, text(id), value)
        return Member(text(id), value), 201 if is_new else 200

    def _delete_one(self, operation: Operation, parent: str, id: Json, store: MemberStore) -> tuple[Member, int]:
        collection = self.document.collection(operation)
        member = store.get(collection, parent, id)
        if member is None:
            raise unknown(collection, id)
        store.write(collection, parent, id, None)
        return member, self._status_of_delete(collection.path)

    def _status_of_delete(self, path: str) -> int:
        """The status with which the collection's members are deleted singly; 204 if no operation does that."""
        known = self.document.model.operations.values()
        return next((each.status for each in known if each.role == "delete" and each.collection == path), 204)
