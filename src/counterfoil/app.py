"""The one place where everything meets: dialects, worlds and the server become one application.

Doors (the command line, the pytest plugin) call ``build``; nothing else imports dialects by name.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from counterfoil.api import API
from counterfoil.resources import api_names, fixtures_dir
from counterfoil.server.assemble import Options, Server, build_server
from counterfoil.server.exchange import ASGI, Receive, Scope, Send
from counterfoil.server.faults import FaultBook
from counterfoil.server.journal import JournalBook
from counterfoil.world.capsule import open_capsule, read_capsule
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.scenario_loader import read_scenario
from counterfoil.world.switches import KnownSwitches, Switch
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from counterfoil.page import Front

DEFAULT_SCENARIO = "demo"
CONTROL = "/_sandbox/v1"


class UsageError(Exception):
    """Something asked for by name that is not there; the message is one line and lists what is."""


@dataclass(frozen=True, slots=True)
class Application:
    """A server, ready to be called, and its worlds. ``door`` is what is put on a port: the server itself, or the gate that
    stands before it in public mode. ``get_page_ready`` loads the page before anybody asks for it, in a thread. ``closing``
    is to be set when serving ends, for those who listen to events."""

    server: Server
    door: ASGI
    worlds: Worlds
    dialects: tuple[API, ...]
    faults: FaultBook
    journal: JournalBook
    get_page_ready: Callable[[], None] = lambda: None
    closing: Event = field(default_factory=Event)

    @property
    def world(self) -> World:
        """The world served without a ``/w/`` prefix."""
        return self.worlds.named(DEFAULT)


def dialect(name: str) -> API:
    """The dialect of API ``name``; raises ``UsageError`` listing those there are."""
    if name not in api_names():
        raise UsageError(f"there is no API '{name}'; there are: {', '.join(api_names())}")
    module = import_module(f"counterfoil.apis.{name.replace('-', '_')}")
    found: API = module.api
    return found


def dialects(names: Iterable[str] = ()) -> tuple[API, ...]:
    """The dialects of the named APIs, or of all."""
    return tuple(dialect(name) for name in dict.fromkeys(names or api_names()))


def all_switches() -> tuple[Switch, ...]:
    """Every switch of every dialect: a scenario may set them all, whichever APIs are served."""
    return tuple(switch for each in dialects() for switch in each.switches)


def scenario_names() -> tuple[str, ...]:
    """The scenarios that come along, sorted."""
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
    """The world a capsule holds, checked against its digest. Raises ``CapsuleError``."""
    return open_capsule(read_capsule(capsule), all_switches())


def build(
    apis: Iterable[str] = (),
    *,
    scenario_name: str = DEFAULT_SCENARIO,
    seed: int | None = None,
    customers: int | None = None,
    switches: Mapping[str, object] | None = None,
    world: World | None = None,
    options: Options | None = None,
    control_token: str | None = None,
    hosts: Sequence[str] = (),
    public: bool = False,
) -> Application:
    """The stand-in for the named APIs (all, if none), with one world: ``world``, or a new one from the scenario.

    The control API is built when it is first asked for. ``control_token`` is what it then wants; None lets anybody on
    this machine in. ``hosts`` are names it may be called by, besides loopback ones. ``public`` gives every visitor of the
    page a world of their own, made like the first one, and lets nobody into that.

    Raises UsageError, ScenarioError, SpecError or BadValue.
    """
    served = dialects(apis)
    at_hand = [switch for each in served for switch in each.switches]
    worlds = Worlds(scenario, KnownSwitches(at_hand, all_switches), seconds=time.monotonic)
    if world is not None:
        worlds.put(world)
    else:
        worlds.create(DEFAULT, scenario_name, seed=seed, customers=customers, switches=switches)
    faults = FaultBook(lambda: (place.world.name for place in worlds))
    journal = JournalBook(lambda: datetime.now(UTC))

    def control_api() -> Server:
        from counterfoil.control.control_api import control
        from counterfoil.control.world_service import Bounds

        # ten years of 60 customers, the most one command can ask for, take 0.4 s
        bounds = Bounds(customers=60, commands=1000, longest_life=1800.0, usual_life=1800.0) if public else None
        desk = control(
            worlds, token=control_token, apis=served, faults=faults, journal=journal, hosts=hosts, bounds=bounds
        )
        return build_server([desk], worlds.get)

    closing = Event()
    steering = Later(control_api)

    def front() -> Front:
        from counterfoil.page import Front

        return Front(
            worlds,
            apis=served,
            journal_version=journal.version,
            token=control_token,
            hosts=hosts,
            public=public,
            closing=closing,
            soon=[steering.made],
        )

    page = Later(front)
    chosen = options or Options()
    mounts: dict[str, ASGI] = {CONTROL: steering, "/": page, **chosen.mounts}
    server = build_server(served, worlds.get, options=replace(chosen, faults=faults, journal=journal, mounts=mounts))
    door: ASGI = server
    if public:
        from counterfoil.page.visitors import Gate

        door = Gate(server, worlds, hosts=hosts)

    def get_page_ready() -> None:
        Thread(target=lambda: page.made().get_ready(), name="counterfoil-page", daemon=True).start()

    return Application(server, door, worlds, served, faults, journal, get_page_ready, closing)


Made = TypeVar("Made", bound=ASGI)


class Later(Generic[Made]):
    """An ASGI application that is built when the first request for it comes, so that starting need not wait for it."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: Made | None = None
        self._making = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # not in the thread that answers the APIs: building takes 15 to 100 ms
        app = self._made if self._made is not None else await asyncio.to_thread(self.made)
        await app(scope, receive, send)

    def made(self) -> Made:
        """The application, built now if it was not; from any thread."""
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made
