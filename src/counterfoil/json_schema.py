"""Compiles the schemas of an OpenAPI document into validators, one root schema per document and direction.

OpenAPI 3.0 schemas are almost JSON Schema draft 4. The differences are converted here: ``nullable`` (also beside
``allOf`` and ``$ref``, where connexion 3.3.0 rejects null), ``readOnly`` and ``writeOnly``, integer widths. Those of 3.1
are JSON Schema 2020-12. References
are not inlined, so that a schema may refer to itself. The validators are
jsonschema-rs's: a page of 100 rows takes 0.11 ms, where pure-Python jsonschema takes 4 ms; ``Decimal`` is a number, NaN is
not, and ``format`` is enforced.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from threading import RLock
from typing import Any, Literal

from counterfoil.openapi import SchemaDialect, Spec, SpecError, resolve, target_of
from counterfoil.schema_alternatives import exclude_each_other, is_text, names_of, property_of
from counterfoil.schema_errors import Cause, Discriminator, cause_of, schema_at
from counterfoil.schema_lists import judges_members_alone

Json = Any
Direction = Literal["request", "response"]

KEPT = frozenset(
    {
        *("type", "enum", "required", "format", "pattern", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    }
)
ONLY_2020 = frozenset({"const", "minContains", "maxContains", "dependentRequired"})
HOLD_ONE = ("items", "not", "contains", "propertyNames", "if", "then", "else")
HOLD_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
HOLD_MAP = ("patternProperties", "dependentSchemas")
OR_BOOLEAN = ("additionalProperties", "unevaluatedItems", "unevaluatedProperties")
WIDTHS = {"int32": 31, "int64": 63}

_DURATION = re.compile(r"P(?=.)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LATER_FORMATS = {
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
}
"""Formats that JSON Schema has since draft 2019-09 and that users' documents of OpenAPI 3.0 mean, too."""


class Validator:
    """Validates values against one schema. Messages say "the value" instead of repeating it: it may be secret."""

    __slots__ = ("_judges_alone", "_member", "_root")

    def __init__(self, root: _Root, member: str) -> None:
        self._root = root
        self._member = member
        self._judges_alone: dict[tuple[str | int, ...], bool] = {}

    def is_valid(self, value: Json) -> bool:
        return self._root.compiled.is_valid({self._member: value})  # type: ignore[no-any-return]

    def judges_members_alone(self, place: tuple[str | int, ...]) -> bool:
        """Whether a value is valid exactly if it is valid with each of the members of its list at ``place`` alone, and without
        any: a member that was valid there once need not be judged again."""
        known = self._judges_alone.get(place)
        if known is None:
            known = self._judges_alone[place] = self._root.judges_members_alone(self._member, place)
        return known

    def first_error(self, value: Json) -> tuple[list[str | int], Any]:
        """The path of the first error (keys and indices), and jsonschema-rs's error."""
        return next(self.errors(value))

    def errors(self, value: Json) -> Iterator[tuple[list[str | int], Any]]:
        """Every error as ``first_error`` gives the first."""
        for error in self._root.compiled.iter_errors({self._member: value}):
            yield list(error.instance_path)[1:], error

    def cause(self, value: Json) -> Cause:
        """What is wrong first: of a value that fits no alternative, what is wrong in the one that is meant."""
        _, error = self.first_error(value)
        return cause_of(error, self._root.discriminator)


class Schemas:
    """The schemas of one document. Ask for all validators first; they are compiled by ``compile``, or when one is first used.

    ``dialect`` says how schemas are read. ``is_lenient``: the document is a user's own. A schema that does not compile then
    allows everything, and a value in an answer may fit several branches of a ``oneOf``, as in many published documents it
    must; not if ``oneOf`` is to be ``exact``.
    """

    def __init__(
        self, document: Json, dialect: SchemaDialect = "draft4", *, is_lenient: bool = False, exact: bool = False
    ) -> None:
        self.document = document
        self.is_lenient = is_lenient
        self.shapes: dict[int, Any] = {}
        """What readers of texts found out of each schema, by its identity."""
        self._roots: dict[Direction, _Root] = {
            "request": _Root(document, "request", dialect, is_lenient, exact),
            "response": _Root(document, "response", dialect, is_lenient, exact),
        }

    def validator(self, schema: Json, direction: Direction) -> Validator:
        """A validator for ``schema``. Raises ``SpecError`` if it is not a schema."""
        return self._roots[direction].validator(schema)

    def resolved(self, schema: Json) -> Json:
        """``schema``, or the one it refers to. Raises ``SpecError``."""
        return resolve(self.document, schema)

    def compile(self) -> None:
        """Compile all requested schemas. Raises ``SpecError``."""
        for root in self._roots.values():
            root.compile()


def schemas_of(spec: Spec) -> Schemas:
    """The schemas of a spec, to be asked for validators. Everyone who asks gets the same, so that they are compiled once."""
    known = spec.derived.get("schemas")
    if not isinstance(known, Schemas):
        known = spec.derived["schemas"] = Schemas(spec.raw, spec.schema_dialect, is_lenient=spec.is_lenient)
    return known


