"""Validates responses against the spec, within connexion's ResponseValidationMiddleware.

A response that violates the spec is a bug of the server: it is logged with a JSON pointer and becomes the vendor's 500.
The value is validated before it is encoded, because parsing the bytes would cost as much as validating them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from counterfoil.api import API, Response
from counterfoil.api.kept import Kept, KeptMembers, list_at, with_list
from counterfoil.asgi import ASGIApp, Message, Receive, Scope, Send
from counterfoil.json_schema.validators import Schemas, Validator
from counterfoil.media_types import is_json_type, range_of
from counterfoil.openapi.undescribed_responses import ASSUMED
from counterfoil.server.context import SCOPE_KEY, Policy, RequestContext
from counterfoil.server.logs import printable
from counterfoil.server.parsing.json_text import pointer
from counterfoil.server.parsing.scalars import READERS
from counterfoil.server.workarounds import (
    ResponseValidationAPI,
    ResponseValidationMiddleware,
    ResponseValidationOperation,
)

Json = Any
MAX_VALIDATED_BYTES = 1024 * 1024
"""Limit on validated bytes; longer bodies in bytes are not validated. A capsule of 60,000 commands (4 MiB) would take 0.3 s."""


class ResponseSpecError(Exception):
    """A response that violates the spec; the message says where."""


class ResponseSpec(msgspec.Struct, frozen=True):
    """The spec of the responses with one status: a validator by media type, and headers (name, required, reader, validator).
    With ``any_body`` the document does not describe the body."""

    bodies: Mapping[str, Validator]
    headers: tuple[tuple[str, bool, Any, Validator | None], ...]
    any_body: bool = False

    def violation(self, response: Response, media_type: str) -> str | None:
        """How the response violates the spec, or ``None``."""
        return self._violation_of_body(response, media_type) or (
            self._violation_of_headers(response) if self.headers else None
        )

    def _violation_of_body(self, response: Response, media_type: str) -> str | None:
        body = response.body
        if self.any_body and not self.bodies:
            return None
        if body is None:
            has_one = self.bodies and response.status not in (204, 304)
            return "the body is empty, a body is documented" if has_one else None
        validator = self.bodies.get(normalized(media_type)) or self._validator(normalized(media_type).partition(";")[0])
        if validator is None:
            return f"the media type {media_type} is not documented (documented: {', '.join(self.bodies) or 'no body'})"
        if isinstance(body, bytes):
            if not is_json_type(normalized(media_type).partition(";")[0]) or len(body) > MAX_VALIDATED_BYTES:
                return None
            try:
                body = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                return f"the body is not JSON: {error}"
        try:
            if _is_valid(validator, body, response.kept):
                return None
            cause = validator.cause(body)
        except (ValueError, UnicodeEncodeError) as unsupported:  # a value that JSON cannot express
            return f"the body has a value that JSON cannot express: {unsupported}"
        return f"#{pointer(list(cause.place))}: {cause.message}{cause.note}"

    def _validator(self, kind: str) -> Validator | None:
        """The validator of the documented type or range that matches a media type without parameters."""
        known = range_of(kind, self.bodies)
        if known is None:  # documented with parameters, sent without
            return next((body for name, body in self.bodies.items() if name.partition(";")[0] == kind), None)
        return self.bodies[known]

    def _violation_of_headers(self, response: Response) -> str | None:
        sent = {name.lower(): value for name, value in response.headers}
        for name, required, read, validator in self.headers:
            if name not in sent:
                if required:
                    return f"the header {name} is missing"
                continue
            try:
                value = read(sent[name])
            except ValueError as error:
                return f"the header {name} {error}"
            if validator is not None and not validator.is_valid(value):
                return f"the header {name} is '{sent[name]}'"
        return None


def _is_valid(validator: Validator, body: Json, kept: Kept | KeptMembers | None) -> bool:
    """Whether a body is valid. Kept parts that this validator accepted before are not validated again: if the schema validates
    list members separately, only new members and the rest of the body are validated."""
    if isinstance(kept, Kept):
        if kept.valid_for is validator:
            return True
        new, remaining = [kept], body
    elif kept is not None and validator.validates_members_separately(kept.place):
        new = [member for member in kept.members if member.valid_for is not validator]
        remaining = with_list(body, kept.place, _new_values(validator, body, kept) if new else [])
    else:
        return validator.is_valid(body)
    if not validator.is_valid(remaining):
        return remaining is not body and validator.is_valid(body)
    for part in new:
        part.valid_for = validator
    return True


def _new_values(validator: Validator, body: Json, kept: KeptMembers) -> list[Json]:
    pairs = zip(kept.members, list_at(body, kept.place), strict=True)
    return [value for member, value in pairs if member.valid_for is not validator]


class ResponseSpecs:
    """All documented responses of one operation."""

    def __init__(self, responses: Mapping[str, Json], schemas: Schemas) -> None:
        self.default: ResponseSpec | None = None
        self.by_status: dict[int, ResponseSpec] = {}
        ranges: list[tuple[int, ResponseSpec]] = []
        for status, response in responses.items():
            spec = _response_spec(response, schemas)
            if status == "default":
                self.default = spec
            elif len(status) == 3 and status.upper().endswith("XX") and status[0].isdigit():
                ranges.append((int(status[0]) * 100, spec))
            else:
                self.by_status[int(status)] = spec
        self.documents_errors_only = self.default is None and not any(
            str(status).startswith(("2", "3")) for status in responses
        )
        """Whether only errors are documented, as in the petstore's ``POST /pet``."""
        for first, spec in ranges:
            for code in range(first, first + 100):
                self.by_status.setdefault(code, spec)
        success = (spec for status, spec in self.by_status.items() if 200 <= status < 300)
        self.has_tag = any(name == "etag" for spec in success for name, _, _, _ in spec.headers)
        """Whether a success has an entity tag, so that a conditional request may get 304 (RFC 9110, 15.4.5)."""

    def violation(self, response: Response, media_type: str, *, any_status: bool = False) -> str | None:
        """How the response violates the spec, or ``None``. ``any_status`` allows undocumented ones (the server's own errors)."""
        spec = self.by_status.get(response.status, self.default)
        if spec is None:
            is_allowed = any_status or (self.documents_errors_only and 200 <= response.status < 300)
            is_allowed = is_allowed or (response.status == 304 and self.has_tag)
            return None if is_allowed else f"the status {response.status} is not documented"
        return spec.violation(response, media_type)


