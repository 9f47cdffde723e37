"""Handles the operations of a document that create, change and delete members."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping
from typing import Any

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.handlers.json_patch import BadPatch, is_patch, patched
from counterfoil.apis.generic.handlers.listed_children import ListedChildren
from counterfoil.apis.generic.handlers.misfits import refuse_misfit, unfit_fields
from counterfoil.apis.generic.handlers.new_ids import NewIds
from counterfoil.apis.generic.handlers.read_handlers import ReadHandlers, text, unknown
from counterfoil.apis.generic.handlers.uploads import described, uploaded
from counterfoil.apis.generic.inference.named_actions import deletes, effect_of
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection, Operation, Place, place_text, read_place
from counterfoil.apis.generic.places import at, replaced
from counterfoil.apis.generic.rows import ONLY, GeneratedRows, Member

Json = Any
MAX_MEMBERS_PER_REQUEST = 200
"""Members that one request may create or delete."""


class WriteHandlers(ReadHandlers):
    """The roles that write; each responds with the written member, in the same way as a read."""

    def __init__(self, document: Document, generated: GeneratedRows, api: str) -> None:
        super().__init__(document, generated, api)
        self.new_ids = NewIds(document)
        self.children = ListedChildren(self.changes, self.new_member)

    def create(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        fixed = self._fixed_by_path(operation, request, store)
        sent = self._sent_members(operation, self._body(operation, request))
        made, ids = [], set[str]()
        for each in sent:
            id, value = self._new_from(operation, parent, each, store, fixed, ids)
            ids.add(id)
            made.append(self._write(operation, collection, parent, id, value, store, request))
        return self._combined(operation, made)

    def _fixed_by_path(self, operation: Operation, request: Request, store: MemberStore) -> dict[Place, Json]:
        """The fields of a new member that have the ids of members in the path. Raises ``ApiError`` (unknown_resource)."""
        return {read_place(field): value for _, field, value in self._scoped(operation, request, store)}

    def _new_from(
        self,
        operation: Operation,
        parent: str,
        sent: Json,
        store: MemberStore,
        fixed: Mapping[Place, Json],
        repeatable: Container[str] = (),
    ) -> tuple[str, dict[str, Json]]:
        """Id and value of a new member from what a request sends for it. Raises ``ApiError`` (malformed, conflict)."""
        collection = self.document.collection(operation)
        fields = self.changes.with_defaults(operation, self.changes.fields(collection, sent))
        self._check_references(collection, fields, store)
        if collection.parts:
            fields.update({str(place[0]): value for place, value in fixed.items()})
        return self.new_member(collection, parent, fields, store, fixed, repeatable)

    def _combined(self, operation: Operation, made: list[Response]) -> Response:
        """One response with the members of several responses, if its body has a list; otherwise the first response."""
        first = made[0]
        if len(made) == 1 or 0 not in operation.at:
            return first
        place = operation.at[: operation.at.index(0)]
        shown = [item for each in made for item in at(each.body, place)]
        body = shown if not place else replaced(first.body, place, shown)
        return Response(first.status, body, first.headers, first.media_type)

    def _sent_members(self, operation: Operation, body: Json) -> list[Json]:
        """The fields of each member in a request body: several if it has a list of them. Raises ``ApiError`` (malformed)."""
        if operation.body[-1:] != (0,):
            return [at(body, operation.body)]
        sent = at(body, operation.body[:-1])
        if not isinstance(sent, list) or not sent:
            return [None]
        if len(sent) > MAX_MEMBERS_PER_REQUEST:
            raise ApiError("malformed", f"one request takes up to {MAX_MEMBERS_PER_REQUEST}", where="body")
        return sent

    def new_member(
        self,
        collection: Collection,
        parent: str,
        fields: Mapping[str, Json],
        store: MemberStore,
        fixed: Mapping[Place, Json] | None = None,
        repeatable: Container[str] = (),
    ) -> tuple[str, dict[str, Json]]:
        """Id and value of a new member with these fields. Raises ``ApiError`` (conflict) for a taken id, except for those in
        ``repeatable``: one request may contain a member twice, and the last one counts."""
        world = store.world
        id = ONLY if collection.is_single else self.new_ids.id_of(collection, parent, fields, store, repeatable)
        key = f"{self.generated.key(world, collection, parent)}/{id}"
        determined = {**self.generated.fixed(collection, parent, id), **(fixed or {})}
        children = {field: fields[field] for field, _ in collection.lists if field in fields}
        own = {name: each for name, each in fields.items() if name not in children}
        value = self.changes.created(collection, own, determined, key, world.now)
        if unfit := unfit_fields(self.document, collection, value, own):
            own = {name: each for name, each in own.items() if name not in unfit}
            value = self.changes.created(collection, own, determined, key, world.now)
        self.generated.alternates.make_valid(collection, value, key, own)
        return id, {**value, **children}

    def _fields_sent(
        self, operation: Operation, collection: Collection, request: Request, store: MemberStore
    ) -> dict[str, Json]:
        """The fields that a request writes. Raises ``ApiError`` as ``_check_references`` does."""
        fields = self.changes.fields(collection, at(self._body(operation, request), operation.body))
        self._check_references(collection, fields, store)
        return fields

    def _check_references(self, collection: Collection, fields: Mapping[str, Json], store: MemberStore) -> None:
        """Refuse references to members that do not exist, if the model has ``integrity: strict``.

        Raises ``ApiError`` (malformed).
        """
        if self.document.model.integrity != "strict":
            return
        for place, target in (*collection.reference_places, *self.generated.owners.get(collection.path, ())):
            owner = self.document.model.collections.get(target)
            sent, field = at(dict(fields), place), place_text(place)
            for each in sent if isinstance(sent, list) else [sent]:
                each = at(each, owner.id) if isinstance(each, dict) and owner is not None else each
                if each is None or each == "" or owner is None or owner.parents:
                    continue
                if isinstance(each, dict | list) or store.get(owner, "", text(each)) is None:
                    raise ApiError("malformed", f"{field}: {target} has no member '{text(each)[:100]}'", where=field)

    def replace(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        fields = self.changes.with_defaults(operation, self._fields_sent(operation, collection, request, store))
        if operation.key and self._creates(operation):
            return self._put_by_key(operation, collection, parent, fields, request, store)
        id = self._requested_id(operation, collection, parent, request, store)
        member = store.get(collection, parent, id)
        world = store.world
        key = f"{self.generated.key(world, collection, parent)}/{id}"
        fixed = self.generated.fixed(collection, parent, id)
        if member is None:
            if not self._creates(operation):
                raise unknown(collection, id)
            value = self.changes.created(collection, fields, fixed, key, world.now)
        else:
            self.headers.check_absent(operation, request)
            self.headers.check_unchanged(operation, request, member.value)
            value = self.changes.replaced(collection, member.value, fields, fixed, world.now, key)
        return self._write(operation, collection, parent, id, value, store, request, created=member is None)

    def _put_by_key(
        self,
        operation: Operation,
        collection: Collection,
        parent: str,
        fields: dict[str, Json],
        request: Request,
        store: MemberStore,
    ) -> Response:
        """Replace the member with the value of the field ``operation.key`` in the path, or create one."""
        value = self._id(operation, collection, request)
        fixed = {operation.key: self.document.coerce(collection, operation.key, value)}
        members = store.all(collection, parent)
        member = next((each for each in members if text(at(each.value, operation.key)) == value), None)
        if member is None:
            id, new = self.new_member(collection, parent, fields, store, fixed)
        else:
            id, key = member.id, f"{self.generated.key(store.world, collection, parent)}/{member.id}"
            determined = {**self.generated.fixed(collection, parent, id), **fixed}
            new = self.changes.replaced(collection, member.value, fields, determined, store.world.now, key)
        return self._write(operation, collection, parent, id, new, store, request, created=member is None)

    def _creates(self, operation: Operation) -> bool:
        """Whether PUT to an unknown id creates a member.

        A file that is put at another key than the id creates one if no operation creates members. Otherwise the document must
        have 201, and also another 2xx status or no 404.
        """
        definition = self.document.spec.operations[operation.name]
        responses = definition.get("responses") or {}
        is_file = "requestBody" in definition and request_schema(definition) is None
        if operation.key and "404" not in responses and is_file:
            made = (each for each in self.document.model.operations.values() if each.role == "create")
            return all(each.collection != operation.collection for each in made)
        others = [each for each in responses if each.startswith("2") and each != "201"]
        return not operation.id_at and "201" in responses and (bool(others) or "404" not in responses)

    def update(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection, parent, member = self._found(operation, request, store)
        self.headers.check_unchanged(operation, request, member.value)
        # Kubernetes' document also allows an object with this media type; it is merged below
        if "json-patch" in request.headers.get("content-type", "") and isinstance(request.body, list):
            if not is_patch(request.body):
                raise ApiError(
                    "conflict", "the patch cannot be applied: a JSON Patch is a list of objects that have op and path"
                )
            fields = self._patched(collection, member, request.body, store)
            value = self.changes.replaced_by(collection, member.value, fields, store.world.now)
            self.children.write_patched(collection, parent, member, value, store, whole=True)
            refuse_misfit(self.document, operation, collection, member.value, value, fields)
            return self._write(operation, collection, parent, member.id, value, store, request)
        fields = self._fields_sent(operation, collection, request, store)
        value = self.changes.updated(collection, member.value, fields, store.world.now)
        self.children.write_patched(collection, parent, member, value, store)
        refuse_misfit(self.document, operation, collection, member.value, value, fields)
        return self._write(operation, collection, parent, member.id, value, store, request)

    def _patched(self, collection: Collection, member: Member, patch: Json, store: MemberStore) -> dict[str, Json]:
        """All fields of a member after a JSON Patch. Raises ``ApiError`` (conflict; RFC 5789, 2.2)."""
        try:
            fields = self.changes.fields(collection, patched(member.value, patch))
        except BadPatch as error:
            raise ApiError("conflict", f"the patch cannot be applied: {error}") from None
        self._check_references(collection, fields, store)
        return fields

    def delete(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection, parent, member = self._found(operation, request, store)
        self.headers.check_unchanged(operation, request, member.value)
        response = self._show(operation, collection, parent, member, store, request)
        store.write(collection, parent, member.id, None)
        return response

    def action(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection, parent, member = self._found(operation, request, store)
        state = member.value.get(collection.state)
        if operation.when and str(state) not in operation.when:
            message = f"the {collection.state} is '{state}'; it must be {' or '.join(operation.when)}"
            raise ApiError("conflict", message, where=collection.state)
        if operation.verb_at:
            return self._named_action(operation, request, store)
        if operation.copies:
            return self._copied(operation, collection, parent, member, request, store)
        fields = self._fields_sent(operation, collection, request, store)
        value = self.changes.acted(collection, operation, member.value, fields, store.world.now)
        return self._write(operation, collection, parent, member.id, value, store, request)

    def _copied(
        self,
        operation: Operation,
        collection: Collection,
        parent: str,
        member: Member,
        request: Request,
        store: MemberStore,
    ) -> Response:
        """A new member with the fields that the request sends, and the others from an existing member, except those that identify
        it or say when it was created or changed."""
        operations = self.document.model.operations.values()
        keys = {str(each.key[0]) for each in operations if each.key and each.collection == collection.path}
        own = {*collection.created, *collection.updated, *map(str, collection.id[:1]), *keys}
        kept = {name: value for name, value in member.value.items() if name not in own}
        fields = {**kept, **self._fields_sent(operation, collection, request, store)}
        id, value = self.new_member(collection, parent, fields, store)
        return self._write(operation, collection, parent, id, value, store, request, created=True)

    def _named_action(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        """The action that the request body names: it sets the fields known for it, and the body's other fields, or deletes the
        member."""
        collection, parent, member = self._found(operation, request, store)
        sent = self._body(operation, request)
        body = sent if isinstance(sent, dict) else {}  # the document may not require a body
        verb = text(body.get(operation.verb_at, ""))
        sets = effect_of(self.document.reader, self.document.entity(collection), verb)
        if sets is not None and not sets and deletes(verb):
            response = self._show(operation, collection, parent, member, store, request)
            store.write(collection, parent, member.id, None)
            return response
        others = {name: each for name, each in body.items() if name != operation.verb_at}
        fields = self.changes.fields(collection, others)
        self._check_references(collection, fields, store)
        before = self.changes.updated(collection, member.value, fields, store.world.now)
        named = dataclasses.replace(operation, sets=tuple(sorted((sets or {}).items())))
        value = self.changes.acted(collection, named, before, {}, store.world.now)
        return self._write(operation, collection, parent, member.id, value, store, request)

    def write_one(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        fields = self._fields_sent(operation, collection, request, store)
        written = store.world.resources.group(self.api, collection.path, parent).get(ONLY)
        was_deleted = written is not None and written.value is None
        before = {} if was_deleted else self.only_member(collection, parent, store).value
        value = self.changes.updated(collection, before, fields, store.world.now)
        refuse_misfit(self.document, operation, collection, before, value, fields)
        return self._write(operation, collection, parent, ONLY, value, store, request)

    def delete_one(self, operation: Operation, request: Request, store: MemberStore) -> Response:
        collection = self.document.collection(operation)
        parent = self._parent(collection, request, store)
        member = self.only_member(collection, parent, store)
        response = self._show(operation, collection, parent, member, store, request)
        store.write(collection, parent, ONLY, None)
        return response

    def _write(
        self,
        operation: Operation,
        collection: Collection,
        parent: str,
        id: str,
        value: dict[str, Json],
        store: MemberStore,
        request: Request,
        *,
        created: bool = False,
    ) -> Response:
        """Build the response, then write the value with the fields that the response had to add.

        A ``created`` member is shown with 201 if the document has that status.
        """
        content = uploaded(request)
        if content is not None:
            value.update(described(self.document, collection, request, content))
        self.children.write(collection, parent, id, value, store)
        member = Member(id, value)
        answer = self.document.documented(operation.name, 201) if created else None
        response = self._show(operation, collection, parent, member, store, request, answer)
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
        store.write(collection, parent, id, value, content if self.document.keeps_files(collection) else None)
        return response
