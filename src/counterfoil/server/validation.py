"""Holds requests against the spec: what the client accepts, parameters, and the JSON body.

Everything is compiled once per operation, at start; connexion as it comes builds its validators again on every
request. The order is: Accept (406), size (413), Content-Type (415), parameters and then the body (400).
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from counterfoil.api import API, ApiError
from counterfoil.server import guards  # noqa: F401  (connexion must be imported through it)
from counterfoil.server.exchange import ASGI, KEY, Exchange, Receive, Scope, Send
from counterfoil.server.logs import shown
from counterfoil.server.parameters import LARGEST_EXPONENT, Parameters
from counterfoil.server.routing import Routed
from counterfoil.server.schemas import Schemas, Validator
from counterfoil.server.specs import SpecError

from connexion.middleware.request_validation import RequestValidationAPI  # isort: skip  (after guards)

Json = Any

LARGEST_BODY = 1024 * 1024
DEEPEST_BODY = 64
MOST_REMEMBERED = 256


class ClientGone(Exception):
    """The client closed the connection before its body was complete: nobody is left to answer."""


def media_type(value: str) -> str:
    """``Application/JSON; charset=utf-8`` → ``application/json``."""
    return value.partition(";")[0].strip().lower()


# -- Accept -----------------------------------------------------------------------------------------------------------


class Acceptable:
    """Whether an Accept header lets through one of the media types an operation can answer with.

    Answers are remembered per header text; the memory is bounded.
    """

    def __init__(self, offered: list[str]) -> None:
        self.offered = offered
        self._known: dict[str, bool] = {}

    def check(self, accept: str | None) -> None:
        if accept is None or accept == "*/*" or not self.offered:
            return
        fits = self._known.get(accept)
        if fits is None:
            fits = any(accepts(accept, each) for each in self.offered)
            if len(self._known) < MOST_REMEMBERED:
                self._known[accept] = fits
        if not fits:
            raise ApiError("not_acceptable", f"only {', '.join(self.offered)} can be produced here", where="Accept")


def accepts(header: str, offered: str) -> bool:
    """Whether ``header`` (RFC 9110, 12.5.1) accepts ``offered``: the most specific range that fits decides, ``q=0``
    forbids. Ranges that are none are skipped; a header without any range accepts everything."""
    main, _, sub = media_type(offered).partition("/")
    best, allowed, ranges = -1, False, 0
    for part in header.split(","):
        name, *options = (piece.strip().lower() for piece in part.split(";"))
        kind, slash, subkind = name.partition("/")
        if not slash or not kind or not subkind:
            continue
        ranges += 1
        if kind not in ("*", main) or subkind not in ("*", sub):
            continue
        specific = (kind != "*") + (subkind != "*")
        if specific >= best:
            allowed = (allowed if specific == best else False) or not _forbidden(options)
            best = specific
    return allowed or ranges == 0


def _forbidden(options: list[str]) -> bool:
    for option in options:
        if option.startswith("q="):
            return option[2:].strip("0.") == "" and option != "q="
    return False


# -- the body ---------------------------------------------------------------------------------------------------------


def _amount(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError("a number in it is out of range")
    return number


_decoder = msgspec.json.Decoder(float_hook=_amount)


def parse_json(payload: bytes) -> Json:
    """JSON as RFC 8259 has it; fractions become ``Decimal`` with the digits as sent. Raises ``ApiError`` (malformed)."""
    try:
        value = _decoder.decode(payload)
    except UnicodeDecodeError:
        raise ApiError("malformed", "the body is not UTF-8", where="body") from None
    except RecursionError:
        raise ApiError("malformed", f"the body is nested deeper than {DEEPEST_BODY} levels", where="body") from None
    except (msgspec.MsgspecError, ValueError, InvalidOperation) as error:
        said = str(error) if not isinstance(error, InvalidOperation) else "a number in it is out of range"
        raise ApiError("malformed", f"the body is not valid JSON: {shown(said)}", where="body") from None
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


async def read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The whole body, bounded. Raises ``ApiError`` (too_large) as soon as the bound is known to be passed."""
    said = headers.get("content-length", "")
    if said.isdecimal() and (len(said) > 12 or int(said) > LARGEST_BODY):
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


