"""Formats the counts in Prometheus's text format, or as OpenMetrics if the client accepts that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

import counterfoil
from counterfoil.metrics.counters import BOUNDS, StorePart, Timing, WorkerCounts

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def exposition(parts: Mapping[int, WorkerCounts], worlds: int | None, accept: str) -> tuple[bytes, str]:
    """The metrics and their media type. ``accept`` is the request's header; ``worlds`` is None if unknown."""
    # not the whole header: choose_encoder fails on a version that is not a number
    encode, media_type = choose_encoder(OPENMETRICS if OPENMETRICS.partition(";")[0] in accept else "")
    return encode(_Metrics(parts, worlds)), media_type


class _Metrics:
    """prometheus_client's ``Collector``."""

    def __init__(self, parts: Mapping[int, WorkerCounts], worlds: int | None) -> None:
        self._parts = {str(worker): part for worker, part in parts.items()}
        self._worlds = worlds

    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("counterfoil", "Version of the server.", value={"version": counterfoil.__version__})
        if self._worlds is not None:
            yield GaugeMetricFamily("counterfoil_worlds", "Worlds of this server.", value=self._worlds)
        yield from self._requests()
        stores = {worker: part.store for worker, part in self._parts.items() if part.store is not None}
        if stores:
            yield from _of_store(stores)

    def _requests(self) -> Iterator[Metric]:
        counts = CounterMetricFamily(
            "counterfoil_requests", "Answered requests.", labels=["api", "operation", "status", "worker"]
        )
        durations = HistogramMetricFamily(
            "counterfoil_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            labels=["api", "operation", "worker"],
        )
        for worker, part in self._parts.items():
            for api, operation, status, count in part.requests:
                counts.add_metric([api, operation, status, worker], count)
            for api, operation, timing in part.durations:
                durations.add_metric([api, operation, worker], _buckets(timing), timing.seconds)
        yield counts
        yield durations


def _of_store(stores: Mapping[str, StorePart]) -> Iterator[Metric]:
    commits = HistogramMetricFamily(
        "counterfoil_store_commit_duration_seconds",
        "Time of one commit to the store, which may hold many changes, with the flush of the disk.",
        labels=["worker"],
    )
    for worker, store in stores.items():
        commits.add_metric([worker], _buckets(store.commits), store.commits.seconds)
    yield commits
    changes = CounterMetricFamily("counterfoil_store_changes", "Changes that were made durable.", labels=["worker"])
    failures = CounterMetricFamily("counterfoil_store_failures", "Commits that failed.", labels=["worker"])
    conflicts = CounterMetricFamily(
        "counterfoil_store_conflicts", "Commits made again because another process was faster.", labels=["worker"]
    )
    waiting = GaugeMetricFamily(
        "counterfoil_store_waiting", "Changes that wait for the next commit.", labels=["worker"]
    )
    writable = GaugeMetricFamily(
        "counterfoil_store_writable", "1 if the store takes changes, else 0.", labels=["worker"]
    )
    for worker, store in stores.items():
        changes.add_metric([worker], store.changes)
        failures.add_metric([worker], store.failures)
        conflicts.add_metric([worker], store.conflicts)
        waiting.add_metric([worker], store.waiting)
        writable.add_metric([worker], int(store.writable))
    yield from (changes, failures, conflicts, waiting, writable)


def _buckets(timing: Timing) -> list[tuple[str, float]]:
    """Cumulative counts, as the format requires."""
    total, buckets = 0, []
    for bound, count in zip((*BOUNDS, float("inf")), timing.counts, strict=True):
        total += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
    return buckets
