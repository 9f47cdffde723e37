"""Creates, forks, resets and deletes worlds for the control API, and executes commands, within limits. Thread-safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from counterfoil.api import API, ApiError
from counterfoil.api.control_types import Faults, Journal, TooMany
from counterfoil.control.costs import Budget, months_within, seconds_for, seconds_to_begin, size_of
from counterfoil.control.scenario_texts import is_text, mistakes_in, read_text
from counterfoil.control.tasks import OtherWorkers, Tasks
from counterfoil.ledger.errors import BadValue, UnknownRecord
from counterfoil.plain_text import counted
from counterfoil.resources import fixtures_dir
from counterfoil.world.capsule import CapsuleError, capsule_of
from counterfoil.world.commands import AddCustomer, AdvanceClock, Command, WriteResource, WriteResources
from counterfoil.world.resources import MAX_WRITTEN_BYTES, bytes_of_write, too_many_bytes
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.scenario_loader import read_scenario
from counterfoil.world.scenario_runner import customers_of
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT, WorldEntry, Worlds


@dataclass(frozen=True, slots=True)
class WorldLimits:
    """Limits on the worlds that clients create and change.

    A world's ``customers``, the ``commands`` in its history, and the ``bytes`` of the resources that they wrote. The
    estimated ``seconds`` (``costs``) of one command (None: any), and ``seconds_to_make`` of creating a world from a text or
    capsule. The idle time of a world in seconds: ``max_time_to_live``, and ``default_time_to_live`` if the request has none.
    ``own_scenarios``: whether clients may create worlds from their own scenario texts and capsules.
    """

    customers: int = 100_000
    commands: int = 100_000
    bytes: int = MAX_WRITTEN_BYTES
    seconds: float | None = None
    seconds_to_make: float = 30.0
    max_time_to_live: float = 7 * 86_400
    default_time_to_live: float = 3600
    own_scenarios: bool = True


def _check_cost(world: World, command: AdvanceClock, seconds: float) -> None:
    """Raise ``TooMany`` if moving the clock would take longer than ``seconds``."""
    size, months = size_of(world), command.months_from(world.now)
    if months > 121 or seconds_for(size, months) <= seconds:  # the command itself refuses more months
        return
    most = months_within(size, seconds)
    content = f"{size.accounts} different accounts, {size.bills} bills and {size.usage} uses not billed"
    if most == 0:
        raise TooMany(f"this world is too large to move its clock here ({content}): reset it, or make another")
    raise TooMany(f"the clock of a world with {content} moves {most} months at a time here, at most")


@dataclass(slots=True)
class WorldService:
    """``new_name`` returns a world name that cannot be guessed: a client that knows it may use the world's APIs."""

    worlds: Worlds
    apis: Sequence[API]
    new_name: Callable[[], str]
    bounds: WorldLimits = field(default_factory=WorldLimits)
    faults: Faults | None = None
    journal: Journal | None = None
    other_workers: OtherWorkers | None = None
    tasks: Tasks = field(init=False)
    _scenarios: dict[str, Scenario] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tasks = Tasks(self.new_name, self.other_workers)

    # --- scenarios -------------------------------------------------------------------------------

    def scenarios(self) -> dict[str, Scenario]:
        """The scenarios a world can be created from, by name: the packaged ones, and the default world's own."""
        if not self._scenarios:
            paths = sorted((fixtures_dir() / "scenarios").glob("*.yaml"))
            self._scenarios = {path.stem: read_scenario(path) for path in paths}
        default = self.worlds.get(DEFAULT)
        return self._scenarios if default is None else {**self._scenarios, default.scenario.name: default.scenario}

    def scenario(self, name: str | None) -> Scenario:
        """The scenario with that name or text; the default world's for None. A client cannot name a file by its path.

        Raises ``ApiError`` for a text that is not a scenario, and ``BadValue`` for an unknown name.
        """
        if name is not None and is_text(name):
            if not self.bounds.own_scenarios:
                raise ApiError(
                    "forbidden", "this server makes no worlds from a scenario's text; name one of its scenarios"
                )
            return read_text(name)
        default = self.worlds.get(DEFAULT)
        if name is None and default is not None:
            return default.scenario
        known = self.scenarios()
        if name not in known:
            raise BadValue(
                f"there is no scenario of that name; there are: {', '.join(sorted(known))}; a text has several lines",
                field="scenario",
            )
        return known[name]

    # --- worlds ----------------------------------------------------------------------------------

    def world(self, name: str) -> World:
        """The world with that name. Raises ``UnknownRecord``."""
        return self.entry(name).world

    def entry(self, name: str) -> WorldEntry:
        """The registry's entry with that name. Raises ``UnknownRecord``."""
        entry = self.worlds.entry(name)
        if entry is None:
            raise UnknownRecord("there is no world of that name", field="world")
        return entry

    def page(self, offset: int, limit: int) -> tuple[int, list[WorldEntry]]:
        """The number of worlds, and some of them in order of creation, without expired ones."""
        self.worlds.forget_idle()
        return len(self.worlds), self.worlds.page(offset, limit)

    def create(
        self,
        name: str | None,
        scenario: str | None,
        *,
        seed: int | None,
        customers: int | None,
        switches: Mapping[str, Any],
        time_to_live: float | None,
    ) -> World:
        """A new world in which the scenario has just been run; ``scenario`` is its name or its text.

        Raises ``LedgerError``, and ``ApiError`` for a text with mistakes.
        """
        resolved = self.scenario(scenario)
        is_own = scenario is not None and is_text(scenario)
        if (customers is not None or is_own) and customers_of(resolved.definition, customers) > self.bounds.customers:
            field = "scenario" if customers is None else "customers"
            raise BadValue(f"a world has up to {self.bounds.customers} customers here", field=field)
        try:
            world = self.worlds.create(
                name or self.new_name(),
                resolved,
                seed=seed,
                customers=customers,
                switches=switches,
                time_to_live=self._time_to_live(time_to_live),
                check=self._budget_for(resolved, customers).check if is_own else None,
            )
        except ScenarioError as error:
            if is_own and error.mistakes:
                raise mistakes_in(error.mistakes) from None
            message = str(error).removeprefix(f"{resolved.where}: ")  # the file's path is not shown to clients
            raise BadValue(message, field="scenario" if customers is None else "customers") from None
        except BadValue as error:
            if error.field in ("name", "value") and error.message.startswith(("there is no switch", "switch ")):
                raise BadValue(error.message, field="switches") from None
            raise
        self._clear_journal_and_faults(world.name)
        return world

    def open(self, name: str | None, capsule: Mapping[str, Any], *, time_to_live: float | None) -> World:
        """A world that equals the one in a capsule. Raises ``LedgerError``."""
        if not self.bounds.own_scenarios:
            raise ApiError("forbidden", "this server makes no worlds from capsules")
        try:
            parsed = capsule_of(capsule)
            if len(parsed.commands) > self.bounds.commands:
                raise CapsuleError(
                    f"it has {counted(len(parsed.commands), 'command')}; a world takes {self.bounds.commands} here"
                )
            world = self.worlds.open(
                name or self.new_name(),
                parsed,
                most_customers=self.bounds.customers,
                check=Budget(self.bounds.seconds_to_make).check,
                time_to_live=self._time_to_live(time_to_live),
            )
        except CapsuleError as error:
            raise BadValue(" ".join(str(error).split()), field="capsule") from None
        self._clear_journal_and_faults(world.name)
        return world

    def fork(self, name: str | None, of: str, *, time_to_live: float | None) -> World:
        self.world(of)
        world = self.worlds.fork(name or self.new_name(), of, time_to_live=self._time_to_live(time_to_live))
        self._clear_journal_and_faults(world.name)
        return world

    def reset(self, name: str) -> World:
        """Reset a world to the end of its scenario, and clear its journal and faults."""
        self.world(name)
        world = self.worlds.reset(name)
        self._clear_journal_and_faults(name)
        return world

    def delete(self, name: str) -> None:
        self.world(name)
        self.worlds.delete(name)
        self._clear_journal_and_faults(name)

    def execute(self, world: World, command: Command) -> Any:
        """Execute a command within the limits; returns its result. After a ``LedgerError`` nothing has changed."""
        with world.writing():
            if len(world.history) - world.scenario_length >= self.bounds.commands:
                raise TooMany(f"a world takes {self.bounds.commands} commands here: reset it, or make another")
            if isinstance(command, AddCustomer) and world.ledger.customers >= self.bounds.customers:
                raise TooMany(f"a world has up to {self.bounds.customers} customers here")
            if isinstance(command, WriteResource | WriteResources):
                writes = command.writes if isinstance(command, WriteResources) else (command,)
                added = sum(bytes_of_write(write.id, write.value, write.content) for write in writes)
                written = world.resources.bytes_written + added
                if written > self.bounds.bytes:
                    raise TooMany(too_many_bytes(self.bounds.bytes), field="value")
            if isinstance(command, AdvanceClock) and self.bounds.seconds is not None:
                _check_cost(world, command, self.bounds.seconds)
            return world.execute(command)

    def _budget_for(self, scenario: Scenario, customers: int | None) -> Budget:
        """The budget for the commands of a client's scenario, less the cost of creating its customers."""
        budget = Budget(self.bounds.seconds_to_make)
        budget.spend(seconds_to_begin(scenario.definition, customers))
        return budget

    def _time_to_live(self, requested: float | None) -> float:
        life = self.bounds.default_time_to_live if requested is None else float(requested)
        if life > self.bounds.max_time_to_live:
            raise BadValue(f"a world may idle {self.bounds.max_time_to_live:.0f} seconds at most", field="time_to_live")
        return life

    def _clear_journal_and_faults(self, name: str) -> None:
        for store in (self.faults, self.journal):
            if store is not None:
                store.clear(name)

    # --- optional parts --------------------------------------------------------------------------

    def require_faults(self) -> Faults:
        if self.faults is None:
            raise ApiError("not_implemented", "this server injects no faults")
        return self.faults

    def require_journal(self) -> Journal:
        if self.journal is None:
            raise ApiError("not_implemented", "this server keeps no journal")
        return self.journal

    def api(self, name: str, field: str = "api") -> API:
        """The served API with that name. Raises ``BadValue`` that lists the served ones."""
        for api in self.apis:
            if api.name == name:
                return api
        raise BadValue(f"no such API is served; there are: {', '.join(api.name for api in self.apis)}", field=field)

    def check_operation(self, api: str, operation: str | None) -> None:
        """Raise ``BadValue`` for an API that is not served, or an operation that it does not have."""
        routes = self.api(api).routes
        if operation is not None and operation not in routes:
            raise BadValue(f"{api} has no such operation; there are: {', '.join(routes)}", field="operation")
