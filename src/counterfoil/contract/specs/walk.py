"""Iterates over the objects of an OpenAPI 3.0 document with their JSON pointers, and validates values against its schemas.

The document is plain dictionaries with string keys. What a spec should contain is decided in ``specs.lint``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from counterfoil.json_pointer import join as pointer
from counterfoil.openapi import METHODS

_COMPOSITES = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the document: its ``kind``, its JSON pointer, and (for a link) the pointer of its response."""

    kind: str
    where: str
    value: Mapping[str, Any]
    parent: str | None = None


def walk(document: Mapping[str, Any]) -> Iterator[Node]:
    """Every path, operation, parameter, body, response, header, media type, schema, link and security scheme, each once.

    References are not followed: the object they name is visited where it is defined.
    """
    for path, item in _items(document.get("paths")):
        where = pointer("paths", path)
        yield Node("path", where, item)
        for method in METHODS:
            if method in item:
                yield from _operation(item[method], pointer(method, base=where))
    components = document.get("components") or {}
    for section, visit in _SECTIONS.items():
        for name, value in _items(components.get(section)):
            if "$ref" not in value:
                yield from visit(value, pointer("components", section, name))


def _items(mapping: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in mapping.items() if isinstance(mapping, dict) else ():
        if isinstance(value, dict):
            yield name, value


def _visit_each(mapping: Any, where: str, visit: Any) -> Iterator[Node]:
    for name, value in _items(mapping):
        if "$ref" not in value:
            yield from visit(value, pointer(name, base=where))


def _operation(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("operation", where, value)
    for i, parameter in enumerate(value.get("parameters", [])):
        if "$ref" not in parameter:
            yield from _parameter(parameter, f"{where}/parameters/{i}")
    yield from _visit_each({"requestBody": value.get("requestBody")}, where, _body)
    yield from _visit_each(value.get("responses"), f"{where}/responses", _response)


def _parameter(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("parameter", where, value)
    yield from _content_and_schema(value, where)


def _header(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("header", where, value)
    yield from _content_and_schema(value, where)


def _body(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("requestBody", where, value)
    yield from _content_and_schema(value, where)


def _response(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("response", where, value)
    yield from _visit_each(value.get("headers"), f"{where}/headers", _header)
    yield from _content_and_schema(value, where)
    for name, link in _items(value.get("links")):
        if "$ref" not in link:
            yield Node("link", pointer(name, base=f"{where}/links"), link, where)


def _link(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("link", where, value)


def _security_scheme(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("securityScheme", where, value)


def _media(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("media", where, value)
    yield from _content_and_schema(value, where)


def _content_and_schema(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield from _visit_each(value.get("content"), f"{where}/content", _media)
    yield from _visit_each({"schema": value.get("schema")}, where, _schema)


def _schema(value: dict[str, Any], where: str) -> Iterator[Node]:
    yield Node("schema", where, value)
    yield from _visit_each(value.get("properties"), f"{where}/properties", _schema)
    yield from _visit_each({key: value.get(key) for key in ("items", "additionalProperties", "not")}, where, _schema)
    for key in _COMPOSITES:
        yield from _visit_each({str(i): part for i, part in enumerate(value.get(key, []))}, f"{where}/{key}", _schema)


_SECTIONS: dict[str, Any] = {
    "schemas": _schema,
    "responses": _response,
    "parameters": _parameter,
    "headers": _header,
    "requestBodies": _body,
    "links": _link,
    "securitySchemes": _security_scheme,
}


def to_json_schema(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12; references stay as they are.

    ``nullable`` adds null to ``type`` and to nothing else, as OpenAPI 3.0.3 clarified: an ``allOf`` or an ``enum`` next to it
    must allow null too, and without a ``type`` it has no effect. Other validators do the same. A boolean
    ``exclusiveMinimum`` becomes a number; members next to a ``$ref`` are dropped, as OpenAPI 3.0 says.
    """
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    result = {key: _keyword(key, value) for key, value in schema.items() if key not in _ANNOTATIONS}
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if result.pop(exclusive, False):
            result[exclusive] = result.pop(bound)
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        result["type"] = [schema["type"], "null"]
    return result


_ANNOTATIONS = frozenset(
    {"nullable", "example", "examples", "discriminator", "xml", "externalDocs", "deprecated", "readOnly", "writeOnly"}
)


def _keyword(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: to_json_schema(part) for name, part in value.items()}
    if key in _COMPOSITES:
        return [to_json_schema(part) for part in value]
    if key in {"items", "additionalProperties", "not"}:
        return to_json_schema(value)
    return value


def value_errors(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> list[str]:
    """Why ``value`` does not fit ``schema`` of ``document``, formats included; empty when it does."""
    components = (document.get("components") or {}).get("schemas") or {}
    root = {
        "allOf": [to_json_schema(schema)],
        "components": {"schemas": {name: to_json_schema(part) for name, part in components.items()}},
    }
    try:
        validator = jsonschema_rs.Draft202012Validator(root, validate_formats=True)
    except (ValueError, jsonschema_rs.ValidationError) as error:
        return [f"the schema cannot be used: {' '.join(str(error).split())[:200]}"]
    return [_line(error) for error in validator.iter_errors(value)]


def _line(error: Any) -> str:
    message = " ".join(str(error.message).split())
    return f"{pointer(*error.instance_path)}: {message if len(message) <= 200 else message[:200] + ' …'}"
