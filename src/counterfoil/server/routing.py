"""Prepares a spec's paths for connexion's RoutingMiddleware, and handles requests for which it found no operation.

connexion routes with Starlette's router. The path is matched as sent, still percent-encoded, so that an id may
contain ``%2F`` and ``%0A`` (connexion issues 1908 and 1970). The router gets paths without a trailing slash, with
concrete paths before templated ones (OpenAPI 3.0.3, "Path Templating Matching"), and with path parameters numbered instead
of named, so that only our validators check their types: an ``abc`` that should be an integer is 400, not 404.

OpenAPI forbids two paths that differ only in their parameters' names, but published documents have them. The router gets
the second one with other numbers; of the operations that match, the first one whose parameters fit their schemas is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Any
from urllib.parse import quote

from starlette.routing import compile_path

from counterfoil.api import API, ApiError
from counterfoil.asgi import ASGIApp, Receive, Scope, Send
from counterfoil.json_schema.validators import Schemas
from counterfoil.openapi import Spec
from counterfoil.openapi.path_templates import PARAMETER
from counterfoil.server.context import SCOPE_KEY, RequestContext
from counterfoil.server.logs import printable
from counterfoil.server.parsing.parameters import Parameters
from counterfoil.server.security import optional_last, schemes_of
from counterfoil.server.workarounds import ROUTING_CONTEXT, PreparedSpecification

Json = Any
Segments = list[str | None]
"""A path's segments; None for a segment with a parameter."""
_PLAIN = re.compile(r"[A-Za-z0-9/._~-]*")


def prepare_spec(spec: Spec) -> PreparedSpecification:
    """The spec as passed to connexion (see above). Operations are named as in the spec, ``GET /customerBill/{id}``."""
    paths: dict[str, dict[str, Json]] = {}
    by_path = spec.paths
    for path in sorted(by_path, key=concrete_first):
        for method, operation in by_path[path].items():
            variant = next(n for n in count() if method not in paths.get(router_path(path, n), {}))
            paths.setdefault(router_path(path, variant), {})[method] = {
                **operation,
                "operationId": f"{method.upper()} {path}",
                "security": optional_last(operation["security"]),
            }
    return PreparedSpecification(
        {"openapi": "3.0.3", "info": {}, "paths": paths, "components": {"securitySchemes": schemes_of(spec)}}
    )


def router_path(path: str, variant: int = 0) -> str:
    """``/billingRuns/{id}/`` → ``/billingRuns/{p0}``. Two ``variant``s of a path match the same requests."""
    numbers = count()
    letter = "p" if variant == 0 else f"v{variant}_"
    pieces = re.split(r"(\{[^{}]*\})", path.rstrip("/"))
    written = (f"{{{letter}{next(numbers)}}}" if PARAMETER.fullmatch(piece) else _as_sent(piece) for piece in pieces)
    return "".join(written) or "/"


def _as_sent(literal: str) -> str:
    """A piece of a path as clients send it: characters that a URL cannot have are percent-encoded."""
    return literal if literal.isascii() and _PLAIN.fullmatch(literal) else quote(literal, safe="/%:@!$&'()*+,;=~-._{}")


def concrete_first(path: str) -> tuple[tuple[bool, int], ...]:
    """A sort key: of two paths that match the same request, the one that is concrete at the first difference comes first; of
    two segments with a parameter, the one with more other text (``{id}.json`` before ``{id}``)."""
    return tuple(
        (True, -len(PARAMETER.sub("", segment))) if "{" in segment else (False, 0)
        for segment in path.strip("/").split("/")
    )


def router_request_path(path: str) -> str:
    """A request's path below an API's prefix, without one trailing slash, as passed to the router."""
    return path[:-1] if len(path) > 1 and path[-1] == "/" else path or "/"


class Operations:
    """Operations by path: all methods of a path, and which path comes first, which the router does not provide."""

    def __init__(self, names: Iterable[str]) -> None:
        by_path: dict[str, dict[str, str]] = {}
        for name in names:
            method, _, path = name.partition(" ")
            by_path.setdefault(path, {})[method] = name
        self._routes: dict[str, tuple[re.Pattern[str], dict[str, str]]] = {}
        for path in sorted(by_path, key=concrete_first):
            router = router_path(path)
            if router not in self._routes:
                self._routes[router] = (compile_path(router)[0], {})
            methods = self._routes[router][1]
            methods.update({method: name for method, name in by_path[path].items() if method not in methods})

    def at(self, path: str) -> dict[str, str]:
        """The operations of the first matching path, by method; empty if none matches."""
        return next((methods for pattern, methods in self._routes.values() if pattern.match(path)), {})


