"""Authenticates requests, within connexion's own SecurityMiddleware.

The middleware decides from the spec whether an operation needs a credential. For every security scheme the API's
``authenticate`` looks the credential up in the world.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.api import API, ApiError
from counterfoil.asgi import Receive, Scope, Send
from counterfoil.openapi import Spec
from counterfoil.server.context import SCOPE_KEY, RequestContext
from counterfoil.server.workarounds import (
    NO_VALUE,
    AbstractSecurityHandler,
    SecurityAPI,
    SecurityMiddleware,
    SecurityOperation,
)

Json = Any
ANY = "counterfoil"
"""A type of security scheme that replaces every other type."""


class SecurityRequest:
    """The part of a request that connexion's verification uses. Its own ``ConnexionRequest`` costs 5 µs.

    ``refusals`` has the error of each scheme that the credential did not satisfy. These errors are not raised: connexion would
    also try the next scheme after an exception, but its frame and the exception would refer to each other, so that the whole
    request would wait for the garbage collector (``tests/server/test_garbage.py``).
    """

    __slots__ = ("refusals", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.refusals: list[ApiError] = []

    @property
    def context(self) -> dict[str, Any]:
        """connexion's context, in which it stores the result of verification."""
        context: dict[str, Any] = self.scope["extensions"].setdefault("connexion_context", {})
        return context

    def refuse(self, error: ApiError) -> Json:
        """Store the error of one scheme; returns the value with which connexion tries the next scheme."""
        self.refusals.append(error.with_traceback(None))
        return NO_VALUE

    def refusal(self) -> ApiError:
        """The most specific refusal, chosen as in connexion: 403, then 401, then the lowest status."""
        by_status = {error.status: error for error in self.refusals}
        self.refusals.clear()
        return by_status.get(403) or by_status.get(401) or by_status[min(by_status)]


class PreparedSecurity(SecurityOperation):  # type: ignore[misc]
    """connexion's security operation, verifying a ``SecurityRequest``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.security:
            request = SecurityRequest(scope)
            try:
                await self.verification_fn(request)
            except Exception:
                if request.refusals:
                    raise request.refusal() from None
                raise
        await self.next_app(scope, receive, send)


class PreparedSecurityAPI(SecurityAPI):  # type: ignore[misc]
    """Makes connexion use ``PreparedSecurity`` for each operation."""

    def make_operation(self, operation: Any) -> Any:
        return PreparedSecurity.from_operation(
            operation, next_app=self.next_app, security_handler_factory=self.security_handler_factory
        )


class Security(SecurityMiddleware):  # type: ignore[misc]
    """connexion's middleware with operations that do less work for each request."""

    api_cls = PreparedSecurityAPI


class ApiSecurity(AbstractSecurityHandler):  # type: ignore[misc]
    """A security handler that calls the API's ``authenticate``. connexion creates one for each scheme of an operation."""

    def __init__(self, api: API) -> None:
        self.authenticate = api.authenticate
        self.any_credential = api.any_credential

    def get_fn(self, security_scheme: Json, required_scopes: list[str]) -> Callable[[SecurityRequest], Json]:
        """The function that connexion calls for each request."""
        if self.any_credential:
            return self._accept(security_scheme["x-scheme"])

        def verify(request: SecurityRequest) -> Json:
            context: RequestContext = request.scope[SCOPE_KEY]
            try:
                context.principal = principal = self.authenticate(context.headers, context.world)
            except ApiError as error:
                return request.refuse(error)
            return {"sub": principal.key}

        return verify

    def _accept(self, scheme: Json) -> Callable[[SecurityRequest], Json]:
        from counterfoil.server.credentials import reader_of, user_of

        read = reader_of(scheme)

        def verify(request: SecurityRequest) -> Json:
            context: RequestContext = request.scope[SCOPE_KEY]
            try:
                context.principal = principal = user_of(read(context), context)
            except ApiError as error:
                return request.refuse(error)
            return {"sub": principal.key}

        return verify


def security_map(api: API, spec: Spec) -> dict[str, Callable[[], ApiSecurity]]:
    """connexion's ``security_map``, with the same handler for every type of scheme and every HTTP scheme of the document."""
    if spec.is_lenient:
        return {ANY: lambda: ApiSecurity(api)}
    schemes = spec.raw.get("components", {}).get("securitySchemes", {}).values()
    names = {"basic", "bearer", "apiKey", "oauth2", "openIdConnect"}
    names |= {str(scheme["scheme"]).lower() for scheme in schemes if isinstance(scheme, dict) and "scheme" in scheme}
    return dict.fromkeys(names, lambda: ApiSecurity(api))


def schemes_of(spec: Spec) -> Json:
    """The security schemes as passed to connexion. Those of a user's document get the type ``ANY``, because connexion 3.3.0
    does not support all of OpenAPI's types, and drops a requirement of two OAuth 2 schemes."""
    schemes = spec.raw.get("components", {}).get("securitySchemes", {})
    if not spec.is_lenient:
        return schemes
    return {name: {"type": ANY, "x-scheme": scheme} for name, scheme in schemes.items()}


def optional_last(requirements: list[Json]) -> list[Json]:
    """Security requirements with the empty one (``{}``: none needed) last.

    connexion uses the first requirement that succeeds, so a credential that was sent is used even if it is optional.
    """
    return sorted(requirements, key=lambda requirement: not requirement)
