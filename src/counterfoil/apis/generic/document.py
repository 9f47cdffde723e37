"""A document as its handlers share it: with its model, its schemas' validators, and the generator of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from counterfoil.apis.generic.data.fitting import Checks
from counterfoil.apis.generic.data.numbers import bounds_of
from counterfoil.apis.generic.data.scalars import ANCHOR, UNSET
from counterfoil.apis.generic.data.texts import suits
from counterfoil.apis.generic.data.values import Values
from counterfoil.apis.generic.documented_responses import (
    DocumentedResponse,
    documented_response,
    examples,
    request_schema,
    response_for_status,
    success_response,
)
from counterfoil.apis.generic.inference.composite import parts_of
from counterfoil.apis.generic.inference.member_descriptions import OF_BODY
from counterfoil.apis.generic.model import Collection, Model, Operation, Place, read_place
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.json_schema.validators import schemas_of
from counterfoil.openapi import Spec
from counterfoil.openapi.path_templates import PARAMETER

Json = Any


class Document:
    """One document with its model. Thread-safe."""

    def __init__(self, spec: Spec, model: Model) -> None:
        self.spec = spec
        self.model = model
        self.reader = SchemaReader(spec.raw)
        self.values = Values(self.reader)
        self.schemas = schemas_of(spec)
        self._checks: dict[tuple[str, int], Checks] = {}
        self._cached: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._lock = Lock()
        self.entities = lru_cache(maxsize=None)(self._entities)
        self.by_part = lru_cache(maxsize=None)(self._by_part)
        self.id_schemas = lru_cache(maxsize=None)(self._id_schemas)
        self.reference_limits = lru_cache(maxsize=None)(self._reference_limits)
        self.properties = lru_cache(maxsize=None)(self._properties)
        self.answer = lru_cache(maxsize=None)(self._answer)
        self._cursors: dict[str, frozenset[str]] = {}
        self._by_collection: dict[str, list[Operation]] = {}
        for operation in model.operations.values():
            if operation.collection and not operation.linkage:  # its path and body are about more than the member
                self._by_collection.setdefault(operation.collection, []).append(operation)
        for name in spec.operations:
            self._register(name, self.answer(name))

    def keeps_files(self, collection: Collection) -> bool:
        """Whether an uploaded file of a member can be downloaded."""
        return any(each.role == "download" for each in self._by_collection.get(collection.path, ()))

    def refuses_taken_ids(self, collection: Collection) -> bool:
        """Whether the document has an error status for creating a member with a taken id."""
        creating = (each for each in self._by_collection.get(collection.path, ()) if each.role == "create")
        statuses = {
            str(status) for each in creating for status in self.spec.operations[each.name].get("responses") or ()
        }
        return bool(statuses & {"409", "422", "4XX", "4xx", "default"})

    def required_to_create(self, collection: Collection) -> list[list[str]]:
        """The fields that each create operation requires, by their names in the request.

        Fields that the server sets are excluded: documents often use one schema for requests and responses.
        """
        found = []
        for each in self._by_collection.get(collection.path, ()):
            if each.role == "create":
                schema = self.reader.member(request_schema(self.spec.operations[each.name]), each.body)
                found.append([] if schema is None else self._required_of_clients(collection, schema))
        return found

    def _required_of_clients(self, collection: Collection, schema: Json) -> list[str]:
        members = self.reader.properties(schema)
        return sorted(
            name
            for name in self.reader.required(schema)
            if name not in collection.server_owned and not self.reader.merged(members.get(name, {})).get("readOnly")
        )

    # --- responses -------------------------------------------------------------------------------

    def _answer(self, name: str) -> DocumentedResponse:
        return success_response(self.spec.operations[name], name.partition(" ")[0])

    def response_for_status(self, name: str, status: int) -> DocumentedResponse | None:
        """The documented response of an operation for a status, also as ``4XX`` or ``default``; None if there is none."""
        operation = self.spec.operations.get(name)
        return None if operation is None else response_for_status(operation, status)

    def documented(self, name: str, status: int) -> DocumentedResponse | None:
        """The documented response of an operation for exactly this status; None if there is none."""
        responses = self.spec.operations[name].get("responses") or {}
        return documented_response(responses[str(status)], status) if str(status) in responses else None

    def checks(self, name: str, answer: DocumentedResponse) -> Checks:
        """The validator of a JSON response that has a schema."""
        found = self._checks.get((name, answer.status))
        return found if found is not None else self._register(name, answer)

    def _register(self, name: str, answer: DocumentedResponse) -> Any:
        if answer.schema is None or not answer.is_json:
            return None
        with self._lock:
            checks = self._checks[name, answer.status] = self.schemas.validator(answer.schema, "response")
        return checks

    def member_checks(self, collection: Collection) -> Checks | None:
        """The validator of a collection's members; None if the document has no schema of a member."""
        entities = self.entities(collection)
        if not entities:
            return None
        with self._lock:
            return self.schemas.validator(entities[0], "response")

    def examples(self, answer: DocumentedResponse) -> list[tuple[str, Json]]:
        """The examples of a response as pairs of name and value."""
        return examples(answer.content, self.reader.target)

    # --- collections -----------------------------------------------------------------------------

    def collection(self, operation: Operation) -> Collection:
        return self.model.collections[operation.collection]

    def _entities(self, collection: Collection) -> tuple[Json, ...]:
        """The schemas of members in responses, the most complete first."""
        found = [self.entity(collection)]
        order = {"read": 0, "read_one": 0, "list": 1, "create": 2}
        for operation in sorted(self._by_collection.get(collection.path, ()), key=lambda each: order.get(each.role, 3)):
            if operation.role in ("delete", "delete_one", "clear", "action", "download") or operation.one_by_one:
                continue
            answer = self.answer(operation.name)
            if answer.is_json and answer.schema is not None:
                place = (*operation.at, 0, *operation.each) if operation.role == "list" else operation.at
                found.append(self.reader.member(answer.schema, place))
        merged: dict[int, Json] = {}
        for schema in found:
            if schema is not None and self.reader.is_object(schema):
                merged.setdefault(id(self.reader.merged(schema)), schema)
        return tuple(self._narrowest_first(list(merged.values())))

    def _narrowest_first(self, schemas: list[Json]) -> list[Json]:
        """If another schema has only some of the first schema's alternatives, move it to the front: its members fit both."""
        named = [self._alternatives(each) for each in schemas]
        narrow = [place for place, names in enumerate(named) if names and names < named[0]]
        if narrow:
            schemas.insert(0, schemas.pop(min(narrow, key=lambda place: len(named[place]))))
        return schemas

    def _alternatives(self, schema: Json) -> frozenset[str]:
        """The references to schemas that are alternatives of a schema."""
        branches = (each for group in self.reader.merged(schema).get("choices", ()) for each in group)
        return frozenset(str(each["$ref"]) for each in branches if isinstance(each, dict) and "$ref" in each)

    def entity(self, collection: Collection) -> Json:
        """The schema of a member that the model refers to; empty if the document does not have it."""
        if collection.entity.startswith("#"):
            return self.reader.target(collection.entity)
        name = collection.entity.removesuffix(OF_BODY)
        if name != collection.entity and name in self.spec.operations:
            return (
                self.reader.member(request_schema(self.spec.operations[name]), self.model.operations[name].body) or {}
            )
        operation = self.model.operations.get(collection.entity)
        if operation is None or collection.entity not in self.spec.operations:
            return {}
        place = (*operation.at, 0, *operation.each) if operation.role == "list" else operation.at
        return self.reader.member(self.answer(operation.name).schema, place) or {}

    def _properties(self, collection: Collection) -> Mapping[str, Json]:
        """All fields of a member, from all its schemas in responses."""
        found: dict[str, Json] = {}
        for schema in self.entities(collection):
            for name, member in self.reader.properties(schema).items():
                found.setdefault(name, member)
        return found

    def field(self, collection: Collection, place: Place) -> Json:
        """The schema of a field; an empty one if there is none."""
        first = self.properties(collection).get(str(place[0])) if place else None
        return self.reader.member(first, place[1:]) or {} if first is not None else {}

    def is_plain(self, collection: Collection, name: str) -> bool:
        """Whether a field can hold a scalar; it may also allow an object instead, like Stripe's expandable fields."""
        types = self.reader.types(self.properties(collection).get(name, {}))
        return "array" not in types and bool(types & {"string", "integer", "number"} or not types)

    def coerce(self, collection: Collection, place: Place, value: Json, *, otherwise: Json = UNSET) -> Json:
        """``value`` with the type that the field's schema wants: ``"12"`` as 12 for a number.

        A value that cannot be converted is kept, or replaced by ``otherwise`` if that is given.
        """
        schema = self.field(collection, place)
        coerced = self.values.scalars.coerce(self.reader.merged(schema), self.reader.types(schema), value)
        if coerced is not UNSET:
            return coerced
        return value if otherwise is UNSET else otherwise

    def is_valid_id(self, collection: Collection, id: str) -> bool:
        """Whether an id is valid for the path parameter and for the property of a member."""
        if collection.parts:
            values = parts_of(id)
            return len(values) == len(collection.parts) and all(
                self.is_valid_id(part, value) for part, value in zip(self.by_part(collection), values, strict=True)
            )
        return all(_is_id(each, self.reader.types(each), id) for each in self.id_schemas(collection))

    def is_in_paths(self, collection: Collection) -> bool:
        """Whether a path has the id of a member of the collection."""
        known = self._by_collection.get(collection.path, ())
        return any(collection.parameter in PARAMETER.findall(each.name) for each in known)

    def _by_part(self, collection: Collection) -> tuple[Collection, ...]:
        """For each field of a composite id, a copy of the collection with this field alone as its id."""
        length = len(collection.parents) + len(collection.parts)
        names = (PARAMETER.findall(each.name) for each in self._by_collection.get(collection.path, ()))
        known = next((each[-len(collection.parts) :] for each in names if len(each) == length), collection.parts)
        return tuple(
            replace(collection, id=(field,), parameter=parameter, parts=())
            for field, parameter in zip(collection.parts, known, strict=True)
        )

    def _id_schemas(self, collection: Collection) -> tuple[dict[str, Json], ...]:
        """The schemas that an id must fit: of path parameters, of ids in queries and request bodies, and of the property."""
        schemas = []
        for operation in self._by_collection.get(collection.path, ()):
            for parameter in self.spec.operations[operation.name].get("parameters") or ():
                if (
                    parameter.get("in") == "path"
                    and parameter.get("name") == collection.parameter
                    and isinstance(parameter.get("schema"), dict)
                ):
                    schema = dict(self.reader.merged(parameter["schema"]))
                    if "example" in parameter:
                        schema.setdefault("example", parameter["example"])
                    if schema not in schemas:
                        schemas.append(schema)
            for schema in self._sent_id_schemas(operation):
                if schema not in schemas:
                    schemas.append(schema)
        if collection.id:
            member = self.field(collection, collection.id)
            if member:
                schemas.append(dict(self.reader.merged(member)))
        return tuple(schemas)

    def _reference_limits(self, collection: Collection) -> tuple[dict[str, Json], ...]:
        """The ``maxLength`` of fields in other collections that refer to this one: a row's id must fit them, too."""
        fields = (
            self.reader.merged(self.field(other, (name,)))
            for other in self.model.collections.values()
            for name, path in other.references
            if path == collection.path
        )
        return tuple({"maxLength": each["maxLength"]} for each in fields if isinstance(each.get("maxLength"), int))

    def may_be_empty(self, operation: Operation) -> bool:
        """Whether the list in an operation's response may be empty."""
        schema = self.answer(operation.name).schema
        found = self.reader.member(schema, operation.at) if schema is not None else None
        least = self.reader.merged(found).get("minItems") if found is not None else None
        return not (isinstance(least, int) and least > 0)

    def _sent_id_schemas(self, operation: Operation) -> list[dict[str, Json]]:
        """The schemas of the id in an operation's query or request body."""
        definition = self.spec.operations[operation.name]
        found = [
            each.get("schema", {})
            for each in definition.get("parameters") or ()
            if operation.id_query and (each.get("in"), each.get("name")) == ("query", operation.id_query)
        ]
        if operation.id_at:
            body = request_schema(definition)
            found += [self.reader.member(body, (*place, *operation.id_at)) for place in {operation.body, ()}]
        return [self._single_id_schema(each) for each in found if isinstance(each, dict)]

    def _single_id_schema(self, schema: Json) -> dict[str, Json]:
        """The schema of one id, from the schema of an id, of a list of ids, or of a text of ids joined with commas."""
        merged = dict(self.reader.merged(self.reader.items(schema) if self.reader.is_array(schema) else schema))
        shown = merged.get("example")
        if isinstance(shown, str) and "," in shown:
            merged = {"type": "string", "example": shown.split(",")[0].strip()}
        return merged

    def refuses_unknown_ids(self, name: str) -> bool:
        """Whether the document has an error status for unknown ids in this operation."""
        responses = self.spec.operations[name].get("responses") or {}
        return bool({str(each) for each in responses} & {"400", "404", "410", "422", "4XX", "4xx", "default"})

    def cursor_examples(self, operation: Operation) -> frozenset[str]:
        """The document's examples of a list's cursors."""
        found = self._cursors.get(operation.name)
        if found is None:
            found = self._cursors[operation.name] = frozenset(self._cursor_examples(operation))
        return found

    def _cursor_examples(self, operation: Operation) -> Iterator[str]:
        pages, definition = operation.pages, self.spec.operations[operation.name]
        found: list[Json] = []
        for name in (pages.at, pages.before) if pages.kind == "cursor" else ():
            for each in definition.get("parameters") or ():
                if name and (each.get("in"), each.get("name")) == ("query", name):
                    found += [value for _, value in examples(each, self.reader.target)]
                    found += self.reader.examples(each.get("schema", {}))
                    found.append(self.reader.merged(each.get("schema") or {}).get("default"))  # means the first page
            if name and operation.asks == "body":
                content = (definition.get("requestBody") or {}).get("content") or {}
                sent = [value for media in content.values() for _, value in examples(media, self.reader.target)]
                found += [at(value, read_place(name)) for value in sent]
                found += self.reader.examples(self.reader.member(request_schema(definition), read_place(name)) or {})
        yield from (str(each) for each in found if isinstance(each, str | int))

    def text(self, schema: Mapping[str, Json], name: str, key: str) -> str:
        """A made text that fits a schema, ignoring its examples, default and enum."""
        schema = {key: value for key, value in schema.items() if key not in ("example", "examples", "default", "enum")}
        return str(self.values.scalars.make(schema, frozenset({"string"}), name, key, ANCHOR, 1))

    def suits(self, schema: Mapping[str, Json], text: str) -> bool:
        """Whether a text fits a schema's lengths, pattern and format."""
        return suits(schema, text)

    def cached_for(self, resource: Any, compute: Callable[[], Any]) -> Any:
        """``compute()``, cached as long as ``resource`` exists."""
        found = self._cached.get(resource)
        if found is None:
            found = self._cached[resource] = compute()
        return found


def _is_id(schema: Mapping[str, Json], types: frozenset[str], id: str) -> bool:
    if isinstance(schema.get("enum"), list):
        return id in map(str, schema["enum"])
    if types and types <= {"integer", "number", "null"}:
        least, most = bounds_of(schema)
        return id.removeprefix("-").isdecimal() and least <= int(id) <= most
    return suits(schema, id)
