"""The server: finds the world and the API for a request, and passes it to that API's pipeline.

Everything is built at start, so that a mistake in a spec or an API is an error at start, not a 500 at the first request.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterfoil.api import API, Response
from counterfoil.api.saving import unavailable
from counterfoil.api.unconfirmed import Outdated
from counterfoil.asgi import ASGIApp, Receive, Scope, Send, raw_path, refusal_of, request_headers, split_world
from counterfoil.openapi import Spec, SpecError, load
from counterfoil.server import credentials, logs, workarounds
from counterfoil.server.context import SCOPE_KEY, ConnectionBroken, Observer, RequestContext, UnreachedObserver
from counterfoil.server.errors import INTERNAL_ERROR_MESSAGE, problem, refusal_error, with_standard_headers
from counterfoil.server.handlers import to_bytes
from counterfoil.server.pipeline import PipelineOptions, build_pipeline
from counterfoil.server.response_writer import ResponseWriter
from counterfoil.server.routing import router_request_path
from counterfoil.world.command_log import StoreUnavailable

if TYPE_CHECKING:
    from counterfoil.world.world import World

WorldOf = Callable[[str], "World | None"]
MAX_THREADS = 64
"""Worker threads for handlers that may wait for a lock; further calls queue."""
_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]{1,255}")
_RESERVED_SEGMENTS = ("w", "health", "ready", "docs")


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    ``pipeline``: options of each API's middleware. ``validate_specs``: validate the specs themselves at start (about a second).
    ``specs``: the folder of the specs, by default the packaged ones. ``observers`` are called for each answered request to an
    API, ``unreached`` for each request to an API that found no world. ``mounts``: other ASGI applications by path prefix
    (``/_sandbox/v1``; ``/`` for all other paths), which receive the whole path. ``not_ready_reason`` returns why the server is
    not ready, in one line; None if it is ready.
    """

    pipeline: PipelineOptions = field(default_factory=PipelineOptions)
    validate_specs: bool = False
    specs: Path | None = None
    observers: Sequence[Observer] = ()
    unreached: Sequence[UnreachedObserver] = ()
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    not_ready_reason: Callable[[], str | None] = lambda: None


def build_server(apis: Sequence[API], world_of: WorldOf, *, options: Options | None = None) -> Server:
    """The ASGI application that serves ``apis``, each at its prefix, in every world that ``world_of`` finds.

    ``world_of(name)`` returns the world for ``/w/{name}/…`` (``default`` without that prefix); ``None`` becomes 404.

    Raises ``SpecError`` for a spec that cannot be served, or a route that the spec does not have.
    """
    return Server(apis, world_of, options or Options())


