"""Who may ask: an operation that the spec secures is preceded by its dialect's ``authenticate``.

connexion's own security layer wants a Python function named in each security scheme (a scheme without one is always
401), and reads it by inspection on every request. Which credential is good is the vendor's and the world's to say, so
this layer only asks the dialect; it knows no scheme.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from counterfoil.api import API, ApiError
from counterfoil.server import guards  # noqa: F401  (connexion must be imported through it)
from counterfoil.server.exchange import ASGI, KEY, Exchange, Receive, Scope, Send
from counterfoil.server.routing import Routed

from connexion.middleware.security import SecurityAPI  # isort: skip  (after guards)


class Secured:
    """One operation that wants a credential. ``optional``: the spec also allows none (an empty requirement ``{}``)."""

    def __init__(self, next_app: ASGI, dialect: API, *, optional: bool) -> None:
        self.next_app = next_app
        self.authenticate = dialect.authenticate
        self.optional = optional

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange: Exchange = scope[KEY]
        try:
            exchange.principal = self.authenticate(exchange.headers, exchange.world)
        except ApiError:
            if not self.optional:
                raise
        return self.next_app(scope, receive, send)


class DialectSecurity(SecurityAPI):  # type: ignore[misc]
    """Builds ``Secured`` once per operation."""

    def __init__(self, *args: Any, dialect: API, **kwargs: Any) -> None:
        self.dialect = dialect
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: Any) -> Any:
        requirements = operation.security
        if not requirements:
            return self.next_app
        return Secured(self.next_app, self.dialect, optional=any(not each for each in requirements))


class Security(Routed):
    """After routing (an unknown path is 404, not 401), before validation (401 beats 400)."""

    api_cls = DialectSecurity
