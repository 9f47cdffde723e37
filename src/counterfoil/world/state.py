"""The state of a world at one version: its ledger, clock, switches, tokens, people, credentials and history.

A published state is never written to again; a command is applied to a fork of it (``world.World.execute``).
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """What a credential may do: use the APIs in ``may`` (None: all), and see ``customer`` (None: all customers)."""

    key: str
    may: frozenset[str] | None
    customer: int | None

    def allows(self, api: str) -> bool:
        return self.may is None or api in self.may


class WorldState(msgspec.Struct, kw_only=True, eq=False):
    """Everything that makes up a world, except its name.

    ``requested_customers`` and ``chosen`` (switches) are the arguments with which the scenario was run; the first
    ``scenario_length`` entries of the history are the scenario's own. ``cache`` is for values derived from this version,
    ``accounts_cache`` for values derived from the customers' accounts, which later versions may share.
    """

    scenario: Scenario
    seed: int
    requested_customers: int | None
    chosen: Mapping[str, object]
    now: datetime
    switches: Switches
    ledger: Ledger
    tokens: Tokens
    identity_overrides: Numbered[IdentityOverrides]
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
        forked = copy(self)
        forked.ledger = self.ledger.fork()
        forked.cache = None
        return forked

    # --- changes ---------------------------------------------------------------------------------

    def execute(self, command: Command) -> Any:
        """Apply a command and record it; returns its result. For an unpublished state only: an error may leave it incomplete."""
        at = self.now
        fact = command.apply(self)
        self.history = self.history.appended(Entry(at, command, fact))
        return fact

    def identify(self, customer: int, overrides: IdentityOverrides) -> None:
        """Set a customer's contact data; values that are None are generated."""
        self.identity_overrides = self.identity_overrides.fork()
        self.identity_overrides[customer] = overrides

    def populate(self, states: list[AccountState], choices: list[int], countries: list[str]) -> None:
        """Add simulated customers: for each, the index of its state; ``countries`` has the country of each state."""
        first = self.ledger.customers + 1
        self.ledger.store.add_many(states, choices)
        self.countries = (*self.countries, (first, tuple(countries), choices))

    # --- reading ---------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The world's date, in UTC."""
        return self.now.date()

    def contact_of(self, customer: int) -> Contact:
        """A customer's contact data: given by the scenario or a command, the rest generated."""
        overrides = self.identity_overrides.get(customer, NO_OVERRIDES)
        return generate(self.seed, customer, self._country(customer), overrides)

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
    requested_customers: int | None,
    chosen: Mapping[str, object],
) -> WorldState:
    """The state at the instant the scenario starts, before any command."""
    return WorldState(
        scenario=scenario,
        seed=seed,
        requested_customers=requested_customers,
        chosen=chosen,
        now=scenario.definition.starts.astimezone(UTC),
        switches=switches,
        ledger=ledger,
        tokens=Tokens(),
        identity_overrides=Numbered(),
        history=History(),
    )
