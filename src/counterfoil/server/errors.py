"""Error handlers for connexion's ExceptionMiddleware, which render every error in the vendor's format.

An API renders each ``ApiError``. An unexpected exception is logged once, with its trace, and rendered as the vendor's 500
without the trace. Error bodies are validated against the spec if it documents the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from counterfoil.api import API, ApiError, Reason, Response
from counterfoil.api.problem_details import MEDIA_TYPE as PROBLEM_JSON
from counterfoil.api.problem_details import problem_details
from counterfoil.asgi import Scope, refusal_of
from counterfoil.server import logs
from counterfoil.server.context import SCOPE_KEY, RequestContext
from counterfoil.server.handlers import to_bytes, with_api_headers
from counterfoil.server.response_validation import ResponseSpecError, ResponseSpecs
from counterfoil.server.routing import RouteTable
from counterfoil.server.workarounds import ConnexionRequest, ConnexionResponse, safe_header

INTERNAL_ERROR_MESSAGE = "the stand-in failed; its log says why"
REASONS: dict[int, Reason] = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "unknown_resource",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "malformed",
    409: "conflict",
    413: "too_large",
    414: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    431: "too_large",
    501: "not_implemented",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}
"""The reason for each status; for other 4xx it is malformed, for other 5xx internal."""


class ErrorHandlers:
    """One API's handlers for each type of exception. The keys of ``response_specs`` are operations."""

    def __init__(self, api: API, response_specs: Mapping[str, ResponseSpecs], table: RouteTable) -> None:
        self.api = api
        self.response_specs = response_specs
        self.table = table

    async def api_error(self, request: ConnexionRequest, error: ApiError) -> ConnexionResponse:
        """Handles a request that cannot be served: the vendor's error body."""
        return self._respond(request.scope[SCOPE_KEY], error)

    async def http_exception(self, request: ConnexionRequest, error: Any) -> ConnexionResponse:
        """Handles a 404 or 405 of Starlette's router, or a request that connexion refused."""
        context: RequestContext = request.scope[SCOPE_KEY]
        if error.status_code in (404, 405):
            return self._respond(context, self.table.unmatched(context.method, request.scope["path"], context.path))
        reason = REASONS.get(error.status_code, "malformed" if error.status_code < 500 else "internal")
        return self._respond(context, ApiError(reason, str(error.detail), status=error.status_code))

    async def invalid_response(self, request: ConnexionRequest, error: ResponseSpecError) -> ConnexionResponse:
        """Handles a response of this server that violates the spec."""
        logs.server.error("%s: %s", self.api.name, error)
        context: RequestContext = request.scope[SCOPE_KEY]
        context.reason = str(error)
        return self._respond(context, ApiError("internal", INTERNAL_ERROR_MESSAGE))

    async def unexpected(self, request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Handles an unexpected exception, a bug: its message is logged but not sent."""
        context: RequestContext = request.scope[SCOPE_KEY]
        context.reason = logs.printable(f"{type(error).__name__}: {error}", 500)
        name = context.operation or logs.printable(context.path)
        world = logs.printable(context.world_name)
        logs.server.error("%s: %s failed in world %s", self.api.name, name, world, exc_info=error)
        return self._respond(context, ApiError("internal", INTERNAL_ERROR_MESSAGE))

    def _respond(self, context: RequestContext, error: ApiError) -> ConnexionResponse:
        error = context.refusal or error
        error.operation, error.method = context.operation, context.method
        response = context.response = self.render(context, error)
        if response.status >= 500 and context.reason is None:
            context.reason = error.message
        has_body = response.body is not None and response.status >= 200 and response.status not in (204, 304)
        media_type = (response.media_type or self.api.media_type) if has_body else None
        headers: dict[str, str] = {}
        for name, value in response.headers:
            before = headers.get(name.lower())
            headers[name.lower()] = safe_header(value) if before is None else f"{before}, {safe_header(value)}"
        return ConnexionResponse(response.status, media_type, None, to_bytes(response.body), headers)

    def render(self, context: RequestContext, error: ApiError) -> Response:
        """The vendor's error response; its 500 if that violates the spec; problem details if rendering fails."""
        try:
            response = with_api_headers(context, with_standard_headers(self.api.error(error), error))
            to_bytes(response.body)
            violation = self._violation(context, response)
        except Exception:
            logs.server.exception("%s: the error for '%s' cannot be rendered", self.api.name, error.reason)
            return with_api_headers(context, problem(500, INTERNAL_ERROR_MESSAGE))
        if violation is None:
            return response
        logs.server.error("%s: the error for '%s' breaks the spec: %s", self.api.name, error.reason, violation)
        if error.reason == "internal":
            return response
        return self.render(context, ApiError("internal", INTERNAL_ERROR_MESSAGE))

    def _violation(self, context: RequestContext, response: Response) -> str | None:
        specs = self.response_specs.get(context.operation or "")
        if specs is None:
            return None
        violation = specs.violation(response, response.media_type or self.api.media_type, any_status=True)
        return None if violation is None else logs.printable(violation)


def refusal_error(scope: Scope) -> ApiError | None:
    """The HTTP server's refusal of a request as an API's error: a head that is too large is 413, as the specs document."""
    refusal = refusal_of(scope)
    if refusal is None:
        return None
    reason = REASONS.get(refusal.status, "malformed")
    status = None if reason == "too_large" else refusal.status
    return ApiError(reason, refusal.message, status=status)


def with_standard_headers(response: Response, error: ApiError) -> Response:
    """RFC 9110: a 405 must list the allowed methods (15.5.6); a 503 may say when to retry (15.6.4), and does if the error
    has ``retry_after``."""
    header: tuple[str, str] | None = None
    if response.status == 405 and error.allow:
        header = "allow", ", ".join(error.allow)
    elif response.status == 503 and "retry_after" in error.detail:
        header = "retry-after", str(error.detail["retry_after"])
    if header is None or any(name.lower() == header[0] for name, _ in response.headers):
        return response
    return Response(response.status, response.body, (*response.headers, header), response.media_type)


def problem(status: int, detail: str, **more: Any) -> Response:
    """A response with problem details (RFC 9457), for paths outside the vendors' APIs."""
    return Response(status, orjson.dumps(problem_details(status, detail, **more)), media_type=PROBLEM_JSON)
