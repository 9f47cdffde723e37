"""What goes wrong on purpose: faults ordered for a world, and those one request asks for with ``Prefer``.

A fault strikes once a request is routed, authenticated and validated: what would be refused anyway is refused as ever and
not counted. ``status``, ``too_many_requests`` and ``reset`` strike instead of the operation; with ``truncate``,
``malformed`` and ``slow_drip`` the operation runs, its effect stays, and its answer, be it an error, leaves spoiled; an
answer without a body cannot be spoiled. ``latency`` comes before, and goes with any other. Of several others that are due at
once the one ordered first strikes. What strikes when depends on the order of the calls alone, never on a clock.

It knows no vendor: errors are rendered by the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from random import Random
from threading import Lock

from counterfoil.api import API, ApiError, Response
from counterfoil.api.control_types import Fault, FaultOrder, TooMany
from counterfoil.ledger.errors import BadValue
from counterfoil.openapi import Spec
from counterfoil.server.context import ConnectionBroken, RequestContext
from counterfoil.server.errors import REASONS
from counterfoil.server.faults.documented_statuses import Documented, Example, documented
from counterfoil.server.faults.prefer import NOTHING, Preferences, preferences
from counterfoil.server.faults.response_faults import Malformed, SlowDrip, Truncated, WithPreferenceApplied

MOST_OF_A_WORLD = 100
MOST_WORLDS = 16_384
LONGEST_WAIT = 120.0
"""Seconds, however many latencies come together."""


class _ActiveFault:
    """One fault with what it has counted, and its own dice."""

    def __init__(self, number: int, order: FaultOrder) -> None:
        self.number = number
        self.order = order
        self.counted = 0
        self.struck = 0
        self.rng = Random(order.seed)  # noqa: S311  (reproducible on purpose)

    def is_due(self) -> bool:
        """Whether it strikes a call that was just counted."""
        order = self.order
        if self.counted < order.nth or (order.times is not None and self.struck >= order.times):
            return False
        return order.probability == 1 or self.rng.random() < order.probability

    def wait(self) -> float:
        """Seconds of latency."""
        order = self.order
        delay, spread = float(order.delay_ms or 0), float(order.spread_ms)
        if order.distribution == "uniform":
            delay = self.rng.uniform(delay - spread, delay + spread)
        elif order.distribution == "normal":
            delay = self.rng.gauss(delay, spread)
        elif order.distribution == "exponential":
            delay = self.rng.expovariate(1 / delay) if delay else 0.0
        return max(0.0, delay) / 1000

    def shown(self) -> Fault:
        return Fault(self.number, self.order, self.counted, self.struck)


class FaultStore:
    """The faults of every world, by its name; implements ``counterfoil.api.control_types.Faults``, from any thread.

    ``names`` gives the names of the worlds there are: when too many have faults, those of others are forgotten.
    """

    def __init__(self, names: Callable[[], Iterable[str]] | None = None) -> None:
        self._names = names
        self._worlds: dict[str, list[_ActiveFault]] = {}
        self._last: dict[str, int] = {}
        self._known: dict[str, tuple[API, dict[str, Documented]]] = {}
        self._lock = Lock()

    def learn(self, served: Mapping[str, tuple[API, Spec]]) -> None:
        """What each API documents; the server tells it once it is built."""
        self._known = {name: (api, documented(spec)) for name, (api, spec) in served.items()}

    # --- the port --------------------------------------------------------------------------------

    def all(self, world: str) -> Sequence[Fault]:
        with self._lock:
            return [each.shown() for each in self._worlds.get(world, ())]

    def add(self, world: str, order: FaultOrder) -> Fault:
        """Raises ``BadValue`` for what the spec does not document, and ``TooMany``."""
        self._check(order)
        with self._lock:
            active = self._worlds.get(world)
            if active is None:
                active = self._room_for(world)
            if len(active) >= MOST_OF_A_WORLD:
                raise TooMany(f"a world has up to {MOST_OF_A_WORLD} faults: take some away")
            number = self._last[world] = self._last.get(world, 0) + 1
            made = _ActiveFault(number, order)
            # another list, so that ``intercept`` may look at the old one
            self._worlds[world] = [*active, made]
            return made.shown()

    def restore(self, world: str, faults: Iterable[Fault]) -> None:
        """Take on faults that were ordered before a restart; they count calls anew."""
        with self._lock:
            self._worlds[world] = [_ActiveFault(each.id, each.order) for each in faults]
            self._last[world] = max(each.number for each in self._worlds[world])

    def remove(self, world: str, fault: int) -> bool:
        with self._lock:
            active = self._worlds.get(world, [])
            left = [each for each in active if each.number != fault]
            if left:
                self._worlds[world] = left
            else:
                self._worlds.pop(world, None)
            return len(left) < len(active)

    def clear(self, world: str) -> None:
        with self._lock:
            self._worlds.pop(world, None)
            self._last.pop(world, None)

    def _check(self, order: FaultOrder) -> None:
        if order.api not in self._known:
            raise BadValue(f"no such API is served; there are: {', '.join(self._known)}", field="api")
        operations = self._known[order.api][1]
        if order.operation is not None and order.operation not in operations:
            raise BadValue(f"{order.api} has no such operation; there are: {', '.join(operations)}", field="operation")
        status = 429 if order.kind == "too_many_requests" else order.status if order.kind == "status" else None
        if status is None:
            return
        for name in (order.operation,) if order.operation else operations:
            if not operations[name].has(status):
                raise BadValue(
                    f"{name} does not document the status {status}, but {operations[name]}",
                    field="status" if order.kind == "status" else "kind",
                )

    def _room_for(self, world: str) -> list[_ActiveFault]:
        if len(self._last) >= MOST_WORLDS:
            there = set(self._names()) if self._names is not None else set(self._worlds)
            for gone in [name for name in self._last if name not in there]:
                self._worlds.pop(gone, None)
                del self._last[gone]
            if len(self._worlds) >= MOST_WORLDS:
                raise TooMany(f"{MOST_WORLDS} worlds have faults: take some away")
        return []

    # --- the seam --------------------------------------------------------------------------------

    def intercept(self, context: RequestContext) -> Awaitable[Response | None] | None:
        """The server's ``Interceptor``: two look-ups where nothing is wanted."""
        header = context.headers.get("prefer")
        if header is None and context.world_name not in self._worlds:
            return None
        return self._step(context, header)

    async def _step(self, context: RequestContext, header: str | None) -> Response | None:
        asked = NOTHING
        if header is not None:
            operation = context.operation or ""
            asked = preferences(header, operation, self._known[context.api.name][1][operation])
        striking, wait = self._count(context)
        wait = min(LONGEST_WAIT, wait + (asked.delay or 0) / 1000)
        if wait:
            await asyncio.sleep(wait)
        if striking is not None:
            return _strike(striking, context, Preferences(delay=asked.delay))
        if asked.example is not None:
            context.response_fault = WithPreferenceApplied(asked)
            documented = self._known[context.api.name][1][context.operation or ""]
            return _example(documented.example(asked.example, asked.code))
        if asked.code is not None and asked.code >= 400:
            answer = _error(context, asked.code, f"asked for with Prefer: code={asked.code}")
            context.response_fault = WithPreferenceApplied(asked)
            return answer
        if asked is not NOTHING:
            context.response_fault = WithPreferenceApplied(asked)
        return None

    def _count(self, context: RequestContext) -> tuple[_ActiveFault | None, float]:
        """Count this call for every fault it is about: the one that strikes, and the seconds to wait before."""
        striking, wait = None, 0.0
        with self._lock:
            for each in self._worlds.get(context.world_name, ()):
                order = each.order
                if order.api != context.api.name or order.operation not in (None, context.operation):
                    continue
                each.counted += 1
                if (striking is not None and order.kind != "latency") or not each.is_due():
                    continue
                each.struck += 1
                if order.kind == "latency":
                    wait += each.wait()
                    context.fault = context.fault or each.number
                else:
                    striking = each
        if striking is not None:
            context.fault = striking.number
        return striking, wait


