"""Every workaround of a trap in connexion 3.3 or Starlette 1.x, each with its reason and a test that names it.

Nothing else in the project works around a library. When a guard's reason is gone upstream, delete the guard and its
test. The traps that need no code because a subclass replaces the whole step (routing, security, validation) are told
in the modules that replace it.
"""

from __future__ import annotations

import importlib
import re
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from counterfoil.server import late

Json = Any

UNUSED = ("httpx", "requests", "yaml", "jinja2")
"""Imported by connexion 3.3.0 at module level for things we never call: remote token checks (security.py), specs over
HTTP (json_schema.py), specs in YAML (utils.py) and with placeholders (spec.py). Milliseconds of ``-X importtime``, here and
below, with compiled files: yaml 9.6, jinja2 15.6."""

UNUSED_PARTS = ("connexion.json_schema", "connexion.context", "starlette.templating")
UNUSED_PACKAGES = ("werkzeug", "jsonschema", "jsonschema.exceptions", "jsonschema.validators")
"""Out of these it takes names: for its own validation, where ours is jsonschema-rs's (validators/, spec.py and
exceptions.py; 35.5 ms with attrs and referencing), for Flask's request (an annotation in lifecycle.py; 18.8 ms), for
Swagger UI (swagger_ui.py; ours is ``docs``)."""


def import_connexion_quickly() -> None:
    """Import connexion's middleware without its Flask app, its test client, and what it imports but we never call.

    ``import connexion`` runs ``connexion/__init__.py``, which imports ``starlette.testclient`` (httpx, click, rich) and
    Flask, and warns of a deprecation. Measured with compiled files: half a second of processor as it comes, 0.12 s so.
    Nobody loses anything: the first use of any name that is missing runs what would have defined it.
    """
    if "connexion.middleware.main" in sys.modules:
        return
    late.put_off("connexion", open_package=True)
    late.put_off("connexion.decorators", open_package=True)
    for name in UNUSED:
        late.put_off(name)
    for name in UNUSED_PACKAGES:
        late.put_off(name, open_package=name.count(".") == 0, promise=True)
    for name in UNUSED_PARTS:
        late.put_off(name, promise=True)
    with late.promising():
        importlib.import_module("connexion.middleware.main")
    for name in ("connexion", "connexion.decorators"):
        late.settle(name)
    for name in ("werkzeug", "jsonschema"):
        late.settle(name, close=True)
    if isinstance(sys.modules["connexion"], late.Late):
        # connexion.problem is a submodule and, once __init__ ran, a function: leave the name to __init__
        sys.modules["connexion"].__dict__.pop("problem", None)


import_connexion_quickly()

from connexion.middleware.main import API, ConnexionMiddleware  # noqa: E402
from connexion.middleware.routing import RoutingMiddleware  # noqa: E402
from connexion.resolver import Resolution, Resolver  # noqa: E402
from connexion.spec import OpenAPISpecification  # noqa: E402


class TrustedSpecification(OpenAPISpecification):  # type: ignore[misc]
    """A spec whose references are already resolved and which CI has validated.

    connexion 3.3.0 copies, validates (pure-Python jsonschema) and resolves each spec at start:
    some hundred milliseconds for five. Ours is checked in CI, or at start on request (``specs.load(validate=True)``).
    """

    def __init__(self, raw: dict[str, Json], resolved: dict[str, Json]) -> None:
        self._raw_spec = dict(raw)
        self._spec = {"components": {}, **resolved}
        self._base_uri = ""


class Connexion(ConnexionMiddleware):  # type: ignore[misc]
    """connexion's middleware, taking a ``TrustedSpecification`` as it is instead of loading it again."""

    def add_api(self, specification: TrustedSpecification, *, base_path: str = "", **kwargs: Any) -> None:
        if self.middleware_stack is not None:
            raise RuntimeError("an API cannot be added after the stack was built")
        self.apis.append(API(specification, base_path=base_path, **vars(self.options), **kwargs))


class QuietRoutingMiddleware(RoutingMiddleware):  # type: ignore[misc]
    """RoutingMiddleware without its constructor, which replaces Starlette's ``int`` and ``float`` path convertors for
    the whole process (``starlette.convertors.register_url_convertor``), also for applications that are not ours."""

    def __init__(self, app: Any) -> None:
        self.app = app


class NamedByRoute(Resolver):  # type: ignore[misc]
    """Names each operation by method and path, ``GET /customerBill/{id}``, and imports nothing.

    connexion's own resolver imports a Python function by the spec's ``operationId`` string, and crashes where there
    is none.
    """

    def resolve(self, operation: Any) -> Any:
        return Resolution(None, f"{operation.method.upper()} {operation.path}")


