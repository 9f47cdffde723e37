"""The faults of each world, and the interceptor that applies them and the ``Prefer`` header to requests.

A fault applies after a request is routed, authenticated and validated: a request refused earlier is not counted.
``status``, ``too_many_requests`` and ``reset`` replace the operation; with ``truncate``, ``malformed`` and ``slow_drip``
the operation runs and its response, even an error, is sent faulty; a response without a body is sent unchanged.
``latency`` comes first and combines with any other fault. If several others are due at once, the one added first applies.
Whether a fault applies depends on the order of the calls alone, never on a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from random import Random
from threading import Lock
from typing import Protocol

from counterfoil.api import API, ApiError, Response
from counterfoil.api.control_types import Fault, FaultSpec, TooMany
from counterfoil.api.unconfirmed import unconfirmed
from counterfoil.ledger.errors import BadValue
from counterfoil.openapi import Spec
from counterfoil.server.context import ConnectionBroken, RequestContext
from counterfoil.server.errors import REASONS
from counterfoil.server.faults.documented_statuses import DocumentedStatuses, Example, documented
from counterfoil.server.faults.prefer import NO_PREFERENCES, Preferences, preferences
from counterfoil.server.faults.response_faults import Malformed, SlowDrip, Truncated, WithPreferenceApplied
from counterfoil.server.faults.responses import ConfiguredResponses

MAX_FAULTS_PER_WORLD = 100
MAX_WORLDS = 16_384
MAX_WAIT = 120.0
"""Limit on the sum of all latencies, in seconds."""


class ActiveFault:
    """One fault with its counters and its random generator."""

    def __init__(self, number: int, spec: FaultSpec) -> None:
        self.number = number
        self.spec = spec
        self.counted = 0
        self.hits = 0
        self.rng = Random(spec.seed)  # noqa: S311  (reproducible on purpose)

    @property
    def draws(self) -> bool:
        """Whether the fault uses random numbers."""
        return self.spec.probability != 1 or self.spec.distribution != "fixed"

    def is_due(self) -> bool:
        """Whether the fault applies to the call that was just counted."""
        spec = self.spec
        if self.counted < spec.nth or (spec.times is not None and self.hits >= spec.times):
            return False
        return spec.probability == 1 or self.rng.random() < spec.probability

    def wait(self) -> float:
        """The seconds of latency for one call."""
        spec = self.spec
        delay, spread = float(spec.delay_ms or 0), float(spec.spread_ms)
        if spec.distribution == "uniform":
            delay = self.rng.uniform(delay - spread, delay + spread)
        elif spec.distribution == "normal":
            delay = self.rng.gauss(delay, spread)
        elif spec.distribution == "exponential":
            delay = self.rng.expovariate(1 / delay) if delay else 0.0
        return max(0.0, delay) / 1000

    def shown(self) -> Fault:
        return Fault(self.number, self.spec, self.counted, self.hits)


class FaultCounts(Protocol):
    """Counts of faults that several processes share."""

    def counting(self, world: str, faults: Sequence[ActiveFault]) -> AbstractContextManager[None]:
        """A context in which the faults' counts include those of all processes, and no other process can count."""
        ...

    def forget(self, world: str, fault: int | None = None) -> None:
        """Reset the counts of one fault, or of all faults of the world."""
        ...


