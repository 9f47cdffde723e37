"""Computes the value of a member after it is created, replaced, updated or changed by an action."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from counterfoil.apis.generic.agreeing_times import LATER
from counterfoil.apis.generic.data.instants import INSTANT_NAMES
from counterfoil.apis.generic.data.numbers import bounds_of
from counterfoil.apis.generic.data.values import FAILURES, Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.relations import CREATED, UPDATED, state_field
from counterfoil.apis.generic.model import Collection, Operation, Place
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.places import put
from counterfoil.world.commands.resources import plain_numbers

Json = Any

HAPPENED = re.compile(r"(?:[a-z]ed|begun|sent|given|known|seen)_?(?:[aA]t|[oO]n|Date|date|Time|time)?$")
"""Names of fields with the time of a past event: ``opened_at``, ``issuedOn``, ``dateOpened``."""
FIRST_STATES = ("draft", "pending", "new", "created", "open", "active", "enabled", "queued", "scheduled", "incomplete")
"""The state of a new member without a documented default is the first of these that the document lists."""


class MemberChanges:
    """The changes to members of one document's collections. ``now`` is the world's time."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def fields(self, collection: Collection, sent: Json) -> dict[str, Json]:
        """The sent fields by the member's names: ``FriendlyName`` as ``friendly_name``. Unknown fields are omitted."""
        if not isinstance(sent, dict):
            return {}
        members = self.document.properties(collection)
        if not members:
            return dict(plain_numbers(sent))
        reader, entity = self.document.reader, self.document.entity(collection)
        # a document may require a field without describing it
        required: dict[str, Json] = {name: {} for name in sorted(reader.required(entity)) if name not in members}
        return dict(plain_numbers(self._renamed({**required, **members}, sent, 0)))

    def with_defaults(self, operation: Operation, fields: dict[str, Json]) -> dict[str, Json]:
        """The fields, and the request schema's defaults for fields that were not sent."""
        body = request_schema(self.document.spec.operations[operation.name])
        schema = self.document.reader.member(body, operation.body) if body is not None else None
        known = {letters(name) for name in fields}
        for name, each in self.document.reader.properties(schema).items() if schema is not None else ():
            default = self.document.reader.merged(each).get("default")
            if default is not None and letters(name) not in known:
                fields.update(self.fields(self.document.collection(operation), {name: default}))
        return fields

    def _renamed(self, members: Mapping[str, Json], sent: Mapping[str, Json], depth: int) -> dict[str, Json]:
        by_letters = {letters(name): name for name in members}
        reader = self.document.reader
        out: dict[str, Json] = {}
        for name, value in sent.items():
            known = name if name in members else by_letters.get(letters(name))
            if known is None or (known in out and known != name):
                continue
            inner = reader.properties(members[known]) if isinstance(value, dict) and depth < 6 else None
            if inner and not any(each in inner for each in value):
                value = self._renamed(inner, value, depth + 1) or value
            out[known] = value
        return out

    def created(
        self, collection: Collection, fields: Mapping[str, Json], fixed: Mapping[Place, Json], key: str, now: datetime
    ) -> dict[str, Json]:
        """The value of a new member: sent fields, defaults, and fields that the server sets."""
        members = self.document.properties(collection)
        beside = {place for place, id_place, _ in collection.embeds if place != id_place}  # shown by their ids
        value: dict[str, Json] = {
            name: self._resolve_now(members.get(name), each, now) for name, each in fields.items()
        }
        wanted, listed = self.document.reader.required(self.document.entity(collection)), dict(collection.lists)
        for name, schema in members.items():
            if name in value or name in beside:
                continue
            merged = self.document.reader.merged(schema)
            if name == collection.state and (state := self._first_state(merged)) is not None:
                value[name] = state
            elif merged.get("default") is not None:
                value[name] = merged["default"]
            elif name in collection.created or name in collection.updated:
                value[name] = self.instant(schema, now)
            elif name in collection.server_owned and not self._is_unset_at_first(schema, name):
                if self._is_instant(name, schema):
                    value[name] = self.instant(schema, now)
                elif (begins := self._initial_value(name, merged)) is not None:
                    value[name] = begins
                else:
                    self._add_generated(value, name, schema, key)
            elif name in wanted and name != collection.state and self.document.reader.is_nullable(merged):
                value[name] = None  # nothing has happened to a new member yet
            elif name in listed or (name in wanted and self._is_empty_list(merged)):
                value[name] = []
        self._begin_attributes(members, value, now)
        return self._with_fixed(collection, self._complete(collection, value, key), fixed)

    def _begin_attributes(self, members: Mapping[str, Json], value: dict[str, Json], now: datetime) -> None:
        """Add the fields that the server sets to sent ``attributes`` (JSON:API): the first state, defaults, time of creation."""
        sent = value.get("attributes")
        if not isinstance(sent, dict):
            return
        reader, attributes = self.document.reader, dict(sent)
        fields = reader.properties(members.get("attributes", {}))
        state, _ = state_field(reader, members.get("attributes", {}))
        for name, schema in fields.items():
            if name in attributes:
                continue
            if name == state and (first := self._first_state(reader.merged(schema))) is not None:
                attributes[name] = first
            elif reader.merged(schema).get("default") is not None:
                attributes[name] = reader.merged(schema)["default"]
            elif letters(name) in CREATED | UPDATED:
                attributes[name] = self.instant(schema, now)
        value["attributes"] = attributes

    def replaced(
        self,
        collection: Collection,
        before: Mapping[str, Json],
        fields: Mapping[str, Json],
        fixed: Mapping[Place, Json],
        now: datetime,
        key: str,
    ) -> dict[str, Json]:
        """The value after PUT: sent fields, defaults, server-owned fields as before, and fields fixed by the path (``fixed``)."""
        listed = (field for field, _ in collection.lists)
        own = (*collection.server_owned, *_id_property(collection.id), *listed)
        kept = {name: before[name] for name in own if name in before}
        value = {
            **kept,
            **{
                name: each for name, each in fields.items() if name not in collection.server_owned or name not in before
            },
        }
        for name, schema in self.document.properties(collection).items():
            default = self.document.reader.merged(schema).get("default")
            if name not in value and default is not None:
                value[name] = default
        value = self._with_fixed(collection, self._complete(collection, value, key), fixed)
        return self._with_update_time(collection, value, now)

    def updated(
        self, collection: Collection, before: Mapping[str, Json], fields: Mapping[str, Json], now: datetime
    ) -> dict[str, Json]:
        """The value after PATCH: sent fields, the rest as before; objects are merged (RFC 7396)."""
        own = {*_id_property(collection.id), *collection.parts}
        members = self.document.properties(collection)
        changes = {
            name: self._resolve_now(members.get(name), each, now) for name, each in fields.items() if name not in own
        }
        return self._with_update_time(collection, self._merged(before, changes, members, {}), now)

    def replaced_by(
        self, collection: Collection, before: Mapping[str, Json], fields: Mapping[str, Json], now: datetime
    ) -> dict[str, Json]:
        """The value if all new fields are known, as after a JSON Patch; the id stays."""
        own = {name: before[name] for name in _id_property(collection.id) if name in before}
        return self._with_update_time(collection, {**fields, **own}, now)

    def acted(
        self,
        collection: Collection,
        operation: Operation,
        before: Mapping[str, Json],
        fields: Mapping[str, Json],
        now: datetime,
    ) -> dict[str, Json]:
        """The value after an action: sent fields, then the fields that the action sets; ``now`` means the world's time."""
        members = self.document.properties(collection)
        changes = {name: each for name, each in fields.items() if name not in _id_property(collection.id)}
        value = self._merged(before, changes, members, {})
        for name, new in operation.sets:
            value[name] = self.instant(members.get(name, {}), now) if new == "now" else new
            self._set_state_time(value, members, new, now)
        return self._with_update_time(collection, value, now)

    def instant(self, schema: Json, now: datetime) -> Json:
        """The time ``now`` in the field's format: a date, a date-time, or seconds (or milliseconds) since 1970."""
        reader = self.document.reader
        merged, types = reader.merged(schema), reader.types(schema)
        form, example = merged.get("format"), merged.get("example")
        now = now.astimezone(UTC)
        if "string" in types or not types:
            if form == "date" or (isinstance(example, str) and len(example) == 10 and form != "date-time"):
                return now.strftime("%Y-%m-%d")
            if isinstance(example, str) and example[3:5] == ", ":
                return now.strftime("%a, %d %b %Y %H:%M:%S +0000")
            return now.strftime("%Y-%m-%dT%H:%M:%SZ")
        seconds = int(now.timestamp())
        return seconds * 1000 if isinstance(example, int) and example > 10**11 else seconds

    def _resolve_now(self, schema: Json, sent: Json, now: datetime) -> Json:
        """The sent value; the text ``now`` in a time field becomes the world's time."""
        if sent != "now" or schema is None:
            return sent
        merged, types = self.document.reader.merged(schema), self.document.reader.types(schema)
        is_instant = merged.get("format") in ("date-time", "date", "unix-time") or types & {"integer", "number"}
        return self.instant(schema, now) if is_instant else sent

    # --- parts -----------------------------------------------------------------------------------

    def _first_state(self, merged: Mapping[str, Json]) -> Json:
        if merged.get("default") is not None:
            return merged["default"]
        values = merged.get("enum")
        values = [each for each in values if each is not None] if isinstance(values, list) else []
        if not values:
            return None
        by_letters = {letters(str(each)): each for each in values}
        return next((by_letters[each] for each in FIRST_STATES if each in by_letters), values[0])

    def _initial_value(self, name: str, merged: Mapping[str, Json]) -> Json:
        """The first value of a flag, a count or a list of a new member (mostly false, 0 and empty), if the schema allows it.
        None for any other field."""
        types, key = self.document.reader.types(merged), letters(name)
        if types <= {"boolean", "null"} and types and not merged.keys() & {"enum", "const"}:
            return key.removeprefix("is") in ("active", "enabled", "available", "valid", "open", "visible")
        if self._is_empty_list(merged):
            return []
        counts = key.endswith("count") or key.startswith("numberof") or key == "progress"
        least, most = bounds_of(merged)
        return 0 if counts and types & {"integer", "number"} and least <= 0 <= most else None

    def _is_empty_list(self, merged: Mapping[str, Json]) -> bool:
        """Whether a field is a list that may be empty."""
        return self.document.reader.types(merged) - {"null"} == {"array"} and not merged.get("minItems")

    def _is_instant(self, name: str, schema: Json) -> bool:
        """Whether a field has the time of a past event (``opened_at``), not of a future one (``expires_at``)."""
        merged = self.document.reader.merged(schema)
        whole = self.document.reader.types(schema) <= {"integer", "null"} and INSTANT_NAMES.search(name) is not None
        happened = HAPPENED.search(name) or letters(name) in ("at", "date", "time", "timestamp")
        return bool(happened) and (merged.get("format") == "date-time" or whole)

    def _is_unset_at_first(self, schema: Json, name: str) -> bool:
        """Whether a field is about an event that has not happened to a new member: nullable, a failure, or a time of an end."""
        key = letters(name)
        if key in CREATED | UPDATED:
            return False
        if name in FAILURES or self.document.reader.is_nullable(schema):
            return True
        return key.removesuffix("at").removesuffix("on") in LATER

    def _add_generated(self, value: dict[str, Json], name: str, schema: Json, key: str) -> None:
        try:
            value[name] = self.document.values.make(schema, f"{key}/{name}", name=name)
        except Unmakeable:
            return

    def _complete(self, collection: Collection, value: dict[str, Json], key: str) -> dict[str, Json]:
        """The value with made values for missing required fields. The members that it lists are completed on their own."""
        children = {field: value[field] for field, _ in collection.lists if field in value}
        given = {name: [] if name in children else each for name, each in value.items()}
        for schema in self.document.entities(collection)[:1]:
            try:
                made = self.document.values.make(schema, key, given=given)
            except Unmakeable:
                continue
            if isinstance(made, dict):
                return {**made, **{name: each for name, each in value.items() if name not in made}, **children}
        return value

    def _with_fixed(
        self, collection: Collection, value: dict[str, Json], fixed: Mapping[Place, Json]
    ) -> dict[str, Json]:
        for place, each in fixed.items():
            put(value, place, self.document.coerce(collection, place, each))
        return value

    def _with_update_time(self, collection: Collection, value: dict[str, Json], now: datetime) -> dict[str, Json]:
        members = self.document.properties(collection)
        for name in collection.updated:
            if name in members:
                value[name] = self.instant(members[name], now)
        inner = value.get("attributes")
        if isinstance(inner, dict):
            fields = self.document.reader.properties(members.get("attributes", {}))
            changed = {name: self.instant(each, now) for name, each in fields.items() if letters(name) in UPDATED}
            value["attributes"] = {**inner, **changed}
        return value

    def _merged(
        self, before: Mapping[str, Json], changes: Mapping[str, Json], members: Mapping[str, Json], further: Json
    ) -> dict[str, Json]:
        """Objects merged (RFC 7396): null removes a field, unless the field is nullable."""
        reader, out = self.document.reader, dict(before)
        for name, value in changes.items():
            schema, old = members.get(name, further), out.get(name)
            if value is None and reader.types(schema) and not reader.is_nullable(schema):
                out.pop(name, None)
            elif isinstance(value, dict) and (isinstance(old, dict) or old is None) and reader.is_object(schema):
                rest = reader.merged(schema).get("additionalProperties")
                out[name] = self._merged(old or {}, value, reader.properties(schema), rest)
            elif isinstance(value, dict) and isinstance(old, dict):
                out[name] = self._merged(old, value, {}, {})
            else:
                out[name] = value
        return out

    def _set_state_time(self, value: dict[str, Json], members: Mapping[str, Json], new: Json, now: datetime) -> None:
        """Set the time of a new state: ``canceled_at`` if the status becomes ``canceled``."""
        if not isinstance(new, str):
            return
        for name, schema in members.items():
            if letters(name) in (f"{letters(new)}at", f"{letters(new)}on", f"{letters(new)}date"):
                value[name] = self.instant(schema, now)


def _id_property(place: Place) -> tuple[str, ...]:
    return (str(place[0]),) if len(place) == 1 else ()
