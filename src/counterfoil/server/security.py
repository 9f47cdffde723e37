"""Authenticates requests, within connexion's own SecurityMiddleware.

The middleware decides from the spec whether an operation needs a credential. Which credential is good is for the API and
the world to say, so every security scheme is handled by the API's ``authenticate``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.api import API
from counterfoil.openapi import Spec
from counterfoil.server.context import SCOPE_KEY, RequestContext
from counterfoil.server.workarounds import AbstractSecurityHandler, ConnexionRequest

Json = Any


class ApiSecurity(AbstractSecurityHandler):  # type: ignore[misc]
    """connexion's security handler that asks the API. connexion makes one for each security scheme of an operation."""

    def __init__(self, api: API) -> None:
        self.authenticate = api.authenticate

    def get_fn(self, security_scheme: Json, required_scopes: list[str]) -> Callable[[ConnexionRequest], Json]:
        """The function that connexion calls for each request; it raises ``ApiError``."""

        def verify(request: ConnexionRequest) -> Json:
            context: RequestContext = request.scope[SCOPE_KEY]
            context.principal = self.authenticate(context.headers, context.world)
            return {"sub": context.principal.key}

        return verify


def security_map(api: API, spec: Spec) -> dict[str, Callable[[], ApiSecurity]]:
    """connexion's ``security_map`` with one handler for every type of scheme, and every HTTP scheme, of the document."""
    schemes = spec.raw.get("components", {}).get("securitySchemes", {}).values()
    names = {"basic", "bearer", "apiKey", "oauth2", "openIdConnect"}
    names |= {str(scheme["scheme"]).lower() for scheme in schemes if isinstance(scheme, dict) and "scheme" in scheme}
    return dict.fromkeys(names, lambda: ApiSecurity(api))


def optional_last(requirements: list[Json]) -> list[Json]:
    """Security requirements with the empty one (``{}``: none needed) last.

    connexion takes the first that succeeds; a credential that was sent is then used also where none is needed.
    """
    return sorted(requirements, key=lambda each: not each)