def _strike(fault: _ActiveFault, context: RequestContext, asked: Preferences) -> Response | None:
    order = fault.order
    spoiled = WithPreferenceApplied(asked)
    answer = None
    if order.kind == "reset":
        context.broken = ConnectionBroken("the connection was reset on purpose", abruptly=True)
        return None
    if order.kind == "status":
        answer = _error(context, order.status or 500, _ordered(fault))
    elif order.kind == "too_many_requests":
        answer = _error(context, 429, _ordered(fault), retry_after=order.retry_after)
    elif order.kind == "truncate":
        spoiled = Truncated(asked, order.keep_bytes)
    elif order.kind == "malformed":
        spoiled = Malformed(asked)
    elif order.kind == "slow_drip":
        spoiled = SlowDrip(asked, order.bytes_per_second)
    context.response_fault = spoiled
    return answer


def _ordered(fault: _ActiveFault) -> str:
    return f"fault {fault.number} of this world was ordered to answer so"


def _error(context: RequestContext, status: int, message: str, *, retry_after: int | None = None) -> Response:
    """The vendor's body for a status, with exactly that status, even where the vendor would answer another."""
    reason = REASONS.get(status, "malformed" if status < 500 else "internal")
    detail = {} if retry_after is None else {"retry_after": retry_after}
    error = ApiError(reason, message, status=status, detail=detail)
    error.operation, error.method = context.operation, context.method
    answer = context.api.error(error)
    headers = answer.headers
    if retry_after is not None:
        others = (pair for pair in headers if pair[0].lower() != "retry-after")
        headers = (*others, ("Retry-After", str(retry_after)))
    return Response(status, answer.body, headers, answer.media_type)


def _example(example: Example | None) -> Response | None:
    """The answer that an example is."""
    if example is None:
        return None
    body = example.value
    is_json = "json" in example.media_type or "*" in example.media_type
    if not is_json:
        body = str(body).encode()
    return Response(
        example.status, body, media_type="application/json" if "*" in example.media_type else example.media_type
    )
