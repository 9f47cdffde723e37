"""Reads the schemas of an OpenAPI document: follows references, merges ``allOf``, and lists properties.

No function here raises for an invalid document: an unresolvable reference is read as an empty schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil import json_pointer

Json = Any
Schema = Mapping[str, Json]

COMBINED = ("allOf", "oneOf", "anyOf", "$ref")
ANNOTATIONS = frozenset({"description", "title", "summary", "externalDocs", "deprecated"})
MAX_DEPTH = 40
"""How many nested references and ``allOf`` are followed; deeper ones are ignored."""


class SchemaReader:
    """The schemas of one document. ``raw`` is the whole document, which must not change while this is used."""

    def __init__(self, raw: Mapping[str, Json]) -> None:
        self.raw = raw
        self._merged: dict[int, dict[str, Json]] = {}
        self._known: list[Json] = []  # caches use ``id()`` as key, so these schemas must not be garbage-collected
        self._properties: dict[int, dict[str, Json]] = {}
        self._joined: dict[tuple[int, ...], Json] = {}
        self._component_names: dict[int, str] = {}
        self._type_names: dict[int, tuple[str, tuple[str, ...]]] = {}

    def target(self, reference: str) -> Json:
        """The target of a local reference; an empty schema if there is none."""
        try:
            return json_pointer.find(self.raw, reference)
        except (LookupError, ValueError):
            return {}

    def merged(self, schema: Json, depth: int = 0) -> dict[str, Json]:
        """The schema with references followed and ``allOf`` merged. ``choices`` lists its ``oneOf`` and ``anyOf`` groups.

        The same object is returned for the same schema each time, so that it can be recognised by identity.
        """
        key = id(schema)
        known = self._merged.get(key)
        if known is not None:
            return known
        out: dict[str, Json] = {}
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return out
        self._merged[key] = out  # for a schema that refers to itself
        self._known.append(schema)
        if isinstance(schema.get("$ref"), str):
            target = self.target(schema["$ref"])
            own = {key: value for key, value in schema.items() if key != "$ref" and key not in ANNOTATIONS}
            if not own and isinstance(target, dict):
                out = self._merged[key] = self.merged(target, depth + 1)
                return out
            _combine(out, self.merged(target, depth + 1))
            _combine(out, own)
            return out
        for part in _list(schema.get("allOf")):
            _combine(out, self.merged(part, depth + 1))
        _combine(out, {name: value for name, value in schema.items() if name != "allOf"})
        return out

    def properties(self, schema: Json) -> dict[str, Json]:
        """All properties that an object of this schema can have, including those of its alternatives."""
        merged = self.merged(schema)
        if not merged:  # may be a temporary object (not a schema): its ``id()`` must not become a key of the cache
            return {}
        known = self._properties.get(id(merged))
        if known is None:
            known = self._properties[id(merged)] = dict(_mapping(merged.get("properties")))
            for group in merged.get("choices", ()):
                for branch in group:
                    for name, member in self.properties(branch).items():
                        known.setdefault(name, member)
            for name, member in self._subtype_properties(merged):
                known.setdefault(name, member)
        return known

    def _subtype_properties(self, merged: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
        """Properties of the schemas in a discriminator's mapping that extend this one with ``allOf``."""
        discriminator = merged.get("discriminator")
        mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        for reference in mapping.values() if isinstance(mapping, dict) and "choices" not in merged else ():
            target = self.target(reference) if isinstance(reference, str) and reference.startswith("#") else None
            parts = target.get("allOf") if isinstance(target, dict) else None
            if any(self.merged(each) is merged for each in _list(parts)):
                for part in _list(parts):
                    if self.merged(part) is not merged:
                        yield from self.properties(part).items()

    def types(self, schema: Json) -> frozenset[str]:
        """The JSON types of the schema's ``type``, or those implied by its other keywords; empty if there are none."""
        merged = self.merged(schema)
        stated = merged.get("type")
        if isinstance(stated, str):
            return frozenset({stated})
        if isinstance(stated, list):
            return frozenset(each for each in stated if isinstance(each, str))
        if merged.get("properties") or isinstance(merged.get("additionalProperties"), dict):
            return frozenset({"object"})
        if "items" in merged:
            return frozenset({"array"})
        if "enum" in merged or "const" in merged:
            return frozenset(_type_of(each) for each in _list(merged.get("enum", [merged.get("const")])))
        found: set[str] = set()
        for group in merged.get("choices", ()):
            for branch in group:
                if self.merged(branch) is not merged:
                    found |= self._branch_types(branch)
        return frozenset(found)

    def _branch_types(self, branch: Json) -> frozenset[str]:
        merged = self.merged(branch)
        return frozenset() if "choices" in merged and "type" not in merged else self.types(branch)

    def joined(self, parts: list[Json], key: tuple[int, ...]) -> Json:
        """One schema with all ``parts`` in ``allOf``; the same object each time for the same ``key``."""
        found = self._joined.get(key)
        if found is None:
            found = self._joined[key] = {"allOf": list(parts)}
        return found

    def type_names(self, merged: Mapping[str, Json]) -> tuple[str, tuple[str, ...]]:
        """The discriminator property of a merged schema, and its allowed values, the schema's own first; empty without a
        discriminator."""
        known = self._type_names.get(id(merged))
        if known is None:
            known = self._type_names[id(merged)] = self._read_type_names(merged)
        return known

    def _read_type_names(self, merged: Mapping[str, Json]) -> tuple[str, tuple[str, ...]]:
        discriminator = merged.get("discriminator")
        # OpenAPI 2.0 has only the name
        name = discriminator.get("propertyName") if isinstance(discriminator, dict) else discriminator
        if not isinstance(name, str) or name not in _mapping(merged.get("properties")):
            return "", ()
        stated = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        mapping = (
            {str(key): each for key, each in stated.items() if isinstance(each, str)}
            if isinstance(stated, dict)
            else {}
        )
        own = [key for key, each in mapping.items() if self._mapped_schema(each) is merged]
        if not own and (component := self.component_name(merged)):
            own = [component] if not mapping or component in mapping else []
        names = tuple(dict.fromkeys([*own, *mapping]))
        listed = self.merged(merged["properties"][name]).get("enum")
        if isinstance(listed, list):
            names = tuple(each for each in names if each in listed)
        return (name, names) if names else ("", ())

    def _mapped_schema(self, reference: str) -> Json:
        """The merged schema of an entry in a mapping, which is a reference or the name of a component."""
        return self.merged(self.target(reference if reference.startswith("#") else f"#/components/schemas/{reference}"))

    def component_name(self, merged: Mapping[str, Json]) -> str:
        """The name of a merged schema in ``components``; empty if it is not a component."""
        if not self._component_names:
            components = _mapping(_mapping(self.raw.get("components")).get("schemas"))
            self._component_names = {id(self.merged(each)): str(name) for name, each in components.items()} or {0: ""}
        return self._component_names.get(id(merged), "")

    def is_object(self, schema: Json) -> bool:
        return "object" in self.types(schema) or bool(self.properties(schema))

    def is_array(self, schema: Json) -> bool:
        return "array" in self.types(schema)

    def is_nullable(self, schema: Json) -> bool:
        """Whether null is valid: by ``nullable`` (OpenAPI 3.0) or as a type."""
        return bool(self.merged(schema).get("nullable")) or "null" in self.types(schema)

    def is_map(self, schema: Json) -> bool:
        """Whether a schema describes an object with arbitrary keys and objects as values."""
        merged = self.merged(schema)
        further = merged.get("additionalProperties")
        return isinstance(further, dict) and not self.properties(schema) and self.is_object(further)

    def items(self, schema: Json) -> Json:
        """The schema of an array's items; an empty one if the array has none."""
        return self.merged(schema).get("items") or {}

    def required(self, schema: Json) -> frozenset[str]:
        return frozenset(each for each in _list(self.merged(schema).get("required")) if isinstance(each, str))

    def member(self, schema: Json, place: tuple[str | int, ...]) -> Json:
        """The schema at ``place`` (property names and indices) below ``schema``; None if there is none.

        An index means the items of an array, or the values of an object with arbitrary keys (``is_map``).
        """
        for part in place:
            if isinstance(part, int) and self.is_map(schema):
                schema = self.merged(schema)["additionalProperties"]
            elif isinstance(part, int):
                schema = self.items(schema)
            else:
                members = self.properties(schema)
                if part not in members:
                    return None
                schema = members[part]
        return schema

    def examples(self, schema: Json) -> Iterator[Json]:
        """The schema's examples (``example``, ``examples``)."""
        merged = self.merged(schema)
        if "example" in merged:
            yield merged["example"]
        yield from _list(merged.get("examples"))


