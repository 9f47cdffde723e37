"""The registry of worlds: creates, forks, resets and deletes them by name, bounded in number and in idle time.

A world created from a scenario that was used before is a fork of the first one, so it costs next to nothing. The caller
passes the clock for idle worlds.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import islice
from threading import Lock, RLock

from counterfoil.ledger.errors import BadValue, RuleBroken, UnknownRecord
from counterfoil.world.capsule import Capsule, open_capsule
from counterfoil.world.head import Head
from counterfoil.world.scenario import Scenario
from counterfoil.world.scenario_runner import Check, run_scenario
from counterfoil.world.state import Grant
from counterfoil.world.switches import KnownSwitches, Switch
from counterfoil.world.world import World

DEFAULT = "default"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
CredentialsOf = Callable[[str], Mapping[str, Grant] | None]
"""Returns the credentials that a world of that name accepts; None for its scenario's own."""


class TooManyWorlds(RuleBroken):
    """The maximum number of worlds is reached."""


def check_name(name: str) -> None:
    """Raise ``BadValue`` if ``name`` is not a valid name of a world."""
    if not NAME.fullmatch(name):
        raise BadValue("a world's name is 1 to 63 lower case letters, digits and hyphens", field="name")


def name_taken(name: str) -> RuleBroken:
    return RuleBroken(f"there is a world '{name}' already", field="name")


def too_many_worlds(limit: int) -> TooManyWorlds:
    return TooManyWorlds(f"there are {limit} worlds, which is the limit: delete some", field="name")


class WorldEntry:
    """A world in the registry, with the seconds it may idle (None: forever) and when it was last used."""

    __slots__ = ("_head", "time_to_live", "used_at")

    def __init__(self, head: Head, time_to_live: float | None, used_at: float) -> None:
        self._head = head
        self.time_to_live = time_to_live
        self.used_at = used_at

    @property
    def world(self) -> World:
        """The world as it is now."""
        return World(self._head)

    def is_idle(self, now: float) -> bool:
        """Whether it was idle for longer than ``time_to_live``."""
        return self.time_to_live is not None and now - self.used_at > self.time_to_live


