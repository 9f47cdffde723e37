"""Every workaround for a defect of connexion 3.3, Starlette 1.x or uvicorn, each with its reason and a test that names it.

Only this module imports connexion. When a defect is fixed upstream, the test of its workaround in
``tests/server/test_workarounds.py`` fails: then delete both.
"""

from __future__ import annotations

import re
import socket
import struct
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import starlette.convertors
from starlette.routing import Router

with warnings.catch_warnings():
    # connexion 3.3.0 imports starlette.testclient, which warns that httpx is deprecated. Programs that turn warnings into
    # errors could not import counterfoil.
    warnings.simplefilter("ignore")
    from connexion.datastructures import MediaTypeDict as MediaTypeDict
    from connexion.exceptions import ProblemException as ProblemException
    from connexion.lifecycle import ConnexionRequest as ConnexionRequest
    from connexion.lifecycle import ConnexionResponse as ConnexionResponse
    from connexion.middleware.abstract import ROUTING_CONTEXT as ROUTING_CONTEXT
    from connexion.middleware.exceptions import ExceptionMiddleware as ExceptionMiddleware
    from connexion.middleware.main import API as ConnexionAPI  # noqa: N811
    from connexion.middleware.main import ConnexionMiddleware
    from connexion.middleware.request_validation import (
        RequestValidationAPI as RequestValidationAPI,
    )
    from connexion.middleware.request_validation import (
        RequestValidationMiddleware as RequestValidationMiddleware,
    )
    from connexion.middleware.request_validation import (
        RequestValidationOperation as RequestValidationOperation,
    )
    from connexion.middleware.response_validation import (
        ResponseValidationAPI as ResponseValidationAPI,
    )
    from connexion.middleware.response_validation import (
        ResponseValidationMiddleware as ResponseValidationMiddleware,
    )
    from connexion.middleware.response_validation import (
        ResponseValidationOperation as ResponseValidationOperation,
    )
    from connexion.middleware.routing import RoutingMiddleware as RoutingMiddleware
    from connexion.middleware.security import SecurityAPI as SecurityAPI
    from connexion.middleware.security import SecurityMiddleware as SecurityMiddleware
    from connexion.middleware.security import SecurityOperation as SecurityOperation
    from connexion.resolver import Resolution, Resolver
    from connexion.security import NO_VALUE as NO_VALUE
    from connexion.security import AbstractSecurityHandler as AbstractSecurityHandler
    from connexion.spec import OpenAPISpecification

Json = Any

PRIVATE_ATTRIBUTES = ("_raw_spec", "_spec", "_base_uri")
"""The private attributes of connexion's ``Specification`` that this module relies on."""


class PreparedSpecification(OpenAPISpecification):  # type: ignore[misc]
    """A document that is passed to connexion unchanged.

    connexion 3.3.0 copies, validates (with pure-Python jsonschema) and resolves each document at start, some hundred
    milliseconds for five; it refuses OpenAPI 3.1 (connexion issue 1396). The specs are validated in CI, or on request.
    """

    def __init__(self, document: dict[str, Json]) -> None:
        self._raw_spec = document
        self._spec = document
        self._base_uri = ""


class Connexion(ConnexionMiddleware):  # type: ignore[misc]
    """ConnexionMiddleware whose ``add_api`` takes a ``PreparedSpecification`` instead of loading a file or a dict."""

    def add_api(self, specification: PreparedSpecification, *, base_path: str = "", **kwargs: Any) -> None:
        if self.middleware_stack is not None:
            raise RuntimeError("an API cannot be added after the stack was built")
        self.apis.append(ConnexionAPI(specification, base_path=base_path, **vars(self.options), **kwargs))


class Routing(RoutingMiddleware):  # type: ignore[misc]
    """RoutingMiddleware for one API, which does not change Starlette's convertors and does not redirect.

    connexion 3.3.0 replaces the ``int`` and ``float`` convertors of the whole process, even for other
    applications. Starlette's router answers a trailing slash with 307; an API answers 404 or serves it. The API has no base
    path, so its router is called without the mount around it, which saves 4 µs a request.
    """

    router: Any

    def __init__(self, app: Any) -> None:
        before = dict(starlette.convertors.CONVERTOR_TYPES)
        super().__init__(app)
        starlette.convertors.CONVERTOR_TYPES.update(before)

    def add_api(self, specification: Any, base_path: str | None = None, **kwargs: Any) -> None:
        super().add_api(specification, base_path=base_path, **kwargs)
        (mount,) = self.router.routes
        self.router = RoutesBySegment(mount.app)