class Server:
    """The ASGI application of all APIs. ``served`` has each API and its spec, by name."""

    def __init__(self, apis: Sequence[API], world_of: WorldOf, options: Options) -> None:
        self.world_of = world_of
        self.served: dict[str, tuple[API, Spec]] = {}
        self._pipelines: list[tuple[str, API, ASGIApp]] = []
        self._observers = tuple(options.observers)
        self._unreached = tuple(options.unreached)
        # longest first, so that a prefix inside another one is found; "/" last
        self._mounts = sorted(options.mounts.items(), key=lambda item: -len(item[0].rstrip("/")))
        self._executor = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="counterfoil-handler")
        for api in apis:
            prefix = api.prefix.rstrip("/")
            self._refuse_clash(prefix)
            spec = api.spec or load(api.name, directory=options.specs, validate=options.validate_specs)
            self.served[api.name] = (api, spec)
            self._pipelines.append((prefix, api, build_pipeline(api, spec, options.pipeline, self._executor)))
        self._docs: Any = None
        self._not_ready_reason = options.not_ready_reason

    def _refuse_clash(self, prefix: str) -> None:
        mounted = [path for path, _ in self._mounts if path.rstrip("/")]
        served = [path for path, _, _ in self._pipelines]
        taken = [*(f"/{segment}" for segment in _RESERVED_SEGMENTS), *mounted, *served]
        for other in taken:
            if not prefix or f"{prefix}/".startswith(f"{other}/") or f"{other}/".startswith(f"{prefix}/"):
                raise SpecError(f"the prefix '{prefix}' cannot be served next to '{other}'")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                await self._serve(scope, receive, send)
            except ConnectionBroken as broken:
                await workarounds.break_connection(send, str(broken), abruptly=broken.abruptly)
            except Exception:  # in a mount or world_of; APIs render their own errors
                logs.server.exception("%s failed", logs.printable(scope["path"]))
                with contextlib.suppress(RuntimeError):  # the response had begun: the connection is closed instead
                    await send_whole_response(problem(500, INTERNAL_ERROR_MESSAGE), scope["method"], send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path = raw_path(scope)
        world_name, world_prefix, below = split_world(path)
        for prefix, api, pipeline in self._pipelines:
            if below.startswith(prefix) and below[len(prefix) : len(prefix) + 1] in ("/", ""):
                try:
                    world = self.world_of(world_name) if world_name is not None else None
                except StoreUnavailable as failure:
                    error = unavailable(failure)
                    response = with_standard_headers(api.error(error), error)
                    await self._serve_unreached(api, scope, path, started, response, send)
                    return
                if world is not None:
                    base = world_prefix + prefix
                    context = self._context(scope, api, world, world_name or "", base, path[len(base) :], started)
                    await self._serve_api(pipeline, context, scope, receive, send)
                    return
                unknown = logs.printable(world_prefix.removeprefix("/w/"), 80)
                response = problem(404, f"there is no world '{unknown}'")
                await self._serve_unreached(api, scope, path, started, response, send)
                return
        mount = self._mount(path)
        refusal = refusal_of(scope)
        if refusal is not None:
            await send_and_log(scope, path, started, problem(refusal.status, refusal.message), send)
        elif mount is not None:
            await mount(scope, receive, send)
        else:
            await send_and_log(scope, path, started, self._own_response(scope["method"], path), send)

    def _context(
        self, scope: Scope, api: API, world: World, world_name: str, base: str, path: str, started: float
    ) -> RequestContext:
        headers = request_headers(scope)
        return RequestContext(
            api=api,
            world=world,
            world_name=world_name,
            method=scope["method"],
            path=path or "/",
            query_string=scope.get("query_string", b""),
            headers=headers,
            base=base,
            origin=_origin(scope, headers),
            finish=self._finish,
            started=started,
            refusal=refusal_error(scope),
        )

    async def _serve_api(
        self, pipeline: ASGIApp, context: RequestContext, scope: Scope, receive: Receive, send: Send
    ) -> None:
        # A copy, because the HTTP server's scope refers to ``send`` and must not refer to the context (see RequestContext).
        inner = {**scope, "path": router_request_path(context.path), "root_path": "", SCOPE_KEY: context}
        try:
            await pipeline(inner, receive, ResponseWriter(context, send, receive).send)
        except Outdated:
            context.finished = True  # not answered yet: the request is handled again
            raise
        finally:
            self._finish(context)
        if context.broken is not None:
            raise context.broken

    async def _serve_unreached(
        self, api: API, scope: Scope, path: str, started: float, response: Response, send: Send
    ) -> None:
        await send_and_log(scope, path, started, response, send)
        for observer in self._unreached:
            try:
                observer(api, scope, response.status, time.perf_counter() - started)
            except Exception:
                logs.server.exception("%s: an observer failed", api.name)

    def _finish(self, context: RequestContext) -> None:
        """Log the response and call the observers, once."""
        if context.finished:
            return
        context.finished = True
        context.duration = time.perf_counter() - context.started
        if context.api.any_credential:
            credentials.blank(context)
        if logs.is_access_enabled():
            logs.request_line(
                method=context.method,
                path=context.base + context.path,
                query=context.query_string,
                status=context.status,
                seconds=context.duration,
                api=context.api.name,
                world=context.world_name,
                operation=context.operation or "",
            )
        for observer in self._observers:
            try:
                observer(context)
            except Exception:  # an observer must not disturb the response
                logs.server.exception("%s: an observer failed", context.api.name)

    def _mount(self, path: str) -> ASGIApp | None:
        is_reserved = path.partition("/")[2].partition("/")[0] in _RESERVED_SEGMENTS
        for prefix, app in self._mounts:
            stripped = prefix.rstrip("/")
            if (stripped or not is_reserved) and (path == stripped or path.startswith(stripped + "/")):
                return app
        return None

    def _own_response(self, method: str, path: str) -> Response:
        if path == "/ready" and (reason := self._not_ready_reason()) is not None:
            return problem(503, reason)
        if path in ("/health", "/ready"):
            if method not in ("GET", "HEAD"):
                wrong = problem(405, f"{path} is read with GET")
                return Response(405, wrong.body, (("allow", "GET, HEAD"),), wrong.media_type)
            return Response(200, b'{"status":"ok"}', media_type="application/json")
        if path == "/docs" or path.startswith("/docs/"):
            response: Response = self._documents().respond(method, path[5:])
            return response
        prefixes = {api.name: api.prefix for api, _ in self.served.values()}
        return problem(404, f"nothing is served at {logs.printable(path, 120)}; see 'served'", served=prefixes)

    def _documents(self) -> Any:
        if self._docs is None:
            from counterfoil.server.docs import Docs

            self._docs = Docs(self.served)
        return self._docs


def _origin(scope: Scope, headers: Mapping[str, str]) -> str:
    """The scheme and authority that the client used; an invalid Host header is not repeated in links."""
    host = headers.get("host", "")
    if not _HOST.fullmatch(host):
        server = scope.get("server") or ("localhost", None)
        host = f"{server[0]}:{server[1]}" if server[1] else str(server[0])
    return f"{scope.get('scheme', 'http')}://{host}"


async def send_and_log(scope: Scope, path: str, started: float, response: Response, send: Send) -> None:
    """Send a whole response, and write its access line. ``started`` is a value of ``time.perf_counter``."""
    await send_whole_response(response, scope["method"], send)
    logs.request_line(
        method=scope["method"],
        path=path,
        query=scope.get("query_string", b""),
        status=response.status,
        seconds=time.perf_counter() - started,
    )


async def send_whole_response(response: Response, method: str, send: Send) -> None:
    """Send a whole response; for HEAD only its head."""
    payload = to_bytes(response.body)
    headers = [
        (name.encode("ascii"), workarounds.safe_header(value).encode("latin-1")) for name, value in response.headers
    ]
    headers.append((b"content-type", (response.media_type or "application/json").encode("ascii")))
    headers.append((b"content-length", str(len(payload)).encode("ascii")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else payload})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
