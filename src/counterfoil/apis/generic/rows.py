"""The members of collections in one world: rows, which are generated from the seed on first use, and written members.

A row depends only on the seed, its collection, its parent and its number. Written members are in the world's state
(``world.resources``), so forks, resets and capsules apply to them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from counterfoil.api import ApiError
from counterfoil.api.kept import Kept
from counterfoil.apis.generic.agreeing_times import AgreeingTimes
from counterfoil.apis.generic.alternate_values import AlternateValues
from counterfoil.apis.generic.data.fitting import fit
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.data.tweaks import NO_TWEAKS
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.inference.composite import fields_of
from counterfoil.apis.generic.model import Collection, Place, read_place
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.paths import read_path
from counterfoil.apis.generic.places import at, put
from counterfoil.apis.generic.row_ids import RowIds
from counterfoil.world.commands import WriteResource
from counterfoil.world.resources import Content

if TYPE_CHECKING:
    from counterfoil.world.world import World

Json = Any

ONLY = "-"
"""The id of a single resource."""
MAX_KEPT_ROWS = 20_000
"""Maximum number of cached rows, and of rows in cached lists; evicted rows are generated again when needed."""
MAX_KEPT_IDS = 200_000
"""Maximum number of cached ids, for all collections and parents."""
MAX_TRIES = 100
"""How many ids are tried for a new member; so many are taken only if the document has an enum of ids."""
MAX_LISTED_ROWS = 5
"""Maximum number of rows below each parent in a collection that the parent lists in a field."""


class Member:
    """One member of a collection; ``id`` and ``value`` must not be changed. ``shown`` caches its form in the response of each
    operation, ``kept`` caches what is known about that form (``api.kept``)."""

    __slots__ = ("id", "kept", "shown", "value")

    def __init__(self, id: str, value: dict[str, Json]) -> None:
        self.id = id
        self.value = value
        self.shown: dict[str, Json] = {}
        self.kept: dict[str, Kept] = {}

    def kept_for(self, operation: str) -> Kept:
        """The cache entry for the member's form in the response of an operation."""
        known = self.kept.get(operation)
        return known if known is not None else self.kept.setdefault(operation, Kept())


