"""Read access to one version of a world: its state, and values derived from it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from typing import TypeVar

from counterfoil.ledger.chunks import Numbered
from counterfoil.ledger.ledger import Ledger
from counterfoil.world.cache import AccountsKey, DerivedCache
from counterfoil.world.commands import Command
from counterfoil.world.fake_identity import Contact, IdentityOverrides
from counterfoil.world.head import Head
from counterfoil.world.history import History
from counterfoil.world.resources import Resources
from counterfoil.world.scenario import Scenario
from counterfoil.world.state import Grant, WorldState
from counterfoil.world.switches import Switches
from counterfoil.world.tokens import Token, Tokens

T = TypeVar("T")


class WorldView:
    """One version of a world to read from: the one that was newest when the view was created."""

    CACHE_BYTES = 64 * 2**20
    """Bound, in estimated bytes, on each of the two caches (per version, and per accounts): sixteen lists of a million
    customers."""
    CACHE_BYTES_EACH = 640
    """Bound per customer, plus 1 MiB, in smaller worlds: there may be thousands of them."""

    __slots__ = ("_head", "_state")

    def __init__(self, head: Head) -> None:
        self._head = head
        self._state: WorldState = head.state

    @property
    def head(self) -> Head:
        """An object that identifies the world: all views of one world have the same, and no other world has it."""
        return self._head

    @property
    def name(self) -> str:
        return self._head.name

    @property
    def scenario(self) -> Scenario:
        return self._state.scenario

    @property
    def seed(self) -> int:
        return self._state.seed

    @property
    def requested_customers(self) -> int | None:
        """How many customers were requested when the scenario was run; None for the scenario's own number."""
        return self._state.requested_customers

    @property
    def chosen(self) -> Mapping[str, object]:
        """The switches that were given, in addition to the scenario's own, when it was run."""
        return self._state.chosen

    @property
    def version(self) -> int:
        """The number of commands and resets so far."""
        return self._state.version

    @property
    def now(self) -> datetime:
        return self._state.now

    @property
    def today(self) -> date:
        """The world's date, in UTC."""
        return self._state.now.date()

    @property
    def ledger(self) -> Ledger:
        """Read-only: writing to it would change a version that was published."""
        return self._state.ledger

    @property
    def switches(self) -> Switches:
        return self._state.switches

    @property
    def tokens(self) -> Tokens:
        return self._state.tokens

    @property
    def resources(self) -> Resources:
        """Resources written through APIs made from a document."""
        return self._state.resources

    @property
    def identity_overrides(self) -> Numbered[IdentityOverrides]:
        """Contact data given by the scenario or a command, by customer number."""
        return self._state.identity_overrides

    @property
    def grants(self) -> Mapping[str, Grant]:
        """The known credentials."""
        return self._state.grants

    @property
    def history(self) -> History:
        """All commands that were executed, the scenario's own included, oldest first."""
        return self._state.history

    @property
    def scenario_length(self) -> int:
        """How many entries of the history are the scenario's own."""
        return self._state.scenario_length

    @property
    def commands(self) -> list[Command]:
        """The commands executed since the scenario ended, oldest first."""
        return [entry.command for entry in self.history[self.scenario_length :]]

    def contact_of(self, customer: int) -> Contact:
        """A customer's contact data: given by the scenario or a command, the rest generated."""
        return self._state.contact_of(customer)

    def customer_with_key(self, key: str) -> int | None:
        """The number of the customer the scenario calls ``key``."""
        return next((number for number, overrides in self.identity_overrides.items() if overrides.key == key), None)

    def grant(self, key: str) -> Grant | None:
        """The grant of a credential; None if the credential is unknown."""
        return self._state.grants.get(key)

    def token(self, value: str) -> Token | None:
        """The token with that value, even if expired, if this world issued it for a known credential."""
        return self._state.tokens.find(value, self._state.grants, self._issuer())

    def cached(self, key: Hashable, compute: Callable[[], T]) -> T:
        """``compute()``, which must depend on this version of the world alone, cached while the version exists.

        With an ``AccountsKey`` it must depend on the customers' accounts and the key's facts alone, and is cached until an
        account changes. Thread-safe without the world's lock.
        """
        state = self._state
        if isinstance(key, AccountsKey):
            cache = state.accounts_cache
            if cache is None:  # two threads may each create one; a value is then computed twice
                cache = state.accounts_cache = DerivedCache(self._cache_bytes())
        else:
            cache = state.cache
            if cache is None:
                cache = state.cache = DerivedCache(self._cache_bytes())
        return cache.get(key, compute)

    def _cache_bytes(self) -> int:
        return min(self.CACHE_BYTES, 2**20 + self.CACHE_BYTES_EACH * self.ledger.customers)

    def _issuer(self) -> str:
        return f"{self.seed}/{self.name}/{self._head.serial}"