class _Root:
    """One JSON Schema whose properties are the requested schemas, and whose definitions are those they refer to."""

    def __init__(
        self, document: Json, direction: Direction, dialect: SchemaDialect, is_lenient: bool, exact: bool
    ) -> None:
        self.document = document
        self.direction = direction
        self.is_2020 = dialect == "2020-12"
        self.is_lenient = is_lenient
        self.exact = exact
        self.compiled: Any = _NotYet(self)
        self._lock = RLock()  # applications that are built in several threads share the spec
        self._waiting: list[tuple[str, str]] = []
        self._members: dict[int, Validator] = {}
        self._kept: list[Json] = []  # keeps schemas alive, because ``_members`` is keyed by ``id``
        self._properties: dict[str, Json] = {}
        self._definitions: dict[str, str] = {}
        self._converted: dict[str, Json] = {}
        self._inlined: list[str] = []
        self._discriminators: dict[int, Discriminator] = {}  # by the identity of the alternatives that they tell apart
        self._keywords = KEPT | ONLY_2020 if self.is_2020 else KEPT

    def validator(self, schema: Json) -> Validator:
        with self._lock:
            known = self._members.get(id(schema))
            if known is None:
                member = f"s{len(self._members)}"
                self._properties[member] = self.convert(schema)
                self._convert_waiting()
                known = self._members[id(schema)] = Validator(self, member)
                self._kept.append(schema)
                self.compiled = _NotYet(self)
            return known

    def compile(self) -> Any:
        """The root schema's validator, compiled anew if more was requested. Raises ``SpecError`` unless the document is a
        user's own."""
        with self._lock:
            if isinstance(self.compiled, _NotYet):
                self.compiled = self._compile_or_allow()
            return self.compiled

    def _compile_or_allow(self) -> Any:
        try:
            return self._compile()
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            if not self.is_lenient:
                raise SpecError(f"a schema does not compile: {reason}") from None
            logging.getLogger("counterfoil.server").warning(
                "a schema does not compile, so anything is valid in its place: %s", reason
            )
            return self._compile_without_unusable()

    def _compile(self) -> Any:
        import jsonschema_rs

        kind = jsonschema_rs.Draft202012Validator if self.is_2020 else jsonschema_rs.Draft4Validator
        root = {"properties": self._properties, "definitions": self._converted}
        formats = LATER_FORMATS if self.is_lenient and not self.is_2020 else None
        return kind(root, validate_formats=True, mask="the value", formats=formats)

    def _compile_without_unusable(self) -> Any:
        """What cannot be a schema of the dialect allows everything; if that does not help, every schema does."""
        import jsonschema_rs

        address = (
            "https://json-schema.org/draft/2020-12/schema"
            if self.is_2020
            else "http://json-schema.org/draft-04/schema#"
        )
        for table in (self._properties, self._converted):
            for name, schema in table.items():
                if not jsonschema_rs.meta.is_valid({"$schema": address, **schema}):
                    table[name] = {}
        try:
            return self._compile()
        except Exception:
            for table in (self._properties, self._converted):
                table.update({name: {} for name in table})
            return self._compile()

    def judges_members_alone(self, member: str, place: tuple[str | int, ...]) -> bool:
        """See ``Validator``."""
        return judges_members_alone(
            self._properties[member], place, lambda reference: self._converted.get(reference.rpartition("/")[2])
        )

    def discriminator(self, error: Any) -> Discriminator | None:
        """What tells the alternatives apart that an error is about; None where nothing does."""
        alternatives = schema_at(
            {"properties": self._properties, "definitions": self._converted}, list(error.schema_path)
        )
        return self._discriminators.get(id(alternatives))

    def convert(self, schema: Json) -> Json:
        """The schema of JSON Schema that means what this OpenAPI schema means in this direction."""
        if not isinstance(schema, dict):
            raise SpecError(f"a schema must be a mapping, not {type(schema).__name__}")
        out: dict[str, Json] = {}
        if isinstance(schema.get("$ref"), str):
            out["$ref"] = self._definition(schema["$ref"])
            if not self.is_2020:
                return self._nullable(out) if schema.get("nullable") else out
        out.update((key, value) for key, value in schema.items() if key in self._keywords)
        self._convert_object(schema, out)
        for key in HOLD_ONE:
            if key in schema:
                out[key] = self.convert(schema[key])
        for key in HOLD_LIST:
            if key in schema:
                self._add_list(out, key, self._alternatives(schema, key), may_overlap=self._may_overlap(schema, key))
        _bound_width(out)
        return self._nullable(out) if schema.get("nullable") else out

    def _alternatives(self, schema: Json, key: str) -> list[Json]:
        """The alternatives; in requests to a user's document, each only for objects that the discriminator gives its name."""
        converted = [self.convert(each) for each in schema[key]]
        name = property_of(schema)
        if key == "allOf" or not self.is_lenient or self.direction != "request" or name is None:
            return converted
        branches = [names_of(self.document, schema["discriminator"], name, each) for each in schema[key]]
        out = [
            {"allOf": [each, {"properties": {name: {"enum": branch.accepted}}}]} if branch.accepted else each
            for branch, each in zip(branches, converted, strict=True)
        ]
        accepted = tuple(tuple(filter(is_text, branch.accepted)) for branch in branches)
        told = tuple(dict.fromkeys(each for branch in branches for each in branch.told))
        self._discriminators[id(out)] = Discriminator(name, accepted, told)
        return out

    def _may_overlap(self, schema: Json, key: str) -> bool:
        """Whether a value may fit several alternatives of a user's ``oneOf``: in a response; where a discriminator says which is
        meant; and where nothing tells them apart. Many documents say ``oneOf`` and mean ``anyOf``, and every request that
        fits two of them would be refused."""
        if key != "oneOf" or not self.is_lenient or self.exact:
            return False
        is_told = self.direction == "response" or "discriminator" in schema
        return is_told or not exclude_each_other(self.document, schema[key])

    def _add_list(self, out: dict[str, Json], key: str, converted: list[Json], *, may_overlap: bool) -> None:
        """Add the alternatives, as ``anyOf`` where a value may fit several."""
        if may_overlap:
            if "anyOf" in out:
                out.setdefault("allOf", []).append({"anyOf": converted})
                return
            key = "anyOf"
        out[key] = converted

    def _convert_object(self, schema: Json, out: dict[str, Json]) -> None:
        hidden = self._hidden(schema)
        if hidden and "required" in out:
            out["required"] = [name for name in out["required"] if name not in hidden]
        if not out.get("required", True):
            del out["required"]  # draft 4 requires at least one name
        if "properties" in schema:
            out["properties"] = {
                # readOnly members are ignored in a request, whatever their value
                name: {} if name in hidden and self.direction == "request" else self.convert(member)
                for name, member in schema["properties"].items()
            }
        for key in HOLD_MAP:
            if key in schema:
                out[key] = {name: self.convert(member) for name, member in schema[key].items()}
        for key in OR_BOOLEAN:
            if key in schema:
                out[key] = schema[key] if isinstance(schema[key], bool) else self.convert(schema[key])

    def _hidden(self, schema: Json, depth: int = 5) -> set[str]:
        mark = "readOnly" if self.direction == "request" else "writeOnly"
        hidden = {
            name
            for name, member in schema.get("properties", {}).items()
            if isinstance(member, dict) and (member.get(mark) or resolve(self.document, member).get(mark))
        }
        if self.is_lenient and depth and ("required" in schema or depth < 5):
            for each in schema.get(
                "allOf", ()
            ):  # what is required is often a member of a schema it is put together from
                hidden |= self._hidden(resolve(self.document, each), depth - 1)
        return hidden

    def _definition(self, reference: str) -> str:
        """The reference within the root schema; the schema it points to is converted once."""
        if reference not in self._definitions:
            name = f"d{len(self._definitions)}"
            self._definitions[reference] = f"#/definitions/{name}"
            self._waiting.append((name, reference))
            if not self.is_lenient:
                self._convert_waiting()
        return self._definitions[reference]

    def _convert_waiting(self) -> None:
        """Convert the definitions that were referred to. In a user's document the schemas that lead to each other may be more
        than Python's calls nest, so there each waits until the one before is complete."""
        while self._waiting:
            name, reference = self._waiting.pop()
            self._converted[name] = self.convert(target_of(self.document, reference))

    def _nullable(self, out: dict[str, Json]) -> dict[str, Json]:
        """Also null. A single reference (how a component is made nullable) is written out, so that errors point inside it;
        not in a user's document, where the same schema may be referred to a thousand times."""
        if out.keys() == {"allOf"} and len(out["allOf"]) == 1:
            return self._nullable(dict(out["allOf"][0]))
        if out.keys() == {"$ref"} and out["$ref"] not in self._inlined and not self.is_lenient:
            target = self._converted.get(out["$ref"].rpartition("/")[2])
            if target is not None:  # else it refers to itself and is being converted now
                self._inlined.append(out["$ref"])
                written_out = self._nullable(dict(target))
                self._inlined.pop()
                return written_out
        plain = out.get("type")
        if isinstance(plain, str) and not {"allOf", "anyOf", "oneOf", "not"} & out.keys():
            out["type"] = [plain, "null"]
            if "enum" in out and None not in out["enum"]:
                out["enum"] = [*out["enum"], None]
            return out
        return {"anyOf": [{"type": "null"}, out]}


class _NotYet:
    """Stands for a root schema's validator until it is first used."""

    def __init__(self, root: _Root) -> None:
        self.root = root

    def is_valid(self, value: Json) -> bool:
        return self.root.compile().is_valid(value)  # type: ignore[no-any-return]

    def iter_errors(self, value: Json) -> Any:
        return self.root.compile().iter_errors(value)


def _bound_width(out: dict[str, Json]) -> None:
    bits = WIDTHS.get(out.get("format", ""))
    types = out.get("type")
    if bits and (types == "integer" or (isinstance(types, list) and "integer" in types and "number" not in types)):
        out.setdefault("minimum", -(2**bits))
        out.setdefault("maximum", 2**bits - 1)
