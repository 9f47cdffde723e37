"""Handles JSON:API's operations on the linkage that a member holds, and those that show the members which it names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.handlers.one_by_one import OneByOne
from counterfoil.apis.generic.handlers.page_facts import path_of
from counterfoil.apis.generic.handlers.read_handlers import text
from counterfoil.apis.generic.handlers.write_handlers import MAX_MEMBERS_PER_REQUEST
from counterfoil.apis.generic.inference.embedded_members import RELATIONSHIPS
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection, Operation
from counterfoil.apis.generic.places import at, put, wrapped
from counterfoil.apis.generic.rows import GeneratedRows, Member

Json = Any


class Linkages(OneByOne):
    """The roles of relationships. A relationship to several members has a list of linkage; one to a single member has an object
    or null."""

    def __init__(self, document: Document, generated: GeneratedRows, api: str) -> None:
        super().__init__(document, generated, api)
        self._owner_reads = {
            each.name: dataclasses.replace(each, role="read", collection=each.linked_from, linkage=(), linked_from="")
            for each in document.model.operations.values()
            if each.linked_from
        }

    def read_linkage(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        _, _, member = self._found(operation, request, store)
        return self._show_linkage(operation, request, self._linkage(operation, member))

    def replace_linkage(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        """Replace the linkage. In a list, each member is named once."""
        found = self._found(operation, request, store)
        sent = at(self._body(operation, request), operation.body)
        if isinstance(sent, list):
            sent = list({_name(each): each for each in self._sent_linkage(operation, request)}.values())
        return self._write_linkage(operation, request, store, found, sent)

    def add_linkage(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        """Add the linkage that is sent and not there yet."""
        found = self._found(operation, request, store)
        before = _listed(self._linkage(operation, found[2]))
        named = {_name(each) for each in before}
        added = {_name(each): each for each in self._sent_linkage(operation, request)}
        new = [*before, *(each for name, each in added.items() if name not in named)]
        return self._write_linkage(operation, request, store, found, new)

    def remove_linkage(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        """Remove the linkage that is sent, or all if the operation has no body."""
        found = self._found(operation, request, store)
        before = self._linkage(operation, found[2])
        if not isinstance(before, list):
            return self._write_linkage(operation, request, store, found, None)
        removed = {_name(each) for each in (self._sent_linkage(operation, request) if operation.body else before)}
        left = [each for each in before if _name(each) not in removed]
        return self._write_linkage(operation, request, store, found, left)

    def read(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        if not operation.linked_from or self._linked_ids(operation, request, store):
            return super().read(operation, request, store)
        schema = self.document.reader.member(self.document.answer(operation.name).schema, operation.at)
        if not self.document.reader.is_nullable(schema or {}):
            raise ApiError("unknown_resource", f"'{operation.linkage[1]}' refers to no member")
        return self._show_linkage(operation, request, None)

    def _requested_id(
        self, operation: Operation, collection: Collection, parent: str, request: Request, store: MemberStore
    ) -> str:
        if not operation.linked_from:
            return super()._requested_id(operation, collection, parent, request, store)
        return self._linked_ids(operation, request, store)[0]

    def _in_scope(
        self, operation: Operation, request: Request, members: Iterable[Member], store: MemberStore
    ) -> Iterable[Member]:
        if not operation.linked_from:
            return super()._in_scope(operation, request, members, store)
        collection = self.document.collection(operation)
        found = (store.get(collection, "", each) for each in self._linked_ids(operation, request, store))
        return [each for each in found if each is not None]

    # --- the linkage -------------------------------------------------------------------------------

    def _linked_ids(self, operation: Operation, request: Request, store: MemberStore) -> list[str]:
        """The ids in the linkage of the member in the path. Raises ``ApiError`` (unknown_resource)."""
        _, _, owner = self._found(self._owner_reads[operation.name], request, store)
        found = at(owner.value, operation.linkage)
        return [text(each["id"]) for each in (found if isinstance(found, list) else [found]) if _is_linkage(each)]

    def _linkage(self, operation: Operation, member: Member) -> Json:
        """A member's linkage: a list for a relationship to several members, also if the member has none yet."""
        found = at(member.value, operation.linkage)
        if found is not None:
            return found
        return [] if self._is_to_many(operation) else None

    def _is_to_many(self, operation: Operation) -> bool:
        """Whether the relationship is one to several members, by the operation's response, request or the member's schema."""
        reader, collection = self.document.reader, self.document.collection(operation)
        schemas = (
            reader.member(self.document.answer(operation.name).schema, operation.at) if operation.at else None,
            reader.member(request_schema(self.document.spec.operations[operation.name]), operation.body)
            if operation.body
            else None,
            self.document.field(collection, operation.linkage),
        )
        return any(reader.is_array(each) for each in schemas if each)

    def _sent_linkage(self, operation: Operation, request: Request) -> list[Json]:
        sent = _listed(at(self._body(operation, request), operation.body))
        if len(sent) > MAX_MEMBERS_PER_REQUEST:
            raise ApiError("malformed", f"one request takes up to {MAX_MEMBERS_PER_REQUEST}", where="body")
        return sent

    def _write_linkage(
        self,
        operation: Operation,
        request: Request,
        store: MemberStore,
        found: tuple[Collection, str, Member],
        linkage: Json,
    ) -> Response:
        collection, parent, member = found
        self.headers.check_unchanged(operation, request, member.value)
        self._check_references(collection, wrapped(operation.linkage, linkage), store)
        fields = dict(member.value)
        put(fields, operation.linkage, linkage)
        value = self.changes.replaced_by(collection, member.value, fields, store.world.now)
        response = self._show_linkage(operation, request, linkage)
        store.write(collection, parent, member.id, value)
        return response

    def _show_linkage(self, operation: Operation, request: Request, linkage: Json) -> Response:
        if self.document.answer(operation.name).is_json and not operation.at:
            return self._respond(operation, self.bodies.made_up(operation.name, operation.name), request)
        addresses = self._addresses(operation, request)
        beside = {"links": addresses} if addresses else None
        return self._respond(operation, self.bodies.holding(operation, linkage, beside), request)

    def _addresses(self, operation: Operation, request: Request) -> dict[str, str]:
        """The addresses of a relationship and of what it refers to, by the names that the response has for them."""
        own, step = f"{request.origin}{request.base}{path_of(request)}", f"/{RELATIONSHIPS}/"
        found = {"self": own}
        if f"GET {operation.name.partition(' ')[2].replace(step, '/')}" in self.document.spec.operations:
            found["related"] = own.replace(step, "/")
        reader, schema = self.document.reader, self.document.answer(operation.name).schema
        links = reader.member(schema, ("links",)) if schema is not None else None
        named = reader.properties(links) if links is not None else {}
        return {name: each for name, each in found.items() if "string" in reader.types(named.get(name, {}))}


def _listed(linkage: Json) -> list[Json]:
    return linkage if isinstance(linkage, list) else [] if linkage is None else [linkage]


def _is_linkage(value: Json) -> bool:
    return isinstance(value, dict) and value.get("id") is not None


def _name(linkage: Json) -> tuple[str, str]:
    """What a linkage names: the member with this type and id."""
    return (text(linkage.get("type")), text(linkage.get("id"))) if isinstance(linkage, dict) else ("", text(linkage))
