"""Holds answers against the spec before they leave: status, media type, headers, body.

An answer that breaks the spec is our mistake, never the client's: it is logged with a JSON pointer and becomes the
vendor's 500. The Python value that is about to be encoded is checked, not the bytes: jsonschema-rs and msgspec read
the same values in the same way, and parsing the bytes again costs as much as checking them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec

from counterfoil.api import API, Response
from counterfoil.server import guards  # noqa: F401  (connexion must be imported through it)
from counterfoil.server.exchange import ASGI, KEY, Exchange, Receive, Scope, Send
from counterfoil.server.logs import shown
from counterfoil.server.parameters import READERS
from counterfoil.server.routing import Routed
from counterfoil.server.schemas import Schemas, Validator
from counterfoil.server.validation import pointer

from connexion.middleware.response_validation import ResponseValidationAPI  # isort: skip  (after guards)

Json = Any


class SpecBroken(Exception):
    """An answer that the spec does not allow; the message says where."""


class Promise(msgspec.Struct, frozen=True):
    """What the spec promises for one status: a validator by media type, and headers (name, required, reader, check)."""

    bodies: Mapping[str, Validator]
    headers: tuple[tuple[str, bool, Any, Validator | None], ...]

    def breach(self, answer: Response, media_type: str) -> str | None:
        """In what the answer breaks the promise, or ``None``."""
        return self._breach_of_body(answer, media_type) or (self._breach_of_headers(answer) if self.headers else None)

    def _breach_of_body(self, answer: Response, media_type: str) -> str | None:
        body = answer.body
        if body is None:
            return "the body is empty, a body is documented" if self.bodies and answer.status != 304 else None
        check = self.bodies.get(normal(media_type)) or self.bodies.get(normal(media_type).partition(";")[0])
        if check is None:
            return f"the media type {media_type} is not documented (documented: {', '.join(self.bodies) or 'no body'})"
        if isinstance(body, bytes):
            if "json" not in media_type:
                return None
            import orjson

            try:
                body = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                return f"the body is not JSON: {error}"
        try:
            if check.is_valid(body):
                return None
            first = next(iter(check.iter_errors(body)))
        except (ValueError, UnicodeEncodeError) as unsupported:  # a value JSON does not have
            return f"the body holds what is no JSON: {unsupported}"
        return f"#{pointer(list(first.instance_path))}: {first.message}"

    def _breach_of_headers(self, answer: Response) -> str | None:
        given = {name.lower(): value for name, value in answer.headers}
        for name, required, read, check in self.headers:
            if name not in given:
                if required:
                    return f"the header {name} is missing"
                continue
            try:
                value = read(given[name])
            except ValueError as error:
                return f"the header {name} {error}"
            if check is not None and not check.is_valid(value):
                return f"the header {name} is '{given[name]}'"
        return None


class Promises:
    """All documented statuses of one operation."""

    def __init__(self, responses: Mapping[str, Json], schemas: Schemas) -> None:
        self.default: Promise | None = None
        self.by_status: dict[int, Promise] = {}
        for status, response in responses.items():
            promise = _compile(response, schemas)
            if status == "default":
                self.default = promise
            elif len(status) == 3 and status.upper().endswith("XX") and status[0].isdigit():
                for each in range(int(status[0]) * 100, int(status[0]) * 100 + 100):
                    self.by_status.setdefault(each, promise)
            else:
                self.by_status[int(status)] = promise

    def breach(self, answer: Response, media_type: str, *, any_status: bool = False) -> str | None:
        """``any_status``: a status that is not documented at all is no breach (the server's own refusals)."""
        promise = self.by_status.get(answer.status, self.default)
        if promise is None:
            return None if any_status else f"the status {answer.status} is not documented"
        return promise.breach(answer, media_type)


def _compile(response: Json, schemas: Schemas) -> Promise:
    bodies = {
        normal(name): schemas.compile(content.get("schema", {}), "response")
        for name, content in response.get("content", {}).items()
    }
    headers = []
    for name, header in response.get("headers", {}).items():
        if name.lower() != "content-type":  # OpenAPI 3.0.3, Response Object: ignored
            schema = header.get("schema", {})
            read = READERS.get(schema.get("type", "string"), str)
            headers.append(
                (
                    name.lower(),
                    bool(header.get("required")),
                    read,
                    schemas.compile(schema, "response") if schema else None,
                )
            )
    return Promise(bodies, tuple(headers))


_normal: dict[str, str] = {}


def normal(media_type: str) -> str:
    """``Application/JSON; charset=UTF-8`` → ``application/json;charset=utf-8``; connexion 3.3.0 answers 500 to the
    former spelling of the latter."""
    known = _normal.get(media_type)
    if known is None:
        known = ";".join(part.strip().lower() for part in media_type.split(";"))
        if len(_normal) < 256:
            _normal[media_type] = known
    return known


class CheckedOperation:
    """One operation's answers, checked at the moment they would leave."""

    def __init__(self, next_app: ASGI, promises: Promises, dialect: API) -> None:
        self.next_app = next_app
        self.promises = promises
        self.media_type = dialect.media_type

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope[KEY].check = self.check
        return self.next_app(scope, receive, send)

    def check(self, exchange: Exchange) -> None:
        answer = exchange.answer
        if answer is None or exchange.on_purpose:
            return
        breach = self.promises.breach(answer, answer.media_type or self.media_type)
        if breach is not None:
            raise SpecBroken(f"{exchange.operation} answers {answer.status} against its spec: {shown(breach)}")


class ResponseChecks(ResponseValidationAPI):  # type: ignore[misc]
    """Compiles the promises of every operation once, and leaves them where errors are rendered, too."""

    def __init__(
        self, *args: Any, dialect: API, schemas: Schemas, promises: dict[str, Promises], **kwargs: Any
    ) -> None:
        self.dialect = dialect
        self.schemas = schemas
        self.promises = promises
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: Any) -> Any:
        if not self.validate_responses:
            return self.next_app
        promises = self.promises[operation.operation_id] = Promises(operation.responses, self.schemas)
        return CheckedOperation(self.next_app, promises, self.dialect)


class ResponseValidation(Routed):
    """Lets nothing out that the spec does not allow."""

    api_cls = ResponseChecks
