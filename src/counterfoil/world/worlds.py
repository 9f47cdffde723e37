"""Many worlds by name: made, forked, reset and forgotten, bounded in number and in idle time.

A world made from a scenario that was used before is a fork of the first one, so it costs next to nothing. What time it
is outside (for idle worlds) is told by the caller; nothing here reads a clock.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import RLock

import msgspec

from counterfoil.ledger.errors import BadValue, RuleBroken, UnknownRecord
from counterfoil.world.scenario import Scenario
from counterfoil.world.switches import KnownSwitches, Switch
from counterfoil.world.world import World

DEFAULT = "default"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class TooManyWorlds(RuleBroken):
    """The bound on worlds is reached."""


class Place(msgspec.Struct):
    """A world with what the registry knows of it: the seconds it may idle (None: for ever) and when it was last used."""

    world: World
    time_to_live: float | None
    used_at: float


class Worlds:
    """The worlds of one server. ``seconds`` tells a time that only grows; ``limit`` bounds how many worlds there are.

    ``read`` finds a scenario by name; it raises ``ScenarioError`` for one that is not there.
    """

    TEMPLATES = 64

    def __init__(
        self,
        read: Callable[[str], Scenario],
        known_switches: KnownSwitches | Iterable[Switch] = (),
        *,
        limit: int = 16_384,
        seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._read = read
        self._switches = known_switches if isinstance(known_switches, KnownSwitches) else KnownSwitches(known_switches)
        self._limit = limit
        self._seconds = seconds
        self._places: dict[str, Place] = {}
        self._scenarios: dict[str, Scenario] = {}
        self._templates: OrderedDict[object, World] = OrderedDict()
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Place]:
        return iter(list(self._places.values()))

    def get(self, name: str) -> World | None:
        """The world of that name, which counts as used now; None if there is none."""
        place = self._places.get(name)
        if place is None:
            return None
        now = self._seconds()
        if place.time_to_live is not None and now - place.used_at > place.time_to_live:
            self._places.pop(name, None)
            return None
        place.used_at = now
        return place.world

    def named(self, name: str) -> World:
        """Like ``get``, but raises ``UnknownRecord``."""
        world = self.get(name)
        if world is None:
            raise UnknownRecord(f"there is no world '{name}'", field="world")
        return world

    def create(
        self,
        name: str,
        scenario: str | Scenario,
        *,
        seed: int | None = None,
        customers: int | None = None,
        switches: Mapping[str, object] | None = None,
        time_to_live: float | None = None,
    ) -> World:
        """A new world in which the scenario has just been told. Raises LedgerError or ScenarioError."""
        template = self._template(scenario, seed, customers, switches or {})
        return self._settle(name, template.fork(name), time_to_live)

    def fork(self, name: str, of: str, *, time_to_live: float | None = None) -> World:
        """A new world equal to ``of`` as it is now."""
        return self._settle(name, self.named(of).fork(name), time_to_live)

    def put(self, world: World, *, time_to_live: float | None = None) -> World:
        """Keep a world made elsewhere, as one rebuilt from a capsule; it takes the place of any of its name."""
        with self._lock:
            self._places.pop(world.name, None)
            return self._settle(world.name, world, time_to_live)

    def reset(self, name: str) -> World:
        """Put a world back to where its scenario ended."""
        world = self.named(name)
        fresh = self._template(world.scenario, world.seed, world.customers_asked, world.chosen).fork(name)
        with self._lock:
            self._places[name].world = fresh
        # Answers remembered by version must not outlive the reset.
        fresh.version = world.version + 1
        return fresh

    def delete(self, name: str) -> None:
        """Forget a world; the default one stays."""
        if name == DEFAULT:
            raise RuleBroken("the default world cannot be deleted; reset it instead", field="world")
        self.named(name)
        with self._lock:
            self._places.pop(name, None)

    def forget_idle(self) -> int:
        """Forget the worlds that idled longer than they may; returns how many."""
        now = self._seconds()
        with self._lock:
            idle = [
                name
                for name, place in self._places.items()
                if place.time_to_live is not None and now - place.used_at > place.time_to_live
            ]
            for name in idle:
                del self._places[name]
        return len(idle)

    def _settle(self, name: str, world: World, time_to_live: float | None) -> World:
        if not NAME.fullmatch(name):
            raise BadValue("a world's name is 1 to 63 small letters, digits and hyphens", field="name")
        with self._lock:
            if name in self._places and self.get(name) is not None:
                raise RuleBroken(f"there is a world '{name}' already", field="name")
            if len(self._places) >= self._limit and not self.forget_idle():
                raise TooManyWorlds(f"there are {self._limit} worlds, which is the bound: delete some", field="name")
            self._places[name] = Place(world, time_to_live, self._seconds())
        return world

    def _scenario(self, name: str) -> Scenario:
        if name not in self._scenarios:
            self._scenarios[name] = self._read(name)
        return self._scenarios[name]

    def _template(
        self, scenario: str | Scenario, seed: int | None, customers: int | None, switches: Mapping[str, object]
    ) -> World:
        with self._lock:
            read = self._scenario(scenario) if isinstance(scenario, str) else scenario
            seed = read.definition.seed if seed is None else seed
            key = (read.digest, seed, customers, tuple(sorted(switches.items())))
            if key not in self._templates:
                self._templates[key] = World(
                    read, seed=seed, customers=customers, switches=switches, known_switches=self._switches
                )
                if len(self._templates) > self.TEMPLATES:
                    self._templates.popitem(last=False)
            self._templates.move_to_end(key)
            return self._templates[key]
