"""Makes request bodies for laws that create or change something: from the document's examples, an existing member, or its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from counterfoil.apis.generic.answers import FORM, is_json
from counterfoil.apis.generic.laws.places import value_at, wrapped
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
DEEPEST = 6
_FORMATS = {
    "date-time": "2026-01-15T10:00:00Z",
    "date": "2026-01-15",
    "time": "10:00:00Z",
    "email": "contract.check@example.com",
    "uri": "https://example.com/contract-check",
    "url": "https://example.com/contract-check",
    "uuid": "6f1c0c0e-4b1e-4a39-9b53-0d9a4a1f2c11",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
    "byte": "Y2hlY2s=",
}


class CannotMake(Exception):
    """No value is known that the schema allows: the message names the property."""


def media_of(definition: Mapping[str, Json]) -> tuple[str, Json] | None:
    """The media type of the operation's request, JSON before forms, with what the document says of it."""
    body = definition.get("requestBody")
    content = body.get("content") if isinstance(body, dict) else None
    content = content if isinstance(content, dict) else {}
    usable = [name for name in content if is_json(name)] or [name for name in content if name.partition(";")[0] in FORM[:1]]
    return (usable[0], content[usable[0]]) if usable and isinstance(content[usable[0]], dict) else None


def fields_for(operation: Operation, definition: Mapping[str, Json], reader: SchemaReader, like: Json) -> dict[str, Json]:
    """The fields of a body for the operation, without the envelope. ``like`` is an existing member, or None.

    Raises ``CannotMake``.
    """
    media = media_of(definition)
    if media is None:
        raise CannotMake("the document describes no JSON or form body")
    for example in _examples(media[1], reader):
        fields = value_at(example, operation.body)
        if isinstance(fields, dict):
            return dict(fields)
    schema = reader.member(media[1].get("schema"), operation.body)
    made = _object(reader, schema, like if isinstance(like, dict) else {}, operation.name, 0)
    return made


def _examples(media: Mapping[str, Json], reader: SchemaReader) -> Iterator[Json]:
    if "example" in media:
        yield media["example"]
    named = media.get("examples")
    for each in named.values() if isinstance(named, dict) else ():
        if isinstance(each, dict) and "value" in each:
            yield each["value"]
    yield from reader.examples(media.get("schema"))


def _object(reader: SchemaReader, schema: Json, like: Mapping[str, Json], where: str, depth: int) -> dict[str, Json]:
    """An object with every required property, and the optional ones that hold plain values."""
    made: dict[str, Json] = {}
    required = reader.required(schema)
    for name, member in reader.properties(schema).items():
        if reader.merged(member).get("readOnly") is True:
            continue
        if name not in required and (depth > 0 or not _is_plain(reader, member)):
            continue
        try:
            made[name] = _value(reader, member, like.get(name), f"{where}: {name}", depth + 1)
        except CannotMake:
            if name in required:
                raise
    return made


def _is_plain(reader: SchemaReader, schema: Json) -> bool:
    """Whether any text or number will do: no reference to something else, no pattern."""
    merged = reader.merged(schema)
    return bool(reader.types(schema) & {"string", "boolean", "integer", "number"}) and not (
        {"pattern", "choices"} & set(merged)
    )


def _value(reader: SchemaReader, schema: Json, like: Json, where: str, depth: int) -> Json:
    merged, types = reader.merged(schema), reader.types(schema)
    if depth > DEEPEST:
        raise CannotMake(f"{where} is nested too deep")
    for known in (merged.get("const"), *reader.examples(schema), merged.get("default"), *(merged.get("enum") or ())):
        if known is not None:
            return known
    if "object" in types:
        return _object(reader, schema, like if isinstance(like, dict) else {}, where, depth)
    if "array" in types:
        least = merged.get("minItems", 0)
        item = like[0] if isinstance(like, list) and like else None
        return [_value(reader, reader.items(schema), item, where, depth + 1) for _ in range(least)]
    if like is not None and not isinstance(like, (dict, list)):
        return like
    if "string" in types:
        return _text(merged, where)
    if types & {"integer", "number"}:
        return _number(merged)
    if "boolean" in types:
        return True
    for branch in (branch for group in merged.get("choices", ()) for branch in group):
        return _value(reader, branch, like, where, depth + 1)
    if "null" in types:
        return None
    raise CannotMake(f"{where} has no type")


def _text(merged: Mapping[str, Json], where: str) -> str:
    if "pattern" in merged:
        raise CannotMake(f"{where} must match a pattern")
    text = _FORMATS.get(str(merged.get("format")), "contract check")
    least, most = merged.get("minLength", 0), merged.get("maxLength")
    text = text.ljust(least, "x") if isinstance(least, int) else text
    return text[:most] if isinstance(most, int) else text


def _number(merged: Mapping[str, Json]) -> Json:
    least, most = merged.get("minimum"), merged.get("maximum")
    value = least if isinstance(least, (int, float)) else 1
    if merged.get("exclusiveMinimum") not in (None, False):
        value = value + 1 if merged["exclusiveMinimum"] is True else merged["exclusiveMinimum"] + 1
    return min(value, most) if isinstance(most, (int, float)) else value


def sent(operation: Operation, definition: Mapping[str, Json], fields: Mapping[str, Json]) -> dict[str, Any]:
    """``fields`` in their envelope and media type, as the arguments of ``LawContext.request``."""
    media = media_of(definition)
    body = wrapped(dict(fields), operation.body)
    if media is not None and not is_json(media[0]):
        form = urlencode(list(_pairs(body, "")))
        return {"content": form.encode(), "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    if media is not None and media[0] != "application/json" and "*" not in media[0]:
        return {"content": json.dumps(body).encode(), "headers": {"Content-Type": media[0]}}
    return {"body": body}


def _pairs(value: Json, name: str) -> Iterator[tuple[str, str]]:
    """``a[b]=c`` for nested objects, ``a[]=c`` for lists."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _pairs(each, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _pairs(each, f"{name}[]")
    elif value is not None:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
