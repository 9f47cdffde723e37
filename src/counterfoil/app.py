"""Builds the application from APIs, worlds, server, control API and page.

The command line and the pytest plugin call ``build``; no other module imports APIs by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from counterfoil import catalog
from counterfoil.api import API
from counterfoil.api.control_types import Faults
from counterfoil.asgi import ASGIApp
from counterfoil.control.access import guard
from counterfoil.lazy_app import LazyApp
from counterfoil.openapi import read_document
from counterfoil.resources import fixtures_dir
from counterfoil.server.app import Options, Server, build_server
from counterfoil.server.faults.store import FaultStore
from counterfoil.server.journal.store import JournalStore
from counterfoil.world.capsule import open_capsule, read_capsule
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.scenario_loader import read_scenario
from counterfoil.world.switches import KnownSwitches, Switch
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from counterfoil.store.worlds import StoredWorlds

DEFAULT_SCENARIO = "demo"
CONTROL = "/_sandbox/v1"
MANY_CUSTOMERS = 20_000
"""A world of more is read in a thread, so that others are answered meanwhile. That costs a request 0.1 ms; to find a part of a
bill's number among 100,000 customers takes 0.6 s."""


class UsageError(Exception):
    """An unknown name; the message is one line that lists the known ones."""


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

    def close(self) -> None:
        """Leave the store, if there is one; nothing is answered any more."""
        self.worlds.close()

    @property
    def world(self) -> World:
        """The world served without a ``/w/`` prefix."""
        return self.worlds.named(DEFAULT)


def load_api(name: str) -> API:
    """The API of that name. Raises ``UsageError`` that lists all APIs."""
    try:
        found = catalog.entry(name).load()
    except catalog.CatalogError as error:
        raise UsageError(str(error)) from None
    if not isinstance(found, API) or found.name != name:
        raise UsageError(f"the API '{name}' is not described by a counterfoil.api.API of that name")
    return found


def load_apis(names: Iterable[str] = ()) -> tuple[API, ...]:
    """The named APIs, or all. Raises ``UsageError``."""
    try:
        return tuple(load_api(name) for name in dict.fromkeys(names or catalog.api_names()))
    except catalog.CatalogError as error:
        raise UsageError(str(error)) from None


def own_api(
    path: Path,
    name: str | None = None,
    *,
    model: Path | None = None,
    handlers: Path | None = None,
    rows: int,
    seed: int,
    summarize: bool = False,
) -> API:
    """The stand-in for a user's own OpenAPI document. ``name`` is what it is served as and where: ``/name`` and the path of
    the document's first server; by default the name of the file. ``model`` corrects what is inferred from the document,
    ``handlers`` is a Python file of the user's; ``rows`` is how many resources each collection begins with.
    ``summarize``: try each operation once, for the sentence that start-up says.

    Raises ``SpecError``, and whatever the model or the handlers are refused with.
    """
    spec = read_document(path, name)
    generic = import_module("counterfoil.apis.generic")
    api: API = generic.build_api(spec, model=model, handlers=handlers, rows=rows, seed=seed, summarize=summarize)
    return api


def all_switches() -> tuple[Switch, ...]:
    """The switches of all APIs: a scenario may set each, whichever APIs are served."""
    return tuple(switch for each in load_apis() for switch in each.switches)


def scenario_names() -> tuple[str, ...]:
    """The names of the packaged scenarios, sorted."""
    return tuple(sorted(path.stem for path in (fixtures_dir() / "scenarios").glob("*.yaml")))


def scenario(name: str) -> Scenario:
    """A scenario by name, or from a file if ``name`` ends in .yaml or .yml. Raises ``ScenarioError``."""
    if name.endswith((".yaml", ".yml")):
        return read_scenario(Path(name))
    if name not in scenario_names():
        raise ScenarioError(
            f"there is no scenario '{name}'; there are: {', '.join(scenario_names())}; or give a .yaml file"
        )
    return read_scenario(fixtures_dir() / "scenarios" / f"{name}.yaml")


