"""Server-sent events: "something changed in this world", and no more; what changed is asked from the control API.

One number for the ledger's version, one for the journal's, the time, and the runs that are under way. A connection looks at
its world a few times a second, so that nobody looking costs the APIs nothing: they neither call nor know of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from threading import Event
from typing import Any

import orjson

from counterfoil.control.serializers import instant
from counterfoil.page.asgi import Receive, Scope, Send
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds

LOOK_EVERY = 0.15
BEAT_EVERY = 15.0
"""Seconds. Proxies drop connections that are silent for longer, mostly after 30 or 60."""
MOST = 1000
MOST_OF_A_WORLD = 12
"""Browsers that may listen at once. A browser opens six connections to one server at most, one for each tab of the page."""
UNDER_WAY = ("requested", "running")

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Events:
    """Answers ``GET /events/{world}`` until the browser goes, the world goes, or ``longest`` seconds have passed."""

    def __init__(
        self, worlds: Worlds, journal_version: Callable[[str], int], closing: Event, *, longest: float = 3600.0
    ) -> None:
        self._worlds = worlds
        self._journal_version = journal_version
        self._closing = closing
        self._longest = longest
        self._open: Counter[str] = Counter()

    def is_full(self, name: str) -> bool:
        """Whether nobody else may listen, to this world or at all."""
        return self._open[name] >= MOST_OF_A_WORLD or self._open.total() >= MOST

    async def stream(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """The world is known to exist."""
        gone = asyncio.ensure_future(_disconnected(receive))
        self._open[name] += 1
        try:
            await self._tell(name, gone, send)
        finally:
            self._open[name] -= 1
            self._open += Counter()  # drops those nobody listens to
            gone.cancel()

    async def _tell(self, name: str, gone: asyncio.Future[None], send: Send) -> None:
        loop = asyncio.get_running_loop()
        began = beat = loop.time()
        told: tuple[Any, ...] | None = None
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        while not (gone.done() or self._closing.is_set()) and loop.time() - began < self._longest:
            world = self._worlds.get(name)
            if world is None:
                await _event(send, "gone", {})
                break
            seen = (world.head, world.version, self._journal_version(name))
            if seen != told:
                told, beat = seen, loop.time()
                await _event(send, "change", _state(world, seen[2]))
            elif loop.time() - beat > BEAT_EVERY:
                beat = loop.time()
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
            await asyncio.wait({gone}, timeout=LOOK_EVERY)
        await send({"type": "http.response.body", "body": b""})


def _state(world: World, journal: int) -> dict[str, Any]:
    runs = {str(run.number): str(run.status) for run in list(world.ledger.runs.values()) if run.status in UNDER_WAY}
    return {"version": world.version, "now": instant(world.now), "journal": journal, "runs": runs}


async def _event(send: Send, name: str, data: dict[str, Any]) -> None:
    body = b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
