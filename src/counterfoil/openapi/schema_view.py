"""Converts schemas of a user's document to the view's form: valid in their dialect, with references to
``#/components/schemas``.

A keyword with an invalid value is left out and reported. Members that are not keywords (examples, defaults, extensions) are
data and stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.openapi.closed_parts import ClosedParts, Follow
from counterfoil.openapi.nodes import Node
from counterfoil.openapi.patterns import usable
from counterfoil.openapi.schema_terms import IN_LISTS, OR_BOOLEAN, UUID
from counterfoil.openapi.spec import SchemaDialect

Json = Any
AddNotice = Callable[[Node, str], None]
Refer = Callable[[Node], str | None]
"""Returns the view's reference for the reference at a node; None if it leads nowhere."""

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
IN_MAPS = ("properties", "patternProperties", "dependentSchemas")
HOLD_ONE = ("items", "not", "contains", "propertyNames", "if", "then", "else", "contentSchema")
COUNTS = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
)
LIMITS = ("minimum", "maximum")
EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
MOVED = ("$defs", "definitions", "$schema", "$id", "$anchor", "$dynamicAnchor", "$vocabulary")
"""Members that are left out: what they define is written where references lead."""
DYNAMIC = ("$dynamicRef", "$recursiveRef")
MAKES_NULL = ("nullable", "x-nullable")
CLOSED = "additionalProperties is false, but other parts of the same allOf have further members; left out here"
KEPT_WITH_REFERENCE = frozenset(
    {
        "description",
        "title",
        "summary",
        "example",
        "examples",
        "default",
        "deprecated",
        "nullable",
        "readOnly",
        "writeOnly",
    }
)
"""Members that are kept next to a reference in OpenAPI 3.0; others have no effect there."""


