"""Reads path, query and header parameters as the spec declares them: exact names, typed values, defaults.

Built once per operation. Errors name a parameter that is invalid, missing, or given twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from counterfoil.api import ApiError
from counterfoil.json_schema.validators import Schemas, Validator
from counterfoil.media_types import is_json_type, without_parameters
from counterfoil.openapi import SpecError
from counterfoil.server.logs import printable
from counterfoil.server.parsing.scalars import READERS
from counterfoil.server.parsing.shaped_parameters import SEPARATORS, ShapedParameter
from counterfoil.server.parsing.typed_text import NestedText, TypedText, nest_bracketed_names

Json = Any

IGNORED_HEADERS = {"accept", "content-type", "authorization"}
"""OpenAPI 3.0.3, Parameter Object: header parameters with these names are ignored."""
MAX_PAIRS = 2000
"""Documents allow lists of 1,500 items and more in a query; the URL itself may have 64 kB at most."""
CONSTRAINTS = {
    "enum", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern", "format", "minItems", "maxItems",
    "uniqueItems", "allOf", "anyOf", "oneOf", "not", "const", "exclusiveMinimum", "exclusiveMaximum",
}  # fmt: skip
BRANCHES = {"allOf", "anyOf", "oneOf"}
"""A schema with one of these may have its types in its branches."""


class Parameter(msgspec.Struct, frozen=True):
    """One declared parameter; ``check`` is ``None`` if its schema is a type only. ``separator`` separates the items of a list
    (``None``: the parameter is repeated instead). ``may_be_empty``: an empty text that is not a valid item is an empty list
    (in a user's own document)."""

    name: str
    required: bool
    read: Callable[[str], Json]
    check: Validator | None
    default: Json
    is_list: bool = False
    separator: str | None = None
    may_be_empty: bool = False

    def value(self, texts: list[str]) -> Json:
        """The typed value of the parameter's texts. Raises ``ApiError`` that names the parameter."""
        if not self.is_list:
            if len(texts) > 1:
                raise ApiError("malformed", f"{self.name} is given {len(texts)} times; give it once", where=self.name)
            value = self._read(texts[0])
        else:
            parts = texts if self.separator is None else [p for text in texts for p in text.split(self.separator)]
            if self.may_be_empty and parts == [""] and (self.check is None or not self.check.is_valid([""])):
                parts = []
            value = [self._read(part) for part in parts]
        if self.check is not None and not self.check.is_valid(value):
            raise ApiError("malformed", f"{self.name}: {printable(self.check.cause(value).text)}", where=self.name)
        return value

    def _read(self, text: str) -> Json:
        try:
            return self.read(text)
        except ValueError as error:
            message = f"{self.name} {error}, not '{printable(text, 40)}'"
            raise ApiError("malformed", message, where=self.name, detail={"value": printable(text, 40)}) from None


AnyParameter = Parameter | ShapedParameter


class Parameters:
    """All parameters of one operation."""

    def __init__(self, declared: list[Json], schemas: Schemas, operation: str) -> None:
        by_location: dict[str, dict[str, AnyParameter]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
        for parameter in declared:
            name, location = parameter["name"], parameter["in"]
            if location not in by_location:
                raise SpecError(f"{operation}: {name} is in {location}, which is not supported")
            by_location[location][name] = compile_parameter(parameter, schemas, operation)
        self.path = by_location["path"]
        self.query = by_location["query"]
        self.cookies = by_location["cookie"]
        self.headers = _by_lower_name(by_location["header"])
        self._shaped = {name: shaped for name, shaped in self.query.items() if isinstance(shaped, ShapedParameter)}
        self._members = {member: name for name, shaped in self._shaped.items() for member in shaped.members()}
        self._required = [p for p in self.query.values() if p.required and not _may_be_unsent(p)]
        self._defaults = {p.name: p.default for p in self.query.values() if p.default is not None}

    def read_path(self, captures: Mapping[str, str]) -> dict[str, Json]:
        """Typed path parameters. Raises ``ApiError``, whose detail says that it is about the path."""
        values = {}
        for name, raw in captures.items():
            text = percent_decoded(raw, name)
            try:
                values[name] = self.path[name].value([text]) if name in self.path else text
            except ApiError as error:
                error.detail = {**error.detail, "in": "path"}
                raise
        return values

    def read_query(self, query_string: bytes, *, strict: Callable[[], bool]) -> dict[str, Json]:
        """Typed query parameters with defaults; ``strict`` returns whether undefined parameters are refused."""
        sent = pairs(query_string) if query_string else {}
        values = dict(self._defaults)
        spread: dict[str, list[tuple[str, str]]] = {}
        for name, texts in sent.items():
            parameter = self.query.get(name)
            if parameter is not None:
                values[name] = parameter.value(texts)
            elif self._shaped and (owner := self._owner(name)) is not None:
                spread.setdefault(owner, []).extend((name, text) for text in texts)
            elif strict():
                known = ", ".join(self.query) or "none"
                raise ApiError(
                    "malformed",
                    f"unknown query parameter '{printable(name, 60)}'; known: {known}",
                    where=printable(name, 60),
                )
        for name, parts in spread.items():
            values[name] = self._shaped[name].value_of(_nested(name, parts))
        for parameter in self._required:
            if parameter.name not in sent and parameter.name not in spread:
                raise ApiError("required", f"the query parameter {parameter.name} is required", where=parameter.name)
        return values

    def _owner(self, name: str) -> str | None:
        """The parameter of a name such as ``created[gte]``, or of a member of an exploded object."""
        head = name.partition("[")[0]
        return head if head != name and head in self._shaped else self._members.get(head)

    def check_cookies(self, header: str) -> None:
        """Raise ``ApiError`` that names a missing or invalid cookie."""
        sent = {}
        for part in header.split(";"):
            name, _, value = part.strip().partition("=")
            sent[name] = value.removeprefix('"').removesuffix('"')
        for parameter in self.cookies.values():
            if parameter.name in sent:
                parameter.value([sent[parameter.name]])
            elif parameter.required:
                raise ApiError("required", f"the cookie {parameter.name} is required", where=parameter.name)

    def check_headers(self, headers: Mapping[str, str]) -> None:
        for name, parameter in self.headers.items():
            if name in headers:
                parameter.value([headers[name]])
            elif parameter.required:
                raise ApiError("required", f"the header {parameter.name} is required", where=parameter.name)


def _may_be_unsent(parameter: AnyParameter) -> bool:
    return isinstance(parameter, ShapedParameter) and parameter.may_be_unsent()


def _by_lower_name(declared: Mapping[str, AnyParameter]) -> dict[str, AnyParameter]:
    """Headers by lower-case name (RFC 9110, 5.1). If one is declared twice, the required declaration counts."""
    headers: dict[str, AnyParameter] = {}
    for name, parameter in declared.items():
        known = headers.get(name.lower())
        if name.lower() not in IGNORED_HEADERS and (known is None or parameter.required or not known.required):
            headers[name.lower()] = parameter
    return headers


def _nested(owner: str, parts: list[tuple[str, str]]) -> NestedText:
    """The nested value of parameter ``owner`` from names with brackets; names without are members of it."""
    tree = nest_bracketed_names(parts)
    inside = tree.pop(owner, {})
    return {**tree, **inside} if isinstance(inside, dict) else inside


def compile_parameter(declared: Json, schemas: Schemas, operation: str) -> AnyParameter:
    """Compile one parameter. Raises ``SpecError`` if it has neither schema nor content."""
    name, as_written = declared["name"], declared.get("schema")
    in_query = declared["in"] in ("query", "cookie")
    style = declared.get("style", "form" if in_query else "simple")
    exploded = declared.get("explode", style in ("form", "deepObject"))
    if not isinstance(as_written, dict):
        return _shaped(declared, schemas, style, exploded, operation)
    schema = schemas.resolved(as_written)
    if declared.get("content") and schema.get("type") in ("array", "object"):
        return _shaped(declared, schemas, style, exploded, operation)
    is_list = schema.get("type") == "array"
    inner = schemas.resolved(schema.get("items", {})) if is_list else schema
    kind = inner.get("type", "string" if not BRANCHES & inner.keys() else None)
    separator = SEPARATORS.get(style) if style not in ("label", "matrix") else None
    may_be_anything = schemas.is_lenient and in_query and not schema
    if not isinstance(kind, str) or kind not in READERS or separator is None or may_be_anything:
        return _shaped(declared, schemas, style, exploded, operation)
    needs_check = bool(CONSTRAINTS & schema.keys()) or (is_list and bool(CONSTRAINTS & inner.keys()))
    default = _default(schema, inner)
    if isinstance(default, int | float) and not isinstance(default, bool) and kind == "number":
        default = Decimal(str(default))
    return Parameter(
        name=name,
        required=bool(declared.get("required")),
        read=READERS[kind],
        check=schemas.validator(as_written, "request") if needs_check else None,
        default=default,
        is_list=is_list,
        may_be_empty=schemas.is_lenient and (kind != "string" or needs_check),
        separator=None if declared["in"] == "query" and exploded else separator,  # a cookie is one text
    )


def _shaped(declared: Json, schemas: Schemas, style: str, exploded: bool, operation: str) -> ShapedParameter:
    content = declared.get("content")
    schema, is_json = declared.get("schema"), False
    if isinstance(content, dict) and content:
        kind, described = next(iter(content.items()))
        schema, is_json = described.get("schema", {}), is_json_type(without_parameters(kind))
    if not isinstance(schema, dict):
        raise SpecError(f"{operation}: the parameter {declared['name']} has no schema")
    typed = TypedText(schemas)
    default = _default(schemas.resolved(schema), {})
    return ShapedParameter(
        name=declared["name"],
        required=bool(declared.get("required")),
        schema=schema,
        typed=typed,
        check=schemas.validator(schema, "request") if schema else None,
        default=typed.read(default, schema) if isinstance(default, str) and not is_json else default,
        style=style,
        explode=bool(exploded),
        is_json=is_json,
    )


def _default(schema: Json, items: Json) -> Json:
    """The default of a parameter; None if it is not in the enum: a default such as ``all`` then means no value."""
    default, listed = schema.get("default"), schema.get("enum", items.get("enum"))
    values = default if isinstance(default, list) else [default]
    return default if not isinstance(listed, list) or all(value in listed for value in values) else None


def pairs(query_string: bytes) -> dict[str, list[str]]:
    """The query's names and values, decoded strictly; raises ``ApiError`` for bytes that are not UTF-8."""
    values_by_name: dict[str, list[str]] = {}
    parts = query_string.decode("latin-1").split("&")
    if len(parts) > MAX_PAIRS:
        raise ApiError("malformed", f"more than {MAX_PAIRS} query parameters", where="query")
    is_ascii = b"%" not in query_string and b"+" not in query_string and query_string.isascii()
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            if not is_ascii:
                name = percent_decoded(name.replace("+", " "), "query")
                value = percent_decoded(value.replace("+", " "), name)
            if name in values_by_name:
                values_by_name[name].append(value)
            else:
                values_by_name[name] = [value]
    return values_by_name


def percent_decoded(text: str, where: str) -> str:
    """Percent-decode ``text`` (latin-1: one character per byte) as UTF-8. Raises ``ApiError``."""
    if "%" not in text and text.isascii():
        return text
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeDecodeError:
        name = printable(where, 60)
        raise ApiError("malformed", f"{name} is not UTF-8, percent-encoded", where=name) from None