class FaultStore:
    """The faults of every world, by its name; implements ``counterfoil.api.control_types.Faults``.

    Thread-safe. ``responses`` are the configured responses, which are cleared with the faults.
    ``names`` returns the names of the existing worlds: at the limit, faults of deleted worlds are removed.
    """

    def __init__(self, names: Callable[[], Iterable[str]] | None = None, counts: FaultCounts | None = None) -> None:
        self._names = names
        self._counts = counts
        self._worlds: dict[str, list[ActiveFault]] = {}
        self._last_id: dict[str, int] = {}
        self._served: dict[str, tuple[API, dict[str, DocumentedStatuses]]] = {}
        self._lock = Lock()
        self.responses = ConfiguredResponses()

    def set_served(self, served: Mapping[str, tuple[API, Spec]]) -> None:
        """Set the APIs with their documented statuses; called once the server is built."""
        self._served = {name: (api, documented(spec)) for name, (api, spec) in served.items()}
        self.responses.set_served(served)

    # --- for the control API -----------------------------------------------------------------------

    def all(self, world: str) -> Sequence[Fault]:
        with self._lock:
            active = self._worlds.get(world, ())
            with self._counting(world, active):
                return [fault.shown() for fault in active]

    def add(self, world: str, spec: FaultSpec) -> Fault:
        """Add a fault. Raises ``BadValue`` for a status the spec does not document, and ``TooMany``."""
        with self._lock:
            active = self._worlds.get(world)
            self.check(spec, len(active or ()))
            if active is None:
                active = self._new_list()
            number = self._last_id[world] = self._last_id.get(world, 0) + 1
            added = ActiveFault(number, spec)
            # a new list, because ``intercept`` may be reading the old one
            self._worlds[world] = [*active, added]
            return added.shown()

    def restore(self, world: str, faults: Iterable[Fault]) -> None:
        """Replace a world's faults by stored ones, whose counters start at zero."""
        with self._lock:
            active = [ActiveFault(fault.id, fault.spec) for fault in faults]
            if active:
                self._worlds[world] = active
                self._last_id[world] = max(fault.number for fault in active)
            else:
                self._worlds.pop(world, None)

    def remove(self, world: str, fault: int) -> bool:
        with self._lock:
            active = self._worlds.get(world, [])
            left = [other for other in active if other.number != fault]
            if left:
                self._worlds[world] = left
            else:
                self._worlds.pop(world, None)
            return len(left) < len(active)

    def clear(self, world: str) -> None:
        with self._lock:
            self._worlds.pop(world, None)
            self._last_id.pop(world, None)
        self.responses.clear(world)

    def check(self, spec: FaultSpec, count: int) -> None:
        """Check that a fault can be added to a world that has ``count`` faults. Raises as ``add`` does."""
        if count >= MAX_FAULTS_PER_WORLD:
            raise TooMany(f"a world has up to {MAX_FAULTS_PER_WORLD} faults: remove some")
        if spec.api not in self._served:
            raise BadValue(f"no such API is served; there are: {', '.join(self._served)}", field="api")
        operations = self._served[spec.api][1]
        if spec.operation is not None and spec.operation not in operations:
            raise BadValue(f"{spec.api} has no such operation; there are: {', '.join(operations)}", field="operation")
        status = 429 if spec.kind == "too_many_requests" else spec.status if spec.kind == "status" else None
        if status is None:
            return
        for name in (spec.operation,) if spec.operation else operations:
            if not operations[name].has(status):
                raise BadValue(
                    f"{name} does not document the status {status}, but {operations[name]}",
                    field="status" if spec.kind == "status" else "kind",
                )

    def _new_list(self) -> list[ActiveFault]:
        if len(self._last_id) >= MAX_WORLDS:
            existing = set(self._names()) if self._names is not None else set(self._worlds)
            for deleted in [name for name in self._last_id if name not in existing]:
                self._worlds.pop(deleted, None)
                del self._last_id[deleted]
            if len(self._worlds) >= MAX_WORLDS:
                raise TooMany(f"{MAX_WORLDS} worlds have faults: remove some")
        return []

    # --- for the server ----------------------------------------------------------------------------

    def intercept(self, context: RequestContext) -> Awaitable[Response | None] | None:
        """The server's ``Interceptor``. Without a fault or ``Prefer`` it costs two look-ups."""
        header = context.headers.get("prefer")
        if header is None and context.world_name not in self._worlds:
            return None
        return self._step(context, header)

    async def _step(self, context: RequestContext, header: str | None) -> Response | None:
        request = unconfirmed()
        if request is not None:  # counting cannot be undone
            await request.confirm()
        asked = NO_PREFERENCES
        if header is not None:
            operation = context.operation or ""
            asked = preferences(header, operation, self._served[context.api.name][1][operation])
        applying, wait = self._count(context)
        wait = min(MAX_WAIT, wait + (asked.delay or 0) / 1000)
        if wait:
            await asyncio.sleep(wait)
        if applying is not None:
            return _apply(applying, context, Preferences(delay=asked.delay))
        if asked.example is not None:
            context.response_fault = WithPreferenceApplied(asked)
            documented = self._served[context.api.name][1][context.operation or ""]
            return _example(documented.example(asked.example, asked.code))
        if asked.code is not None and asked.code >= 400:
            response = _error(context, asked.code, f"asked for with Prefer: code={asked.code}")
            context.response_fault = WithPreferenceApplied(asked)
            return response
        if asked is not NO_PREFERENCES:
            context.response_fault = WithPreferenceApplied(asked)
        return None

    def _counting(self, world: str, faults: Sequence[ActiveFault]) -> AbstractContextManager[None]:
        return nullcontext() if self._counts is None or not faults else self._counts.counting(world, faults)

    def _count(self, context: RequestContext) -> tuple[ActiveFault | None, float]:
        """Count this call for every matching fault; returns the fault that applies, and the seconds to wait first."""
        applying, wait = None, 0.0
        with self._lock, self._counting(context.world_name, active := self._worlds.get(context.world_name, ())):
            for fault in active:
                spec = fault.spec
                if spec.api != context.api.name or spec.operation not in (None, context.operation):
                    continue
                fault.counted += 1
                if (applying is not None and spec.kind != "latency") or not fault.is_due():
                    continue
                fault.hits += 1
                if spec.kind == "latency":
                    wait += fault.wait()
                    context.fault = context.fault or fault.number
                else:
                    applying = fault
        if applying is not None:
            context.fault = applying.number
        return applying, wait


