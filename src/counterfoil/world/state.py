"""The state of a world at one version: its ledger, clock, switches, tokens, people, credentials and history.

A state that was published is never written to again; a command is applied to a fork of it (``world.World.execute``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.chunks import Numbered
from counterfoil.ledger.ledger import Ledger
from counterfoil.world.cache import DerivedCache
from counterfoil.world.commands import Command
from counterfoil.world.fake_identity import NO_OVERRIDES, Contact, IdentityOverrides, generate
from counterfoil.world.history import Entry, History
from counterfoil.world.resources import Resources
from counterfoil.world.scenario import Scenario
from counterfoil.world.switches import Switches
from counterfoil.world.tokens import Tokens


class Grant(msgspec.Struct, frozen=True):
    """What a known credential may do: use the APIs in ``may`` (all, if None), and see one customer or (None) everyone."""

    key: str
    may: frozenset[str] | None
    customer: int | None

    def allows(self, api: str) -> bool:
        return self.may is None or api in self.may


class WorldState(msgspec.Struct, kw_only=True, eq=False):
    """Everything that a world is, but its name.

    ``customers_asked`` and ``chosen`` (switches) are what was asked for when the scenario was run; the first
    ``scenario_length`` entries of the history are the scenario's own. ``cache`` is for what is derived from this version,
    ``accounts_cache`` for what is derived from the customers' accounts, which later versions may share.
    """

    scenario: Scenario
    seed: int
    customers_asked: int | None
    chosen: Mapping[str, object]
    now: datetime
    switches: Switches
    ledger: Ledger
    tokens: Tokens
    known: Numbered[IdentityOverrides]
    history: History
    resources: Resources = msgspec.field(default_factory=Resources)
    grants: Mapping[str, Grant] = {}
    countries: tuple[tuple[int, tuple[str, ...], list[int]], ...] = ()
    scenario_length: int = 0
    version: int = 0
    cache: DerivedCache | None = None
    accounts_cache: DerivedCache | None = None

    def fork(self) -> WorldState:
        """An equal state that can be written to. Takes about 3 µs at any size."""
        twin = copy(self)
        twin.ledger = self.ledger.fork()
        twin.cache = None
        return twin

    # --- changes ---------------------------------------------------------------------------------

    def execute(self, command: Command) -> Any:
        """Apply a command and record it; returns its fact. For a state that is not published: an error leaves a part done."""
        at = self.now
        fact = command.apply(self)
        self.history = self.history.having(Entry(at, command, fact))
        return fact

    def identify(self, customer: int, who: IdentityOverrides) -> None:
        """Say who a customer is; what is None in ``who`` is generated."""
        self.known = self.known.fork()
        self.known[customer] = who

    def populate(self, states: list[AccountState], choices: list[int], countries: list[str]) -> None:
        """Add simulated customers: for each, which of ``states`` it has; ``countries`` goes with the states."""
        first = self.ledger.customers + 1
        self.ledger.store.add_many(states, choices)
        self.countries = (*self.countries, (first, tuple(countries), choices))

    def admit(self, key: str, may: Iterable[str] | None, customer: int | None) -> None:
        """Make a credential known."""
        self.grants = {**self.grants, key: Grant(key, None if may is None else frozenset(may), customer)}

    # --- reading ---------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The world's local date."""
        return self.now.date()

    def party(self, customer: int) -> Contact:
        """Who a customer is: what the scenario says of it, the rest generated."""
        known = self.known.get(customer, NO_OVERRIDES)
        return generate(self.seed, customer, self._country(customer), known)

    def _country(self, customer: int) -> str:
        for first, countries, choices in self.countries:
            if first <= customer < first + len(choices):
                return countries[choices[customer - first]]
        return self.scenario.seller.country


def new_state(
    scenario: Scenario,
    ledger: Ledger,
    switches: Switches,
    *,
    seed: int,
    customers_asked: int | None,
    chosen: Mapping[str, object],
) -> WorldState:
    """A state in which nothing was done yet, at the instant the scenario starts."""
    return WorldState(
        scenario=scenario,
        seed=seed,
        customers_asked=customers_asked,
        chosen=chosen,
        now=scenario.definition.starts.astimezone(UTC),
        switches=switches,
        ledger=ledger,
        tokens=Tokens(),
        known=Numbered(),
        history=History(),
    )
