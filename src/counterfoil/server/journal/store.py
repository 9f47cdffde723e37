"""The journal of each world: records requests and responses up to a limit, and returns them without credentials.

Formatting is expensive, so the journal holds references to existing objects and formats an exchange when it is read.
There are limits on exchanges and bytes per world, and on bytes in total; the oldest exchanges are dropped first, beginning
with the world that has been idle longest. The journal holds no references to worlds, and drops the exchanges of deleted worlds.
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
from counterfoil.api.control_types import PAGE_HEADER, JournalPage, JournalQuery, RecordedExchange, RecordedMessage
from counterfoil.server.context import RequestContext

MAX_RECORDED_BODY = 16 * 1024
MEBIBYTE = 1024 * 1024
EXCHANGE_OVERHEAD = 1500
"""Bytes of an exchange without bodies, headers and query: the mean of 500, measured with tracemalloc (tests/server)."""


class JournalLimits(msgspec.Struct, frozen=True):
    """Limits: exchanges and bytes of one world, bytes in total, and the number of cleared worlds whose counters are kept."""

    exchanges: int = 500
    bytes: int = MEBIBYTE
    bytes_of_all: int = 128 * MEBIBYTE
    worlds: int = 4_096


class _Exchange(NamedTuple):
    """One exchange. It is stored as a plain tuple in the same order, which is cheaper, and converted to this type when read."""

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
    """One world's exchanges. ``last`` is the newest number; ``version`` grows when one is added or all are cleared."""

    exchanges: deque[tuple[Any, ...]] = msgspec.field(default_factory=deque)
    bytes: int = 0
    last: int = 0
    dropped: int = 0
    version: int = 0


class _Numbers(NamedTuple):
    """The counters of a world without exchanges; an empty ``_Log`` takes 1 KB, mostly for its deque."""

    last: int
    dropped: int
    version: int


SWEEP_EVERY = 256
"""After this many new worlds, the exchanges of deleted worlds are removed."""


class JournalStore:
    """The journal of every world, by its name; implements ``counterfoil.api.control_types.Journal``. Thread-safe.

    ``clock`` returns the real time, with its offset. ``names`` returns the names of the existing worlds.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        limits: JournalLimits | None = None,
        names: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        self._clock = clock
        self._names = names
        self._new_worlds = 0
        self._limits = limits or JournalLimits()
        self._logs: OrderedDict[str, _Log] = OrderedDict()  # not empty, least recently used first
        self._empty: OrderedDict[str, _Numbers] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    # --- recording -------------------------------------------------------------------------------

    def observe(self, context: RequestContext) -> None:
        """The server's ``Observer``."""
        limits, name, at = self._limits, context.world_name, self._clock()
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
            exchange = _record(context, number, at)
            size = exchange[0]
            log.exchanges.append(exchange)
            log.bytes += size
            self._bytes += size
            while len(log.exchanges) > limits.exchanges or log.bytes > limits.bytes:
                self._drop(log)
            while self._bytes > limits.bytes_of_all:
                self._drop_least_recent()

    def _drop(self, log: _Log) -> None:
        size = log.exchanges.popleft()[0]
        log.bytes -= size
        log.dropped += 1
        self._bytes -= size

    def _drop_least_recent(self) -> None:
        name, log = next(iter(self._logs.items()))
        if log.exchanges:
            self._drop(log)
        if not log.exchanges:
            self._set_empty(name)

    def _count_new(self) -> None:
        self._new_worlds += 1
        if self._names is None or self._new_worlds % SWEEP_EVERY:
            return
        existing = set(self._names())
        for deleted in [name for name in self._logs if name not in existing]:
            self._bytes -= self._logs.pop(deleted).bytes
        for deleted in [name for name in self._empty if name not in existing]:
            del self._empty[deleted]

    def _set_empty(self, name: str) -> None:
        log = self._logs.pop(name)
        self._empty[name] = _Numbers(log.last, log.dropped, log.version)
        if len(self._empty) > self._limits.worlds:
            self._empty.popitem(last=False)

    # --- for the control API -----------------------------------------------------------------------

    def find(self, world: str, query: JournalQuery) -> JournalPage:
        """The newest ``limit`` matching exchanges, oldest first."""
        with self._lock:
            log = self._log(world)
            exchanges, dropped = tuple(map(_Exchange._make, log.exchanges)), log.dropped
        matching = [exchange for exchange in exchanges if _matches(exchange, query)]
        shown = islice(matching, max(0, len(matching) - max(0, query.limit)), None)
        return JournalPage(tuple(_shown(exchange) for exchange in shown), len(matching), dropped)

    def part(self, world: str, query: JournalQuery) -> tuple[int, int, list[datetime], list[RecordedExchange]]:
        """For a journal of several processes: the number of the last exchange, how many were dropped, when each of the others
        was recorded, and the matching ones, oldest first."""
        with self._lock:
            log = self._log(world)
            exchanges, last, dropped = tuple(map(_Exchange._make, log.exchanges)), log.last, log.dropped
        matching = [_shown(exchange) for exchange in exchanges if _matches(exchange, query)]
        return last, dropped, [exchange.at for exchange in exchanges], matching

    def clear(self, world: str) -> None:
        """Delete a world's exchanges and reset ``dropped``; their numbers are not used again."""
        with self._lock:
            log = self._log(world)
            self._bytes -= log.bytes
            log.exchanges.clear()
            log.bytes = log.dropped = 0
            log.version += 1
            if world in self._logs:
                self._set_empty(world)
            elif world in self._empty:
                self._empty[world] = _Numbers(log.last, 0, log.version)

    # --- for the page ------------------------------------------------------------------------------

    def version(self, world: str) -> int:
        """A number that grows with every exchange of the world, and when its journal is cleared."""
        with self._lock:
            return self._log(world).version

    def _log(self, world: str) -> _Log:
        """The world's log, or a new one that continues the world's counters."""
        log = self._logs.get(world)
        if log is not None:
            return log
        numbers = self._empty.get(world, _Numbers(0, 0, 0))
        return _Log(last=numbers.last, dropped=numbers.dropped, version=numbers.version)