def _apply(fault: ActiveFault, context: RequestContext, asked: Preferences) -> Response | None:
    spec = fault.spec
    response_fault = WithPreferenceApplied(asked)
    response = None
    if spec.kind == "reset":
        context.broken = ConnectionBroken("the connection was reset on purpose", abruptly=True)
        return None
    if spec.kind == "status":
        response = _error(context, spec.status or 500, _reason(fault))
    elif spec.kind == "too_many_requests":
        response = _error(context, 429, _reason(fault), retry_after=spec.retry_after)
    elif spec.kind == "truncate":
        response_fault = Truncated(asked, spec.keep_bytes)
    elif spec.kind == "malformed":
        response_fault = Malformed(asked)
    elif spec.kind == "slow_drip":
        response_fault = SlowDrip(asked, spec.bytes_per_second)
    context.response_fault = response_fault
    return response


def _reason(fault: ActiveFault) -> str:
    return f"fault {fault.number} of this world applied"


def _error(context: RequestContext, status: int, message: str, *, retry_after: int | None = None) -> Response:
    """The vendor's error body with exactly this status, even if the API's own error would have another one."""
    reason = REASONS.get(status, "malformed" if status < 500 else "internal")
    detail = {} if retry_after is None else {"retry_after": retry_after}
    error = ApiError(reason, message, status=status, detail=detail)
    error.operation, error.method = context.operation, context.method
    response = context.api.error(error)
    headers = response.headers
    if retry_after is not None:
        others = (pair for pair in headers if pair[0].lower() != "retry-after")
        headers = (*others, ("Retry-After", str(retry_after)))
    return Response(status, response.body, headers, response.media_type)


def _example(example: Example | None) -> Response | None:
    """The response for an example of the spec."""
    if example is None:
        return None
    body = example.value
    is_json = "json" in example.media_type or "*" in example.media_type
    if not is_json:
        body = str(body).encode()
    return Response(
        example.status, body, media_type="application/json" if "*" in example.media_type else example.media_type
    )
