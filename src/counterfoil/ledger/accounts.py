"""The records of a customer: accounts, subscriptions, and the account state, which is everything the customer did and owes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeVar

from counterfoil.ledger.allocation import Receivables
from counterfoil.ledger.behaviour import Behaviour
from counterfoil.ledger.bill_requests import BillRequest
from counterfoil.ledger.documents import CreditNote, Invoice
from counterfoil.ledger.payments import Payment, Refund
from counterfoil.ledger.periods import first_of_month, start_of
from counterfoil.ledger.tariffs import Tariff
from counterfoil.ledger.usage import OneOffCharge, UsageRecord

T = TypeVar("T")
NEXT_ACTION = "next action"
"""The name under which an account state caches when its customer's next action is due (``scheduler.next_action_at``)."""
NEXT_ACTION_FIELDS = {"opened", "receivables", "requests", "behaviour", "simulated_until"}
"""The fields that the next action depends on; a new charge, for example, does not change it."""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's account in one currency. ``tax_rate`` is in percent; ``group`` names the subrun that bills it."""

    currency: str
    tax_rate: Decimal
    payment_method: str = "bank transfer"
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to a tariff, from ``started`` until the day before ``ended``.

    ``fees_from`` is the first fee date not yet invoiced. ``account`` is the index of the account that pays.
    """

    ordinal: int
    account: int
    tariff: Tariff
    sims: int
    started: date
    fees_from: date
    ended: date | None = None
    paused_on: date | None = None

    def state_on(self, day: date) -> str:
        """``cancelled``, ``paused``, ``active``, or ``future`` before its first day."""
        if self.ended is not None and self.ended <= day:
            return "cancelled"
        if self.started > day:
            return "future"
        return "paused" if self.paused_on is not None and self.paused_on <= day else "active"


@dataclass(frozen=True, slots=True)
class AccountState:
    """Everything one customer did and owes. It has no customer number: customers with the same history share one state.

    ``usage`` and ``charges`` are those not yet billed ("open"); ``receivables`` has the bills, payments and credit notes.
    ``changed_at`` is, for each account, when a command or run last changed its open charges; empty before the first change.
    ``behaviour`` has been simulated until ``simulated_until``.
    ``billed_to`` is the number of the customer that pays for this one (a reseller, a parent company). ``cache`` has
    values computed from this state and is ignored when states are compared.
    """

    opened: date
    accounts: tuple[Account, ...]
    subscriptions: tuple[Subscription, ...] = ()
    usage: tuple[UsageRecord, ...] = ()
    charges: tuple[OneOffCharge, ...] = ()
    receivables: Receivables = field(default_factory=Receivables)
    requests: tuple[BillRequest, ...] = ()
    usage_count: int = 0
    charge_count: int = 0
    behaviour: Behaviour | None = None
    simulated_until: datetime | None = None
    billed_to: int | None = None
    changed_at: tuple[datetime, ...] = ()
    cache: dict[str, tuple[Hashable, Any]] = field(default_factory=dict, compare=False, repr=False, init=False)

    __hash__ = object.__hash__  # by identity, because hashing a whole history would be slow

    def replace(self, **changes: Any) -> AccountState:
        """A copy with some fields changed."""
        # ``dataclasses.replace`` takes three times as long.
        values = list(_values_of(self))
        for name, value in changes.items():
            values[_INDEX[name]] = value
        changed = AccountState(*values)
        next_action = self.cache.get(NEXT_ACTION)
        if next_action is not None and NEXT_ACTION_FIELDS.isdisjoint(changes):
            changed.cache[NEXT_ACTION] = next_action
        return changed

    @property
    def invoices(self) -> tuple[Invoice, ...]:
        """All invoices, oldest first."""
        return self.receivables.invoices

    @property
    def payments(self) -> tuple[Payment, ...]:
        """All payments, by ordinal."""
        return self.receivables.payments

    @property
    def credit_notes(self) -> tuple[CreditNote, ...]:
        """All credit notes, by ordinal."""
        return self.receivables.credit_notes

    @property
    def refunds(self) -> tuple[Refund, ...]:
        """All refunds, by ordinal."""
        return self.receivables.refunds

    def open_changed_at(self, account: int) -> datetime:
        """When a command or run last changed the account's open charges."""
        return self.changed_at[account] if self.changed_at else start_of(first_of_month(self.opened))

    def touched(self, accounts: Collection[int], now: datetime) -> tuple[datetime, ...]:
        """``changed_at`` with ``now`` for these accounts."""
        return tuple(now if index in accounts else self.open_changed_at(index) for index in range(len(self.accounts)))

    def cached(self, name: str, inputs: Hashable, compute: Callable[[], T]) -> T:
        """``compute()``, cached under ``name`` until it is asked for with other ``inputs``.

        ``compute`` must depend on this state and ``inputs`` alone.
        """
        entry = self.cache.get(name)
        # Identity is tested first: inputs are mostly the same object, and comparing costs a page of bills 70 µs.
        if entry is not None and (entry[0] is inputs or entry[0] == inputs):
            return entry[1]  # type: ignore[no-any-return]
        value = compute()
        self.cache[name] = (inputs, value)
        return value


_FIELDS = tuple(each.name for each in fields(AccountState) if each.init)
_INDEX = {name: index for index, name in enumerate(_FIELDS)}
_values_of = attrgetter(*_FIELDS)
