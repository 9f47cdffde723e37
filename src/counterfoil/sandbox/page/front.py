"""The ASGI door of the page: change events here, everything else to Flask, and the same check on who asks as at the control API.

The shell and its files hold nothing of any world, so anybody may have them; plots and events do, and want the token where
the control API wants it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from counterfoil.dialect import Dialect, Principal, Refusal
from counterfoil.sandbox.page.asgi import ASGI, Receive, Scope, Send, headers_of, send_problem
from counterfoil.sandbox.page.events import Events
from counterfoil.sandbox.page.safe import with_headers
from counterfoil.sandbox.safety import guard
from counterfoil.world.worlds import Worlds

OF_A_WORLD = re.compile(r"/(?P<what>events|plots)/(?P<world>[a-z0-9][a-z0-9-]{0,62})(?:/[a-z-]+\.svg)?")
EVERYBODYS = ("/static/", "/favicon.ico")
MOST_LISTENERS = 500


class Front:
    """The page over ``worlds``. ``token`` and ``hosts`` as for the control API; ``public`` says that a gate stands before it."""

    def __init__(
        self,
        worlds: Worlds,
        *,
        apis: Sequence[Dialect],
        journal_version: Callable[[str], int],
        token: str | None,
        hosts: Sequence[str] = (),
        public: bool = False,
    ) -> None:
        self._worlds = worlds
        self._apis = tuple(apis)
        self._needs_token = token is not None
        self._public = public
        self._check: Callable[[Mapping[str, str]], Principal] = guard(token, hosts)
        self._events = Events(worlds, journal_version)
        self._guarded = with_headers(self._answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guarded(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/" or path.startswith(EVERYBODYS):
            await self._flask(scope, receive, send)
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
            await self._flask(scope, receive, send)
        elif scope["method"] != "GET":
            await send_problem(send, 405, "events are read with GET", ((b"allow", b"GET"),))
        elif self._events.open >= MOST_LISTENERS:
            await send_problem(send, 429, "too many are listening; try again in a minute", ((b"retry-after", b"60"),))
        else:
            await self._events.stream(match["world"], scope, receive, send)

    @cached_property
    def _flask(self) -> ASGI:
        from a2wsgi import WSGIMiddleware

        from counterfoil.sandbox.page.site import site

        made = site(self._worlds, needs_token=self._needs_token, public=self._public)
        app: ASGI = WSGIMiddleware(made, workers=4)  # type: ignore[arg-type, assignment]
        return app
