"""Answers the operations of a document from its model: each role is one method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.generic import listing
from counterfoil.apis.generic.changes import Changes
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.headers import AnswerHeaders
from counterfoil.apis.generic.model import Collection, Operation, Place
from counterfoil.apis.generic.rows import ONLY, Made, Member, Store, at, wrapped
from counterfoil.apis.generic.shows import Shows
from counterfoil.ledger.errors import LedgerError

if TYPE_CHECKING:
    from counterfoil.world.world import World

Json = Any
MOST_CREATED = 200
"""Members that one request creates."""


class Handlers:
    """The operations of one document. ``api`` is the name it is served as."""

    def __init__(self, document: Document, made: Made, api: str) -> None:
        self.document = document
        self.made = made
        self.api = api
        self.shows = Shows(document)
        self.changes = Changes(document)
        self.headers = AnswerHeaders(document)
        self._lists: dict[str, int | None] = {}
        self._roles: Mapping[str, Callable[[Operation, Request, Store], Response]] = {
            "list": self.list_members,
            "read": self.read,
            "create": self.create,
            "replace": self.replace,
            "update": self.update,
            "delete": self.delete,
            "action": self.action,
            "read_one": self.read_one,
            "write_one": self.write_one,
            "delete_one": self.delete_one,
            "made_up": self.made_up,
        }

    def handler(self, name: str) -> Callable[[Request, World], Response]:
        """What answers an operation."""
        operation = self.document.model.operations[name]
        act = self._roles[operation.role]

        def handle(request: Request, world: World) -> Response:
            try:
                return act(operation, request, Store(self.made, world, self.api))
            except LedgerError as error:
                raise ApiError("conflict", error.message, where=error.field) from None

        return handle

    # --- reading ---------------------------------------------------------------------------------

    def list_members(self, operation: Operation, request: Request, store: Store) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(operation, collection, request, store)
        members = self._in_scope(operation, request, store.all(collection, parent), store)
        page = listing.page_of(operation, members, request.query, self._most(operation))
        key = self.made.key(store.world, collection, parent)
        body = self.shows.page(operation, page, key, request)
        return self._respond(operation, body, request, page=page)

    def read(self, operation: Operation, request: Request, store: Store) -> Response:
        collection, parent, member = self._found(operation, request, store)
        return self._show(operation, collection, parent, member, store, request)

    def read_one(self, operation: Operation, request: Request, store: Store) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(operation, collection, request, store)
        return self._show(operation, collection, parent, self._one(collection, parent, store), store, request)

    def made_up(self, operation: Operation, request: Request, store: Store) -> Response:
        places = "/".join(str(each) for each in request.path.values())
        key = f"{store.world.seed}.{self.made.salt}/{operation.name}/{places}"
        return self._respond(operation, self.shows.made_up(operation.name, key), request)

    def _in_scope(
        self, operation: Operation, request: Request, members: Iterable[Member], store: Store
    ) -> Iterable[Member]:
        """Those of the members that are below the parents in the path."""
        for parameter, field, value in self._scoped(operation, request, store):
            members = [each for each in members if _holds(each.value.get(field), value, parameter)]
        return members

    def _scoped(self, operation: Operation, request: Request, store: Store) -> Iterator[tuple[str, str, str]]:
        """Parameter, field and value of what a path's members are below of. Raises ``ApiError`` (unknown_resource)."""
        for parameter, field, path in operation.scope:
            value = text(request.path.get(parameter, ""))
            owner = self.document.model.collections.get(path)
            if owner is not None and not owner.parents and store.get(owner, "", value) is None:
                raise unknown(owner, value)
            yield parameter, field, value

    # --- writing ---------------------------------------------------------------------------------

    def create(self, operation: Operation, request: Request, store: Store) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(operation, collection, request, store)
        fixed: dict[Place, Json] = {(field,): value for _, field, value in self._scoped(operation, request, store)}
        sent = self._each_sent(operation, request.body)
        made = []
        for each in sent:
            fields = self.changes.fields(collection, each)
            id, value = self.new_member(collection, parent, fields, store, fixed)
            made.append(self._write(operation, collection, parent, id, value, store, request))
        first = made[0]
        if len(made) == 1 or operation.at[-1:] != (0,):
            return first
        shown = [item for each in made for item in at(each.body, operation.at[:-1])]
        body = shown if len(operation.at) == 1 else {**first.body, **wrapped(operation.at[:-1], shown)}
        return Response(first.status, body, first.headers, first.media_type)

    def _each_sent(self, operation: Operation, body: Json) -> list[Json]:
        """The fields of each member that a body has: of several, where it holds a list. Raises ``ApiError`` (malformed)."""
        if operation.body[-1:] != (0,):
            return [at(body, operation.body)]
        sent = at(body, operation.body[:-1])
        if not isinstance(sent, list) or not sent:
            return [None]
        if len(sent) > MOST_CREATED:
            raise ApiError("malformed", f"one request creates up to {MOST_CREATED}", where="body")
        return sent

    def new_member(
        self,
        collection: Collection,
        parent: str,
        fields: Mapping[str, Json],
        store: Store,
        fixed: Mapping[Place, Json] | None = None,
    ) -> tuple[str, dict[str, Json]]:
        """Id and value of a new member with these fields. Raises ``ApiError`` (conflict) for an id that is taken."""
        world = store.world
        id = self._new_id(collection, parent, fields, store)
        key = f"{self.made.key(world, collection, parent)}/{id}"
        determined = {**self.made.fixed(world, collection, parent, id), **(fixed or {})}
        return id, self.changes.created(collection, fields, determined, key, world.now)

    def _new_id(self, collection: Collection, parent: str, fields: Mapping[str, Json], store: Store) -> str:
        """The id that was sent, if clients choose it; else a new one. Raises ``ApiError`` (conflict) for one that is taken.

        The id of a made row is not taken: it is often that of the document's example, which people send first. Where the
        document has no status for a conflict, the member is written anew.
        """
        sent = at(fields, collection.id) if collection.id else None
        owned = bool(collection.id) and str(collection.id[0]) in collection.server_owned
        if (
            isinstance(sent, str | int)
            and not isinstance(sent, bool)
            and str(sent)
            and not owned
            and "/" not in str(sent)
        ):
            taken = collection.found == "known" and store.was_written(collection, parent, str(sent))
            if taken and self.document.refuses_taken_ids(collection):
                raise ApiError(
                    "conflict", f"there is a member with the id '{sent}' already", where=str(collection.id[-1])
                )
            return str(sent)
        return store.new_id(collection, parent)

    def replace(self, operation: Operation, request: Request, store: Store) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(operation, collection, request, store)
        fields = self.changes.fields(collection, at(request.body, operation.body))
        id = self._id(operation, collection, request, fields)
        member = store.get(collection, parent, id)
        world = store.world
        key = f"{self.made.key(world, collection, parent)}/{id}"
        if member is None:
            if not self._creates(operation, collection):
                raise unknown(collection, id)
            fixed = self.made.fixed(world, collection, parent, id)
            value = self.changes.created(collection, fields, fixed, key, world.now)
        else:
            value = self.changes.replaced(collection, member.value, fields, world.now, key)
        return self._write(operation, collection, parent, id, value, store, request)

    def _creates(self, operation: Operation, collection: Collection) -> bool:
        """Whether PUT to an id that is unknown creates: the document has 201 for it, or no other way to create."""
        responses = self.document.spec.operations[operation.name].get("responses") or {}
        if operation.id_at or "404" in responses:
            return False
        created = any(
            each.collection == collection.path and each.role == "create"
            for each in self.document.model.operations.values()
        )
        return "201" in responses and not created

    def update(self, operation: Operation, request: Request, store: Store) -> Response:
        collection, parent, member = self._found(operation, request, store)
        fields = self.changes.fields(collection, at(request.body, operation.body))
        value = self.changes.updated(collection, member.value, fields, store.world.now)
        return self._write(operation, collection, parent, member.id, value, store, request)

    def delete(self, operation: Operation, request: Request, store: Store) -> Response:
        collection, parent, member = self._found(operation, request, store)
        response = self._show(operation, collection, parent, member, store, request)
        store.write(collection, parent, member.id, None)
        return response

    def action(self, operation: Operation, request: Request, store: Store) -> Response:
        collection, parent, member = self._found(operation, request, store)
        state = member.value.get(collection.state)
        if operation.when and str(state) not in operation.when:
            raise ApiError("conflict", f"the {collection.state} is '{state}'; it must be {' or '.join(operation.when)}")
        fields = self.changes.fields(collection, at(request.body, operation.body))
        value = self.changes.acted(collection, operation, member.value, fields, store.world.now)
        return self._write(operation, collection, parent, member.id, value, store, request)

    def write_one(self, operation: Operation, request: Request, store: Store) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(operation, collection, request, store)
        fields = self.changes.fields(collection, at(request.body, operation.body))
        written = store.world.resources.group(self.api, collection.path, parent).get(ONLY)
        was_deleted = written is not None and written.value is None
        before = {} if was_deleted else self._one(collection, parent, store).value
        value = self.changes.updated(collection, before, fields, store.world.now)
        return self._write(operation, collection, parent, ONLY, value, store, request)

    def delete_one(self, operation: Operation, request: Request, store: Store) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(operation, collection, request, store)
        member = self._one(collection, parent, store)
        response = self._show(operation, collection, parent, member, store, request)
        store.write(collection, parent, ONLY, None)
        return response

    # --- parts -----------------------------------------------------------------------------------

    def _write(
        self,
        operation: Operation,
        collection: Collection,
        parent: str,
        id: str,
        value: dict[str, Json],
        store: Store,
        request: Request,
    ) -> Response:
        """Show the value, and write it if it can be shown; what the answer had to add belongs to it from then on."""
        member = Member(id, value)
        response = self._show(operation, collection, parent, member, store, request)
        shown = (
            at(response.body, operation.at)
            if response.body is not None and not isinstance(response.body, bytes)
            else None
        )
        if isinstance(shown, dict):
            members = self.document.properties(collection)
            for name, each in shown.items():
                if name in members and value.get(name) is None:
                    value[name] = each
        store.write(collection, parent, id, value)
        return response

    def _show(
        self,
        operation: Operation,
        collection: Collection,
        parent: str,
        member: Member,
        store: Store,
        request: Request,
    ) -> Response:
        key = self.made.key(store.world, collection, parent)
        made = member.id if operation.role == "create" else None
        return self._respond(operation, self.shows.member(operation, member, key), request, id=made)

    def _respond(
        self,
        operation: Operation,
        body: Json,
        request: Request,
        *,
        page: listing.Page | None = None,
        id: str | None = None,
    ) -> Response:
        answer = self.document.answer(operation.name)
        headers = self.headers.of(operation.name, answer.status, request, page, id)
        return Response(answer.status, body, headers, answer.sent_type if body is not None else None)

    def _found(self, operation: Operation, request: Request, store: Store) -> tuple[Collection, str, Member]:
        """The member that the request names. Raises ``ApiError`` (unknown_resource)."""
        collection = self.document.collection(operation)
        parent = self._parent(operation, collection, request, store)
        fields = self.changes.fields(collection, at(request.body, operation.body)) if operation.id_at else {}
        id = self._id(operation, collection, request, fields)
        member = store.get(collection, parent, id)
        if member is None:
            raise unknown(collection, id)
        return collection, parent, member

    def _id(self, operation: Operation, collection: Collection, request: Request, fields: Mapping[str, Json]) -> str:
        if operation.id_at:
            value = at(fields, operation.id_at)
            if value is None:
                raise ApiError(
                    "required", f"{operation.id_at[-1]} is required in the body", where=str(operation.id_at[-1])
                )
            return text(value)
        values = list(request.path.values())  # in the order of the path, by whatever names
        before = len(collection.parents)
        value = values[before] if before < len(values) else request.path.get(collection.parameter, "")
        return text(value)

    def _one(self, collection: Collection, parent: str, store: Store) -> Member:
        group = store.world.resources.group(self.api, collection.path, parent)
        if ONLY in group and group[ONLY].value is None:
            raise ApiError("unknown_resource", "it was deleted")
        member = store.get(collection, parent, ONLY)
        return member if member is not None else self.made.member(store.world, collection, parent, ONLY)

    def _parent(self, operation: Operation, collection: Collection, request: Request, store: Store) -> str:
        """The ids of the parents in the path, joined. Raises ``ApiError`` for a parent that is not there."""
        if not collection.parents:
            return ""
        values = list(request.path.values())
        ids: list[str] = []
        for number, each in enumerate(collection.parents):
            value = values[number] if number < len(values) else request.path.get(each.parameter, "")
            id = text(value)
            owner = self.document.model.collections.get(each.collection) if each.collection else None
            if owner is not None and len(owner.parents) <= len(ids):
                above = "/".join(ids[len(ids) - len(owner.parents) :] if owner.parents else [])
                if store.get(owner, above, id) is None:
                    raise unknown(owner, id)
            ids.append(id.replace("/", "%2F"))
        return "/".join(ids)

    def _most(self, operation: Operation) -> int | None:
        """How many members the document allows in one answer."""
        if operation.name not in self._lists:
            reader = self.document.reader
            schema = reader.member(self.document.answer(operation.name).schema, operation.at)
            most = reader.merged(schema).get("maxItems")
            self._lists[operation.name] = most if isinstance(most, int) and not isinstance(most, bool) else None
        return self._lists[operation.name]


def unknown(collection: Collection, id: str) -> ApiError:
    """The error for an id that no member has."""
    return ApiError(
        "unknown_resource", f"{collection.path} has no member '{id[:100]}'", where=collection.parameter or None
    )


def _holds(value: Json, wanted: str, parameter: str) -> bool:
    """Whether a field holds an id, also in a list or inside the member that it names."""
    if isinstance(value, list):
        return any(_holds(each, wanted, parameter) for each in value)
    if isinstance(value, dict):
        return any(text(value[each]) == wanted for each in ("id", parameter) if each in value)
    return value is not None and text(value) == wanted


def text(value: Json) -> str:
    """An id as a text: 12, 12.0 and ``"12"`` are one id."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) or hasattr(value, "to_integral_value"):
        return str(int(value)) if value == int(value) else str(value)
    return str(value)
