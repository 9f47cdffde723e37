"""The rows of collections: the members that there are at first, each generated from the seed on first use.

A row depends only on the seed, its collection, its parent and its number.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

from counterfoil.api.kept import Kept
from counterfoil.apis.generic.agreeing_times import AgreeingTimes
from counterfoil.apis.generic.alternate_values import AlternateValues
from counterfoil.apis.generic.data.fitting import fit
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.data.tweaks import NO_TWEAKS
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.inference.composite import fields_of
from counterfoil.apis.generic.model import Collection, Model, Place, place_text, read_place
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.paths import read_path
from counterfoil.apis.generic.places import at, put
from counterfoil.apis.generic.row_ids import RowIds

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
        self.owners = _owners_in_objects(document.model)
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
                value[field] = self._reference(world, collection, (field,), target, row_key, row, value[field])
        for place, target in self.owners.get(collection.path, ()):
            if isinstance(value.get(str(place[0])), dict):
                put(value, place, self._reference(world, collection, place, target, row_key, row, at(value, place)))
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
        self, world: World, collection: Collection, place: Place, target: str, key: str, row: int, before: Json
    ) -> Json:
        """The id of an existing row of the collection ``target``, if there is a scalar at the place; otherwise ``before``.

        A row refers only to rows up to its own number, so that additional rows change nothing.
        """
        other = self.document.model.collections.get(target)
        if other is None or other.parents or isinstance(before, dict | list):
            return before
        ids = self.ids.all(self.key(world, other, ""), other)
        among = min(len(ids), row + 1) if row >= 0 else len(ids)
        chosen = ids[number_of(f"{key}/{place_text(place)}") % among] if ids else None
        return before if chosen is None else self.document.coerce(collection, place, chosen, otherwise=before)

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


def anchor_of(world: World) -> int:
    """The time before which all generated times are, in seconds since 1970: the start of the world's scenario."""
    return int(world.scenario.definition.starts.timestamp())


def _owners_in_objects(model: Model) -> dict[str, list[tuple[Place, str]]]:
    """By collection, the places of ids inside objects by which lists below other members select (``workspace.id``), each with the
    collection of these."""
    found: dict[str, list[tuple[Place, str]]] = {}
    for operation in model.operations.values():
        for _, field, owner in operation.scope:
            place = read_place(field)
            known = found.setdefault(operation.collection, [])
            if owner and len(place) > 1 and (place, owner) not in known:
                known.append((place, owner))
    return found


def below(parent: str, id: str) -> str:
    """The parent of the members below the member ``id`` of a collection with this parent."""
    escaped = id.replace("/", "%2F")
    return f"{parent}/{escaped}" if parent else escaped
