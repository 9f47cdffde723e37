"""Turns text, as URLs and forms hold it, into values of the types that a schema asks for.

It never refuses: text that is not a number where a number is asked for stays text, and the validator says so. Names with
brackets (``price[gte]=5``, ``items[0][id]=a``, ``tags[]=b``) become objects and arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from counterfoil.api import ApiError
from counterfoil.json_schema.validators import Schemas
from counterfoil.server.parsing.json_text import parse_json
from counterfoil.server.parsing.scalars import READERS

Json = Any
NestedText = Any
"""Texts as they came: a text, a list of texts (a name given more than once), or a mapping of these by name. What is neither
is a value already."""

MAX_DEPTH = 16
"""Brackets that one name may have; more are one name."""
MAX_REFERENCES = 20
"""How deep in ``allOf``, ``anyOf``, ``oneOf`` and references a type is looked for."""
_ORDER = ("integer", "number", "boolean")


class Shape(msgspec.Struct, frozen=True):
    """What a schema can be, all its branches taken together."""

    types: frozenset[str]
    properties: Mapping[str, Json]
    items: Json = None
    extra: Json = None


class TypedText:
    """Reads texts for the schemas of one document. The shape of each schema is worked out once.

    ``reads_json``: a text that may also be an object or a list is one if it is one in JSON."""

    def __init__(self, schemas: Schemas, *, reads_json: bool = False) -> None:
        self.schemas = schemas
        self._reads_json = reads_json
        self._shapes: dict[int, tuple[Json, Shape]] = schemas.shapes

    def shape(self, schema: Json) -> Shape:
        """What ``schema`` can be."""
        known = self._shapes.get(id(schema))
        if known is None:
            known = self._shapes[id(schema)] = (schema, self._shape(schema))  # the schema stays, and so its identity
        return known[1]

    def _shape(self, schema: Json) -> Shape:
        types: set[str] = set()
        properties: dict[str, Json] = {}
        items = extra = None
        waiting = [(schema, 0)]
        seen: set[int] = set()
        while waiting:
            each, depth = waiting.pop()
            resolved = self.schemas.resolved(each)
            if id(resolved) in seen or depth > MAX_REFERENCES:
                continue
            seen.add(id(resolved))
            types |= _types(resolved)
            for name, member in resolved.get("properties", {}).items():
                properties.setdefault(name, member)
            items = resolved.get("items", items) if items is None else items
            if isinstance(resolved.get("additionalProperties"), dict):
                extra = resolved["additionalProperties"]
            for key in ("allOf", "anyOf", "oneOf"):
                waiting += [(branch, depth + 1) for branch in reversed(resolved.get(key, ()))]
            if each is not resolved:  # OpenAPI 3.1 lets more stand beside a reference
                waiting += [(branch, depth + 1) for key in ("allOf", "anyOf", "oneOf") for branch in each.get(key, ())]
        return Shape(frozenset(types), properties, items, extra)

    def read(self, tree: NestedText, schema: Json, depth: int = 0) -> Json:
        """The value of ``tree`` for ``schema``."""
        shape = self.shape(schema if isinstance(schema, dict) else {})
        if isinstance(tree, str):
            return self._read_text(tree, shape, depth)
        if isinstance(tree, list):
            if shape.types and "array" not in shape.types:
                return self.read(tree[-1], schema, depth + 1) if depth < MAX_DEPTH else tree
            return [self.read(each, shape.items, depth + 1) for each in tree]
        if not isinstance(tree, dict):
            return tree
        if "array" in shape.types and (_is_list(tree) or "object" not in shape.types):
            return [self.read(each, shape.items, depth + 1) for each in _in_order(tree)]
        return {
            name: self.read(each, shape.properties.get(name, shape.extra), depth + 1) for name, each in tree.items()
        }

    def _read_text(self, text: str, shape: Shape, depth: int) -> Json:
        if shape.types and shape.types <= {"array", "object", "null"}:
            parsed = _parsed(text)
            if parsed is None and "array" not in shape.types:
                return text
            is_item = parsed is None or (isinstance(parsed, dict) and "object" not in shape.types)
            return [self.read(text, shape.items, depth + 1)] if is_item else parsed
        parsed = _parsed(text) if self._reads_json else None
        kind = "object" if isinstance(parsed, dict) else "array"
        return scalar(text, shape.types) if parsed is None or kind not in shape.types else parsed


def _parsed(text: str) -> Json:
    """The object or list that a text is in JSON, as multipart forms hold them (OpenAPI 3.0.3, Encoding Object); else None."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return parse_json(text.encode())
    except ApiError:
        return None


def _types(schema: Json) -> set[str]:
    kind = schema.get("type")
    if isinstance(kind, str):
        return {kind}
    if isinstance(kind, list):
        return set(kind)
    if "properties" in schema or isinstance(schema.get("additionalProperties"), dict):
        return {"object"}
    return {"array"} if "items" in schema else set()


def scalar(text: str, types: Iterable[str]) -> Json:
    """The first value that ``text`` can be of these types; without any, and if it can be none, the text itself."""
    for name in _ORDER:
        if name in types:
            try:
                return READERS[name](text)
            except ValueError:
                continue
    return None if text == "" and "null" in types and "string" not in types else text


def _is_list(tree: Mapping[str, NestedText]) -> bool:
    return all(name == "" or (name.isdecimal() and name.isascii()) for name in tree)


def _in_order(tree: Mapping[str, NestedText]) -> list[NestedText]:
    """What stands under ``[0]``, ``[1]``, …, and then what stands under ``[]``; gaps are closed."""
    numbered = sorted((int(name), each) for name, each in tree.items() if name.isdecimal() and len(name) < 10)
    others = [each for name, each in tree.items() if not (name.isdecimal() and len(name) < 10)]
    return [each for _, each in numbered] + [
        part for each in others for part in (each if isinstance(each, list) else [each])
    ]


def nest_bracketed_names(pairs: Iterable[tuple[str, Json]], literal: Iterable[str] = ()) -> dict[str, NestedText]:
    """Names and texts as nested mappings. A name in ``literal`` is one name, whatever brackets it has."""
    known = frozenset(literal)
    tree: dict[str, NestedText] = {}
    for name, text in pairs:
        _put(tree, [name] if name in known else split_brackets(name), text)
    return tree


def split_brackets(name: str) -> list[str]:
    """``price[gte]`` → ``price``, ``gte``; a name whose brackets do not match is one name."""
    head, bracket, rest = name.partition("[")
    if not bracket or not head or not rest.endswith("]") or rest.count("[") >= MAX_DEPTH:
        return [name]
    parts = rest[:-1].split("][")
    return [name] if any("[" in part or "]" in part for part in parts) else [head, *parts]


def _put(tree: dict[str, NestedText], parts: list[str], text: Json) -> None:
    for part in parts[:-1]:
        inner = tree.get(part)
        if not isinstance(inner, dict):
            inner = tree[part] = {} if inner is None else {"": inner}
        tree = inner
    last = parts[-1]
    known = tree.get(last)
    if known is None:
        tree[last] = text
    elif isinstance(known, dict):
        known[""] = text
    else:
        tree[last] = [*known, text] if isinstance(known, list) else [known, text]
