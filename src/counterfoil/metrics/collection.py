"""Gathers what all workers of a server counted: whichever is asked for its metrics asks the others, as for the journal.

Each worker's numbers stay apart, by the label ``worker``. A sum would fall when a worker is killed, since its numbers end with
it; a single series that begins at 0 again is what Prometheus expects of a restart.
"""

from __future__ import annotations

import msgspec

from counterfoil.metrics.counters import RequestCounters, StoreCounters, WorkerCounts
from counterfoil.processes.siblings import Siblings
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.worlds import Worlds

ASKED = "metrics"


class WorkerMetrics:
    """Made before workers are forked. ``store`` and ``siblings``: None where there are none."""

    def __init__(
        self, requests: RequestCounters, worlds: Worlds, store: StoreCounters | None, siblings: Siblings | None
    ) -> None:
        self._requests = requests
        self._worlds = worlds
        self._store = store
        self._siblings = siblings
        if siblings is not None:
            siblings.on_question(ASKED, lambda question: msgspec.json.encode(self._part()))

    def parts(self) -> dict[int, WorkerCounts]:
        """What each worker counted, by its number from 1; one that does not answer is left out. Not to be called in an event
        loop."""
        if self._siblings is None:
            return {1: self._part()}
        found = {self._siblings.worker: self._part()}
        for worker, answer in self._siblings.ask(ASKED, b""):
            found[worker] = msgspec.json.decode(answer, type=WorkerCounts)
        return dict(sorted(found.items()))

    def worlds(self) -> int | None:
        """How many there are; None while the store cannot be read."""
        try:
            return len(self._worlds)
        except StoreUnavailable:
            return None

    def _part(self) -> WorkerCounts:
        return self._requests.part(None if self._store is None else self._store.part())
