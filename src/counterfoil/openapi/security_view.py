"""Writes the security schemes and security requirements of a user's document."""

from __future__ import annotations

from typing import Any

from counterfoil.openapi.component_view import ComponentView, text_of
from counterfoil.openapi.nodes import Node

Json = Any

SECURITY_TYPES = ("apiKey", "http", "oauth2", "openIdConnect", "mutualTLS")


class SecurityView(ComponentView):
    """Writes security schemes and requirements."""

    def security_schemes(self) -> dict[str, Json]:
        """The security schemes that can be understood."""
        return self.schemes_at(self.mapping(self.mapping(self.top, "components"), "securitySchemes"))

    def schemes_at(self, node: Node | None) -> dict[str, Json]:
        """The security schemes in the mapping at ``node``."""
        written = {name: self.security_scheme(node[name]) for name in node.value} if node is not None else {}
        return {name: scheme for name, scheme in written.items() if scheme is not None}

    def security_scheme(self, node: Node) -> Json:
        resolved = self.resolve(node, "security scheme")
        if resolved is None:
            return None
        scheme = resolved.value
        kind = text_of(resolved, "type")
        if kind == "basic":
            kind, scheme = "http", {**scheme, "type": "http", "scheme": "basic"}
        if kind == "apiKey":
            is_complete = isinstance(scheme.get("name"), str) and scheme.get("in") in ("header", "query", "cookie")
        else:
            is_complete = kind in SECURITY_TYPES and (kind != "http" or isinstance(scheme.get("scheme"), str))
        if not is_complete:
            self.add_notice(node, "this is not an OpenAPI security scheme; no credential is required for it")
            return None
        return scheme

    def security(self, node: Node, schemes: dict[str, Json]) -> list[Json]:
        """The security requirements at ``node["security"]``; schemes that are not declared are left out."""
        requirements = node.value["security"]
        if not isinstance(requirements, list):
            self.add_notice(node["security"], "security must be a list; no credential is required")
            return []
        written = []
        for index, requirement in enumerate(requirements):
            if not isinstance(requirement, dict):
                self.add_notice(node["security"][index], "a security requirement must be a mapping; left out")
                continue
            for name in requirement.keys() - schemes.keys():
                self.add_notice(
                    node["security"][index],
                    f"the security scheme '{name}' is not declared; no credential is required for it",
                )
            written.append(
                {
                    name: [each for each in scopes if isinstance(each, str)] if isinstance(scopes, list) else []
                    for name, scopes in requirement.items()
                    if name in schemes
                }
            )
        return written
