"""Server-sent events that notify the page of changes of its world. The page then fetches them from the control API.

Each stream compares the world's version a few times a second, so requests to the APIs cost the same whether the page is open or
not. It is an ASGI application and not a Flask view, because a thread for each open stream would fill the thread pool.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any

import orjson

from counterfoil.asgi import Receive, Scope, Send, until_disconnected
from counterfoil.page.world_reader import WorldReader
from counterfoil.world.command_log import StoreUnavailable

POLL_INTERVAL = 0.15
KEEP_ALIVE_INTERVAL = 15.0
"""Seconds. Proxies close connections that are silent for longer, most after 30 or 60."""
MAX_STREAMS = 1000
MAX_STREAMS_PER_WORLD = 12
"""A browser opens at most six connections to one server, one of them for each tab with the page."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStreams:
    """Answers ``GET /events/{world}`` until the client disconnects, the world is deleted, ``shutdown`` is set, or
    ``max_duration`` seconds have passed. ``refresh``, if other processes change worlds, is called before each read."""

    def __init__(
        self,
        reader: WorldReader,
        shutdown: Event,
        *,
        refresh: Callable[[str], Awaitable[None]] | None = None,
        max_duration: float = 3600.0,
    ) -> None:
        self._reader = reader
        self._refresh = refresh
        self._shutdown = shutdown
        self._max_duration = max_duration
        self._open: Counter[str] = Counter()

    def is_full(self, world: str) -> bool:
        """Whether the bound on open streams is reached, for this world or for the server."""
        return self._open[world] >= MAX_STREAMS_PER_WORLD or self._open.total() >= MAX_STREAMS

    async def stream(self, world: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. The caller has checked that the world exists."""
        disconnected = asyncio.ensure_future(until_disconnected(receive))
        self._open[world] += 1
        try:
            await self._send_changes(world, disconnected, send)
        finally:
            self._open[world] -= 1
            self._open += Counter()  # drops the entries that are 0
            disconnected.cancel()

    async def _send_changes(self, world: str, disconnected: asyncio.Future[None], send: Send) -> None:
        clock = asyncio.get_running_loop().time
        started = last_sent = clock()
        sent: object = None
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        while not (disconnected.done() or self._shutdown.is_set()) and clock() - started < self._max_duration:
            if self._refresh is not None:
                await self._refresh(world)
            try:
                version = self._reader.version(world)
                status = self._reader.status(world) if version != sent else None
            except StoreUnavailable:  # a later event reports the change, when the store can be read again
                version, status = sent or "unknown", None
            if version is None:
                await _send_event(send, "gone", {})
                break
            if status is not None:
                sent, last_sent = version, clock()
                await _send_event(send, "change", status)
            elif clock() - last_sent > KEEP_ALIVE_INTERVAL:
                last_sent = clock()
                await send({"type": "http.response.body", "body": b": keep-alive\n\n", "more_body": True})
            await asyncio.wait({disconnected}, timeout=POLL_INTERVAL)
        await send({"type": "http.response.body", "body": b""})


async def _send_event(send: Send, name: str, data: Any) -> None:
    body = b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})
