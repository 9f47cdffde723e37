"""Invoices and credit notes, with their lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.tariffs import DataPackage, Rate, Tariff
from counterfoil.ledger.usage import OneOffCharge, UsageRecord


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A subscription's monthly fee, with the date on which it is due."""

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
    """Usage of one service in one country: ``covered`` units are paid by data packages, the rest costs ``price`` each."""

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
        """The cost of the usage if no package covered any of it."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class OneOffLine:
    """A one-off charge on a bill."""

    charge: OneOffCharge

    @property
    def amount(self) -> Decimal:
        return self.charge.amount


Line = FeeLine | SimLine | PackageLine | UsageLine | OneOffLine


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice. Once issued, only its hold changes.

    ``ordinal`` counts the account's bills from 1. The period runs from ``period_start`` to the day before ``period_end``.
    ``run`` is the billing run that issued it, None for a bill on demand. ``is_last`` says that all subscriptions of the
    account had ended. ``usage`` has the records of the usage lines.
    """

    ordinal: int
    account: int
    run: int | None
    currency: str
    tax_rate: Decimal
    period_start: date
    period_end: date
    issued_on: date
    due_on: date
    issued_at: datetime
    lines: tuple[Line, ...]
    usage: tuple[UsageRecord, ...] = ()
    is_last: bool = False
    held_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def net_exact(self) -> Decimal:
        """The sum of the lines, not rounded."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def net(self) -> Decimal:
        """The sum of the lines, rounded to the currency's minor unit."""
        return to_minor_unit(self.net_exact, self.currency)

    @property
    def tax(self) -> Decimal:
        return self.tax_on(self.net)

    @property
    def total(self) -> Decimal:
        net = self.net
        return net + self.tax_on(net)

    def tax_on(self, net: Decimal) -> Decimal:
        """The tax on a rounded net amount, rounded to the currency's minor unit."""
        return to_minor_unit(tax_on(net, self.tax_rate), self.currency)


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A line of a credit note: ``amount``, net of tax, for line number ``line`` of the bill (from 1; None: the whole bill)."""

    amount: Decimal
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A document that takes back all or part of an invoice. It never changes.

    ``ordinal`` counts the customer's credit notes from 1. ``total = net + tax``, at the invoice's tax rate; the notes of
    an invoice never add up to more than the invoice. ``reason`` is free text.
    """

    ordinal: int
    account: int
    invoice: int
    currency: str
    tax_rate: Decimal
    lines: tuple[CreditLine, ...]
    net: Decimal
    tax: Decimal
    reason: str
    issued_at: datetime

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def tax_on(net: Decimal, rate: Decimal) -> Decimal:
    """The exact tax on ``net`` at ``rate`` percent."""
    return net * rate / 100