def example_of(merged: Mapping[str, Json], kind: type) -> Json:
    """The first example of a schema with the type ``kind`` (``str``, ``bool``, ``int`` or ``float``); None if there is none."""
    listed = merged.get("examples")
    for each in (merged.get("example"), *(listed if isinstance(listed, list) else ())):
        if kind is str and isinstance(each, str) and each:
            return each
        if kind is bool and isinstance(each, bool):
            return each
        if kind in (int, float) and isinstance(each, int | float) and not isinstance(each, bool):
            if kind is int and each != int(each):
                continue
            return int(each) if kind is int else each
    return None


def bound_of(value: Json, default: Any) -> Any:
    """The value of a keyword such as ``maxLength``; the default if it is not a non-negative integer."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _combine(out: dict[str, Json], more: Mapping[str, Json]) -> None:
    for name, value in more.items():
        if name in ("oneOf", "anyOf"):
            if isinstance(value, list) and value:
                out.setdefault("choices", []).append(value)
        elif name == "choices":
            out.setdefault("choices", []).extend(value)
        elif name == "properties" and isinstance(value, dict):
            members = out.setdefault("properties", {})
            for key, member in value.items():
                other = members.get(key)
                members[key] = member if other is None or other == member else {"allOf": [other, member]}
        elif name == "required" and isinstance(value, list):
            out["required"] = [
                *out.get("required", []),
                *(each for each in value if each not in out.get("required", [])),
            ]
        elif name == "enum" and isinstance(out.get("enum"), list) and isinstance(value, list):
            out["enum"] = [each for each in value if each in out["enum"]] or value
        elif name == "properties":
            continue
        else:
            out[name] = value


def _type_of(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "array" if isinstance(value, list) else "object" if isinstance(value, dict) else "string"


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