def _record(context: RequestContext, number: int, at: datetime) -> tuple[Any, ...]:
    body, payload, headers = context.body_bytes, context.payload, context.headers
    body_is_cut, payload_is_cut = len(body) > MAX_RECORDED_BODY, len(payload) > MAX_RECORDED_BODY
    if body_is_cut:
        body = body[:MAX_RECORDED_BODY]
    # a copy: orjson's result keeps its buffer alive, 4 KiB for a body of 300 bytes
    payload = bytes(memoryview(payload)[:MAX_RECORDED_BODY])
    path, query = context.path, context.query_string
    size = EXCHANGE_OVERHEAD + len(body) + len(payload) + len(query) + len(path)
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


def _matches(exchange: _Exchange, query: JournalQuery) -> bool:
    return (
        (query.api is None or exchange.api == query.api)
        and (query.operation is None or exchange.operation == query.operation)
        and (query.status is None or _has_status(exchange.status, query.status))
        and (query.since is None or exchange.at >= query.since)
        and (query.after is None or exchange.number > query.after)
        and not (query.clients_only and PAGE_HEADER in exchange.headers)
    )


def _has_status(status: int, pattern: str) -> bool:
    text = f"{status:03}" if status else "0"
    return text[0] == pattern[0] if pattern[1:].lower() == "xx" else text == pattern


def _shown(exchange: _Exchange) -> RecordedExchange:
    query = redact.query(exchange.query.decode("latin-1"))
    answer_headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.answer_headers)
    return RecordedExchange(
        number=exchange.number,
        at=exchange.at,
        now=exchange.now,
        api=exchange.api,
        operation=exchange.operation,
        method=exchange.method,
        path=exchange.base + exchange.path + (f"?{query}" if query else ""),
        status=exchange.status,
        milliseconds=Decimal(round(exchange.duration * 1_000_000)) / 1000,
        request=_message(tuple(exchange.headers.items()), exchange.body, exchange.body_is_cut),
        answer=_message(tuple(answer_headers), exchange.payload, exchange.payload_is_cut),
        fault=exchange.fault,
        reason=exchange.reason,
    )


def _message(headers: tuple[tuple[str, str], ...], body: bytes, is_cut: bool) -> RecordedMessage:
    # the cut may be inside a character
    text = body.decode("utf-8", "ignore" if is_cut else "replace")
    return RecordedMessage(redact.headers(headers), redact.body(text), is_cut)
