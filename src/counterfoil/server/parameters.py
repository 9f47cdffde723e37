"""Reads path, query and header parameters as the spec declares them: exact names, typed values, defaults.

Built once per operation. Everything is refused by name: a value that does not fit, one that is missing, one given
twice. Numbers are ``int`` or ``Decimal``, never ``float``, and only in JSON's spelling (connexion 3.3.0 takes ``1_000``
and ``nan``, as Python does).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from counterfoil.api import ApiError
from counterfoil.openapi import SpecError
from counterfoil.json_schema import Schemas, Validator, violation
from counterfoil.server.logs import shown

Json = Any

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,329})(?:\.[0-9]{1,340})?(?:[eE][+-]?[0-9]{1,3})?")
"""JSON's numbers, bounded to what a double can hold: arithmetic on 1e999999 could take forever."""
LARGEST_EXPONENT = 330
HEADERS_OF_HTTP = {"accept", "content-type", "authorization"}
"""OpenAPI 3.0.3, Parameter Object: header parameters of these names are ignored."""
MOST_PAIRS = 200
CONSTRAINTS = {
    "enum", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern", "format", "minItems", "maxItems",
    "uniqueItems", "allOf", "anyOf", "oneOf", "not",
}  # fmt: skip


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _number(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise ValueError("must be a number")
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError("must be a number that a double can hold")
    return number


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


READERS: Mapping[str, Callable[[str], Json]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": str,
}


class Parameter(msgspec.Struct, frozen=True):
    """One declared parameter; ``check`` is ``None`` where its type says everything. ``separator``: how one text holds
    a list (``None``: the parameter is repeated instead)."""

    name: str
    required: bool
    read: Callable[[str], Json]
    check: Validator | None
    default: Json
    is_list: bool = False
    separator: str | None = None

    def value(self, texts: list[str]) -> Json:
        """The typed value. Raises ``ApiError`` that names the parameter."""
        if not self.is_list:
            if len(texts) > 1:
                raise ApiError("malformed", f"{self.name} is given {len(texts)} times; give it once", where=self.name)
            value = self._read(texts[0])
        else:
            parts = texts if self.separator is None else [p for text in texts for p in text.split(self.separator)]
            value = [self._read(part) for part in parts]
        if self.check is not None and not self.check.is_valid(value):
            _, error = self.check.first_error(value)
            raise ApiError("malformed", f"{self.name}: {shown(violation(error))}", where=self.name)
        return value

    def _read(self, text: str) -> Json:
        try:
            return self.read(text)
        except ValueError as error:
            message = f"{self.name} {error}, not '{shown(text, 40)}'"
            raise ApiError("malformed", message, where=self.name, detail={"value": shown(text, 40)}) from None


class Parameters:
    """All parameters of one operation."""

    def __init__(self, declared: list[Json], schemas: Schemas, operation: str) -> None:
        places: dict[str, dict[str, Parameter]] = {"path": {}, "query": {}, "header": {}}
        for each in declared:
            if each["in"] not in places:
                raise SpecError(f"{operation}: {each['name']} is in {each['in']}, which is not supported")
            places[each["in"]][each["name"]] = compile_parameter(each, schemas, operation)
        self.path = places["path"]
        self.query = places["query"]
        self.headers = {n.lower(): p for n, p in places["header"].items() if n.lower() not in HEADERS_OF_HTTP}
        self._required = [p for p in self.query.values() if p.required]
        self._defaults = {p.name: p.default for p in self.query.values() if p.default is not None}

    def read_path(self, captures: Mapping[str, str]) -> dict[str, Json]:
        values = {}
        for name, raw in captures.items():
            text = decoded(raw, name)
            values[name] = self.path[name].value([text]) if name in self.path else text
        return values

    def read_query(self, query_string: bytes, *, strict: Callable[[], bool]) -> dict[str, Json]:
        """Typed query parameters with defaults; ``strict`` says whether one the spec does not know is refused."""
        given = pairs(query_string) if query_string else {}
        values = dict(self._defaults)
        for name, texts in given.items():
            parameter = self.query.get(name)
            if parameter is not None:
                values[name] = parameter.value(texts)
            elif strict():
                known = ", ".join(self.query) or "none"
                raise ApiError(
                    "malformed", f"unknown query parameter '{shown(name, 60)}'; known: {known}", where=shown(name, 60)
                )
        for parameter in self._required:
            if parameter.name not in given:
                raise ApiError("required", f"the query parameter {parameter.name} is required", where=parameter.name)
        return values

    def check_headers(self, headers: Mapping[str, str]) -> None:
        for name, parameter in self.headers.items():
            if name in headers:
                parameter.value([headers[name]])
            elif parameter.required:
                raise ApiError("required", f"the header {parameter.name} is required", where=parameter.name)


def compile_parameter(declared: Json, schemas: Schemas, operation: str) -> Parameter:
    """Raises ``SpecError`` for what cannot be read faithfully (deep objects, content instead of schema)."""
    name, as_written = declared["name"], declared.get("schema")
    if not isinstance(as_written, dict):
        raise SpecError(f"{operation}: the parameter {name} has no schema")
    schema = schemas.resolved(as_written)
    is_list = schema.get("type") == "array"
    inner = schemas.resolved(schema.get("items", {})) if is_list else schema
    kind = inner.get("type", "string")  # connexion 3.3.0 answers 500 where a plain type is missing
    if kind not in READERS:
        raise SpecError(f"{operation}: the parameter {name} is of type {kind}, which is not supported")
    needs_check = bool(CONSTRAINTS & schema.keys()) or (is_list and bool(CONSTRAINTS & inner.keys()))
    default = schema.get("default")
    if isinstance(default, int | float) and not isinstance(default, bool) and kind == "number":
        default = Decimal(str(default))
    in_query = declared["in"] == "query"
    exploded = declared.get("explode", in_query)
    style = declared.get("style", "form" if in_query else "simple")
    separator = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}.get(style)
    if separator is None:
        raise SpecError(f"{operation}: the parameter {name} has style {style}, which is not supported")
    return Parameter(
        name=name,
        required=bool(declared.get("required")),
        read=READERS[kind],
        check=schemas.validator(as_written, "request") if needs_check else None,
        default=default,
        is_list=is_list,
        separator=None if in_query and exploded else separator,
    )


def pairs(query_string: bytes) -> dict[str, list[str]]:
    """The query's names and values, decoded strictly; raises ``ApiError`` for bytes that are not UTF-8."""
    given: dict[str, list[str]] = {}
    parts = query_string.decode("latin-1").split("&")
    if len(parts) > MOST_PAIRS:
        raise ApiError("malformed", f"more than {MOST_PAIRS} query parameters", where="query")
    plain = b"%" not in query_string and b"+" not in query_string and query_string.isascii()
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            if not plain:
                name = decoded(name.replace("+", " "), "query")
                value = decoded(value.replace("+", " "), name)
            if name in given:
                given[name].append(value)
            else:
                given[name] = [value]
    return given


def decoded(text: str, where: str) -> str:
    """Percent-decoded UTF-8. ``text`` holds one character per byte sent."""
    if "%" not in text and text.isascii():
        return text
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeDecodeError:
        name = shown(where, 60)
        raise ApiError("malformed", f"{name} is not UTF-8, percent-encoded", where=name) from None
