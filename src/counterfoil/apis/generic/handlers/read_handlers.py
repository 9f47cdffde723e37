"""Handles the operations of a document that read, and finds the members that requests identify."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from counterfoil.api import ApiError, Request, Response
from counterfoil.api.kept import Kept, KeptMembers
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse, request_schema
from counterfoil.apis.generic.handlers import listing
from counterfoil.apis.generic.handlers.headers import AnswerHeaders
from counterfoil.apis.generic.handlers.member_changes import MemberChanges
from counterfoil.apis.generic.handlers.response_bodies import ResponseBodies
from counterfoil.apis.generic.handlers.uploads import as_text, file_response
from counterfoil.apis.generic.handlers.xml_bodies import from_xml
from counterfoil.apis.generic.inference.composite import joined, own_parents
from counterfoil.apis.generic.inference.file_operations import is_text
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection, Operation, read_place
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.rows import ONLY, GeneratedRows, Member
from counterfoil.media_types import is_xml
from counterfoil.world.resources import Content

Json = Any


class ReadHandlers:
    """The roles that read. ``api`` is the name that the document is served as."""

    def __init__(self, document: Document, generated: GeneratedRows, api: str) -> None:
        self.document = document
        self.generated = generated
        self.api = api
        self.bodies = ResponseBodies(document)
        self.changes = MemberChanges(document)
        self.headers = AnswerHeaders(document)
        self._lists: dict[str, int | None] = {}

    def list_members(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        members = self._in_scope(operation, request, store.all(collection, parent), store)
        query = listing.list_query(operation, request)
        examples = self.document.cursor_examples(operation)
        page = listing.page_of(operation, members, query, self._max_items(operation), examples)
        if not page.members and not self.document.may_be_empty(operation):
            raise ApiError("unknown_resource", "nothing is there, and the document allows no empty list")
        key = self.generated.key(store.world, collection, parent)
        body = self.bodies.page(operation, page, key, request)
        kept = self.bodies.kept(operation, page)
        return self._respond(operation, body, request, page=page, kept=kept)

    def count_members(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        members = self._in_scope(operation, request, store.all(collection, parent), store)
        number = len(listing.selected(operation, members, listing.list_query(operation, request)))
        return self._respond(operation, self.bodies.counted(operation, number), request)

    def read(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection, parent, member = self._found(operation, request, store)
        return self._show(operation, collection, parent, member, store, request)

    def read_one(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        return self._show(operation, collection, parent, self.only_member(collection, parent, store), store, request)

    def download(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        """The file that was uploaded last; if there is none, a made-up response."""
        collection = self.document.collection(operation)
        if len(request.path) == len(collection.parents):
            parent = self._parent(collection, request, store)
            id = self.only_member(collection, parent, store).id
        else:
            _, parent, member = self._found(operation, request, store)
            id = member.id
        content = store.content(collection, parent, id)
        if content is None:
            key = f"{self.generated.key(store.world, collection, parent)}/{id}"
            return self._respond(operation, self.bodies.made_up(operation.name, key), request)
        return self._file(operation, request, content)

    def _file(self, operation: Operation, request: Request, content: Content) -> Response:
        answer = self.document.answer(operation.name)
        responses = self.document.spec.operations[operation.name].get("responses") or {}
        documented: Json = next((each for name, each in responses.items() if str(name) == str(answer.status)), {})
        if is_text(self.document.reader, answer):
            return self._respond(operation, as_text(content), request)
        found = file_response(answer, documented.get("content") or {}, content)
        return Response(
            found.status,
            found.body,
            (*self.headers.of(operation.name, answer.status, request), *found.headers),
            found.media_type,
        )

    def made_up(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        self._check_scope(operation, request, store)
        places = "/".join(str(each) for each in request.path.values())
        key = f"{store.world.seed}.{self.generated.salt}/{operation.name}/{places}"
        return self._respond(operation, self.bodies.made_up(operation.name, key), request)

    def _check_scope(self, operation: Operation, request: Request, store: MemberStore) -> None:
        """Raise ``ApiError`` (unknown_resource) if a member in the path of a made-up response does not exist."""
        owners = self.document.model.collections
        self._check_parents(
            ((owners.get(path), text(request.path.get(parameter, ""))) for parameter, _, path in operation.scope), store
        )

    def _in_scope(
        self, operation: Operation, request: Request, members: Iterable[Member], store: MemberStore
    ) -> Iterable[Member]:
        """The members that are below the parents in the path, in the operation's selection and order."""
        for parameter, field, value in self._scoped(operation, request, store):
            place = read_place(field)
            members = [each for each in members if _refers_to(at(each.value, place), value, parameter)]
        return listing.arranged(operation, members, store.world.seed)

    def _scoped(self, operation: Operation, request: Request, store: MemberStore) -> Iterator[tuple[str, str, str]]:
        """Parameter, field and value for each parent in the path that restricts the list.

        Raises ``ApiError`` (unknown_resource).
        """
        for parameter, field, path in operation.scope:
            value = text(request.path.get(parameter, ""))
            owner = self.document.model.collections.get(path)
            if owner is not None and not owner.parents and store.get(owner, "", value) is None:
                raise unknown(owner, value)
            if field:
                yield parameter, field, value

    # --- the member of a request, and its response -------------------------------------------------

    def _show(
        self,
        operation: Operation,
        collection: Collection,
        parent: str,
        member: Member,
        store: MemberStore,
        request: Request,
        answer: DocumentedResponse | None = None,
    ) -> Response:
        """The response that shows a member: the operation's usual one, or ``answer``."""
        key = self.generated.key(store.world, collection, parent)
        made = member.id if operation.role == "create" or answer is not None else None
        body = self.bodies.member(operation, member, key, answer)
        kept = member.kept_for(operation.name) if operation.role in ("read", "read_one") and answer is None else None
        return self._respond(operation, body, request, id=made, answer=answer, shown=member.value, kept=kept)

    def _respond(
        self,
        operation: Operation,
        body: Json,
        request: Request,
        *,
        page: listing.Page | None = None,
        id: str | None = None,
        answer: DocumentedResponse | None = None,
        shown: Json = None,
        kept: Kept | KeptMembers | None = None,
    ) -> Response:
        answer = answer or self.document.answer(operation.name)
        headers = self.headers.of(operation.name, answer.status, request, page, id, shown)
        return Response(answer.status, body, headers, answer.sent_type if body is not None else None, kept)

    def _found(self, operation: Operation, request: Request, store: MemberStore) -> tuple[Collection, str, Member]:
        """The member that the request identifies. Raises ``ApiError`` (unknown_resource)."""
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        id = self._requested_id(operation, collection, parent, request, store)
        member = store.get(collection, parent, id)
        if member is None:
            raise unknown(collection, id)
        return collection, parent, member

    def _requested_id(
        self, operation: Operation, collection: Collection, parent: str, request: Request, store: MemberStore
    ) -> str:
        """The id of the requested member: sent, found by another field, or the first (``me``).

        Raises ``ApiError`` (unknown_resource).
        """
        if operation.first or self._is_id_omitted(operation, request):
            return self._first(operation, collection, parent, store)
        value = self._id(operation, collection, request)
        if not operation.key:
            return value
        found = (each.id for each in store.all(collection, parent) if text(at(each.value, operation.key)) == value)
        id = next(found, None)
        if id is None:
            raise unknown(collection, value)
        return id

    def _is_id_omitted(self, operation: Operation, request: Request) -> bool:
        """Whether an optional id in the query was not sent: ``GET /team`` then reads the caller's own."""
        return operation.role == "read" and bool(operation.id_query) and request.query.get(operation.id_query) is None

    def _first(self, operation: Operation, collection: Collection, parent: str, store: MemberStore) -> str:
        """The id of the first member in the operation's selection and order. Raises ``ApiError`` if there is none."""
        members = listing.arranged(operation, store.all(collection, parent), store.world.seed)
        found = next((each.id for each in members), None)
        if found is None:
            raise ApiError("unknown_resource", f"{collection.path} has no such member")
        return found

    def _id(self, operation: Operation, collection: Collection, request: Request) -> str:
        """The id in the request's body, query or path.

        Raises ``ApiError`` (unknown_resource) if there is none, because the document does not require it.
        """
        if operation.id_at or operation.id_query:
            name, where = (str(operation.id_at[-1]), "body") if operation.id_at else (operation.id_query, "query")
            value = self._sent_id(operation, collection, request) if operation.id_at else request.query.get(name)
            if value is None or isinstance(value, dict | list):
                message = f"the {where} has no {name}, so that it names no member of {collection.path}"
                raise ApiError("unknown_resource", message, where=name)
            return text(value)
        values = list(request.path.values())  # in the order of the path; names may differ between operations
        before = len(collection.parents)
        if collection.parts:
            return joined(map(text, values[before : before + len(collection.parts)]))
        value = values[before] if before < len(values) else request.path.get(collection.parameter, "")
        return text(value)

    def _sent_id(self, operation: Operation, collection: Collection, request: Request) -> Json:
        """The id in the request body: among the fields (also by the member's name for it), or next to their wrapper."""
        whole = self._body(operation, request)
        sent = at(whole, operation.body)
        for body in (sent, self.changes.fields(collection, sent), whole):
            if (value := at(body, operation.id_at)) is not None:
                return value
        return None

    def _body(self, operation: Operation, request: Request) -> Json:
        """The request body, converted if it is XML. Raises ``ApiError`` (malformed)."""
        kinds = (self.document.spec.operations[operation.name].get("requestBody") or {}).get("content") or {}
        if not isinstance(request.body, bytes) or not any(map(is_xml, kinds)):
            return request.body
        schema = request_schema(self.document.spec.operations[operation.name])
        try:
            return from_xml(self.document.reader, schema, request.body)
        except ValueError as error:
            raise ApiError("malformed", f"the body is not XML that can be read: {error}", where="body") from None

    def only_member(self, collection: Collection, parent: str, store: MemberStore) -> Member:
        """The only member of a collection without ids. Raises ``ApiError`` (unknown_resource) if it was deleted."""
        group = store.world.resources.group(self.api, collection.path, parent)
        if ONLY in group and group[ONLY].value is None:
            raise ApiError("unknown_resource", "it was deleted")
        member = store.get(collection, parent, ONLY)
        return member if member is not None else self.generated.member(store.world, collection, parent, ONLY)

    def _parent(self, collection: Collection, request: Request, store: MemberStore) -> str:
        """The ids of the parents in the path, joined. Raises ``ApiError`` for a parent that does not exist."""
        if not collection.parents:
            return ""
        values, owners = list(request.path.values()), self.document.model.collections
        named = (
            text(values[number] if number < len(values) else request.path.get(each.parameter, ""))
            for number, each in enumerate(collection.parents)
        )
        known = (owners.get(each.collection or "") for each in collection.parents)
        return "/".join(self._check_parents(zip(known, named, strict=True), store))

    def _check_parents(self, pairs: Iterable[tuple[Collection | None, str]], store: MemberStore) -> list[str]:
        """The ids, escaped to be joined. ``pairs`` are parents' ids, each with its collection, if that is known.

        Raises ``ApiError`` (unknown_resource) for a parent that does not exist.
        """
        ids: list[str] = []
        for owner, id in pairs:
            if owner is not None and len(owner.parents) <= len(ids):
                above, whole = _parent_and_id(owner, ids, id)
                if store.get(owner, above, whole) is None:
                    raise unknown(owner, whole)
            ids.append(id.replace("/", "%2F"))
        return ids

    def _max_items(self, operation: Operation) -> int | None:
        """The maximum number of members in one response; None without a documented maximum."""
        if operation.name not in self._lists:
            reader = self.document.reader
            schema = reader.member(self.document.answer(operation.name).schema, operation.at)
            most = reader.merged(schema).get("maxItems")
            self._lists[operation.name] = most if isinstance(most, int) and not isinstance(most, bool) else None
        return self._lists[operation.name]


def _parent_and_id(owner: Collection, ids: list[str], id: str) -> tuple[str, str]:
    """The parents and the whole id of a member. ``ids`` come before ``id`` in the path; the last may belong to a composite id."""
    before = len(ids) - own_parents(owner, ids)
    above = "/".join(ids[before - len(owner.parents) : before] if owner.parents else [])
    return above, "/".join([*ids[before:], id.replace("/", "%2F")]) if owner.parts else id


def unknown(collection: Collection, id: str) -> ApiError:
    """The error for an id that no member has."""
    return ApiError(
        "unknown_resource", f"{collection.path} has no member '{id[:100]}'", where=collection.parameter or None
    )


def _refers_to(value: Json, wanted: str, parameter: str) -> bool:
    """Whether a field refers to an id: as its value, in a list, or as the id of an embedded member."""
    if isinstance(value, list):
        return any(_refers_to(each, wanted, parameter) for each in value)
    if isinstance(value, dict):
        return any(text(value[each]) == wanted for each in ("id", parameter) if each in value)
    return value is not None and text(value) == wanted


def text(value: Json) -> str:
    """An id as text: 12, 12.0 and ``"12"`` are the same id."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) or hasattr(value, "to_integral_value"):
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return str(value)
