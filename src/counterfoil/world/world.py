"""One world: its ledger, clock, switches, tokens, and the commands done to it since its scenario was told.

``execute`` is the only door for changes. Reads go to ``ledger`` and to the functions of the ledger package; they take
the world's ``now`` where they need a time. A fork shares everything that never changes with the world it came from.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sized
from datetime import UTC, date, datetime
from threading import RLock
from typing import Any, TypeVar

import msgspec

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.ledger import Ledger
from counterfoil.world.commands import Command
from counterfoil.world.fake_identity import NO_OVERRIDES, Contact, IdentityOverrides, generate
from counterfoil.world.scenario import Scenario
from counterfoil.world.scenario_runner import build_tariffs, run_scenario
from counterfoil.world.switches import Switch, Switches
from counterfoil.world.tokens import Tokens

T = TypeVar("T")


class Grant(msgspec.Struct, frozen=True):
    """What a known credential may do: use the APIs in ``may`` (all, if None), and see one customer or (None) everyone."""

    key: str
    may: frozenset[str] | None
    customer: int | None

    def allows(self, api: str) -> bool:
        return self.may is None or api in self.may


class Entry(msgspec.Struct, frozen=True):
    """One thing that was done: when (world time), the command, and the fact that came of it."""

    at: datetime
    command: Command
    fact: Any


class Memory:
    """What was worked out and still holds. It forgets all when its stamp changes, and what was
    not asked for the longest when it grows too heavy."""

    def __init__(self) -> None:
        self._stamp = -1
        self._known: dict[Hashable, tuple[Any, int]] = {}
        self._weight = 0

    def recall(self, stamp: int, key: Hashable, compute: Callable[[], T], most: int) -> T:
        """``compute()``, or what it was when ``stamp`` was last the same; ``most`` is in bytes."""
        if self._stamp != stamp:
            self._stamp, self._known, self._weight = stamp, {}, 0
        known = self._known.pop(key, None)
        if known is not None:
            self._known[key] = known  # the last to be forgotten now
            return known[0]  # type: ignore[no-any-return]
        value = compute()
        weight = _weight(value)
        if weight > most:
            return value
        while self._known and self._weight + weight > most:
            self._weight -= self._known.pop(next(iter(self._known)))[1]
        self._known[key] = value, weight
        self._weight += weight
        return value


def _weight(value: Any) -> int:
    """In bytes, roughly. What holds much says how much (``weight``); a list's items are taken for small numbers."""
    if hasattr(value, "weight"):
        return int(value.weight)
    if isinstance(value, array | bytes):
        return 100 + memoryview(value).nbytes
    return 500 + 40 * (len(value) if isinstance(value, Sized) else 0)


class Lasting(msgspec.Struct, frozen=True):
    """A key for what depends on the books and on ``facts`` alone: it outlives commands that change neither of them.

    ``facts`` must hold everything else that matters (dates, switches), or an object made from it, which is compared
    by identity.
    """

    name: Hashable
    facts: Hashable


class World:
    """A scenario that has been told, and can be steered on. ``version`` grows with every command."""

    MEMORY = 64 * 2**20
    """Bytes, about, of what was derived for one version, and again of what depends on the books alone: a thousand orders
    of a world of 300 different books, or sixteen lists that name a million customers each."""

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
        self._start(scenario, scenario.definition.seed if seed is None else seed, customers, name)
        self.switches = Switches(known_switches, {**scenario.definition.switches, **(switches or {})})
        self.chosen = dict(switches or {})
        self.now = scenario.definition.starts.astimezone(UTC)
        self.ledger = Ledger(build_tariffs(scenario.definition))
        self.tokens = Tokens()
        self.known: dict[int, IdentityOverrides] = {}
        self.grants: dict[str, Grant] = {}
        self.history: list[Entry] = []
        self._countries: tuple[tuple[int, tuple[str, ...], list[int]], ...] = ()
        run_scenario(self, customers)
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
        self._of_version = Memory()
        self._of_books = Memory()

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
        fact = command.apply(self)
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
        """``compute()``, which must depend on this world alone, remembered until the world's version changes.

        With a ``Lasting`` key it must depend on the books and the key's facts alone, and is remembered until a book changes.
        """
        if isinstance(key, Lasting):
            return self._of_books.recall(self.ledger.store.revision, key, compute, self.MEMORY)
        return self._of_version.recall(self.version, key, compute, self.MEMORY)

    # --- people ----------------------------------------------------------------------------------

    def party(self, customer: int) -> Contact:
        """Who a customer is: what the scenario says of it, the rest painted."""
        known = self.known.get(customer, NO_OVERRIDES)
        return generate(self.seed, customer, self._country(customer), known)

    def customer_with_key(self, key: str) -> int | None:
        """The number of the customer the scenario calls ``key``."""
        return next((number for number, known in self.known.items() if known.key == key), None)

    def identify(self, customer: int, *, name: str | None, email: str | None, country: str | None) -> None:
        """Say who a customer is; what is None stays scenery."""
        self.known[customer] = IdentityOverrides(name=name, email=email, country=country)

    def populate(self, books: list[AccountState], choices: list[int], countries: list[str]) -> None:
        """Add scenery customers: for each, which of ``books`` it has; ``countries`` goes with the books."""
        first = self.ledger.customers + 1
        self.ledger.store.add_many(books, choices)
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