class GeneratedRows:
    """The generated rows of one API, shared by all its worlds with the same seed. Thread-safe."""

    def __init__(self, document: Document, rows: int, salt: int) -> None:
        self.document = document
        self.rows = rows
        self.salt = salt
        self.alternates = AlternateValues(document)
        self.times = AgreeingTimes(document.values)
        self.ids = RowIds(document, self.count, kept=max(16, MAX_KEPT_IDS // max(1, rows)))
        self._members: OrderedDict[tuple[str, str, int], Member] = OrderedDict()
        self._lists: OrderedDict[tuple[str, int], tuple[Member, ...]] = OrderedDict()
        self._in_lists = 0
        self._fittable: dict[str, bool] = {}
        self._listed = {path for each in document.model.collections.values() for _, path in each.lists}
        self._lock = Lock()

    def count(self, collection: Collection) -> int:
        """The number of rows that a collection has, below each parent."""
        if collection.rows is not None:
            return collection.rows
        return min(self.rows, MAX_LISTED_ROWS) if collection.path in self._listed else self.rows

    def key(self, world: World, collection: Collection, parent: str) -> str:
        """The seed of all rows of a collection below one parent."""
        return f"{world.seed}.{self.salt}/{collection.path}/{parent}"

    def member(self, world: World, collection: Collection, parent: str, id: str) -> Member:
        """The row with that id, generated if it is not cached."""
        cache_key = (self.key(world, collection, parent), id, anchor_of(world))
        with self._lock:
            found = self._members.get(cache_key)
            if found is not None:
                self._members.move_to_end(cache_key)
                return found
        value = self._value(world, collection, parent, id)
        for field, path in collection.lists:
            if field in value:
                child = self.document.model.collections[path]
                value[field] = [each.value for each in self.all(world, child, below(parent, id))]
        member = Member(id, value)
        with self._lock:
            member = self._members.setdefault(cache_key, member)
            if len(self._members) > MAX_KEPT_ROWS:
                self._members.popitem(last=False)
        return member

    def all(self, world: World, collection: Collection, parent: str) -> tuple[Member, ...]:
        """All rows below a parent, in order."""
        key = self.key(world, collection, parent)
        known = (key, anchor_of(world))
        with self._lock:
            found = self._lists.get(known)
        if found is None:
            found = tuple(self.member(world, collection, parent, id) for id in self.ids.all(key, collection))
            with self._lock:
                self._in_lists += len(found) - len(self._lists.pop(known, ()))
                self._lists[known] = found
                while self._in_lists > MAX_KEPT_ROWS and len(self._lists) > 1:
                    self._in_lists -= len(self._lists.popitem(last=False)[1])
        return found

    def _value(self, world: World, collection: Collection, parent: str, id: str) -> dict[str, Json]:
        document = self.document
        key = self.key(world, collection, parent)
        row = 0 if id == ONLY else self.ids.number(key, collection, id)
        given = self.fixed(collection, parent, id)
        anchor = anchor_of(world)
        row_key = f"{key}/{id}"
        value: dict[str, Json] = {}
        for schema in document.entities(collection):
            try:
                made = document.values.make(schema, row_key, tweaks=NO_TWEAKS, anchor=anchor, row=row)
            except Unmakeable:
                continue
            if isinstance(made, dict):
                for name, each in made.items():
                    value.setdefault(name, each)
        for place, each in given.items():
            put(value, place, document.coerce(collection, place, each))
        self.times.put_right(document.entities(collection), value, row_key, {str(place[0]) for place in given})
        for field, target in collection.references:
            if field in value and (field,) not in given:
                value[field] = self._reference(world, collection, field, target, row_key, row, value[field])
        self._relate(world, collection, value, row_key, row)
        self.alternates.make_valid(collection, value, row_key)
        return self._fitted(collection, value, row_key, anchor, row)

    def _fitted(
        self, collection: Collection, value: dict[str, Json], key: str, anchor: int, row: int
    ) -> dict[str, Json]:
        """The row, changed to fit its schema. Otherwise each response would change it in a different way."""
        document = self.document
        checks = document.member_checks(collection)
        if checks is None or checks.is_valid(value) or not self._can_fit(collection):
            return value
        schema = document.entities(collection)[0]
        try:
            found = fit(document.values, schema, checks, key, given=value, anchor=anchor, row=max(row, 1))
        except Unmakeable:
            found = None
        if not isinstance(found, dict) or at(found, collection.id) != at(value, collection.id):
            return value
        dropped = document.reader.properties(schema).keys() - found.keys()
        return {**{name: each for name, each in value.items() if name not in dropped}, **found}

    def _can_fit(self, collection: Collection) -> bool:
        """Whether a valid member of the collection can be made at all; saves the attempts for each row."""
        known = self._fittable.get(collection.path)
        if known is None:
            schema, checks = self.document.entities(collection)[0], self.document.member_checks(collection)
            try:
                assert checks is not None
                known = isinstance(fit(self.document.values, schema, checks, f"any of {collection.path}"), dict)
            except Unmakeable:
                known = False
            self._fittable[collection.path] = known
        return known

    def _relate(self, world: World, collection: Collection, value: dict[str, Json], key: str, row: int) -> None:
        """Fill the relationships of JSON:API with ids of existing rows."""
        for place, _, target in collection.embeds:
            steps = read_place(place)
            other = self.document.model.collections.get(target)
            if len(steps) < 3 or other is None or value.get(str(steps[0])) is None:
                continue
            schema = self.document.field(collection, steps)
            is_list = self.document.reader.is_array(schema)
            ids = self.ids.all(self.key(world, other, ""), other)
            chosen = ids[number_of(f"{key}/{place}") % min(len(ids), max(row, 0) + 1)] if ids else None
            if chosen is not None:
                item = self.document.reader.items(schema) if is_list else schema
                try:
                    made = self.document.values.make(item, f"{key}/{place}", given={"id": chosen})
                except Unmakeable:
                    continue
                put(value, steps, [made] if is_list else made)

    def _reference(
        self, world: World, collection: Collection, field: str, target: str, key: str, row: int, before: Json
    ) -> Json:
        """The id of an existing row of the collection ``target``, if the field holds a scalar; otherwise ``before``.

        A row refers only to rows up to its own number, so that additional rows change nothing.
        """
        other = self.document.model.collections.get(target)
        if other is None or other.parents or isinstance(before, dict | list):
            return before
        ids = self.ids.all(self.key(world, other, ""), other)
        among = min(len(ids), row + 1) if row >= 0 else len(ids)
        chosen = ids[number_of(f"{key}/{field}") % among] if ids else None
        return before if chosen is None else self.document.coerce(collection, (field,), chosen, otherwise=before)

    def fixed(self, collection: Collection, parent: str, id: str) -> dict[Place, Json]:
        """The fields that the path determines, with their values: the id, and fields with the parents' ids."""
        determined: dict[Place, Json] = {}
        names = {letters(name): name for name in self.document.properties(collection)}
        for each, value in zip(collection.parents, parent.split("/"), strict=False):
            noun = singular(read_path(each.collection).noun) if each.collection else ""
            pointing = [field for field, target in collection.references if target == each.collection]
            also = letters(pointing[0]) if len(pointing) == 1 else ""
            for wanted in (letters(each.parameter), f"{noun}id" if noun else "", noun, also):
                if (
                    wanted in names
                    and (names[wanted],) != collection.id
                    and self.document.is_plain(collection, names[wanted])
                ):
                    determined[(names[wanted],)] = value
                    break
        if collection.parts:
            determined.update({(name,): each for name, each in fields_of(collection, id).items()})
        elif collection.id:
            determined[collection.id] = id
        return determined


class MemberStore:
    """The members of all collections in one world, at its current version."""

    def __init__(self, generated: GeneratedRows, world: World, api: str) -> None:
        self.generated = generated
        self.world = world
        self.api = api

    def get(self, collection: Collection, parent: str, id: str) -> Member | None:
        """The member with that id; None if there is none."""
        member = self._member(collection, parent, id)
        return self._with_children(collection, parent, member) if member is not None and collection.lists else member

    def _member(self, collection: Collection, parent: str, id: str) -> Member | None:
        written = self.world.resources.group(self.api, collection.path, parent).get(id)
        if written is not None:
            return None if written.value is None else self._written(id, written)
        key = self.generated.key(self.world, collection, parent)
        if collection.found == "any" or (
            self.generated.ids.has(key, collection, id) and not self._is_below_new(collection, parent)
        ):
            return self.generated.member(self.world, collection, parent, id)
        return None

    def was_written(self, collection: Collection, parent: str, id: str) -> bool:
        """Whether a client created or changed the member with that id, and did not delete it."""
        written = self.world.resources.group(self.api, collection.path, parent).get(id)
        return written is not None and written.value is not None

    def all(self, collection: Collection, parent: str) -> Iterable[Member]:
        """All members below a parent: rows, then created members in the order of their creation."""
        members = self._members(collection, parent)
        return [self._with_children(collection, parent, each) for each in members] if collection.lists else members

    def _with_children(self, collection: Collection, parent: str, member: Member) -> Member:
        """The member with the current members of the collections that its fields list."""
        place, changed = below(parent, member.id), {}
        for field, path in collection.lists:
            child = self.generated.document.model.collections[path]
            if child.lists or self.world.resources.group(self.api, path, place):
                changed[field] = [each.value for each in self.all(child, place)]
        if all(member.value.get(field) == each for field, each in changed.items()):
            return member
        name = ("generic", self.api, collection.path, parent, member.id)
        return self.world.cached(name, lambda: Member(member.id, {**member.value, **changed}))

    def _members(self, collection: Collection, parent: str) -> Iterable[Member]:
        group = self.world.resources.group(self.api, collection.path, parent)
        rows = () if self._is_below_new(collection, parent) else self.generated.all(self.world, collection, parent)
        if not group:
            return rows
        name = ("generic", self.api, collection.path, parent)
        return self.world.cached(name, lambda: tuple(self._merged(group, rows)))

    def _is_below_new(self, collection: Collection, parent: str) -> bool:
        """Whether a client created one of the parents: then there are no rows below it, only created members."""
        above: list[str] = []
        for each, id in zip(collection.parents, parent.split("/"), strict=False):
            owner = self.generated.document.model.collections.get(each.collection or "")
            if owner is not None and owner.found == "known" and not owner.parts:
                place = "/".join(above) if len(owner.parents) == len(above) else ""
                if self.was_written(owner, place, id) and not self.generated.ids.has(
                    self.generated.key(self.world, owner, place), owner, id
                ):
                    return True
            above.append(id)
        return False

    def _merged(self, group: Mapping[str, Any], rows: Iterable[Member]) -> Iterable[Member]:
        known = set()
        for row in rows:
            known.add(row.id)
            written = group.get(row.id)
            if written is None:
                yield row
            elif written.value is not None:
                yield self._written(row.id, written)
        for id, written in group.items():
            if id not in known and written.value is not None:
                yield self._written(id, written)

    def _written(self, id: str, written: Any) -> Member:
        """The written member; the same object until it is written again."""
        member: Member = self.generated.document.cached_for(written, lambda: Member(id, written.value))
        return member

    def content(self, collection: Collection, parent: str, id: str) -> Content | None:
        """The file that was uploaded for a member; None if there is none."""
        written = self.world.resources.group(self.api, collection.path, parent).get(id)
        return None if written is None else written.content

    def write(
        self,
        collection: Collection,
        parent: str,
        id: str,
        value: dict[str, Json] | None,
        content: Content | None = None,
    ) -> None:
        """Write or delete (``value`` None) one member and its file. Raises ``LedgerError`` if a limit is exceeded."""
        path = collection.path
        self.world.execute(
            WriteResource(api=self.api, collection=path, id=id, value=value, parent=parent, content=content)
        )

    def new_id(self, collection: Collection, parent: str) -> str:
        """An id for a new member, which no member has or had. Raises ``ApiError`` if all ids are taken."""
        group = self.world.resources.group(self.api, collection.path, parent)
        key = self.generated.key(self.world, collection, parent)
        number = len(self.generated.ids.all(key, collection)) + len(group)
        for further in range(MAX_TRIES):
            id = self.generated.ids.at(key, collection, number + further)
            if self.generated.ids.exceeds_maximum(collection, id):
                break
            if id not in group and not self.generated.ids.has(key, collection, id):
                return id
        raise ApiError("conflict", f"{collection.path}: every id that the document allows is taken")


def anchor_of(world: World) -> int:
    """The time before which all generated times are, in seconds since 1970: the start of the world's scenario."""
    return int(world.scenario.definition.starts.timestamp())


def below(parent: str, id: str) -> str:
    """The parent of the members below the member ``id`` of a collection with this parent."""
    escaped = id.replace("/", "%2F")
    return f"{parent}/{escaped}" if parent else escaped