class Body:
    """The JSON body of one operation."""

    def __init__(self, declared: Json, schemas: Schemas, operation: str) -> None:
        self.required = bool(declared.get("required"))
        self.checks: dict[str, Validator] = {}
        for name, content in declared.get("content", {}).items():
            kind = media_type(name)
            if not kind.endswith(("/json", "+json")):
                raise SpecError(f"{operation}: a body of {kind} is not supported, only JSON is")
            self.checks[kind] = schemas.compile(content.get("schema", {}), "request")
        if not self.checks:
            raise SpecError(f"{operation}: its requestBody has no content")
        self.first = next(iter(self.checks))

    def kind(self, header: str | None) -> str:
        """The media type sent; without a header, the one documented first. Raises ``ApiError`` (415)."""
        if header is None or not header.strip():
            return self.first
        kind = media_type(header)
        charset = _charset(header)
        if kind not in self.checks or charset not in ("utf-8", "utf8", "us-ascii"):
            raise ApiError(
                "unsupported_media_type",
                f"send the body as {', '.join(self.checks)} in UTF-8, not as '{shown(header, 80)}'",
                where="Content-Type",
            )
        return kind

    def check(self, payload: bytes, kind: str) -> Json:
        if not payload.strip():
            if self.required:
                raise ApiError("required", "a body is required", where="body")
            return None
        value = parse_json(payload)
        validator = self.checks[kind]
        if not validator.is_valid(value):
            raise _refused(next(iter(validator.iter_errors(value))))
        return value


def _charset(header: str) -> str:
    for option in header.split(";")[1:]:
        name, _, value = option.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return "utf-8"


def pointer(path: list[Any]) -> str:
    """A JSON pointer (RFC 6901) from its parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _refused(error: Any) -> ApiError:
    where = pointer(list(error.instance_path))
    missing = getattr(error.kind, "property", None) if error.kind.name == "required" else None
    if missing is not None:
        where += pointer([missing])
        return ApiError("required", f"{shown(where)} is required in the body", where=shown(where))
    return ApiError("malformed", f"body{shown(where)}: {shown(str(error.message))}", where=shown(where) or "body")


# -- the layer --------------------------------------------------------------------------------------------------------


class ValidatedOperation:
    """One operation's request, held against the spec."""

    def __init__(self, next_app: ASGI, operation: Any, dialect: API, schemas: Schemas) -> None:
        self.next_app = next_app
        self.strict_query = dialect.strict_query
        self.parameters = Parameters(operation.parameters, schemas, operation.operation_id)
        self.body = Body(operation.request_body, schemas, operation.operation_id) if operation.request_body else None
        self.acceptable = Acceptable(_produced(operation.responses))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange: Exchange = scope[KEY]
        self.acceptable.check(exchange.headers.get("accept"))
        if self.body is not None:
            return self._with_body(self.body, exchange, scope, receive, send)
        self._read_parameters(exchange)
        return self.next_app(scope, receive, send)

    async def _with_body(self, body: Body, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        exchange.body_bytes = payload = await read_body(exchange.headers, receive)
        kind = body.kind(exchange.headers.get("content-type")) if payload else body.first
        self._read_parameters(exchange)
        exchange.body = body.check(payload, kind)
        await self.next_app(scope, receive, send)

    def _read_parameters(self, exchange: Exchange) -> None:
        parameters = self.parameters
        if exchange.captures:
            exchange.path_values = parameters.read_path(exchange.captures)
        exchange.query_values = parameters.read_query(
            exchange.query_string, strict=lambda: self.strict_query(exchange.world)
        )
        if parameters.headers:
            parameters.check_headers(exchange.headers)


def _produced(responses: Mapping[str, Json]) -> list[str]:
    found: dict[str, None] = {}
    for status, response in responses.items():
        if status.startswith("2"):
            found.update(dict.fromkeys(response.get("content", {})))
    return list(found)


class RequestChecks(RequestValidationAPI):  # type: ignore[misc]
    """Builds ``ValidatedOperation`` once per operation."""

    def __init__(self, *args: Any, dialect: API, schemas: Schemas, **kwargs: Any) -> None:
        self.dialect = dialect
        self.schemas = schemas
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: Any) -> Any:
        return ValidatedOperation(self.next_app, operation, self.dialect, self.schemas)


class RequestValidation(Routed):
    """Refuses what the spec does not allow, and types what it does."""

    api_cls = RequestChecks
