"""The ASGI door of the page: events and files here, the shell and plots by Flask; who asks is checked as at the control API.

The shell and its files hold nothing of any world, so anybody may have them; plots and events do, and want the token where
the control API wants it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock

from counterfoil.dialect import Dialect, Principal, Refusal
from counterfoil.sandbox.page.asgi import ASGI, Receive, Scope, Send, headers_of, send_problem
from counterfoil.sandbox.page.events import Events
from counterfoil.sandbox.page.files import Files
from counterfoil.sandbox.page.safe import with_headers
from counterfoil.sandbox.safety import guard
from counterfoil.world.worlds import Worlds

OF_A_WORLD = re.compile(r"/(?P<what>events|plots)/(?P<world>[a-z0-9][a-z0-9-]{0,62})(?:/[a-z-]+\.svg)?")


class Front:
    """The page over ``worlds``. ``token`` and ``hosts`` as for the control API; ``public`` says that a gate stands before it;
    ``closing`` is set when the server stops, which ends what would otherwise be listened to for ever."""

    def __init__(
        self,
        worlds: Worlds,
        *,
        apis: Sequence[Dialect],
        journal_version: Callable[[str], int],
        token: str | None,
        hosts: Sequence[str] = (),
        public: bool = False,
        closing: Event | None = None,
    ) -> None:
        self._worlds = worlds
        self._apis = tuple(apis)
        self._needs_token = token is not None
        self._public = public
        self._check: Callable[[Mapping[str, str]], Principal] = guard(token, hosts)
        self._events = Events(worlds, journal_version, closing or Event())
        self._files = Files()
        self._flask: ASGI | None = None
        self._building = Lock()
        self._guarded = with_headers(self._answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guarded(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith("/static/"):
            await self._files.answer(path.removeprefix("/static/"), scope, send)
            return
        if path == "/":
            await self._site(scope, receive, send)
            return
        match = OF_A_WORLD.fullmatch(path)
        if match is None:
            served = {api.name: api.prefix for api in self._apis}
            shown = path[:120].encode("ascii", "replace").decode()
            await send_problem(send, 404, f"nothing is served at {shown}; see 'served'", served=served)
            return
        try:
            self._check(headers_of(scope))
        except Refusal as refusal:
            await send_problem(send, refusal.status, refusal.message)
            return
        if self._worlds.get(match["world"]) is None:
            await send_problem(send, 404, "there is no world of that name", field="world")
        elif match["what"] == "plots":
            await self._site(scope, receive, send)
        elif scope["method"] != "GET":
            await send_problem(send, 405, "events are read with GET", ((b"allow", b"GET"),))
        elif self._events.is_full(match["world"]):
            await send_problem(send, 429, "too many are listening; try again in a minute", ((b"retry-after", b"60"),))
        else:
            await self._events.stream(match["world"], scope, receive, send)

    async def _site(self, scope: Scope, receive: Receive, send: Send) -> None:
        # importing Flask takes 0.1 to 0.2 s: not in the thread that answers the APIs
        app: ASGI = self._flask if self._flask is not None else await asyncio.to_thread(self._built)
        await app(scope, receive, send)

    def _built(self) -> ASGI:
        with self._building:
            if self._flask is None:
                self._flask = self._build()
            return self._flask

    def _build(self) -> ASGI:
        from a2wsgi import WSGIMiddleware

        from counterfoil.sandbox.page.site import site

        made = site(self._worlds, self._files, needs_token=self._needs_token, public=self._public)
        app: ASGI = WSGIMiddleware(made, workers=4)  # type: ignore[arg-type, assignment]
        return app