class RoutesBySegment:
    """Calls Starlette's router with only the routes that may match: those with the path's length and one of its segments.

    Starlette tries one route after the other, 1.3 µs each: 270 µs of a request to a document of 210 paths. Here routes are
    divided by their number of segments, and then by the concrete segment with the most different values.
    """

    def __init__(self, router: Any) -> None:
        self._none = self._router_of([], router)
        by_length: dict[int, list[Any]] = {}
        for route in router.routes:
            by_length.setdefault(route.path.count("/"), []).append(route)
        self._by_length = {length: self._divided(routes, router) for length, routes in by_length.items()}

    def _divided(self, routes: list[Any], router: Any) -> tuple[int, dict[str, Any]]:
        """The position of the segment by which the routes are divided, and a router for each of its values."""
        rows = [route.path.split("/") for route in routes]
        concrete = [at for at in range(len(rows[0])) if not any("{" in row[at] for row in rows)]
        position = max(concrete, key=lambda at: (len({row[at] for row in rows}), -at))
        values: dict[str, list[Any]] = {}
        for row, route in zip(rows, routes, strict=True):
            values.setdefault(row[position], []).append(route)
        return position, {value: self._router_of(group, router) for value, group in values.items()}

    def _router_of(self, routes: list[Any], router: Any) -> Any:
        return Router(routes, redirect_slashes=False, default=router.default)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path: str = scope["path"]
        position, routers = self._by_length.get(path.count("/"), (0, {}))
        await routers.get(path.split("/")[position] if routers else "", self._none)(scope, receive, send)


class NamedOperations(Resolver):  # type: ignore[misc]
    """Uses the document's ``operationId`` as the operation's name, and imports nothing.

    connexion's own resolver imports a Python function by that string.
    """

    def resolve(self, operation: Any) -> Any:
        return Resolution(None, operation.operation_id)


def build_now(app: Callable[..., Awaitable[None]]) -> None:
    """Make connexion build its middleware stack at once.

    connexion 3.3.0 builds it within the first call, so that an error in a document would be the first request's 500. The
    only public way to build it is a call. A lifespan call reaches no operation, and since nothing in our stack waits during
    it, it ends without an event loop.
    """

    async def nothing(*_: Any) -> Any:
        raise AssertionError("this lifespan has no messages")

    call = app({"type": "lifespan", "counterfoil.build": True}, nothing, nothing)
    try:
        call.send(None)  # type: ignore[attr-defined]
    except StopIteration:
        return
    raise AssertionError("the stack waited for something while it was being built")


HTTPX_IN_PROCESS = "httpx._transports.asgi"
_RESET = struct.pack("ii", 1, 0)


async def break_connection(send: Callable[..., Awaitable[None]], message: str, *, abruptly: bool) -> None:
    """Break the connection that ``send`` writes to. ``abruptly``: with a TCP reset; otherwise written bytes are still sent.

    ASGI has no message for it. Raising an exception does not work: uvicorn 0.54 logs it with its traceback, and answers 500 if
    the response has not started; it does the same if the application returns too early (``RequestResponseCycle.run_asgi``).
    But ``send`` is a method of that cycle, for httptools and h11 alike, and the cycle has the transport; uvicorn ignores a
    cycle that is marked as ``disconnected``. With SO_LINGER of zero seconds
    the kernel closes with RST (socket(7)); without it the client reads an orderly end.

    Within this process ``InProcessTransport`` (``testing/in_process.py``) provides the exception for its client. httpx's
    ``ASGITransport`` passes exceptions on, so it gets the one that httpx raises for such a socket. Other servers get
    ``ConnectionError``.
    """
    cycle: Any = getattr(send, "__self__", None)
    if hasattr(cycle, "broken_connection"):
        raise cycle.broken_connection(message, abruptly=abruptly)
    transport = getattr(cycle, "transport", None)
    if transport is None or not hasattr(cycle, "disconnected"):
        if getattr(send, "__module__", None) == HTTPX_IN_PROCESS:
            import httpx

            raise (httpx.ReadError if abruptly else httpx.RemoteProtocolError)(message)
        raise ConnectionError(message)
    if abruptly:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    else:
        transport.close()
    cycle.disconnected = True


_UNSAFE_IN_HEADER = re.compile(r"[^\x20-\x7e\xa0-\xff\t]")


def safe_header(value: str) -> str:
    """A header value with line ends and control characters percent-encoded; uvicorn's httptools loop sends them unchanged
    (reproduced: ``location: a%0d%0ax-evil: 1`` became two headers)."""
    if value.isascii() and value.isprintable():
        return value
    return _UNSAFE_IN_HEADER.sub(lambda m: _percent(m.group()), value)


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))
