"""Builds the application from APIs, worlds, server, control API and page.

The command line and the pytest plugin call ``build``. APIs are found by name in ``lookup``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

from counterfoil.api import API
from counterfoil.app import metrics_mount
from counterfoil.app.mounts import Mounts
from counterfoil.app.worlds import NewWorld, faults_api, open_worlds, sharing_of, visitors_secret
from counterfoil.asgi import ASGIApp
from counterfoil.control.access import guard
from counterfoil.lookup import UsageError, all_switches, load_apis
from counterfoil.server.app import Options, Server, build_server
from counterfoil.server.faults.store import FaultStore
from counterfoil.server.journal.store import JournalStore
from counterfoil.world.switches import KnownSwitches
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from counterfoil.app.sharing import Sharing
    from counterfoil.server.context import Observer
    from counterfoil.store.worlds import StoredWorlds

__all__ = ["READ_IN_THREAD_ABOVE", "Application", "build"]

READ_IN_THREAD_ABOVE = 20_000
"""Larger worlds are read in a thread, so that other requests are answered meanwhile. A thread costs a request 0.1 ms; a search
for part of a bill's number among 100,000 customers takes 0.6 s."""


@dataclass(frozen=True, slots=True)
class Application:
    """A server and its worlds. ``asgi_app`` is the application to serve on a port: the server itself, or in public mode the
    visitor middleware around it. Setting ``closing`` ends open event streams."""

    server: Server
    asgi_app: ASGIApp
    worlds: Worlds
    apis: tuple[API, ...]
    faults: FaultStore
    journal: JournalStore
    closing: Event = field(default_factory=Event)
    sharing: Sharing | None = None

    def close(self) -> None:
        """Close the store, if there is one. The application can serve no requests afterwards."""
        self.worlds.close()
        if self.sharing is not None:
            self.sharing.close()

    @property
    def world(self) -> World:
        """The world served without a ``/w/`` prefix."""
        return self.worlds.named(DEFAULT)


def build(
    apis: Iterable[str] = (),
    *,
    own: Sequence[API] = (),
    scenario_name: str | None = None,
    seed: int | None = None,
    customers: int | None = None,
    switches: Mapping[str, object] | None = None,
    world: World | None = None,
    options: Options | None = None,
    control_token: str | None = None,
    hosts: Sequence[str] = (),
    public: bool = False,
    store: str | None = None,
    store_memory: int | None = None,
    workers: int = 1,
    metrics: bool = False,
) -> Application:
    """Build the stand-in for the named APIs and the ``own`` ones, with one world: ``world``, or a new one from the scenario.
    Without names it serves the own APIs, or all APIs if there are no own ones.

    With ``store``, a file or a server's URL, all worlds are kept in it. If it has a default world already, that one is
    served, and the arguments for a new one must be those it was made with. Each process keeps about ``store_memory`` bytes
    of other worlds in memory (None: 256 MiB).

    With ``workers`` above 1, which needs a store, the application is for processes forked from this one: call
    ``sharing.before_fork`` here and ``sharing.after_fork`` in each. If there is a ``sharing`` with one worker, because
    several machines use the store, call ``sharing.start(1)``.

    The control API is built on its first request. It requires ``control_token``; None lets any process on this machine
    in. ``hosts`` are names it may be called by, in addition to loopback ones. ``public`` gives every visitor of the page a
    world of their own, made like the default one, and closes the default one to clients.

    ``metrics`` serves counts of requests at ``/metrics``, to clients that may use the control API; not in public mode.

    Raises UsageError, ConfigurationError, ScenarioError, SpecError, BadValue, StoreError or StoreUnavailable.
    """
    if metrics:
        metrics_mount.check(public=public)
    served = _served_apis(tuple(apis), own)
    default = world or NewWorld(scenario_name, seed, customers, switches or {})
    worlds, stored = open_worlds(store, _known_switches(served), default, is_shared=workers > 1, memory=store_memory)
    closing = Event()
    journal = JournalStore(lambda: datetime.now(UTC), names=worlds.names)
    sharing = sharing_of(stored, journal, workers)
    faults = FaultStore(worlds.names, None if sharing is None else sharing.fault_counts)
    shown_journal = journal if sharing is None else sharing.journal
    base_options, check_access = options or Options(), guard(control_token, hosts)
    if metrics:
        base_options = metrics_mount.with_metrics(base_options, worlds, stored, sharing, check_access=check_access)
    mounts = Mounts(
        worlds, served, faults_api(faults, stored, sharing), shown_journal, sharing, closing,
        token=control_token, hosts=hosts, public=public, check_access=check_access, observers=base_options.observers,
    )  # fmt: skip
    options = _server_options(base_options, mounts.by_path(), faults, shown_journal.observe, stored)
    server = build_server(served, worlds.get, options=options)
    faults.set_served(server.served)
    asgi_app = _asgi_app(server, worlds, stored, sharing, hosts=hosts, public=public)
    return Application(server, asgi_app, worlds, served, faults, journal, closing, sharing)


def _served_apis(names: tuple[str, ...], own: Sequence[API]) -> tuple[API, ...]:
    """The named APIs and the user's own, each name once. Raises ``UsageError``."""
    served = (*(load_apis(names) if names or not own else ()), *own)
    served_names = [api.name for api in served]
    for api in own:
        if served_names.count(api.name) > 1:
            raise UsageError(f"two APIs are called '{api.name}'; name the document otherwise: --spec NAME=FILE")
    return served


def _known_switches(served: tuple[API, ...]) -> KnownSwitches:
    return KnownSwitches([switch for api in served for switch in api.switches], all_switches)


def _server_options(
    base: Options,
    mounted: Mapping[str, ASGIApp],
    faults: FaultStore,
    observe: Observer,
    stored: StoredWorlds | None,
) -> Options:
    """``base`` with the control API and the page mounted, and with faults and the journal."""
    pipeline = replace(
        base.pipeline,
        interceptors=(*base.pipeline.interceptors, faults.intercept, faults.responses.intercept),
        reads_in_thread=lambda world: world.ledger.customers > READ_IN_THREAD_ABOVE,
        is_shared=stored is not None and stored.is_shared,
    )
    return replace(
        base,
        pipeline=pipeline,
        observers=(*base.observers, observe),
        mounts={**mounted, **base.mounts},
        not_ready_reason=base.not_ready_reason if stored is None else lambda: stored.problem,
    )


def _asgi_app(
    server: Server,
    worlds: Worlds,
    stored: StoredWorlds | None,
    sharing: Sharing | None,
    *,
    hosts: Sequence[str],
    public: bool,
) -> ASGIApp:
    """The server, wrapped in the middleware of public mode and of a store."""
    app: ASGIApp = server
    if public:
        from counterfoil.page.visitors import VisitorLimits, VisitorMiddleware

        secret = None if stored is None else visitors_secret(stored)
        limits = VisitorLimits().rates_divided_by(1 if sharing is None else sharing.workers)
        app = VisitorMiddleware(server, worlds, check_host=guard(None, hosts), limits=limits, secret=secret)
    if stored is None:
        return app
    if sharing is not None:
        sharing.put_before(app, [api.prefix for api, _ in server.served.values()])
        return sharing.current
    from counterfoil.store.cold_worlds import ColdWorlds

    return ColdWorlds(app, stored)
