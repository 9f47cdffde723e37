"""Reads a request's body up to a size limit, and parses JSON and forms; any other body stays unparsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.api import ApiError, File
from counterfoil.asgi import Receive
from counterfoil.json_schema.errors import Cause
from counterfoil.json_schema.validators import Schemas, Validator
from counterfoil.media_types import FORM, MULTIPART, is_json_type, range_of, without_parameters
from counterfoil.openapi import SpecError
from counterfoil.server.logs import printable
from counterfoil.server.parsing.forms import multipart, urlencoded
from counterfoil.server.parsing.json_text import member_name, parse_json, pointer
from counterfoil.server.parsing.shaped_parameters import SEPARATORS
from counterfoil.server.parsing.typed_text import TypedText, nest_bracketed_names

Json = Any

MAX_BODY_BYTES = 1024 * 1024
MAX_LOCATED_VALUES = 5_000
"""The largest number of values in a body in which an error is located. Locating takes up to 10 µs for each value and branch of
``oneOf``: 6 s for 1 MiB of nested arrays; finding that they are invalid takes 0.03 ms (jsonschema-rs 0.37)."""
PLAIN_TYPES = frozenset(["string", "integer", "number", "boolean", "null"])
UTF_8 = ("utf-8", "utf8", "us-ascii")


class ClientDisconnected(Exception):
    """The client closed the connection before its body was complete, so no response can be sent."""


async def read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The whole body. Raises ``ApiError`` (too_large) as soon as its size exceeds the limit, and ``ClientDisconnected``."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 12 or int(announced) > MAX_BODY_BYTES):
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        part = message.get("body", b"")
        if part:
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise _too_large()
            parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> ApiError:
    return ApiError("too_large", f"the body is larger than {MAX_BODY_BYTES} bytes", where="body")


def _more_values_than(limit: int, value: Json) -> bool:
    remaining, seen = [value], 0
    while remaining:
        current = remaining.pop()
        seen += 1
        if isinstance(current, dict | list):
            if seen + len(remaining) + len(current) > limit:
                return True
            remaining.extend(current.values() if isinstance(current, dict) else current)
    return False


class RequestBody:
    """The body of one operation, as its ``requestBody`` declares it. With a media type that is neither JSON nor a form, the
    value is the body's bytes, which are not validated, unless they are text with a schema for one plain value."""

    def __init__(self, declared: Json, schemas: Schemas, operation: str) -> None:
        self.required = bool(declared.get("required"))
        self.validators: dict[str, Validator] = {}
        self._schemas: dict[str, Json] = {}
        self._separators: dict[str, dict[str, str]] = {}
        for name, content in declared.get("content", {}).items():
            kind = without_parameters(name)
            schema = content.get("schema", {})
            self._schemas[kind] = schema
            self._separators[kind] = _separators(content.get("encoding"))
            self.validators[kind] = schemas.validator(schema, "request")
        if not self.validators:
            raise SpecError(f"{operation}: its requestBody has no content")
        first = next(iter(self.validators))
        self.default_type = "application/json" if "*" in first else first
        self._typed, self._with_json = TypedText(schemas), TypedText(schemas, reads_json=True)
        self._plain_texts = frozenset(
            kind
            for kind, schema in self._schemas.items()
            if self._is_plain_text(kind) and schemas.resolved(schema).get("format") not in ("binary", "byte")
        )

    def _is_plain_text(self, kind: str) -> bool:
        """Whether the schema of this media type is one plain value in a text."""
        types = self._typed.shape(self._schemas[kind]).types
        return kind.startswith("text/") and "*" not in kind and bool(types) and types <= PLAIN_TYPES

    def media_type(self, header: str | None) -> str:
        """The media type sent; without a header, the one documented first. Raises ``ApiError`` (415)."""
        if header is None or not header.strip():
            return self.default_type
        kind = without_parameters(header)
        is_text = is_json_type(kind) or kind == FORM or kind in self._plain_texts
        if range_of(kind, self.validators) is None or (is_text and _charset(header) not in UTF_8):
            raise ApiError(
                "unsupported_media_type",
                f"send the body as {', '.join(self.validators)} in UTF-8, not as '{printable(header, 80)}'",
                where="Content-Type",
            )
        return kind

    def check_encoding(self, header: str | None) -> None:
        """Raise ``ApiError`` (415) for a body with a content coding (RFC 9110, 8.4 and 15.5.16)."""
        if header is not None and header.strip().lower() not in ("", "identity"):
            raise ApiError(
                "unsupported_media_type",
                f"send the body without Content-Encoding, not as '{printable(header, 80)}'",
                where="Content-Encoding",
            )

    def parse(self, payload: bytes, kind: str, header: str = "") -> tuple[Json, tuple[File, ...]]:
        """The body's value, ``None`` if it is empty, and the files in it; ``header`` is the whole Content-Type. Raises
        ``ApiError`` (malformed, required)."""
        is_text = is_json_type(kind) or kind in (FORM, MULTIPART)
        # white space alone is not JSON (RFC 8259, 2)
        if payload.strip() or (payload and (not is_text or (is_json_type(kind) and not self.required))):
            if is_json_type(kind):
                return parse_json(payload), ()
            if kind == FORM:
                return self._form(urlencoded(payload), kind), ()
            if kind == MULTIPART:
                fields, files = multipart(payload, header)
                return self._form(fields, kind), files
            return payload, ()
        if self.required:
            raise ApiError("required", "a body is required", where="body")
        return None, ()

    def _form(self, fields: list[tuple[str, Json]], kind: str) -> Json:
        known = range_of(kind, self.validators) or kind
        schema, separators = self._schemas[known], self._separators[known]
        if separators:
            fields = [
                (name, part)
                for name, value in fields
                for part in (
                    value.split(separators[name]) if name in separators and isinstance(value, str) else [value]
                )
            ]
        names = self._typed.shape(schema).properties
        tree = nest_bracketed_names(fields, names)
        value = self._typed.read(tree, schema)
        if not any(isinstance(text, str) and text[:1] in ("{", "[") for _, text in fields):
            return value
        other = self._with_json.read(tree, schema)  # if a schema allows a string and an object, JSON text may be either
        return other if other != value and self.validators[known].is_valid(other) else value

    def validate(self, value: Json, kind: str) -> None:
        """Raise ``ApiError`` (malformed, required) that says where the value does not fit the schema."""
        known = range_of(kind, self.validators) or kind
        validator = self.validators[known]
        if isinstance(value, bytes):
            if known not in self._plain_texts:
                return
            try:
                value = self._typed.read(value.decode(), self._schemas[known])
            except UnicodeDecodeError:
                raise ApiError("malformed", "the body is not UTF-8", where="body") from None
        if not validator.is_valid(value):
            if _more_values_than(MAX_LOCATED_VALUES, value):
                raise ApiError(
                    "malformed",
                    f"the body does not fit its schema (in more than {MAX_LOCATED_VALUES} values the error is not located)",
                    where="body",
                )
            raise _invalid(validator.cause(value))


def _separators(encoding: Json) -> dict[str, str]:
    """The separator between the items of a list in one field of a form (``explode: false``), by the field's name."""
    separators = {}
    for name, options in encoding.items() if isinstance(encoding, dict) else ():
        if isinstance(options, dict) and options.get("explode") is False:
            separators[name] = SEPARATORS.get(str(options.get("style", "form")), ",")
    return separators


def _charset(header: str) -> str:
    for option in header.split(";")[1:]:
        name, _, value = option.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return "utf-8"


def _invalid(cause: Cause) -> ApiError:
    path = list(cause.path)
    name, where = printable(member_name(path)), printable(pointer(path))
    if cause.is_missing:
        return ApiError("required", f"{name} is required in the body{printable(cause.note)}", where=where)
    place = f"{name} in the body" if name else "the body"
    return ApiError("malformed", f"{place}: {printable(cause.text)}", where=where or "body")
