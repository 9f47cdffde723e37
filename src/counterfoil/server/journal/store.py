"""What was asked and answered in each world, bounded, and shown without credentials.

Keeping is cheap, showing is not: an exchange is kept as references to what was there anyway and made readable when somebody
asks. Bounds are by count and bytes for each world, and by bytes for all; the oldest go first, of all worlds those of
the one that has been quiet longest. It keeps no world alive, and forgets those that are gone.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from counterfoil import redact
from counterfoil.api.control_types import Exchanged, Found, Message, Wanted
from counterfoil.server.context import RequestContext

LARGEST_BODY = 16 * 1024
MEBIBYTE = 1024 * 1024
OVERHEAD = 1500
"""Bytes an exchange takes in addition to bodies, headers and query, measured with tracemalloc over 500 (tests/server)."""


class Bounds(msgspec.Struct, frozen=True):
    """How much is kept: exchanges and bytes of one world, bytes of all, and how many worlds' numbers are remembered."""

    exchanges: int = 500
    bytes: int = MEBIBYTE
    bytes_of_all: int = 128 * MEBIBYTE
    worlds: int = 4_096


class _Kept(NamedTuple):
    """One exchange by reference. It is kept as a bare tuple of the same order and gets its names when it is shown."""

    size: int
    number: int
    at: datetime
    now: datetime
    api: str
    operation: str | None
    method: str
    base: str
    path: str
    query: bytes
    status: int
    duration: float
    headers: Mapping[str, str]
    body: bytes
    body_is_cut: bool
    answer_headers: list[tuple[bytes, bytes]]
    payload: bytes
    payload_is_cut: bool
    fault: int | None
    reason: str | None


class _Log(msgspec.Struct):
    """One world's exchanges. ``last`` is the number of its newest, ``version`` grows with each and each clearing."""

    kept: deque[tuple[Any, ...]] = msgspec.field(default_factory=deque)
    bytes: int = 0
    last: int = 0
    dropped: int = 0
    version: int = 0


class _Numbers(NamedTuple):
    """What is remembered of a world whose exchanges were cleared: an empty ``_Log`` takes 1 KB, mostly its deque."""

    last: int
    dropped: int
    version: int


SWEEP = 256
"""After so many worlds were heard of, the exchanges of those that are gone are forgotten."""


class JournalStore:
    """The journal of every world, by its name; implements ``counterfoil.api.control_types.Journal``, from any thread.

    ``clock`` tells the time outside, with its offset. ``names`` gives the names of the worlds there are.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        bounds: Bounds | None = None,
        names: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        self._clock = clock
        self._names = names
        self._new_worlds = 0
        self._bounds = bounds or Bounds()
        self._logs: OrderedDict[str, _Log] = OrderedDict()  # that hold something, the quietest first
        self._empty: OrderedDict[str, _Numbers] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    # --- keeping ---------------------------------------------------------------------------------

    def observe(self, context: RequestContext) -> None:
        """The server's ``Observer``."""
        bounds, name, at = self._bounds, context.world_name, self._clock()
        with self._lock:
            log = self._logs.get(name)
            if log is None:
                log = self._logs[name] = self._log(name)
                self._empty.pop(name, None)
                self._count_new()
            else:
                self._logs.move_to_end(name)
            log.last = number = log.last + 1
            log.version += 1
            kept = _keep(context, number, at)
            size = kept[0]
            log.kept.append(kept)
            log.bytes += size
            self._bytes += size
            while len(log.kept) > bounds.exchanges or log.bytes > bounds.bytes:
                self._drop(log)
            while self._bytes > bounds.bytes_of_all:
                self._drop_quietest()

    def _drop(self, log: _Log) -> None:
        size = log.kept.popleft()[0]
        log.bytes -= size
        log.dropped += 1
        self._bytes -= size

    def _drop_quietest(self) -> None:
        name, log = next(iter(self._logs.items()))
        if log.kept:
            self._drop(log)
        if not log.kept:
            self._rest(name)

    def _count_new(self) -> None:
        self._new_worlds += 1
        if self._names is None or self._new_worlds % SWEEP:
            return
        there = set(self._names())
        for name in [each for each in self._logs if each not in there]:
            self._bytes -= self._logs.pop(name).bytes
        for name in [each for each in self._empty if each not in there]:
            del self._empty[name]

    def _rest(self, name: str) -> None:
        log = self._logs.pop(name)
        self._empty[name] = _Numbers(log.last, log.dropped, log.version)
        if len(self._empty) > self._bounds.worlds:
            self._empty.popitem(last=False)

    # --- the port --------------------------------------------------------------------------------

    def find(self, world: str, wanted: Wanted) -> Found:
        """The newest ``limit`` that fit, oldest first."""
        with self._lock:
            log = self._log(world)
            kept, dropped = tuple(map(_Kept._make, log.kept)), log.dropped
        fitting = [each for each in kept if _fits(each, wanted)]
        shown = islice(fitting, max(0, len(fitting) - max(0, wanted.limit)), None)
        return Found(tuple(_shown(each) for each in shown), len(fitting), dropped)

    def clear(self, world: str) -> None:
        """Forget a world's exchanges and what was dropped; numbers go on where they were."""
        with self._lock:
            log = self._log(world)
            self._bytes -= log.bytes
            log.kept.clear()
            log.bytes = log.dropped = 0
            log.version += 1
            if world in self._logs:
                self._rest(world)
            elif world in self._empty:
                self._empty[world] = _Numbers(log.last, 0, log.version)

    # --- looking on ------------------------------------------------------------------------------

    def version(self, world: str) -> int:
        """A number that grows with every exchange of the world, and when they are cleared."""
        with self._lock:
            return self._log(world).version

    def _log(self, world: str) -> _Log:
        """The world's log, or a new one that goes on where the world's numbers are."""
        found = self._logs.get(world)
        if found is not None:
            return found
        numbers = self._empty.get(world, _Numbers(0, 0, 0))
        return _Log(last=numbers.last, dropped=numbers.dropped, version=numbers.version)


