"""Validates requests against the spec, within connexion's RequestValidationMiddleware.

Validators are compiled once per operation, at start; connexion 3.3.0 builds its own on every request. The order of checks
is: Accept (406), size (413), Content-Type (415), parameters and then the body (400).
"""

from __future__ import annotations

from typing import Any

from counterfoil.api import API, ApiError
from counterfoil.asgi import ASGIApp, Receive, Scope, Send
from counterfoil.json_schema.validators import Schemas
from counterfoil.server.context import SCOPE_KEY, Policy, RequestContext
from counterfoil.server.errors import refusal_error
from counterfoil.server.parsing.accept import Acceptable
from counterfoil.server.parsing.body import ClientDisconnected, RequestBody, read_body
from counterfoil.server.parsing.parameters import Parameters
from counterfoil.server.workarounds import (
    RequestValidationAPI,
    RequestValidationMiddleware,
    RequestValidationOperation,
)


class CompiledRequestValidation(RequestValidationOperation):  # type: ignore[misc]
    """One operation's request validation with compiled validators, prepared at start."""

    def __init__(self, next_app: ASGIApp, *, operation: Any, api: API, schemas: Schemas, policy: Policy) -> None:
        super().__init__(next_app, operation=operation)
        self.strict_query = api.strict_query
        self.parameters = Parameters(operation.parameters, schemas, operation.operation_id)
        declared = operation.request_body
        self.body = RequestBody(declared, schemas, operation.operation_id) if declared else None
        self.acceptable = None if api.ignores_accept else Acceptable(operation.responses, any_json=schemas.is_lenient)
        self.is_enforced = policy == "enforce"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context: RequestContext = scope[SCOPE_KEY]
        try:
            if self.acceptable is not None:
                self.acceptable.check(context.headers.get("accept"))
            if self.body is None:
                self._read_parameters(context)
            else:
                await self._read_body(self.body, context, scope, receive)
        except ClientDisconnected:
            return
        except ApiError as error:
            if self.is_enforced:
                raise
            context.violations = (*context.violations, error.message)
        await self.next_app(scope, receive, send)

    async def _read_body(self, body: RequestBody, context: RequestContext, scope: Scope, receive: Receive) -> None:
        body.check_encoding(context.headers.get("content-encoding"))
        context.body_bytes = payload = await read_body(context.headers, receive)
        context.refusal = refusal_error(scope)
        if context.refusal is not None:  # the body was not received completely
            raise context.refusal
        header = context.headers.get("content-type")
        kind = body.media_type(header) if payload else body.default_type
        self._read_parameters(context)
        context.body, context.files = body.parse(payload, kind, header or "")
        if payload.strip():
            body.validate(context.body, kind)

    def _read_parameters(self, context: RequestContext) -> None:
        parameters = self.parameters
        if context.raw_path_params:
            context.path_values = parameters.read_path(context.raw_path_params)
        context.query_values = parameters.read_query(
            context.query_string, strict=lambda: self.strict_query(context.world)
        )
        if parameters.headers:
            parameters.check_headers(context.headers)
        if parameters.cookies:
            parameters.check_cookies(context.headers.get("cookie", ""))


class CompiledRequestValidationAPI(RequestValidationAPI):  # type: ignore[misc]
    """Makes connexion use ``CompiledRequestValidation`` for each operation."""

    def __init__(self, *args: Any, api: API, schemas: Schemas, request_policy: Policy, **kwargs: Any) -> None:
        self.api = api
        self.schemas = schemas
        self.policy = request_policy
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: Any) -> ASGIApp:
        return CompiledRequestValidation(
            self.next_app, operation=operation, api=self.api, schemas=self.schemas, policy=self.policy
        )


class RequestValidation(RequestValidationMiddleware):  # type: ignore[misc]
    """connexion's middleware with compiled validators."""

    api_cls = CompiledRequestValidationAPI