class SchemaView:
    """Writes schemas of one document."""

    def __init__(self, dialect: SchemaDialect, refer: Refer, follow: Follow, add_notice: AddNotice) -> None:
        self.dialect = dialect
        self.refer = refer
        self.closed = ClosedParts(follow)
        self.add_notice = add_notice
        self._keywords = {
            **dict.fromkeys(IN_MAPS, self._map),
            **dict.fromkeys(IN_LISTS, self._list),
            **dict.fromkeys(HOLD_ONE, self._one),
            **dict.fromkeys(OR_BOOLEAN, self._one_or_boolean),
            **dict.fromkeys(COUNTS, self._count),
            **dict.fromkeys(LIMITS, self._number),
            **dict.fromkeys(EXCLUSIVE, self._exclusive),
            **dict.fromkeys(DYNAMIC, self._dynamic),
            "multipleOf": self._step,
            "type": self._type,
            "enum": self._enum,
            "const": self._const,
            "required": self._required,
            "pattern": self._pattern,
            "format": self._text,
            "uniqueItems": self._boolean,
            "discriminator": self._discriminator,
        }

    def write(self, node: Node, *, opened: bool = False) -> dict[str, Json]:
        """The schema at ``node``; one that cannot be understood allows everything. ``opened``: allow further members."""
        schema = node.value
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        if not isinstance(schema, dict):
            self.add_notice(node, f"a schema must be a mapping, not {_kind(schema)}; anything is valid here")
            return {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            written = self.refer(node)
            start = {} if written is None else {"$ref": written}
            if self.dialect == "draft4":
                siblings = {k: v for k, v in schema.items() if k in KEPT_WITH_REFERENCE or k.startswith("x-")}
                return self._with_null({**start, **siblings})
        else:
            start = {}
        members = self._members(node)
        if members.get("additionalProperties") is False:
            self._close(node, members, opened)
        if members.get("format") == "uuid" and (why := _why_not_uuid(members)):
            self.add_notice(node["format"], f"{why}; the format is left out")
            del members["format"]
        return self._with_null(start | members)

    def _close(self, node: Node, members: dict[str, Json], opened: bool) -> None:
        """Leave out ``additionalProperties: false`` where it forbids described members, else required names that it forbids."""
        if not opened and self.closed.forbids_its_parts(node):
            self.add_notice(node["additionalProperties"], CLOSED)
            opened = True
        if opened:
            del members["additionalProperties"]
            return
        known = members.get("properties", {})
        lacking = [name for name in members.get("required", ()) if name not in known]
        if lacking and "patternProperties" not in members:
            names = ", ".join(map(_shown, lacking))
            self.add_notice(node["required"], f"additionalProperties: false forbids {names}; not required here")
            members["required"] = [name for name in members["required"] if name in known]
            if not members["required"]:
                del members["required"]

    def _members(self, node: Node) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for key, value in node.value.items():
            write = self._keywords.get(key)
            if write is not None:
                write(node, key, out)
            elif key not in MOVED and key != "$ref":
                out[key] = value
        return out

    def _with_null(self, out: dict[str, Json]) -> dict[str, Json]:
        nullable = any(out.pop(name, None) is True for name in MAKES_NULL)
        if not nullable:
            return out
        also = {"enum": [*out["enum"], None]} if "enum" in out and None not in out["enum"] else {}
        if self.dialect == "draft4":
            return {**out, "nullable": True, **also}  # many documents leave null out of enum and mean it
        kind = out.get("type")
        if isinstance(kind, str | list) and not {"$ref", "allOf", "anyOf", "oneOf", "const"} & out.keys():
            kinds = [kind] if isinstance(kind, str) else kind
            return {**out, "type": [*kinds, "null"] if "null" not in kinds else kinds, **also}
        return {"anyOf": [out, {"type": "null"}]}

    def _dynamic(self, node: Node, key: str, out: dict[str, Json]) -> None:
        """Leave out a dynamic reference: its target depends on the schemas before it, and anchors are not kept."""
        self.add_notice(node[key], "dynamic references are not read; anything is valid here")

    # -- keywords that hold schemas -----------------------------------------------------------------------------------

    def _map(self, node: Node, key: str, out: dict[str, Json]) -> None:
        here = node[key]
        if not isinstance(here.value, dict):
            self.add_notice(here, f"{key} must be a mapping, not {_kind(here.value)}; left out")
            return
        written = {name: self.write(here[name]) for name in here.value}
        if key == "patternProperties":
            written = {usable(name) or "": schema for name, schema in written.items() if usable(name) is not None}
        out[key] = written

    def _list(self, node: Node, key: str, out: dict[str, Json]) -> None:
        here = node[key]
        if isinstance(here.value, dict) and key != "prefixItems":
            self.add_notice(here, f"{key} must be a list; read as a list of one")
            out[key] = [self.write(here)]
        elif not isinstance(here.value, list) or not here.value:
            self.add_notice(here, f"{key} must be a list of schemas; left out")
        else:
            out[key] = [self.write(here[index]) for index in range(len(here.value))]
        if key == "allOf" and isinstance(here.value, list):
            for index, part in self.closed.forbidding_parts(node):
                self.add_notice(here[index], CLOSED)
                out[key][index] = self.write(part, opened=True)

    def _one(self, node: Node, key: str, out: dict[str, Json]) -> None:
        here = node[key]
        if key == "items" and isinstance(here.value, list):
            self.add_notice(here, "items must be one schema; each item may fit any of those listed")
            out[key] = {"anyOf": [self.write(here[i]) for i in range(len(here.value))]} if here.value else {}
        else:
            out[key] = self.write(here)

    def _one_or_boolean(self, node: Node, key: str, out: dict[str, Json]) -> None:
        out[key] = node.value[key] if isinstance(node.value[key], bool) else self.write(node[key])

    # -- keywords with values of their own ----------------------------------------------------------------------------

    def _type(self, node: Node, key: str, out: dict[str, Json]) -> None:
        kind = node.value[key]
        if kind == "file":  # Swagger 2.0
            out.update({"type": "string", "format": "binary"})
        elif isinstance(kind, str) and kind in TYPES:
            out[key] = kind
        elif isinstance(kind, list) and kind and all(isinstance(each, str) and each in TYPES for each in kind):
            kinds = list(dict.fromkeys(kind))
            if self.dialect == "draft4" and "null" in kinds:
                out["nullable"] = True
                kinds.remove("null")
            out[key] = kinds[0] if len(kinds) == 1 else kinds or ["null"]
        else:
            self.add_notice(node[key], f"{_shown(kind)} is not a JSON Schema type; any type is valid here")

    def _enum(self, node: Node, key: str, out: dict[str, Json]) -> None:
        listed = node.value[key]
        if isinstance(listed, list) and listed:
            is_text = node.value.get("type") == "string"
            out[key] = (
                [_as_text(each) for each in listed] if is_text else listed
            )  # YAML reads true and 1 as other types
        else:
            self.add_notice(node[key], "enum must be a list of values; left out")

    def _const(self, node: Node, key: str, out: dict[str, Json]) -> None:
        if self.dialect == "draft4":  # const is not a keyword there, but its meaning is clear
            out.setdefault("enum", [node.value[key]])
        else:
            out[key] = node.value[key]

    def _required(self, node: Node, key: str, out: dict[str, Json]) -> None:
        value = node.value[key]
        if isinstance(value, list):
            names = list(dict.fromkeys(name for name in value if isinstance(name, str)))
            if names:
                out[key] = names
        else:
            self.add_notice(node[key], f"required must be a list of names, not {_shown(value)}; left out")

    def _pattern(self, node: Node, key: str, out: dict[str, Json]) -> None:
        value = node.value[key]
        pattern = usable(value) if isinstance(value, str) else None
        if pattern is None:
            self.add_notice(
                node[key], f"{_shown(value)} is not a regular expression (ECMA 262); any text is valid here"
            )
        else:
            out[key] = pattern

    def _count(self, node: Node, key: str, out: dict[str, Json]) -> None:
        value = node.value[key]
        if type(value) is str and value.isdecimal() and len(value) < 16:
            value = int(value)
        if type(value) in (int, float) and value >= 0 and value == int(value):
            out[key] = int(value)
        else:
            self.add_notice(node[key], f"{key} must be a whole number, not {_shown(value)}; left out")

    def _number(self, node: Node, key: str, out: dict[str, Json]) -> None:
        if type(node.value[key]) in (int, float):
            out[key] = node.value[key]
        else:
            self.add_notice(node[key], f"{key} must be a number, not {_shown(node.value[key])}; left out")

    def _step(self, node: Node, key: str, out: dict[str, Json]) -> None:
        if type(node.value[key]) in (int, float) and node.value[key] > 0:
            out[key] = node.value[key]
        else:
            self.add_notice(node[key], f"multipleOf must be a number above 0, not {_shown(node.value[key])}; left out")

    def _exclusive(self, node: Node, key: str, out: dict[str, Json]) -> None:
        """In draft 4 a boolean next to the limit, in 2020-12 the limit itself; both forms are read in both dialects."""
        value, limit = node.value[key], EXCLUSIVE[key]
        if type(value) in (int, float):
            out.update({key: value} if self.dialect == "2020-12" else {limit: value, key: True})
        elif type(value) is bool and type(node.value.get(limit)) in (int, float):
            if value:
                out.update({key: True} if self.dialect == "draft4" else {key: node.value[limit]})
        elif value is not False:
            self.add_notice(node[key], f"{key} has no effect here; left out")

    def _text(self, node: Node, key: str, out: dict[str, Json]) -> None:
        if isinstance(node.value[key], str):
            out[key] = node.value[key]
        else:
            self.add_notice(node[key], f"{key} must be text, not {_shown(node.value[key])}; left out")

    def _boolean(self, node: Node, key: str, out: dict[str, Json]) -> None:
        if isinstance(node.value[key], bool):
            out[key] = node.value[key]
        else:
            self.add_notice(node[key], f"{key} must be true or false, not {_shown(node.value[key])}; left out")

    def _discriminator(self, node: Node, key: str, out: dict[str, Json]) -> None:
        here = node[key]
        if isinstance(here.value, str):  # Swagger 2.0
            out[key] = {"propertyName": here.value}
            return
        if not isinstance(here.value, dict) or not isinstance(here.value.get("propertyName"), str):
            self.add_notice(here, "a discriminator needs a propertyName; left out")
            return
        written = dict(here.value)
        mapping = written.pop("mapping", None)
        if isinstance(mapping, dict):
            known = {}
            for value, reference in mapping.items():
                if isinstance(reference, str):
                    target = self.refer(Node(here.file, {"$ref": reference}, here["mapping"], value))
                    known.update({value: target} if target is not None else {})
            written["mapping"] = known
        out[key] = written


def _why_not_uuid(schema: dict[str, Json]) -> str:
    """Why text that fits the schema cannot be a UUID; empty if it can."""
    for name, low, high in (("maxLength", 36, None), ("minLength", None, 36)):
        value = schema.get(name)
        if isinstance(value, int) and ((low is not None and value < low) or (high is not None and value > high)):
            return f"a UUID has 36 characters, and {name} is {value}"
    example = schema.get("example")
    if isinstance(example, str) and not UUID.fullmatch(example):
        return f"the example {_shown(example)} is not a UUID"
    return ""


def _as_text(value: Json) -> Json:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _kind(value: Json) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")


def _shown(value: Json) -> str:
    text = f"'{value}'" if isinstance(value, str) else _kind(value) if isinstance(value, dict | list) else str(value)
    return " ".join((text if len(text) <= 60 else f"{text[:60]}…'").split())