class Worlds:
    """The worlds of one server. ``seconds`` returns a monotonic time; ``limit`` is the maximum number of worlds.

    ``read`` returns a scenario by name and raises ``ScenarioError`` for an unknown one. Thread-safe; running a scenario,
    which may take seconds, blocks only requests for the same one.
    """

    TEMPLATES = 64
    SWEEP = 64
    """Worlds that idled too long are deleted after so many were added; at the limit, on each addition."""
    may_wait = False
    """Whether creating, forking, deleting and listing worlds may wait for a disk, so that they need a thread."""

    is_shared = False
    """Whether other processes serve the same worlds."""

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
        self._credentials_of: CredentialsOf = lambda name: None
        self._entries: dict[str, WorldEntry] = {}
        self._scenarios: dict[str, Scenario] = {}
        self._templates: OrderedDict[Hashable, World] = OrderedDict()
        self._running: dict[Hashable, Lock] = {}
        self._added = 0
        self._lock = RLock()  # held for moments only, never while a scenario is run

    def __len__(self) -> int:
        return len(self._entries)

    def close(self) -> None:
        """Close the store, if there is one."""

    def refresh(self, name: str) -> None:
        """Update the world from the store, if other processes write to it too; may take seconds."""

    def names(self) -> list[str]:
        """The names of all worlds, in the order they were made."""
        return list(self._entries)

    def page(self, offset: int, limit: int) -> list[WorldEntry]:
        """Some of the worlds in the order they were made. They do not count as used."""
        return list(islice(self._entries.copy().values(), offset, offset + limit))

    def restrict_credentials(self, credentials_of: CredentialsOf) -> None:
        """From now on each world accepts the credentials from ``credentials_of``, also after a reset."""
        with self._lock:
            self._credentials_of = credentials_of
            for name, entry in self._entries.items():
                head = self._restricted(entry.world).head  # with the same serial number
                self._entries[name] = WorldEntry(head, entry.time_to_live, entry.used_at)

    def limit_to(self, limit: int) -> None:
        """Allow at most so many worlds."""
        self._limit = limit

    def entry(self, name: str) -> WorldEntry | None:
        """The entry of that name, which counts as used now; None if there is none."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        now = self._seconds()
        if entry.is_idle(now):
            with self._lock:
                if self._entries.get(name) is entry:  # it may have been replaced meanwhile
                    del self._entries[name]
            return None
        entry.used_at = now
        return entry

    def get(self, name: str) -> World | None:
        """A view of the world of that name as it is now, which counts as used; None if there is none."""
        entry = self.entry(name)
        return None if entry is None else entry.world

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
        check: Check | None = None,
    ) -> World:
        """A new world in which the scenario has just been run, with ``check`` called as by ``run_scenario``. Raises LedgerError
        or ScenarioError."""
        template = self.template(scenario, seed, customers, switches or {}, check)
        return self._add(template.fork(name), time_to_live)

    def fork(self, name: str, of: str, *, time_to_live: float | None = None) -> World:
        """A new world equal to ``of`` as it is now."""
        return self._add(self.named(of).fork(name), time_to_live)

    def add(self, world: World, *, time_to_live: float | None = None) -> World:
        """Add a world that was created elsewhere. Raises ``RuleBroken`` if its name is taken."""
        return self._add(world, time_to_live)

    def put(self, world: World, *, time_to_live: float | None = None) -> World:
        """Add a world that was created elsewhere, such as one from a capsule; it replaces a world of the same name."""
        return self._add(world, time_to_live, replace=True)

    def open(
        self,
        name: str,
        capsule: Capsule,
        *,
        most_customers: int | None = None,
        check: Check | None = None,
        time_to_live: float | None = None,
    ) -> World:
        """A new world that equals the one in the capsule. Raises ``LedgerError``, and ``CapsuleError`` as ``open_capsule``."""
        check_name(name)
        if self.get(name) is not None:
            raise name_taken(name)  # before the work of rebuilding it
        world = open_capsule(capsule, self._switches, name=name, most_customers=most_customers, check=check)
        return self._add(world, time_to_live)

    def reset(self, name: str) -> World:
        """Reset a world to the state at the end of its scenario, as a new version with empty caches."""
        world = self.named(name)
        template = self.template(world.scenario, world.seed, world.requested_customers, world.chosen)
        world.restore(self._restricted(template.fork(name)))
        return world

    def delete(self, name: str) -> None:
        """Delete a world; the default one cannot be deleted."""
        if name == DEFAULT:
            raise RuleBroken("the default world cannot be deleted; reset it instead", field="world")
        self.named(name)
        with self._lock:
            self._entries.pop(name, None)

    def forget_idle(self) -> int:
        """Delete the worlds that were idle for too long; returns how many."""
        now = self._seconds()
        with self._lock:
            idle = [name for name, entry in self._entries.items() if entry.is_idle(now)]
            for name in idle:
                del self._entries[name]
        return len(idle)

    def _add(self, world: World, time_to_live: float | None, *, replace: bool = False) -> World:
        name = world.name
        check_name(name)
        world = self._restricted(world)
        with self._lock:
            if self.get(name) is not None and not replace:
                raise name_taken(name)
            self._added += 1
            if self._added % self.SWEEP == 0:
                self.forget_idle()
            if name not in self._entries and len(self._entries) >= self._limit and not self.forget_idle():
                raise too_many_worlds(self._limit)
            world.head.serial = self._added
            self._entries[name] = WorldEntry(world.head, time_to_live, self._seconds())
        return world

    def _restricted(self, world: World) -> World:
        grants = self._credentials_of(world.name)
        return world if grants is None else world.with_credentials(grants)

    # --- templates -------------------------------------------------------------------------------

    def _scenario(self, name: str) -> Scenario:
        if name not in self._scenarios:
            self._scenarios[name] = self._read(name)
        return self._scenarios[name]

    def is_prepared(
        self, scenario: Scenario, seed: int | None, customers: int | None, switches: Mapping[str, object]
    ) -> bool:
        """Whether the template for such a world is cached, so that creating one only copies it."""
        return self._cached_template(_template_key(scenario, seed, customers, switches)) is not None

    def template(
        self,
        scenario: str | Scenario,
        seed: int | None,
        customers: int | None,
        switches: Mapping[str, object],
        check: Check | None = None,
    ) -> World:
        """A world in which the scenario has just been run, to be forked and never changed; cached."""
        read = self._scenario(scenario) if isinstance(scenario, str) else scenario
        seed = read.definition.seed if seed is None else seed
        key = _template_key(read, seed, customers, switches)
        with self._lock:
            found = self._cached_template(key)
            running = self._running.setdefault(key, Lock()) if found is None else None
        if found is not None or running is None:
            return found  # type: ignore[return-value]
        with running:
            found = self._cached_template(key)
            if found is None:
                try:
                    found = run_scenario(
                        read,
                        seed=seed,
                        customers=customers,
                        switches=switches,
                        known_switches=self._switches,
                        check=check,
                    )
                    self._cache_template(key, found)
                finally:
                    with self._lock:
                        self._running.pop(key, None)
        return found

    def _cached_template(self, key: Hashable) -> World | None:
        with self._lock:
            found = self._templates.get(key)
            if found is not None:
                self._templates.move_to_end(key)
            return found

    def _cache_template(self, key: Hashable, world: World) -> None:
        with self._lock:
            self._templates[key] = world
            if len(self._templates) > self.TEMPLATES:
                self._templates.popitem(last=False)


def _template_key(
    scenario: Scenario, seed: int | None, customers: int | None, switches: Mapping[str, object]
) -> Hashable:
    seed = scenario.definition.seed if seed is None else seed
    return scenario.digest, seed, customers, tuple(sorted(switches.items()))
