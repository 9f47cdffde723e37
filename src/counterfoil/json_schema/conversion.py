"""Converts the schemas of an OpenAPI document into JSON Schema, for requests or for responses.

OpenAPI 3.0 schemas are almost JSON Schema draft 4. The differences are converted here: ``nullable`` (also beside
``allOf`` and ``$ref``, where connexion 3.3.0 rejects null), ``readOnly`` and ``writeOnly``, integer widths. Those of 3.1
are JSON Schema 2020-12. References are not inlined, so that a schema may refer to itself.
"""

from __future__ import annotations

from typing import Any, Literal

from counterfoil.json_schema.alternatives import exclude_each_other, is_text, names_of, property_of
from counterfoil.json_schema.errors import Discriminator
from counterfoil.openapi import SpecError, resolve, target_of
from counterfoil.openapi.schema_terms import IN_LISTS, OR_BOOLEAN

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
HOLD_MAP = ("patternProperties", "dependentSchemas")
WIDTHS = {"int32": 31, "int64": 63}


class Conversion:
    """The conversion of one document's schemas in one direction.

    ``definitions`` are the converted schemas that others refer to, by the last part of the reference; the root schema must have
    them under ``definitions``. ``is_2020``: the document's schemas are JSON Schema 2020-12. ``is_lenient``: the document is a
    user's own. ``exact``: its ``oneOf`` is taken literally.
    """

    def __init__(self, document: Json, direction: Direction, *, is_2020: bool, is_lenient: bool, exact: bool) -> None:
        self.document = document
        self.direction = direction
        self.is_2020 = is_2020
        self.is_lenient = is_lenient
        self.exact = exact
        self.definitions: dict[str, Json] = {}
        self._keywords = KEPT | ONLY_2020 if is_2020 else KEPT
        self._waiting: list[tuple[str, str]] = []
        self._references: dict[str, str] = {}
        self._inlined: list[str] = []
        self._discriminators: dict[int, Discriminator] = {}  # by the identity of their list of alternatives

    def convert(self, schema: Json) -> Json:
        """The JSON Schema for this schema; what it refers to is added to ``definitions``. Raises ``SpecError``."""
        converted = self._convert(schema)
        self._convert_waiting()
        return converted

    def target(self, reference: str) -> Json:
        """The definition that a converted schema's ``$ref`` names; None if there is none."""
        return self.definitions.get(reference.rpartition("/")[2])

    def discriminator(self, alternatives: Json) -> Discriminator | None:
        """The discriminator of a converted list of alternatives; None if it has none."""
        return self._discriminators.get(id(alternatives))

    def _convert(self, schema: Json) -> Json:
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
                out[key] = self._convert(schema[key])
        for key in IN_LISTS:
            if key in schema:
                self._add_list(out, key, self._alternatives(schema, key), may_overlap=self._may_overlap(schema, key))
        _bound_width(out)
        return self._nullable(out) if schema.get("nullable") else out

    def _alternatives(self, schema: Json, key: str) -> list[Json]:
        """The converted alternatives. For requests to a user's document, each accepts only objects that name it."""
        converted = [self._convert(each) for each in schema[key]]
        name = property_of(schema)
        if key == "allOf" or not self.is_lenient or self.direction != "request" or name is None:
            return converted
        branches = [names_of(self.document, schema["discriminator"], name, each) for each in schema[key]]
        out = [
            {"allOf": [each, {"properties": {name: {"enum": branch.accepted}}}]} if branch.accepted else each
            for branch, each in zip(branches, converted, strict=True)
        ]
        accepted = tuple(tuple(filter(is_text, branch.accepted)) for branch in branches)
        shown = tuple(dict.fromkeys(each for branch in branches for each in branch.shown))
        self._discriminators[id(out)] = Discriminator(name, accepted, shown)
        return out

    def _may_overlap(self, schema: Json, key: str) -> bool:
        """Whether a value may fit several alternatives of a user's ``oneOf``: in a response, where there is a discriminator, and
        where nothing distinguishes the alternatives. Many documents say ``oneOf`` and mean ``anyOf``; taken literally, they
        would refuse every request that fits two alternatives."""
        if key != "oneOf" or not self.is_lenient or self.exact:
            return False
        if self.direction == "response" or "discriminator" in schema:
            return True
        return not exclude_each_other(self.document, schema[key])

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
                name: {} if name in hidden and self.direction == "request" else self._convert(member)
                for name, member in schema["properties"].items()
            }
        for key in HOLD_MAP:
            if key in schema:
                out[key] = {name: self._convert(member) for name, member in schema[key].items()}
        for key in OR_BOOLEAN:
            if key in schema:
                out[key] = schema[key] if isinstance(schema[key], bool) else self._convert(schema[key])

    def _hidden(self, schema: Json, depth: int = 5) -> set[str]:
        mark = "readOnly" if self.direction == "request" else "writeOnly"
        hidden = {
            name
            for name, member in schema.get("properties", {}).items()
            if isinstance(member, dict) and (member.get(mark) or resolve(self.document, member).get(mark))
        }
        if self.is_lenient and depth and ("required" in schema or depth < 5):
            for part in schema.get("allOf", ()):  # a required member is often described in another part
                hidden |= self._hidden(resolve(self.document, part), depth - 1)
        return hidden

    def _definition(self, reference: str) -> str:
        """The reference within the root schema; the schema it points to is converted once."""
        if reference not in self._references:
            name = f"d{len(self._references)}"
            self._references[reference] = f"#/definitions/{name}"
            self._waiting.append((name, reference))
            if not self.is_lenient:
                self._convert_waiting()
        return self._references[reference]

    def _convert_waiting(self) -> None:
        """Convert the definitions that were referred to. A user's document may have longer chains of references than Python's
        recursion limit allows, so there each definition waits until the one before is complete."""
        while self._waiting:
            name, reference = self._waiting.pop()
            self.definitions[name] = self._convert(target_of(self.document, reference))

    def _nullable(self, out: dict[str, Json]) -> dict[str, Json]:
        """Allow null too. A single reference (how a component is made nullable) is inlined, so that errors point inside it;
        not in a user's document, which may refer to the same schema a thousand times."""
        if out.keys() == {"allOf"} and len(out["allOf"]) == 1:
            return self._nullable(dict(out["allOf"][0]))
        if out.keys() == {"$ref"} and out["$ref"] not in self._inlined and not self.is_lenient:
            target = self.target(out["$ref"])
            if target is not None:  # else it refers to itself and is being converted now
                self._inlined.append(out["$ref"])
                inlined = self._nullable(dict(target))
                self._inlined.pop()
                return inlined
        plain = out.get("type")
        if isinstance(plain, str) and not {"allOf", "anyOf", "oneOf", "not"} & out.keys():
            out["type"] = [plain, "null"]
            if "enum" in out and None not in out["enum"]:
                out["enum"] = [*out["enum"], None]
            return out
        return {"anyOf": [{"type": "null"}, out]}


def _bound_width(out: dict[str, Json]) -> None:
    bits = WIDTHS.get(out.get("format", ""))
    types = out.get("type")
    if bits and (types == "integer" or (isinstance(types, list) and "integer" in types and "number" not in types)):
        out.setdefault("minimum", -(2**bits))
        out.setdefault("maximum", 2**bits - 1)
