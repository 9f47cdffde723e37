"""Collects the counts of all workers of a server: the worker that serves ``/metrics`` asks the others.

Each worker has its own series, by the label ``worker``. A sum would decrease when a worker is killed, because its counts are
lost; Prometheus expects a series that starts at 0 again after a restart.
"""

from __future__ import annotations

import msgspec

from counterfoil.metrics.counters import RequestCounters, StoreCounters, WorkerCounts
from counterfoil.processes.siblings import Siblings
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import Worlds

QUESTION = "metrics"


class WorkerMetrics:
    """Create it before workers are forked. ``store`` is None without a store, ``siblings`` with one process."""

    def __init__(
        self, requests: RequestCounters, worlds: Worlds, store: StoreCounters | None, siblings: Siblings | None
    ) -> None:
        self._requests = requests
        self._worlds = worlds
        self._store = store
        self._siblings = siblings
        if siblings is not None:
            siblings.on_question(QUESTION, lambda question: msgspec.json.encode(self._part()))

    def parts(self) -> dict[int, WorkerCounts]:
        """The counts of each worker, by its number from 1; a worker that does not answer is left out. Must not be called in an
        event loop."""
        if self._siblings is None:
            return {1: self._part()}
        counts = {self._siblings.worker: self._part()}
        for worker, answer in self._siblings.ask(QUESTION, b""):
            counts[worker] = msgspec.json.decode(answer, type=WorkerCounts)
        return dict(sorted(counts.items()))

    def worlds(self) -> int | None:
        """The number of worlds; None while the store cannot be read."""
        try:
            return len(self._worlds)
        except StoreUnavailable:
            return None

    def _part(self) -> WorkerCounts:
        return self._requests.part(None if self._store is None else self._store.part())
