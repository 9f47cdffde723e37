"""Counts, in this process, requests by API, operation and status, and what the store does.

prometheus_client's own metrics are not used: for several processes they need files, and an environment variable that must be
set before that package is imported, which a process that embeds counterfoil may not allow.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from threading import Lock

import msgspec

from counterfoil.api import API
from counterfoil.asgi import Scope
from counterfoil.server.context import RequestContext
from counterfoil.store.log import Change, Conflict, Log
from counterfoil.store.worlds import StoredWorlds

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of a histogram's buckets, in seconds."""
NO_OPERATION = "none"
"""The operation of a request that matches none in the document."""
MAX_STATUSES = 10_000
"""Limit on counted statuses of all operations, because own handlers may send any; more are counted by class, as ``4xx``."""


class Timing(msgspec.Struct):
    """A histogram of durations: the count of each bucket, the last one for durations above all bounds, and their sum."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def copy(self) -> Timing:
        return Timing(list(self.counts), self.seconds)


class StorePart(msgspec.Struct):
    """One process's work with the store: its commits, the changes in them, how many commits failed or conflicted with another
    process, how many changes wait, and whether it accepts changes now."""

    commits: Timing = msgspec.field(default_factory=Timing)
    changes: int = 0
    failures: int = 0
    conflicts: int = 0
    waiting: int = 0
    writable: bool = True


class WorkerCounts(msgspec.Struct, frozen=True):
    """The counts of one process: by API, operation and status; durations by API and operation; and the store's, if any."""

    requests: list[tuple[str, str, str, int]]
    durations: list[tuple[str, str, Timing]]
    store: StorePart | None


class RequestCounters:
    """Requests by API, operation and status. Operations are those of the document, so that clients cannot add labels."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}
        self._timings: dict[tuple[str, str], Timing] = {}
        self._lock = Lock()  # other workers' questions are answered in a thread

    def observe(self, context: RequestContext) -> None:
        """The server's ``Observer``."""
        self._add(context.api.name, context.operation or NO_OPERATION, context.status, context.duration)

    def unreached(self, api: API, scope: Scope, status: int, seconds: float) -> None:
        """The server's ``UnreachedObserver``."""
        self._add(api.name, NO_OPERATION, status, seconds)

    def _add(self, api: str, operation: str, status: int, seconds: float) -> None:
        # "none" is a broken connection without a status
        key = (api, operation, str(status) if status else "none")
        with self._lock:
            if key not in self._counts and len(self._counts) >= MAX_STATUSES:
                key = api, operation, f"{status // 100}xx"
            self._counts[key] = self._counts.get(key, 0) + 1
            timing = self._timings.get(key[:2])
            if timing is None:
                timing = self._timings[key[:2]] = Timing()
            timing.add(seconds)

    def part(self, store: StorePart | None) -> WorkerCounts:
        """The counts of this process, with those of the store."""
        with self._lock:
            requests = [(*key, count) for key, count in self._counts.items()]
            durations = [(*key, timing.copy()) for key, timing in self._timings.items()]
        return WorkerCounts(requests, durations, store)


class StoreCounters:
    """The commits of this process to the store that keeps ``worlds``."""

    def __init__(self, worlds: StoredWorlds, seconds: Callable[[], float] = time.perf_counter) -> None:
        self._worlds = worlds
        self._seconds = seconds
        self._part = StorePart()
        self._lock = Lock()
        worlds.measure(self._write)

    def _write(self, log: Log, changes: Sequence[Change]) -> None:
        began = self._seconds()
        conflicts = failures = 0
        try:
            log.commit(changes)
        except Conflict:
            conflicts = 1
            raise
        except Exception:
            failures = 1
            raise
        finally:
            with self._lock:
                part = self._part
                part.commits.add(self._seconds() - began)
                part.changes += 0 if conflicts or failures else len(changes)
                part.conflicts += conflicts
                part.failures += failures

    def part(self) -> StorePart:
        with self._lock:
            part = self._part
            counted = StorePart(part.commits.copy(), part.changes, part.failures, part.conflicts)
        counted.waiting, counted.writable = self._worlds.waiting, self._worlds.problem is None
        return counted
