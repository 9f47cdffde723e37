"""Lists and changes the members of a document's collections, for the page and the control API.

A value written in this way must fit the document's schema of a member, like a value sent to the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.api import ApiError
from counterfoil.api.resource_browser import CollectionView, FieldView, ParentView, ResourcePage, ResourceView
from counterfoil.apis.generic.data.fitting import Checks
from counterfoil.apis.generic.handlers.dispatch import Handlers
from counterfoil.apis.generic.inference.composite import own_parents, parts_of
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.places import at, put
from counterfoil.apis.generic.rows import ONLY, Member
from counterfoil.json_schema.errors import cause_of
from counterfoil.ledger.errors import BadValue, RuleBroken, UnknownRecord
from counterfoil.world.commands import Command, WriteResource, in_one

if TYPE_CHECKING:
    from counterfoil.world.world import World

Json = Any
NO_FIELDS: Mapping[str, Any] = {}
MAX_LISTED_NAMES = 20
"""How many names an error message lists."""


class Browser:
    """The collections of one document; implements ``counterfoil.api.resource_browser``."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._document = handlers.document
        self._generated = handlers.generated
        self._api = handlers.api

    def collections(self, world: World) -> Sequence[CollectionView]:
        written: dict[str, int] = {}
        for group, members in world.resources.groups():
            if group.api == self._api:
                written[group.collection] = written.get(group.collection, 0) + len(members)
        model = self._document.model
        return [self._view(each, written.get(each.path, 0)) for each in model.collections.values()]

    def page(self, world: World, collection: str, parent: str, *, search: str, offset: int, limit: int) -> ResourcePage:
        found = self._collection(world, collection, parent)
        store = self._store(world)
        if found.is_single:
            if self._only_was_deleted(store, found, parent):
                return ResourcePage(0, [])
            return ResourcePage(1, [self._shown(store, found, parent, self._only(store, found, parent))])
        if not search.strip():
            ids = self._ids(store, found, parent)
            members = [store.get(found, parent, id) for id in ids[offset : offset + limit]]
            return ResourcePage(len(ids), [self._shown(store, found, parent, each) for each in members if each])
        needle = search.strip().casefold()
        matching = [each for each in store.all(found, parent) if _matches(each, needle)]
        shown = [self._shown(store, found, parent, each) for each in matching[offset : offset + limit]]
        return ResourcePage(len(matching), shown)

    def get(self, world: World, collection: str, parent: str, id: str) -> ResourceView:
        found = self._collection(world, collection, parent)
        store = self._store(world)
        return self._shown(store, found, parent, self._member(store, found, parent, id))

    def created(self, world: World, collection: str, parent: str, fields: dict[str, Json]) -> tuple[str, Command]:
        found = self._collection(world, collection, parent)
        store = self._store(world)
        if found.is_single and not self._only_was_deleted(store, found, parent):
            raise RuleBroken(f"there is only one {collection}: change that one", field="collection")
        self._check_names(found, fields)
        sent = self._handlers.changes.fields(found, fields)
        self._check_required(found, parent, sent)
        try:
            id, value = self._handlers.new_member(found, parent, sent, store)
        except ApiError as error:
            raise RuleBroken(error.message, field=error.where) from None
        if found.id and store.was_written(found, parent, id):
            raise RuleBroken(f"there is a member with the id '{id}' already", field=str(found.id[-1]))
        kept = {name: each for name, each in sent.items() if (name,) != found.id}  # not adjusted to fit the schema
        whole, below = self._with_children(world, found, parent, id, {**value, **kept})
        return id, in_one([*below, self._command(found, parent, id, whole)])

    def replaced(self, world: World, collection: str, parent: str, id: str, value: dict[str, Json]) -> Command:
        found = self._collection(world, collection, parent)
        whole, below = self._with_children(world, found, parent, id, value)
        return in_one([*below, self._replaced(world, found, parent, id, whole)])

    def _replaced(self, world: World, found: Collection, parent: str, id: str, value: dict[str, Json]) -> WriteResource:
        store = self._store(world)
        if found.is_single and id == ONLY and self._only_was_deleted(store, found, parent):
            return self._written(found, parent, id, value)
        return self._written(found, parent, id, value, self._member(store, found, parent, id).value)

    def checked(self, world: World, command: WriteResource) -> WriteResource:
        if command.value is None:
            return self.deleted(world, command.collection, command.parent, command.id)
        checked = self._checked(world, command, command.value)
        return msgspec.structs.replace(checked, content=command.content)

    def _checked(self, world: World, command: WriteResource, value: dict[str, Json]) -> WriteResource:
        path, parent, id = command.collection, command.parent, command.id
        found = self._collection(world, path, parent)
        if found.is_single or self._store(world).get(found, parent, id) is not None:
            return self._replaced(world, found, parent, id, value)
        if ("/" in id and not found.parts) or not self._document.is_valid_id(found, id):
            raise BadValue(f"{path} cannot have a member with the id '{id[:100]}'", field="id")
        return self._written(found, parent, id, value)

    def deleted(self, world: World, collection: str, parent: str, id: str) -> WriteResource:
        found = self._collection(world, collection, parent)
        self._member(self._store(world), found, parent, id)
        return WriteResource(api=self._api, collection=found.path, id=id, value=None, parent=parent)

    def _with_children(
        self, world: World, collection: Collection, parent: str, id: str, value: dict[str, Json]
    ) -> tuple[dict[str, Json], list[WriteResource]]:
        """The value with complete members in the fields that list members below, and the writes of those members."""
        if not collection.lists:
            return value, []
        view, value = world.latest(), dict(value)
        with view.one_step() as step:
            step.dropped = True
            try:
                sent = dict(value)
                self._handlers.children.write(collection, parent, id, value, self._store(view))
            except ApiError as error:
                raise RuleBroken(error.message, field=error.where) from None
            writes = list(step.writes)
        self._check_children(collection, sent, value)
        return value, writes

    def _check_children(self, collection: Collection, sent: Mapping[str, Json], written: Mapping[str, Json]) -> None:
        """Raise ``BadValue`` if a listed member was sent with an unknown field, or with a value that was adjusted to fit."""
        for field, path in collection.lists:
            child = self._document.model.collections[path]
            checks = self._document.member_checks(child)
            listed = sent.get(field) or ()
            pairs = zip(listed, written[field], strict=True) if len(listed) == len(written[field]) else ()
            for number, (each, made) in enumerate(pairs):
                fields = self._handlers.changes.fields(child, each)
                own = {name: value for name, value in fields.items() if (name,) != child.id}
                try:
                    self._check_names(child, each, made)
                    self._check_children(child, fields, made)
                    if checks is not None:
                        _check(checks, {**made, **own, **{name: made[name] for name, _ in child.lists}}, made)
                except BadValue as error:
                    raise BadValue(error.message, field=f"{field}.{number}.{error.field}") from None

    # --- looking up --------------------------------------------------------------------------------

    def _store(self, world: World) -> MemberStore:
        return MemberStore(self._generated, world, self._api)

    def _collection(self, world: World, path: str, parent: str) -> Collection:
        """The collection, if its parents exist. Raises ``UnknownRecord``."""
        found = self._document.model.collections.get(path)
        if found is None:
            raise UnknownRecord(f"{self._api} has no collection '{path}'", field="collection")
        ids = parent.split("/") if parent else []
        if len(ids) != len(found.parents):
            wanted = ", ".join(each.parameter for each in found.parents) or "no parent"
            raise UnknownRecord(f"{path} is below {wanted}: give as many ids as 'parent'", field="parent")
        for number, (each, id) in enumerate(zip(found.parents, ids, strict=True)):
            owner = self._document.model.collections.get(each.collection or "")
            if owner is None or len(owner.parents) > number:
                continue
            whole = "/".join(ids[number - own_parents(owner, ids[:number]) : number + 1]) if owner.parts else id
            if self._store(world).get(owner, "/".join(ids[: len(owner.parents)]), whole) is None:
                raise UnknownRecord(f"there is no '{id}' in {owner.path}", field="parent")
        return found

    def _member(self, store: MemberStore, collection: Collection, parent: str, id: str) -> Member:
        if collection.is_single and id == ONLY:
            return self._only(store, collection, parent)
        member = store.get(collection, parent, id)
        if member is None:
            raise UnknownRecord(f"there is no '{id}' in {collection.path}", field="id")
        return member

    def _only_was_deleted(self, store: MemberStore, collection: Collection, parent: str) -> bool:
        written = store.world.resources.group(self._api, collection.path, parent).get(ONLY)
        return written is not None and written.value is None

    def _only(self, store: MemberStore, collection: Collection, parent: str) -> Member:
        try:
            return self._handlers.only_member(collection, parent, store)
        except ApiError as error:
            raise UnknownRecord(error.message, field="id") from None

    def _ids(self, store: MemberStore, collection: Collection, parent: str) -> list[str]:
        """The ids of all members: generated rows, then created members. Only members on the page need values."""
        written = store.world.resources.group(self._api, collection.path, parent)
        key = self._generated.key(store.world, collection, parent)
        deleted = {id for id, each in written.items() if each.value is None}
        new = [id for id in written if id not in deleted and not self._generated.ids.has(key, collection, id)]
        return [*(id for id in self._generated.ids.all(key, collection) if id not in deleted), *new]

    # --- showing -----------------------------------------------------------------------------------

    def _shown(self, store: MemberStore, collection: Collection, parent: str, member: Member) -> ResourceView:
        return ResourceView(member.id, store.was_written(collection, parent, member.id), member.value)

    def _view(self, collection: Collection, written: int) -> CollectionView:
        return CollectionView(
            path=collection.path,
            id=str(collection.id[0]) if len(collection.id) == 1 else "",
            single=collection.is_single,
            parents=[ParentView(each.parameter, each.collection) for each in collection.parents],
            fields=list(self._fields(collection)),
            written=written,
        )

    def _fields(self, collection: Collection) -> Iterator[FieldView]:
        reader = self._document.reader
        entities = self._document.entities(collection)
        required = reader.required(entities[0]) if entities else frozenset()
        references = dict(collection.references)
        for name, schema in self._document.properties(collection).items():
            merged, types = reader.merged(schema), reader.types(schema) - {"null"}
            choices = merged.get("enum")
            form = merged.get("format")
            yield FieldView(
                name=name,
                type=next(iter(types)) if len(types) == 1 else "",
                format=form if isinstance(form, str) else "",
                choices=[each for each in choices if each is not None][:200] if isinstance(choices, list) else (),
                required=name in required,
                server_owned=name in collection.server_owned,
                reference=references.get(name, ""),
            )

    # --- writing -----------------------------------------------------------------------------------

    def _check_names(
        self, collection: Collection, value: dict[str, Json], before: Mapping[str, Json] = NO_FIELDS
    ) -> None:
        known = self._document.properties(collection)
        by_letters = {letters(name) for name in (*known, *before)}
        for name in value:
            if known and name not in known and letters(name) not in by_letters:
                listed = ", ".join(list(known)[:MAX_LISTED_NAMES]) + (", …" if len(known) > MAX_LISTED_NAMES else "")
                raise BadValue(f"{collection.path} has no field '{name}'; there are: {listed}", field=name)

    def _check_required(self, collection: Collection, parent: str, sent: Mapping[str, Json]) -> None:
        """Raise ``BadValue`` if a field is missing that the document requires for the creation of a member.

        Fields that the path determines, such as the parents' ids, need not be sent again.
        """
        known = {letters(name): name for name in self._document.properties(collection)}
        given = {letters(str(place[0])) for place in self._generated.fixed(collection, parent, "") if place}
        given = given - {letters(str(part)) for part in collection.id[:1]} | {letters(name) for name in sent}
        missing = [
            [name for name in names if letters(name) not in given and (not known or letters(name) in known)]
            for names in self._document.required_to_create(collection)
        ]
        if missing and all(missing):
            name = known.get(letters(missing[0][0]), missing[0][0])
            raise BadValue(f"{name} is required to create a member of {collection.path}", field=name)

    def _written(
        self,
        collection: Collection,
        parent: str,
        id: str,
        value: dict[str, Json],
        before: Mapping[str, Json] = NO_FIELDS,
    ) -> WriteResource:
        """The command that writes a whole member, including its id. Raises ``BadValue`` as ``_command`` does."""
        self._check_names(collection, value, before)
        if collection.id:
            named = at(value, collection.id)
            own = parts_of(id)[-1] if collection.parts else id
            if named is not None and str(named) != own:
                raise BadValue(f"{collection.id[-1]} names this member and stays '{own}'", field=str(collection.id[-1]))
            if str(collection.id[0]) not in value:
                value = dict(value)
                put(value, collection.id, self._document.coerce(collection, collection.id, own))
        return self._command(collection, parent, id, value, before)

    def _command(
        self,
        collection: Collection,
        parent: str,
        id: str,
        value: dict[str, Json],
        before: Mapping[str, Json] = NO_FIELDS,
    ) -> WriteResource:
        """The command that writes a value. Raises ``BadValue`` if a field that differs from ``before`` does not fit."""
        command = WriteResource(api=self._api, collection=collection.path, id=id, value=value, parent=parent)
        checks = self._document.member_checks(collection)
        if checks is not None:
            _check(checks, command.value or {}, before)
        return command


def _check(checks: Checks, value: Mapping[str, Json], before: Mapping[str, Json]) -> None:
    """Raise ``BadValue`` for the first error that ``before`` does not have. Generated members of documents that contradict
    themselves are invalid; it must still be possible to change their other fields."""
    if checks.is_valid(value):
        return
    did_not_fit = bool(before) and not checks.is_valid(before)
    for path, error in checks.errors(value):
        missing = getattr(error.kind, "property", None)  # the field of a ``required`` error
        name = str(path[0]) if path else missing
        if did_not_fit and (name is None or (name in before and name in value and value[name] == before[name])):
            continue
        if did_not_fit and name not in before and name not in value:
            continue
        cause = cause_of(error, lambda _: None)
        where = ".".join(map(str, cause.place))
        message = " ".join(f"{cause.message}{cause.note}".split())[:300]
        field = ".".join(map(str, cause.path))
        raise BadValue(f"{where}: {message}" if where else message, field=field or None)


def _matches(member: Member, needle: str) -> bool:
    texts = (member.id, *(each for each in member.value.values() if isinstance(each, str | int | float)))
    return any(needle in str(each).casefold() for each in texts)