def _response_spec(response: Json, schemas: Schemas) -> ResponseSpec:
    bodies = {
        normalized(name): schemas.validator(content.get("schema", {}), "response")
        for name, content in response.get("content", {}).items()
    }
    headers = []
    for name, header in response.get("headers", {}).items():
        if name.lower() == "content-type":  # OpenAPI 3.0.3, Response Object: ignored
            continue
        schema = header.get("schema", {})
        kind = schemas.resolved(schema).get("type", "string")
        read = READERS.get(kind, str) if isinstance(kind, str) else str
        validator = (
            schemas.validator(schema, "response") if schema and (isinstance(kind, str) and kind in READERS) else None
        )
        headers.append((name.lower(), bool(header.get("required")), read, validator))
    return ResponseSpec(bodies, tuple(headers), ASSUMED in response)


@lru_cache(256)
def normalized(media_type: str) -> str:
    """``Application/JSON; charset=UTF-8`` → ``application/json;charset=utf-8``; connexion 3.3.0 answers 500 if the spec
    spells a response's media type differently."""
    return ";".join(part.strip().lower() for part in media_type.split(";"))


class CompiledResponseValidation(ResponseValidationOperation):  # type: ignore[misc]
    """One operation's response validation with compiled validators, prepared at start."""

    def __init__(
        self, next_app: ASGIApp, *, operation: Any, specs: ResponseSpecs, media_type: str, policy: Policy
    ) -> None:
        super().__init__(next_app, operation=operation)
        self.specs = specs
        self.media_type = media_type
        self.is_enforced = policy == "enforce"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context: RequestContext = scope[SCOPE_KEY]

        async def send_validated(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.validate(context)
            await send(message)

        await self.next_app(scope, receive, send_validated)

    def validate(self, context: RequestContext) -> None:
        """Raise ``ResponseSpecError`` before the response's first bytes are sent."""
        response = context.response
        if response is None or context.skip_response_validation:
            return
        violation = self.specs.violation(response, response.media_type or self.media_type)
        if violation is None:
            return
        message = f"{context.operation}: the response {response.status} violates the spec: {printable(violation)}"
        if self.is_enforced:
            raise ResponseSpecError(message)
        context.violations = (*context.violations, message)


class CompiledResponseValidationAPI(ResponseValidationAPI):  # type: ignore[misc]
    """Makes connexion use ``CompiledResponseValidation`` for each operation.

    It fills ``response_specs`` by operation, because errors are rendered and validated outside this middleware.
    """

    def __init__(
        self,
        *args: Any,
        api: API,
        schemas: Schemas,
        response_specs: dict[str, ResponseSpecs],
        response_policy: Policy,
        **kwargs: Any,
    ) -> None:
        self.api = api
        self.schemas = schemas
        self.response_specs = response_specs
        self.policy = response_policy
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: Any) -> ASGIApp:
        if not self.validate_responses:
            return self.next_app  # type: ignore[no-any-return]
        specs = self.response_specs[operation.operation_id] = ResponseSpecs(operation.responses, self.schemas)
        return CompiledResponseValidation(
            self.next_app, operation=operation, specs=specs, media_type=self.api.media_type, policy=self.policy
        )


class ResponseValidation(ResponseValidationMiddleware):  # type: ignore[misc]
    """connexion's middleware with compiled validators."""

    api_cls = CompiledResponseValidationAPI
