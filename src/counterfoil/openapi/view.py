"""Converts a user's document to one form: complete OpenAPI 3, in which each reference leads to a component of its kind.

A value is read by its position: a ``$ref`` in an example is data. What cannot be understood is left out or allows everything,
and is reported. This module writes the document with its paths and operations; ``component_view``,
``security_view``, ``message_view`` and ``schema_view`` write the parts of OpenAPI 3.0 and later, ``swagger2`` reads Swagger 2.0.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from counterfoil.openapi.message_view import MessageView
from counterfoil.openapi.nodes import Node
from counterfoil.openapi.path_templates import PARAMETER
from counterfoil.openapi.security_view import SecurityView
from counterfoil.openapi.spec import METHODS

Json = Any

OPERATION = ("operationId", "summary", "description", "tags", "deprecated", "externalDocs")
COLON_PARAMETER = re.compile(r"/:([A-Za-z_]\w*)(?=/|$)")
"""A parameter as routers of many frameworks write it: ``/users/:id``."""
ITEM = {"$ref", "summary", "description", "servers", "parameters", *METHODS}
SAFE = "/%:@!$&'()*+,;=~-._"
"""Characters that need no encoding in a path (RFC 3986, 3.3)."""


class View(SecurityView, MessageView):
    """Writes one document. ``write`` gives it; ``notices`` has what could not be understood."""

    def write(self) -> dict[str, Json]:
        """The document in the view's form."""
        document = self.top.value
        out = {key: value for key, value in document.items() if key.startswith("x-") or key in ("tags", "externalDocs")}
        out |= {"openapi": "3.0.3" if self.dialect == "draft4" else "3.1.0", "info": self.info()}
        schemes = self.security_schemes()
        self._base = self.base_path()
        out["servers"] = [{"url": self._base or "/"}]
        components: dict[str, dict[str, Json]] = {kind: {} for kind in self.kinds}
        self._name_components()
        self._security = self.security(self.top, schemes) if "security" in document else []
        self._schemes = schemes
        out["security"] = self._security
        out["paths"] = self.paths()
        while self._waiting:
            kind, name, node = self._waiting.popleft()
            components[kind][name] = self.writers[kind](node)
        self._break_cycles(components["schemas"])
        return {**out, "components": {**{k: v for k, v in components.items() if v}, "securitySchemes": schemes}}

    def info(self) -> Json:
        info = self.top.value.get("info")
        return info if isinstance(info, dict) else {}

    def base_path(self) -> str:
        """The path of the first server, its variables replaced by their defaults; without a trailing slash."""
        return self.server_path(self.top)

    def server_path(self, node: Node) -> str:
        servers = node.value.get("servers")
        first = servers[0] if isinstance(servers, list) and servers else None
        if not isinstance(first, dict) or not isinstance(first.get("url"), str):
            return ""
        variables = first.get("variables")

        def default(match: re.Match[str]) -> str:
            variable = variables.get(match.group(1)) if isinstance(variables, dict) else None
            return str(variable.get("default", "")) if isinstance(variable, dict) else ""

        return self.path_of(PARAMETER.sub(default, first["url"]), node["servers"])

    def path_of(self, url: str, node: Node) -> str:
        """The path of a server's URL, percent-encoded."""
        try:
            path = urlsplit(url if "://" in url or url.startswith("/") else f"/{url}").path
        except ValueError:
            self.add_notice(node, "the server's URL cannot be read; served without a base path")
            return ""
        path = "/".join(each for each in path.split("/") if each not in ("", ".", ".."))
        return "/" + quote(path, safe=SAFE) if path else ""

    # -- paths --------------------------------------------------------------------------------------------------------

    def paths(self) -> dict[str, Json]:
        """The path items, each with a path that begins with a slash."""
        out: dict[str, Json] = {}
        paths = self.mapping(self.top, "paths")
        if paths is None:
            return out
        for path in paths.value:
            if path.startswith("x-"):
                continue
            node = paths[path]
            served = self._served_path(path, node)
            item = self.path_item(node, served)
            if item is None:
                continue
            known = out.setdefault(served, {})
            for method in known.keys() & item.keys():
                self.add_notice(node, f"{method.upper()} {served} is described twice; the first is served")
            out[served] = {**item, **known}
        return out

    def _served_path(self, path: str, node: Node) -> str:
        served = re.split(r"[?#]", path)[0]
        if served != path:
            self.add_notice(node, f"a path has no query or fragment; served at '{served}'")
        if not served.startswith("/"):
            self.add_notice(node, f"a path must begin with a slash; served at '/{served}'")
            served = f"/{served}"
        templated = COLON_PARAMETER.sub(r"/{\1}", served)
        if templated != served:
            self.add_notice(node, f"a parameter is written as {{name}}; served as '{templated}'")
        return templated

    def path_item(self, node: Node, path: str) -> dict[str, Json] | None:
        """The operations of a path, by method, with the path's parameters merged into each."""
        resolved = self.resolve(node, "path")
        if resolved is None:
            return None
        for name in resolved.value.keys() - ITEM:
            if not name.startswith("x-"):
                self.add_notice(resolved[name], f"'{name}' is not an HTTP method that can be served; left out")
        if "servers" in resolved.value and self.server_path(resolved) != self._base:
            self.add_notice(
                resolved["servers"], f"this path has its own server; served below '{self._base or '/'}' like the others"
            )
        shared = self.parameters(resolved)
        item = {}
        for method in METHODS:
            operation = self.resolve(resolved[method], "operation") if method in resolved.value else None
            if operation is not None:
                item[method] = self.operation(operation, path, shared)
                if method in ("get", "head"):
                    self._make_body_optional(item[method], operation)
        return item

    def _make_body_optional(self, operation: dict[str, Json], node: Node) -> None:
        """Let a GET be sent without a body: many clients cannot send one with it (RFC 9110, 9.3.1)."""
        body = operation.get("requestBody") or {}
        if "$ref" in body and (resolved := self.resolve(node["requestBody"], "request body")) is not None:
            body = self.writers["requestBodies"](resolved)
        if body.get("required"):
            operation["requestBody"] = {**body, "required": False}
            self.add_notice(node, "a GET or HEAD with a required body; the body is optional here")

    def operation(self, node: Node, path: str, shared: dict[tuple[str, str], Json]) -> dict[str, Json]:
        """One operation; ``shared`` are the parameters of its path, by name and place."""
        operation = node.value
        out = {key: operation[key] for key in operation if key in OPERATION or key.startswith("x-")}
        out["parameters"] = self._fit_to_path({**shared, **self.parameters(node)}, path, node)
        if operation.get("requestBody") is not None:
            body = node["requestBody"]
            if isinstance(body.value, dict):
                out["requestBody"] = self.written("requestBodies", body)
            else:
                self.add_notice(body, "requestBody must be a mapping; left out")
        out["responses"] = self.responses(node)
        if "security" in operation:
            out["security"] = self.security(node, self._schemes)
        return out

    def _fit_to_path(self, parameters: dict[tuple[str, str], Json], path: str, node: Node) -> list[Json]:
        """The parameters, with exactly the path parameters that the path has."""
        in_path = dict.fromkeys(PARAMETER.findall(path))
        out = []
        for (name, where), parameter in parameters.items():
            if where == "path" and name not in in_path:
                self.add_notice(node, f"the path has no {{{name}}}; the parameter is left out")
            else:
                out.append(parameter)
        for name in in_path:
            if (name, "path") not in parameters:
                self.add_notice(node, f"the path parameter {name} is not described; any text is valid")
                out.append({"name": name, "in": "path", "required": True, "schema": {}})
        return out
