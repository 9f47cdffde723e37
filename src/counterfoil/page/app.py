"""The page as one ASGI application: routes its paths to Flask, the files and the event stream, and checks access.

The document and its files contain no data of worlds and are public. Plots and events do, so they require the control API's
check of Host, Origin and token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from threading import Thread

from counterfoil.api import ApiError
from counterfoil.asgi import ASGIApp, CheckAccess, Receive, Scope, Send, raw_path, request_headers
from counterfoil.page.events import EventStreams
from counterfoil.page.responses import send_problem
from counterfoil.page.security_headers import with_security_headers
from counterfoil.page.static_files import StaticFiles
from counterfoil.page.world_reader import WorldReader
from counterfoil.world.command_log import StoreUnavailable

EVENTS_OR_PLOTS = re.compile(r"/(?P<what>events|plots)/(?P<world>[a-z0-9][a-z0-9-]{0,62})(?:/[a-z-]+\.svg)?")
FILE = re.compile(r"/static/[A-Za-z0-9._/-]+")

MAX_FLASK_REQUESTS = 128
"""Limit on requests that Flask handles or that wait for its threads. A page with its plots makes four."""


class PageApp:
    """``flask_app``, which may be lazy, serves the document and the plots, ``files`` the files that the document links. A 404
    lists ``api_prefixes``. ``prepare`` is called in a thread on the first request for the document: it prepares what the
    document's script requests next, while the browser loads the files."""

    def __init__(
        self,
        flask_app: ASGIApp,
        files: StaticFiles,
        events: EventStreams,
        reader: WorldReader,
        *,
        check_access: CheckAccess,
        api_prefixes: Mapping[str, str],
        prepare: Callable[[], object],
    ) -> None:
        self._flask_app = flask_app
        self._files = files
        self._prepare: Callable[[], object] | None = prepare
        self._events = events
        self._reader = reader
        self._check_access = check_access
        self._api_prefixes = dict(api_prefixes)
        self._in_flask = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = with_security_headers(send, policy=True)
        path = raw_path(scope)
        if path == "/":
            await self._flask(scope, path, receive, send)
            self._start_preparing()
        elif FILE.fullmatch(path):
            await self._files(path, scope, receive, send)
        elif match := EVENTS_OR_PLOTS.fullmatch(path):
            await self._serve_world_path(match, scope, path, receive, send)
        else:
            shown = path[:120].encode("ascii", "replace").decode()
            detail = f"nothing is served at {shown}; see 'served'"
            await send_problem(send, 404, detail, served=self._api_prefixes)

    def _start_preparing(self) -> None:
        prepare, self._prepare = self._prepare, None
        if prepare is not None:
            Thread(target=prepare, name="counterfoil-page", daemon=True).start()

    async def _serve_world_path(
        self, match: re.Match[str], scope: Scope, path: str, receive: Receive, send: Send
    ) -> None:
        try:
            self._check_access(request_headers(scope))
        except ApiError as error:
            await send_problem(send, error.status, error.message)
            return
        world = match["world"]
        try:
            exists = self._reader.version(world) is not None
        except StoreUnavailable as error:
            await send_problem(send, 503, str(error), ((b"retry-after", b"1"),))
            return
        if not exists:
            await send_problem(send, 404, "there is no world of that name", field="world")
        elif match["what"] == "plots":
            await self._flask(scope, path, receive, send)
        elif scope["method"] != "GET":
            await send_problem(send, 405, "events are read with GET", ((b"allow", b"GET"),))
        elif self._events.is_full(world):
            detail = "too many event streams are open; try again in a minute"
            await send_problem(send, 429, detail, ((b"retry-after", b"60"),))
        else:
            await self._events.stream(world, scope, receive, send)

    async def _flask(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        """Call Flask with the path that was routed and checked here, so that no other decoding applies."""
        if self._in_flask >= MAX_FLASK_REQUESTS:
            detail = "too many pages and plots are being made; try again in a moment"
            await send_problem(send, 503, detail, ((b"retry-after", b"1"),))
            return
        if not scope.get("query_string", b"").isascii():  # a2wsgi cannot decode it
            await send_problem(send, 400, "the query string must be ASCII, with other characters percent-encoded")
            return
        self._in_flask += 1
        try:
            await self._flask_app({**scope, "path": path}, receive, send)
        finally:
            self._in_flask -= 1
