"""Converts text from URLs and forms to values of the types in a schema.

It never raises: text that does not fit the type stays text, and the validator reports it. Names with
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
"""A text, a list of texts (of a repeated name), or a mapping of these by name. Anything else is a typed value already."""

MAX_DEPTH = 16
"""Limit on the brackets in a name; a name with more is not split."""
MAX_REFERENCES = 20
"""The depth to which ``allOf``, ``anyOf``, ``oneOf`` and references are searched for types."""
_ORDER = ("integer", "number", "boolean")


class Shape(msgspec.Struct, frozen=True):
    """The types, properties and items of a schema with all its branches."""

    types: frozenset[str]
    properties: Mapping[str, Json]
    items: Json = None
    extra: Json = None


class TypedText:
    """Converts texts for the schemas of one document. The shape of each schema is computed once.

    ``reads_json``: text in JSON becomes an object or list where the schema allows that as well as a string."""

    def __init__(self, schemas: Schemas, *, reads_json: bool = False) -> None:
        self.schemas = schemas
        self._reads_json = reads_json
        self._shapes: dict[int, tuple[Json, Shape]] = schemas.shapes

    def shape(self, schema: Json) -> Shape:
        """The shape of ``schema``, cached."""
        known = self._shapes.get(id(schema))
        if known is None:
            # the reference to the schema keeps its id from being reused
            known = self._shapes[id(schema)] = (schema, self._shape(schema))
        return known[1]

    def _shape(self, schema: Json) -> Shape:
        types: set[str] = set()
        properties: dict[str, Json] = {}
        items = extra = None
        waiting = [(schema, 0)]
        seen: set[int] = set()
        while waiting:
            current, depth = waiting.pop()
            resolved = self.schemas.resolved(current)
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
            if current is not resolved:  # OpenAPI 3.1 allows other keywords next to $ref
                branches = [branch for key in ("allOf", "anyOf", "oneOf") for branch in current.get(key, ())]
                waiting += [(branch, depth + 1) for branch in branches]
        return Shape(frozenset(types), properties, items, extra)

    def read(self, tree: NestedText, schema: Json, depth: int = 0) -> Json:
        """The value of ``tree`` for ``schema``."""
        shape = self.shape(schema if isinstance(schema, dict) else {})
        if isinstance(tree, str):
            return self._read_text(tree, shape, depth)
        if isinstance(tree, list):
            if shape.types and "array" not in shape.types:
                return self.read(tree[-1], schema, depth + 1) if depth < MAX_DEPTH else tree
            return [self.read(item, shape.items, depth + 1) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if "array" in shape.types and (_is_list(tree) or "object" not in shape.types):
            return [self.read(item, shape.items, depth + 1) for item in _in_order(tree)]
        return {
            name: self.read(member, shape.properties.get(name, shape.extra), depth + 1) for name, member in tree.items()
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
    """The object or list in JSON ``text``, as in multipart forms (OpenAPI 3.0.3, Encoding Object); None for other text."""
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
    """``text`` as an integer, number or boolean, whichever of ``types`` fits first; else the text itself."""
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
    """The values of ``[0]``, ``[1]``, …, then of ``[]``; gaps are closed."""
    numbered = sorted((int(name), value) for name, value in tree.items() if name.isdecimal() and len(name) < 10)
    others = [value for name, value in tree.items() if not (name.isdecimal() and len(name) < 10)]
    return [value for _, value in numbered] + [
        part for value in others for part in (value if isinstance(value, list) else [value])
    ]


def nest_bracketed_names(pairs: Iterable[tuple[str, Json]], literal: Iterable[str] = ()) -> dict[str, NestedText]:
    """Names and texts as nested mappings. Brackets in a name in ``literal`` are not split."""
    known = frozenset(literal)
    tree: dict[str, NestedText] = {}
    for name, text in pairs:
        _put(tree, [name] if name in known else split_brackets(name), text)
    return tree


def split_brackets(name: str) -> list[str]:
    """``price[gte]`` → ``price``, ``gte``; a name with unmatched brackets is not split."""
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
