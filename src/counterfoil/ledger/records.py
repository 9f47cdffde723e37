"""The frozen facts of the ledger: tariffs, states with what is in them, and billing runs.

A ``AccountState`` is everything one customer did and owes. It is a value and names no customer: two customers with the same
history share one state, and a customer's change gives that customer a new one. That is what makes a fork cheap and a
million customers fit (measured in benchmarks/). Records refuse to know totals: those are derived in ``rating``,
``billing`` and ``receivables``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from counterfoil.ledger.money import ZERO

T = TypeVar("T")


class Service(StrEnum):
    """What can be used and is rated by the unit: data in megabytes, SMS by the message."""

    DATA = "data"
    SMS = "sms"


# --- tariffs -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RateZone:
    """Countries (ISO 3166-1 alpha-2) that share a price; ``number`` identifies it across tariffs."""

    number: int
    name: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one unit of ``service`` in ``zone``; ``by_country`` overrides it for single countries."""

    service: Service
    zone: RateZone
    per_unit: Decimal
    by_country: tuple[tuple[str, Decimal], ...] = ()

    def price_in(self, country: str) -> Decimal:
        return dict(self.by_country).get(country, self.per_unit)


@dataclass(frozen=True, slots=True)
class DataPackage:
    """Data bought ahead: ``volume`` megabytes in ``zone`` each month, for ``fee``."""

    number: int
    name: str
    zone: RateZone
    volume: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """A price list in one currency: a monthly fee, a monthly fee per SIM, data packages, and rates by the unit."""

    number: int
    key: str
    name: str
    currency: str
    monthly_fee: Decimal = ZERO
    sim_fee: Decimal = ZERO
    packages: tuple[DataPackage, ...] = ()
    rates: tuple[Rate, ...] = ()

    def rate_for(self, service: Service, country: str) -> Rate | None:
        """The rate for using ``service`` in ``country``; None where the tariff has no price."""
        for rate in self.rates:
            if rate.service is service and country in rate.zone.countries:
                return rate
        return None


# --- what a customer has and does ----------------------------------------------------------------


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
class UsageRecord:
    """One use of a service. ``quantity`` is in the service's unit; not ``rated`` means no price could be put on it yet."""

    ordinal: int
    subscription: int
    service: Service
    country: str
    quantity: Decimal
    started_at: datetime
    rated: bool = True


@dataclass(frozen=True, slots=True)
class OneOffCharge:
    """A single charge (or credit, when negative) dated ``dated``, net of tax, in the account's currency."""

    ordinal: int
    account: int
    description: str
    amount: Decimal
    dated: date


# --- what is billed ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A subscription's monthly fee, dated the day it falls due."""

    subscription: int
    tariff: Tariff
    dated: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SimLine:
    """A month's fee for the SIMs of a subscription: ``sims`` times ``fee``."""

    subscription: int
    tariff: Tariff
    dated: date
    sims: int
    fee: Decimal

    @property
    def amount(self) -> Decimal:
        return self.sims * self.fee


@dataclass(frozen=True, slots=True)
class PackageLine:
    """A month's fee for one data package of a subscription."""

    subscription: int
    tariff: Tariff
    package: DataPackage
    dated: date

    @property
    def amount(self) -> Decimal:
        return self.package.fee


@dataclass(frozen=True, slots=True)
class UsageLine:
    """Use of one service in one country: ``covered`` units were paid for by data packages, the rest at ``price``."""

    subscription: int
    tariff: Tariff
    rate: Rate
    country: str
    price: Decimal
    quantity: Decimal
    covered: Decimal
    records: tuple[int, ...]

    @property
    def amount(self) -> Decimal:
        return (self.quantity - self.covered) * self.price

    @property
    def nominal(self) -> Decimal:
        """What the use would cost if no package covered any of it."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class OneOffLine:
    """A one-off charge as it stands on a bill."""

    charge: OneOffCharge

    @property
    def amount(self) -> Decimal:
        return self.charge.amount


Line = FeeLine | SimLine | PackageLine | UsageLine | OneOffLine


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a customer was billed: issued once, never changed but for being held or released.

    ``ordinal`` counts the account's bills from 1. The period runs from ``period_start`` to the day before ``period_end``.
    ``run`` is the billing run that issued it. ``usage`` keeps the records behind the usage lines.
    """

    ordinal: int
    account: int
    run: int
    currency: str
    tax_rate: Decimal
    period_start: date
    period_end: date
    issued_on: date
    due_on: date
    issued_at: datetime
    lines: tuple[Line, ...]
    usage: tuple[UsageRecord, ...] = ()
    held_at: datetime | None = None
    released_at: datetime | None = None


class PaymentState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received, awaited or refused for one bill; ``method`` ``credit note`` cancels the bill without money.

    ``ordinal`` counts the customer's payments from 1. ``refunded`` is how much of it was given back.
    """

    ordinal: int
    account: int
    invoice: int
    amount: Decimal
    method: str
    state: PaymentState
    received_at: datetime
    changed_at: datetime
    refunded: Decimal = ZERO


CREDIT_NOTE = "credit note"


# --- how the scenery lives -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecurringUsage:
    """Use that recurs each month on ``day`` at noon: ``quantity``, give or take up to ``spread`` (a share of it)."""

    day: int
    service: Service
    country: str
    quantity: Decimal
    spread: Decimal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a customer does by itself as time passes. ``salt`` makes its numbers its own, and the same in every run.

    Bills are paid ``pays_after`` days after they fall due, ``pays_share`` of each (0 never, 1 in full).
    """

    salt: int
    usage: tuple[RecurringUsage, ...] = ()
    pays_after: int = 0
    pays_share: Decimal = ZERO
    ends_on: date | None = None


# --- the state and the run ------------------------------------------------------------------------


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


class RunStatus(StrEnum):
    PENDING = "pending"
    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class BillingRun:
    """An order to bill: which charges, with which dates on the invoices, and how far it has got.

    ``cutoff_date`` is exclusive and bounds calls; ``transaction_cutoff_date`` is inclusive and bounds other charges.
    ``subrun`` limits it to accounts of that group. Dates are local dates, ``…_at`` UTC instants.
    """

    number: int
    name: str | None
    status: RunStatus
    created_at: datetime
    updated_at: datetime
    subrun: str | None = None
    message: str | None = None
    invoice_date: date | None = None
    cutoff_date: date | None = None
    transaction_cutoff_date: date | None = None
    due_date: date | None = None
    requested_at: datetime | None = None
    commenced_at: datetime | None = None
    completed_at: datetime | None = None