def build_now(app: Callable[..., Awaitable[None]]) -> None:
    """Make connexion build its middleware stack at once.

    connexion 3.3.0 builds it lazily within the first call, so that an error in a spec or a dialect would be the first
    request's 500. The public way to have it built is a call; a lifespan call reaches no operation, and as nothing
    in our stack waits on it, it ends without an event loop.
    """

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nobody listens to this lifespan")

    call = app({"type": "lifespan", "counterfoil.build": True}, nothing, nothing)
    try:
        call.send(None)  # type: ignore[attr-defined]
    except StopIteration:
        return
    raise AssertionError("the stack waited for something while it was being built")


HTTPX_IN_PROCESS = "httpx._transports.asgi"
_RESET = struct.pack("ii", 1, 0)


async def break_connection(send: Callable[..., Awaitable[None]], message: str, *, abruptly: bool) -> None:
    """Break the connection that ``send`` writes to. ``abruptly``: with a TCP reset; else what was written still goes out.

    ASGI has no word for it. An exception out of the application is no way either: uvicorn 0.54 turns one before the
    answer into a 500 of its own, and logs each with its trace, as it does an application that returns too early
    (``RequestResponseCycle.run_asgi``). But its ``send`` is a method of that cycle, for httptools and h11 alike, and the
    cycle holds the transport; one marked as ``disconnected`` is left in peace. SO_LINGER of zero seconds makes the
    kernel answer the closing with RST (socket(7)); without it the client reads an orderly end.

    Within this process httpx's ``ASGITransport`` hands every exception on, so it gets the one httpx has for a socket that
    does so. Under any other server the exception has to do.
    """
    cycle: Any = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None or not hasattr(cycle, "disconnected"):
        if getattr(send, "__module__", None) == HTTPX_IN_PROCESS:
            import httpx

            raise (httpx.ReadError if abruptly else httpx.RemoteProtocolError)(message)
        raise ConnectionError(message)
    if abruptly:
        taken = transport.get_extra_info("socket")
        if taken is not None:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    else:
        transport.close()
    cycle.disconnected = True


_UNSAFE_IN_HEADER = re.compile(r"[^\x20-\x7e\xa0-\xff\t]")


def header_bytes(value: str) -> bytes:
    """A header value without line ends or control characters, which uvicorn's httptools loop writes out as they are
    (reproduced: ``location: a%0d%0ax-evil: 1`` became two headers). What is unsafe is percent-encoded."""
    if value.isascii() and value.isprintable():
        return value.encode("ascii")
    return _UNSAFE_IN_HEADER.sub(lambda m: _percent(m.group()), value).encode("latin-1")


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


_UNRESERVED_ESCAPE = re.compile(r"%(4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe]|3[0-9]|2[DdEe])")


def wire_path(scope: MutableMapping[str, Any]) -> str:
    """The request's path as sent, still percent-encoded, each byte as one character; only escapes of unreserved
    characters are decoded (RFC 3986, 6.2.2.2).

    Starlette routes on the decoded path: ``%2F`` inside an id becomes a separator (404), ``%0A`` ends its
    regular expressions (500, connexion issue 1908). Splitting before decoding avoids both.
    """
    raw: bytes | None = scope.get("raw_path")
    if raw is None:  # ASGI makes raw_path optional
        from urllib.parse import quote

        return quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
    path = raw.decode("latin-1")
    if "?" in path:  # httpx's ASGITransport before 0.26 sends the query along
        path = path.partition("?")[0]
    if "%" in path:
        return _UNRESERVED_ESCAPE.sub(lambda m: chr(int(m.group(1), 16)), path)
    return path


def operations_without_path_level_parameters(paths: Mapping[str, Json]) -> dict[str, Json]:
    """The paths with each path item's ``parameters`` moved into its operations, where the operation does not override.

    connexion 3.3.0 appends path-level parameters to the operation's list in place, once more in every middleware
    (``operations/openapi.py``: ``self._parameters += path_parameters``).
    """
    moved: dict[str, Json] = {}
    for path, item in paths.items():
        shared = item.get("parameters", [])
        moved[path] = {key: value for key, value in item.items() if key != "parameters"}
        if not shared:
            continue
        for method, operation in moved[path].items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            own = operation.get("parameters", [])
            named = {(p["name"], p["in"]) for p in own}
            extra = [p for p in shared if (p["name"], p["in"]) not in named]
            moved[path][method] = {**operation, "parameters": own + extra}
    return moved
