"""One world: its ledger, clock, switches, tokens, and the commands done to it since its scenario was told.

``execute`` is the only door for changes. Reads go to ``ledger`` and to the functions of the ledger package; they take
the world's ``now`` where they need a time. A fork shares everything that never changes with the world it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import RLock
from typing import Any, TypeVar

from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.records import Book
from counterfoil.world.commands import Command
from counterfoil.world.opening import open_world, price_lists
from counterfoil.world.scenario import Scenario
from counterfoil.world.scenery import NOTHING_KNOWN, Known, Party, paint
from counterfoil.world.switches import Switch, Switches
from counterfoil.world.tokens import Tokens

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a known credential may do: use the APIs in ``may`` (all, if None), and see one customer or (None) everyone."""

    key: str
    may: frozenset[str] | None
    customer: int | None

    def allows(self, api: str) -> bool:
        return self.may is None or api in self.may


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done: when (world time), the command, and the fact that came of it."""

    at: datetime
    command: Command
    fact: Any


class World:
    """A scenario that has been told, and can be steered on. ``version`` grows with every command."""

    MEMORY = 64  # derived answers remembered for one version

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int | None = None,
        customers: int | None = None,
        switches: Mapping[str, object] | None = None,
        known_switches: Iterable[Switch] = (),
        name: str = "default",
    ) -> None:
        self._start(scenario, scenario.told.seed if seed is None else seed, customers, name)
        self.switches = Switches(known_switches, {**scenario.told.switches, **(switches or {})})
        self.chosen = dict(switches or {})
        self.now = scenario.told.starts.astimezone(UTC)
        self.ledger = Ledger(price_lists(scenario.told))
        self.tokens = Tokens()
        self.known: dict[int, Known] = {}
        self.grants: dict[str, Grant] = {}
        self.history: list[Entry] = []
        self._countries: tuple[tuple[int, tuple[str, ...], list[int]], ...] = ()
        open_world(self, customers)
        self.told = len(self.history)
        self.version = 0

    def _start(self, scenario: Scenario, seed: int, customers: int | None, name: str) -> None:
        self.scenario = scenario
        self.seed = seed
        self.customers_asked = customers
        self.name = name
        self.version = 0
        # Held while a command is carried out and while a request is answered: neither sees half of the other.
        # Whoever holds it must not wait for an answer about this world from another thread.
        self.lock = RLock()
        self._memory: dict[Hashable, Any] = {}
        self._memory_version = 0

    # --- time and change -------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The world's local date."""
        return self.now.date()

    @property
    def commands(self) -> list[Command]:
        """What was done since the scenario was told, oldest first."""
        return [entry.command for entry in self.history[self.told :]]

    def execute(self, command: Command) -> Any:
        """Carry a command out and record it; returns its fact. Raises ``LedgerError``, with nothing changed."""
        with self.lock:
            fact = self.carry_out(command)
            self.version += 1
            return fact

    def carry_out(self, command: Command) -> Any:
        """``execute`` without a new version: for telling the scenario."""
        at = self.now
        fact = command.carry_out(self)
        self.history.append(Entry(at, command, fact))
        return fact

    def fork(self, name: str) -> World:
        """An equal world under another name; neither ever sees what is done to the other."""
        with self.lock:
            twin = World.__new__(World)
            twin._start(self.scenario, self.seed, self.customers_asked, name)
            twin.switches = self.switches
            twin.chosen = self.chosen
            twin.now = self.now
            twin.ledger = self.ledger.fork()
            twin.tokens = self.tokens.fork()
            twin.known = self.known.copy()
            twin.grants = self.grants
            twin.history = self.history.copy()
            twin._countries = self._countries
            twin.told = self.told
            twin.version = self.version
            return twin

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """``compute()``, which must depend on this world alone, remembered until the world's version changes."""
        if self._memory_version != self.version:
            self._memory = {}
            self._memory_version = self.version
        if key in self._memory:
            return self._memory[key]  # type: ignore[no-any-return]
        value = compute()
        if len(self._memory) >= self.MEMORY:
            self._memory.pop(next(iter(self._memory)))
        self._memory[key] = value
        return value

    # --- people ----------------------------------------------------------------------------------

    def party(self, customer: int) -> Party:
        """Who a customer is: what the scenario says of it, the rest painted."""
        known = self.known.get(customer, NOTHING_KNOWN)
        return paint(self.seed, customer, self._country(customer), known)

    def customer_with_key(self, key: str) -> int | None:
        """The number of the customer the scenario calls ``key``."""
        return next((number for number, known in self.known.items() if known.key == key), None)

    def identify(self, customer: int, *, name: str | None, email: str | None, country: str | None) -> None:
        """Say who a customer is; what is None stays scenery."""
        self.known[customer] = Known(name=name, email=email, country=country)

    def populate(self, books: list[Book], choices: list[int], countries: list[str]) -> None:
        """Add scenery customers: for each, which of ``books`` it has; ``countries`` goes with the books."""
        first = self.ledger.customers + 1
        self.ledger.shelf.add_many(books, choices)
        self._countries = (*self._countries, (first, tuple(countries), choices))

    def _country(self, customer: int) -> str:
        for first, countries, choices in self._countries:
            if first <= customer < first + len(choices):
                return countries[choices[customer - first]]
        return self.scenario.seller.country

    # --- credentials -----------------------------------------------------------------------------

    def admit(self, key: str, may: Iterable[str] | None, customer: int | None) -> None:
        """Make a credential known."""
        self.grants = {**self.grants, key: Grant(key, None if may is None else frozenset(may), customer)}

    def grant(self, key: str) -> Grant | None:
        """What the credential may do; None if it is unknown."""
        return self.grants.get(key)