def _keep(context: RequestContext, number: int, at: datetime) -> tuple[Any, ...]:
    body, payload, headers = context.body_bytes, context.payload, context.headers
    body_is_cut, payload_is_cut = len(body) > LARGEST_BODY, len(payload) > LARGEST_BODY
    if body_is_cut:
        body = body[:LARGEST_BODY]
    # a copy: orjson's bytes hold on to its buffer, 4 KiB for a body of 300 bytes
    payload = bytes(memoryview(payload)[:LARGEST_BODY])
    path, query = context.path, context.query_string
    size = OVERHEAD + len(body) + len(payload) + len(query) + len(path)
    size += 64 * len(headers) + sum(map(len, headers.values()))
    return (
        size,
        number,
        at,
        context.world.now,
        context.api.name,
        context.operation,
        context.method,
        context.base,
        path,
        query,
        context.status,
        context.duration,
        headers,
        body,
        body_is_cut,
        context.response_headers,
        payload,
        payload_is_cut,
        context.fault,
        context.reason,
    )


def _fits(kept: _Kept, wanted: Wanted) -> bool:
    return (
        (wanted.api is None or kept.api == wanted.api)
        and (wanted.operation is None or kept.operation == wanted.operation)
        and (wanted.status is None or _is_of(kept.status, wanted.status))
        and (wanted.since is None or kept.at >= wanted.since)
        and (wanted.after is None or kept.number > wanted.after)
    )


def _is_of(status: int, wanted: str) -> bool:
    text = f"{status:03}" if status else "0"
    return text[0] == wanted[0] if wanted[1:].lower() == "xx" else text == wanted


def _shown(kept: _Kept) -> Exchanged:
    query = redact.query(kept.query.decode("latin-1"))
    answer_headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in kept.answer_headers)
    return Exchanged(
        number=kept.number,
        at=kept.at,
        now=kept.now,
        api=kept.api,
        operation=kept.operation,
        method=kept.method,
        path=kept.base + kept.path + (f"?{query}" if query else ""),
        status=kept.status,
        milliseconds=Decimal(round(kept.duration * 1_000_000)) / 1000,
        request=_message(tuple(kept.headers.items()), kept.body, kept.body_is_cut),
        answer=_message(tuple(answer_headers), kept.payload, kept.payload_is_cut),
        fault=kept.fault,
        reason=kept.reason,
    )


def _message(headers: tuple[tuple[str, str], ...], body: bytes, is_cut: bool) -> Message:
    # a cut may fall inside a character
    text = body.decode("utf-8", "ignore" if is_cut else "replace")
    return Message(redact.headers(headers), redact.body(text), is_cut)
