"""Customers: their accounts and subscriptions, and everything they did and owe."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from counterfoil.ledger.behaviour import Behaviour
from counterfoil.ledger.documents import Invoice
from counterfoil.ledger.payments import Payment
from counterfoil.ledger.tariffs import Tariff
from counterfoil.ledger.usage import OneOffCharge, UsageRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Account:
    """Where a customer's bills in one currency are kept. ``tax_rate`` is in percent; ``group`` is the subrun it bills in."""

    currency: str
    tax_rate: Decimal
    payment_method: str = "bank transfer"
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A customer's use of a tariff, from ``started`` until the day before ``ended``.

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
    """Everything one customer did and owes; see the module's text. ``usage`` and ``charges`` are those not yet billed.

    ``simulated_until`` is how far behaviour have been carried out. ``billed_to`` is the number of the customer who pays for
    this one (a reseller, a parent company). ``cache`` keeps values derived from this state; it is no part of its value.
    """

    opened: date
    accounts: tuple[Account, ...]
    subscriptions: tuple[Subscription, ...] = ()
    usage: tuple[UsageRecord, ...] = ()
    charges: tuple[OneOffCharge, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    payments: tuple[Payment, ...] = ()
    usage_count: int = 0
    charge_count: int = 0
    behaviour: Behaviour | None = None
    simulated_until: datetime | None = None
    billed_to: int | None = None
    cache: dict[str, tuple[Hashable, Any]] = field(default_factory=dict, compare=False, repr=False, init=False)

    __hash__ = object.__hash__  # by identity: states are dictionary keys, and hashing a history would be slow

    def replace(self, **changes: Any) -> AccountState:
        """This state with some of its facts replaced; what was derived from bills alone is kept where bills stay."""
        # ``dataclasses.replace`` takes three times as long: it asks each field whether it may
        changed = AccountState(**{name: getattr(self, name) for name in _FACTS} | changes)
        if "bills" in self.cache and not changes.keys() & {"invoices", "payments"}:
            changed.cache["bills"] = self.cache["bills"]
        return changed

    def cached(self, name: str, terms: Hashable, compute: Callable[[], T]) -> T:
        """``compute()``, remembered under ``name`` for as long as it is asked for with the same ``terms``.

        Books never change, so what is derived from one under equal terms is always equal.
        """
        known = self.cache.get(name)
        # Mostly they are the very same; comparing equal ones takes a page of bills 70 µs longer.
        if known is not None and (known[0] is terms or known[0] == terms):
            return known[1]  # type: ignore[no-any-return]
        value = compute()
        self.cache[name] = (terms, value)
        return value


_FACTS = tuple(each.name for each in fields(AccountState) if each.init)
