"""Reads a request's body within a bound, and parses it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from counterfoil.api import ApiError
from counterfoil.asgi import Receive
from counterfoil.openapi import SpecError
from counterfoil.json_schema import Schemas, Validator, violation
from counterfoil.server.logs import shown
from counterfoil.server.parameters import LARGEST_EXPONENT

Json = Any

LARGEST_BODY = 1024 * 1024
DEEPEST_BODY = 64
MOST_CONTAINERS = 50_000
"""Arrays and objects in a body, brackets in its texts counted too. 440,000 in 1 MiB took 0.2 s to parse and measure."""
MOST_LOCATED = 5_000
"""Values in a body in which an error is located. That takes up to 10 µs for each, in ``oneOf`` again for each branch: 1 MiB
of nested arrays took 6 s, where finding out that they are not valid takes 0.03 ms (jsonschema-rs 0.37)."""


BOM = b"\xef\xbb\xbf"
"""RFC 8259, 8.1: JSON must not be sent with one."""


class ClientGone(Exception):
    """The client closed the connection before its body was complete: there is no one left to answer."""


def media_type(value: str) -> str:
    """``Application/JSON; charset=utf-8`` → ``application/json``."""
    return value.partition(";")[0].strip().lower()


def pointer(path: list[Any]) -> str:
    """A JSON pointer (RFC 6901) from its parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


async def read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The whole body. Raises ``ApiError`` (too_large) as soon as the bound is known to be passed, and ``ClientGone``."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 12 or int(announced) > LARGEST_BODY):
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        if part:
            size += len(part)
            if size > LARGEST_BODY:
                raise _too_large()
            parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> ApiError:
    return ApiError("too_large", f"the body is larger than {LARGEST_BODY} bytes", where="body")


def _amount(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError("a number in it is out of range")
    return number


_decoder = msgspec.json.Decoder(float_hook=_amount)


def parse_json(payload: bytes) -> Json:
    """JSON by RFC 8259; fractions become ``Decimal`` with the digits as sent. Raises ``ApiError`` (malformed)."""
    if payload.startswith(BOM):
        raise ApiError("malformed", "the body begins with a byte order mark; send JSON without one", where="body")
    if payload.count(b"[") + payload.count(b"{") > MOST_CONTAINERS:
        raise ApiError("malformed", f"the body has more than {MOST_CONTAINERS} arrays and objects", where="body")
    try:
        value = _decoder.decode(payload)
    except UnicodeDecodeError:
        raise ApiError("malformed", "the body is not UTF-8", where="body") from None
    except RecursionError:
        raise ApiError("malformed", f"the body is nested deeper than {DEEPEST_BODY} levels", where="body") from None
    except (msgspec.MsgspecError, ValueError, InvalidOperation) as error:
        reason = str(error) if not isinstance(error, InvalidOperation) else "a number in it is out of range"
        raise ApiError("malformed", f"the body is not valid JSON: {shown(reason)}", where="body") from None
    if _deeper_than(value, DEEPEST_BODY):
        raise ApiError("malformed", f"the body is nested deeper than {DEEPEST_BODY} levels", where="body")
    return value


def _deeper_than(value: Json, levels: int) -> bool:
    layer = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        layer = [
            member
            for each in layer
            for member in (each.values() if isinstance(each, dict) else each)
            if isinstance(member, dict | list)
        ]
        if not layer:
            return False
    return True


def _more_values_than(most: int, value: Json) -> bool:
    waiting, seen = [value], 0
    while waiting:
        each = waiting.pop()
        seen += 1
        if isinstance(each, dict | list):
            if seen + len(waiting) + len(each) > most:
                return True
            waiting.extend(each.values() if isinstance(each, dict) else each)
    return False


class RequestBody:
    """The JSON body of one operation, as its ``requestBody`` declares it."""

    def __init__(self, declared: Json, schemas: Schemas, operation: str) -> None:
        self.required = bool(declared.get("required"))
        self.validators: dict[str, Validator] = {}
        for name, content in declared.get("content", {}).items():
            kind = media_type(name)
            if not kind.endswith(("/json", "+json")):
                raise SpecError(f"{operation}: a body of {kind} is not supported, only JSON is")
            self.validators[kind] = schemas.validator(content.get("schema", {}), "request")
        if not self.validators:
            raise SpecError(f"{operation}: its requestBody has no content")
        self.default_type = next(iter(self.validators))

    def media_type(self, header: str | None) -> str:
        """The media type sent; without a header, the one documented first. Raises ``ApiError`` (415)."""
        if header is None or not header.strip():
            return self.default_type
        kind = media_type(header)
        charset = _charset(header)
        if kind not in self.validators or charset not in ("utf-8", "utf8", "us-ascii"):
            raise ApiError(
                "unsupported_media_type",
                f"send the body as {', '.join(self.validators)} in UTF-8, not as '{shown(header, 80)}'",
                where="Content-Type",
            )
        return kind

    def check_encoding(self, header: str | None) -> None:
        """Raises ``ApiError`` (415) for a coded body: none is decoded here (RFC 9110, 8.4 and 15.5.16)."""
        if header is not None and header.strip().lower() not in ("", "identity"):
            raise ApiError(
                "unsupported_media_type",
                f"send the body without Content-Encoding, not as '{shown(header, 80)}'",
                where="Content-Encoding",
            )

    def parse(self, payload: bytes) -> Json:
        """The body as JSON, ``None`` if it is empty. Raises ``ApiError`` (malformed, required)."""
        if payload.strip():
            return parse_json(payload)
        if self.required:
            raise ApiError("required", "a body is required", where="body")
        return None

    def validate(self, value: Json, kind: str) -> None:
        """Raises ``ApiError`` (malformed, required) that says where the value does not fit the schema."""
        validator = self.validators[kind]
        if not validator.is_valid(value):
            if _more_values_than(MOST_LOCATED, value):
                raise ApiError(
                    "malformed",
                    f"the body does not fit its schema; where is not looked for in more than {MOST_LOCATED} values",
                    where="body",
                )
            raise _invalid(*validator.first_error(value))


def _charset(header: str) -> str:
    for option in header.split(";")[1:]:
        name, _, value = option.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return "utf-8"


def _invalid(path: list[str | int], error: Any) -> ApiError:
    where = pointer(path)
    missing = getattr(error.kind, "property", None) if error.kind.name == "required" else None
    if missing is not None:
        where += pointer([missing])
        return ApiError("required", f"{shown(where)} is required in the body", where=shown(where))
    return ApiError("malformed", f"body{shown(where)}: {shown(violation(error))}", where=shown(where) or "body")