def ambiguous(names: Iterable[str]) -> frozenset[str]:
    """The operations whose path may match a request that a more concrete path also matches."""
    by_path: dict[str, list[str]] = {}
    for name in names:
        by_path.setdefault(name.partition(" ")[2], []).append(name)
    by_length: dict[int, list[tuple[Segments, str]]] = {}
    for path in sorted(by_path, key=concrete_first):
        segments = [None if "{" in segment else segment for segment in path.strip("/").split("/")]
        by_length.setdefault(len(segments), []).append((segments, path))
    return frozenset(
        name
        for same_length in by_length.values()
        for position, (segments, path) in enumerate(same_length)
        if None in segments and any(_overlap(earlier, segments) for earlier, _ in same_length[:position])
        for name in by_path[path]
    )


def _overlap(first: Segments, second: Segments) -> bool:
    return all(one == other or one is None or other is None for one, other in zip(first, second, strict=True))


def ambiguous_variants(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Groups of operations that differ only in their parameters' names, by the operation that the router finds."""
    same: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: concrete_first(name.partition(" ")[2])):
        method, _, path = name.partition(" ")
        same.setdefault(f"{method} {router_path(path)}", []).append(name)
    return {group[0]: tuple(group) for group in same.values() if len(group) > 1}


class RouteTable:
    """The operations of one API, and the error for a request that matches none of them."""

    def __init__(self, api: API, spec: Spec, schemas: Schemas) -> None:
        self.operations = Operations(spec.operations)
        # RFC 9110, 9.1: servers should answer HEAD where they answer GET; ``x-head: false`` in a spec says that this vendor's
        # server does not
        self.answers_head = spec.raw.get("x-head", True) is not False
        self.unimplemented = Operations(api.unimplemented)
        self.vendors = Operations([*spec.operations, *api.unimplemented])
        self.parameter_names = {name: PARAMETER.findall(name) for name in spec.operations}
        self.ambiguous = ambiguous([*spec.operations, *api.unimplemented])
        self._variants = {
            first: [
                (name, Parameters(_in_path(spec.operations[name]), schemas, name))
                for name in sorted(group, key=lambda name: _is_any_text(spec.operations[name]))
            ]
            for first, group in ambiguous_variants(spec.operations).items()
        }
        self.with_variants = frozenset(self._variants)

    def best_match(self, operation: str, values: Iterable[str]) -> str:
        """The first operation with matching parameters, of those that differ only in their path parameters' names; operations
        that accept any text come last."""
        values = list(values)
        for name, parameters in self._variants.get(operation, ()):
            try:
                parameters.read_path(dict(zip(self.parameter_names[name], values, strict=True)))
            except ApiError:
                continue
            return name
        return operation

    def is_prescribed(self, operation: str, method: str, path: str) -> bool:
        """Whether the router chose the operation that OpenAPI prescribes. If the first matching path lacks the method, the router
        continues with a later path. It also accepts HEAD for GET."""
        if method == "HEAD" and not operation.startswith("HEAD ") and not self.answers_head:
            return False
        return operation not in self.ambiguous or operation in self.vendors.at(path).values()

    def unmatched(self, method: str, path: str, sent: str) -> ApiError:
        """The error for a request without an operation: not implemented (501), wrong method (405), or unknown path (404)."""
        allowed = self.operations.at(path)
        missing = self.unimplemented.at(path).get(method)
        if missing is not None and (method not in allowed or missing in self.vendors.at(path).values()):
            return ApiError("not_implemented", f"the vendor has {missing}; this stand-in does not")
        if not allowed:
            return ApiError("unknown_path", f"there is no {printable(sent)} in this API", where=printable(sent))
        methods = {*allowed, "HEAD"} if "GET" in allowed and self.answers_head else allowed
        allow = tuple(sorted(methods))
        return ApiError(
            "method_not_allowed", f"{printable(method)} is not possible here; use {', '.join(allow)}", allow=allow
        )


def _in_path(operation: Json) -> list[Json]:
    return [parameter for parameter in operation["parameters"] if parameter["in"] == "path"]


def _is_any_text(operation: Json) -> bool:
    """Whether all path parameters of an operation accept any text."""
    schemas = [parameter.get("schema") or {} for parameter in _in_path(operation)]
    return not any(
        schema.get("type") in ("integer", "number", "boolean") or schema.keys() & {"enum", "pattern", "format"}
        for schema in schemas
    )


class RoutedRequests:
    """Middleware after connexion's routing: sets the operation in the context, and refuses requests without one."""

    def __init__(self, app: ASGIApp, *, table: RouteTable) -> None:
        self.app = app
        self.table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            context: RequestContext = scope[SCOPE_KEY]
            if context.refusal is not None:
                raise context.refusal
            operation: str | None = scope["extensions"][ROUTING_CONTEXT]["operation_id"]
            if operation is None or not self.table.is_prescribed(operation, context.method, scope["path"]):
                raise self.table.unmatched(context.method, scope["path"], context.path)
            if operation in self.table.with_variants:
                operation = self.table.best_match(operation, scope["path_params"].values())
                scope["extensions"][ROUTING_CONTEXT]["operation_id"] = operation
            context.operation = operation
            names = self.table.parameter_names[operation]
            if names:
                context.raw_path_params = dict(zip(names, scope["path_params"].values(), strict=True))
        await self.app(scope, receive, send)
