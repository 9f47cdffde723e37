"""Adds metrics to an application while it is built (``serve --metrics``)."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from counterfoil.api import ConfigurationError
from counterfoil.asgi import ASGIApp, CheckAccess
from counterfoil.lazy_app import LazyApp
from counterfoil.server.app import Options
from counterfoil.world.worlds import Worlds

if TYPE_CHECKING:
    from counterfoil.app.sharing import Sharing
    from counterfoil.store.worlds import StoredWorlds


def check(*, public: bool) -> None:
    """Raise ``ConfigurationError`` if metrics cannot be served."""
    if public:
        raise ConfigurationError(
            "--public has no control token, and its visitors must not read metrics; leave out --metrics"
        )
    if find_spec("prometheus_client") is None:
        raise ConfigurationError(
            "prometheus_client is not installed; install the extra: pip install 'counterfoil[metrics]', "
            "or '.[metrics]' in a clone"
        )


def with_metrics(
    options: Options,
    worlds: Worlds,
    stored: StoredWorlds | None,
    sharing: Sharing | None,
    *,
    check_access: CheckAccess,
) -> Options:
    """``options`` with request counters and ``/metrics`` mounted. prometheus_client is imported on the first request for it."""
    from counterfoil.metrics.collection import WorkerMetrics
    from counterfoil.metrics.counters import RequestCounters, StoreCounters

    counters = RequestCounters()
    store = None if stored is None else StoreCounters(stored)
    metrics = WorkerMetrics(counters, worlds, store, None if sharing is None else sharing.siblings)

    def endpoint() -> ASGIApp:
        from counterfoil.metrics.endpoint import MetricsApp

        return MetricsApp(metrics, check_access)

    return replace(
        options,
        observers=(*options.observers, counters.observe),
        unreached=(*options.unreached, counters.unreached),
        mounts={**options.mounts, "/metrics": LazyApp(endpoint)},
    )
