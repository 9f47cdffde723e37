"""The ASGI door of the page: events, files and the shell here, plots by Flask; who asks is checked as at the control API.

The shell and its files hold nothing of any world, so anybody may have them; plots and events do, and want the token where
the control API wants it.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread

from counterfoil.api import API, ApiError, Principal
from counterfoil.control.access import guard
from counterfoil.page.asgi import ASGI, Receive, Scope, Send, headers_of, send_problem
from counterfoil.page.events import Events
from counterfoil.page.files import Files
from counterfoil.page.ready import get_ready, rehearse
from counterfoil.page.safe import with_headers
from counterfoil.page.shell import Shell
from counterfoil.world.worlds import Worlds

OF_A_WORLD = re.compile(r"/(?P<what>events|plots)/(?P<world>[a-z0-9][a-z0-9-]{0,62})(?:/[a-z-]+\.svg)?")

SWITCH_EVERY = 0.0005
"""Seconds a thread may go on before it makes way for another, once somebody looks. With Python's 5 ms, whatever is built or
drawn in a thread delays the one that answers by 5 ms a step: the page's files took 120 to 190 ms, not 40."""


@dataclass(frozen=True, slots=True)
class Built:
    """What needs Flask: what the shell says after its beginning, and the application that draws plots."""

    shell: str
    plots: ASGI


class Front:
    """The page over ``worlds``. ``token`` and ``hosts`` as for the control API; ``public`` says that a gate stands before it;
    ``closing`` is set when the server stops, which ends what would otherwise be listened to for ever; ``soon`` is what the
    page needs from elsewhere as soon as somebody has opened it."""

    def __init__(
        self,
        worlds: Worlds,
        *,
        apis: Sequence[API],
        journal_version: Callable[[str], int],
        token: str | None,
        hosts: Sequence[str] = (),
        public: bool = False,
        closing: Event | None = None,
        soon: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._worlds = worlds
        self._apis = tuple(apis)
        self._says = {"needs_token": token is not None, "public": public}
        self._check: Callable[[Mapping[str, str]], Principal] = guard(token, hosts)
        self._events = Events(worlds, journal_version, closing or Event())
        self._files = Files()
        self._shell = Shell(self._files, lambda: self._built().shell)
        self._flask: Built | None = None
        self._building = Lock()
        self._soon = (self._built, *soon, lambda: rehearse(worlds))
        self._is_getting_ready = False
        self._guarded = with_headers(self._answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guarded(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith("/static/"):
            await self._files.answer(path.removeprefix("/static/"), scope, send)
            return
        if path == "/":
            await self._shell.answer(scope, send)
            if scope["method"] == "GET":
                self.get_ready()
            return
        match = OF_A_WORLD.fullmatch(path)
        if match is None:
            served = {api.name: api.prefix for api in self._apis}
            shown = path[:120].encode("ascii", "replace").decode()
            await send_problem(send, 404, f"nothing is served at {shown}; see 'served'", served=served)
            return
        try:
            self._check(headers_of(scope))
        except ApiError as refusal:
            await send_problem(send, refusal.status, refusal.message)
            return
        if self._worlds.get(match["world"]) is None:
            await send_problem(send, 404, "there is no world of that name", field="world")
        elif match["what"] == "plots":
            # importing Flask takes 0.1 s: not in the thread that answers the APIs
            built = self._flask if self._flask is not None else await asyncio.to_thread(self._built)
            await built.plots(scope, receive, send)
        elif scope["method"] != "GET":
            await send_problem(send, 405, "events are read with GET", ((b"allow", b"GET"),))
        elif self._events.is_full(match["world"]):
            await send_problem(send, 429, "too many are listening; try again in a minute", ((b"retry-after", b"60"),))
        else:
            await self._events.stream(match["world"], scope, receive, send)

    def get_ready(self) -> None:
        """Make what a visitor asks for next, in a thread, while the browser reads what it was sent: that takes 0.1 s and more."""
        if not self._is_getting_ready:
            self._is_getting_ready = True
            Thread(target=get_ready, args=(self._soon,), name="counterfoil-page", daemon=True).start()

    def _built(self) -> Built:
        with self._building:
            if self._flask is None:
                self._flask = self._build()
            return self._flask

    def _build(self) -> Built:
        sys.setswitchinterval(SWITCH_EVERY)
        from a2wsgi import WSGIMiddleware

        from counterfoil.page.site import shell, site

        made = site(self._worlds)
        plots: ASGI = WSGIMiddleware(made, workers=4)  # type: ignore[arg-type, assignment]
        return Built(shell(made, **self._says), plots)