def rebuilt(capsule: bytes) -> World:
    """The world that a capsule describes, checked against its digest. Raises ``CapsuleError``."""
    return open_capsule(read_capsule(capsule), all_switches())


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
) -> Application:
    """The stand-in for the named APIs (all, if none) and ``own`` ones, with one world: ``world``, or a new one from the
    scenario. Where there are own ones, no name means no other.

    With ``store``, a file, all worlds are kept in it. If it has a default world already, that one is served, and what is
    given for a new one must be what it was made from.

    The control API is built when it is first asked for. ``control_token`` is what it then wants; None lets any
    process on this machine in. ``hosts`` are names it may be called by, in addition to loopback ones. ``public`` gives
    every visitor of the page a world of their own, made like the first one, and closes the first one to all.

    Raises UsageError, ScenarioError, SpecError, BadValue, StoreError or StoreUnavailable.
    """
    names = tuple(apis)
    served = (*(load_apis(names) if names or not own else ()), *own)
    called = [each.name for each in served]
    for each in own:
        if called.count(each.name) > 1:
            raise UsageError(f"two APIs are called '{each.name}'; name the document otherwise: --spec NAME=FILE")
    known = KnownSwitches([switch for each in served for switch in each.switches], all_switches)
    worlds, stored = _worlds(store, known)
    try:
        if world is None and not _has_default(stored, scenario_name, seed, customers, switches or {}):
            worlds.create(DEFAULT, scenario_name or DEFAULT_SCENARIO, seed=seed, customers=customers, switches=switches)
        elif world is not None:
            if worlds.get(DEFAULT) is not None:
                raise UsageError(f"{store} has a default world already; leave the capsule out, or name another file")
            worlds.put(world)
    except BaseException:
        worlds.close()
        raise
    faults = FaultStore(worlds.names)
    kept_faults = _kept_faults(faults, stored)
    journal = JournalStore(lambda: datetime.now(UTC), names=worlds.names)

    def control_api() -> Server:
        from counterfoil.control.control_api import control
        from counterfoil.control.world_service import WorldLimits

        bounds = (
            WorldLimits(
                customers=60,
                commands=1000,
                seconds=0.5,
                max_time_to_live=1800.0,
                default_time_to_live=1800.0,
                capsules=False,
            )
            if public
            else None
        )
        control_api_definition = control(
            worlds, token=control_token, apis=served, faults=kept_faults, journal=journal, hosts=hosts, bounds=bounds
        )
        return build_server([control_api_definition], worlds.get)

    closing = Event()
    page = LazyApp(
        partial(
            _page,
            worlds,
            served,
            journal,
            closing,
            check_access=guard(control_token, hosts),
            needs_token=control_token is not None,
            public=public,
        )
    )
    server_options = options or Options()
    mounts: dict[str, ASGIApp] = {CONTROL: LazyApp(control_api), "/": page, **server_options.mounts}
    pipeline = replace(
        server_options.pipeline,
        interceptors=(*server_options.pipeline.interceptors, faults.intercept, faults.responses.intercept),
        reads_in_thread=lambda world: world.ledger.customers > MANY_CUSTOMERS,
    )
    observers = (*server_options.observers, journal.observe)
    problem = server_options.problem if stored is None else lambda: stored.problem
    server = build_server(
        served,
        worlds.get,
        options=replace(server_options, pipeline=pipeline, observers=observers, mounts=mounts, problem=problem),
    )
    faults.set_served(server.served)
    asgi_app: ASGIApp = server
    if public:
        from counterfoil.page.visitors import VisitorMiddleware

        secret = None if stored is None else _visitors_secret(stored)
        asgi_app = VisitorMiddleware(server, worlds, check_host=guard(None, hosts), secret=secret)
    if stored is not None:
        from counterfoil.store.cold_worlds import ColdWorlds

        asgi_app = ColdWorlds(asgi_app, stored)

    return Application(server, asgi_app, worlds, served, faults, journal, closing)


def _worlds(store: str | None, known: KnownSwitches) -> tuple[Worlds, StoredWorlds | None]:
    """The registry of worlds; once more as the second if it keeps them in a store."""
    if store is None:
        return Worlds(scenario, known, seconds=time.monotonic), None
    from counterfoil.store.opening import open_worlds

    stored = open_worlds(store, scenario, known)
    return stored, stored


def _has_default(
    stored: StoredWorlds | None,
    scenario_name: str | None,
    seed: int | None,
    customers: int | None,
    switches: Mapping[str, object],
) -> bool:
    if stored is None:
        return False
    from counterfoil.store.opening import check_default

    return check_default(stored, scenario_name, seed, customers, switches, scenario)


def _kept_faults(faults: FaultStore, stored: StoredWorlds | None) -> Faults:
    """Through which faults are ordered: they are kept in the store, if there is one."""
    if stored is None:
        return faults
    from counterfoil.store.faults import StoredFaults

    kept = StoredFaults(faults, stored)
    kept.restore()
    return kept


def _visitors_secret(stored: StoredWorlds) -> bytes:
    from counterfoil.store.opening import visitors_secret

    return visitors_secret(stored.log)


def _page(
    worlds: Worlds,
    apis: Sequence[API],
    journal: JournalStore,
    closing: Event,
    *,
    check_access: Callable[[Mapping[str, str]], object],
    needs_token: bool,
    public: bool,
) -> ASGIApp:
    """The page. Flask is imported by the first request for the document, a file or a plot, not by an unknown path."""
    from counterfoil.control.page_data import PageData
    from counterfoil.page.app import PageApp
    from counterfoil.page.events import EventStreams

    reader = PageData(worlds, journal.version)

    def flask_app() -> ASGIApp:
        from counterfoil.page.flask_app import as_asgi, create_app

        return as_asgi(create_app(reader, needs_token=needs_token, public=public))

    return PageApp(
        LazyApp(flask_app),
        EventStreams(reader, closing),
        reader,
        check_access=check_access,
        api_prefixes={api.name: api.prefix for api in apis},
    )
