"""Computes charges: the price of usage, how much of it data packages cover, and which fees are due.

Amounts are exact; nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from counterfoil.ledger.accounts import AccountState, Subscription
from counterfoil.ledger.documents import FeeLine, Line, PackageLine, SimLine, UsageLine
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.periods import month_key, next_first_of_month
from counterfoil.ledger.tariffs import Rate, Service
from counterfoil.ledger.usage import UsageRecord


def fee_dates(subscription: Subscription, through: date) -> Iterator[date]:
    """The dates up to and including ``through`` whose monthly fees are not billed yet.

    The first is the day it starts, then the first of each month; nothing on or after the day it ends or pauses.
    """
    day = subscription.fees_from
    while day <= through and subscription.state_on(day) == "active":
        yield day
        day = next_first_of_month(day)


def next_fee_date(subscription: Subscription, through: date) -> date:
    """The first fee date after ``through``: the new ``fees_from`` once fees through that day are billed."""
    day = subscription.fees_from
    while day <= through:
        day = next_first_of_month(day)
    return day


def fee_lines(subscription: Subscription, through: date) -> Iterator[Line]:
    """The monthly fee, SIM fee and data packages of each fee date, prorated as the tariff says; a fee of zero has no line."""
    tariff = subscription.tariff
    for day in fee_dates(subscription, through):
        if monthly_fee := tariff.fee_for(tariff.monthly_fee, day, subscription.ended):
            yield FeeLine(subscription.ordinal, tariff, day, monthly_fee)
        sim_fee = tariff.fee_for(tariff.sim_fee, day, subscription.ended)
        if sim_fee and subscription.sims:
            yield SimLine(subscription.ordinal, tariff, day, subscription.sims, sim_fee)
        for package in tariff.packages:
            fee = tariff.fee_for(package.fee, day, subscription.ended)
            bought = package if fee == package.fee else replace(package, fee=fee)
            yield PackageLine(subscription.ordinal, tariff, bought, day)


def can_be_rated(subscription: Subscription, record: UsageRecord) -> bool:
    """Whether the subscription's tariff has a price for this record."""
    return subscription.tariff.rate_for(record.service, record.country) is not None


def usage_lines(state: AccountState, subscription: Subscription, records: Iterable[UsageRecord]) -> list[UsageLine]:
    """One line per rate and country, in the order of first use. Unrated records have no line.

    Data packages cover the data used in their zone in a calendar month, in the order of use.
    """
    tally: dict[tuple[Rate, str], tuple[Decimal, Decimal, tuple[int, ...]]] = {}
    allowance = _Allowance(state, subscription)
    for record in sorted(records, key=lambda record: (record.started_at, record.ordinal)):
        rate = subscription.tariff.rate_for(record.service, record.country)
        if not record.rated or rate is None:
            continue
        quantity, covered, ordinals = tally.get((rate, record.country), (ZERO, ZERO, ()))
        tally[rate, record.country] = (
            quantity + record.quantity,
            covered + allowance.take(record, rate),
            (*ordinals, record.ordinal),
        )
    return [
        UsageLine(
            subscription.ordinal,
            subscription.tariff,
            rate,
            country,
            rate.price_in(country),
            quantity,
            covered,
            ordinals,
        )
        for (rate, country), (quantity, covered, ordinals) in tally.items()
    ]


class _Allowance:
    """What is left of a subscription's data packages, by zone and month, while records use it up."""

    def __init__(self, state: AccountState, subscription: Subscription) -> None:
        self._state = state
        self._subscription = subscription
        self._left: dict[tuple[int, int], Decimal] = {}

    def take(self, record: UsageRecord, rate: Rate) -> Decimal:
        """How much of ``record`` the packages cover; it is taken off the month's allowance."""
        if record.service is not Service.DATA or not self._subscription.tariff.packages:
            return ZERO
        month = (rate.zone.number, month_key(record.started_at.date()))
        if month not in self._left:
            self._left[month] = self._initial_allowance(rate, month[1])
        covered = min(self._left[month], record.quantity)
        self._left[month] -= covered
        return covered

    def _initial_allowance(self, rate: Rate, month: int) -> Decimal:
        """The month's package volume in the zone, less what is on bills already issued."""
        packages = self._subscription.tariff.packages
        bought = sum((package.volume for package in packages if package.zone.number == rate.zone.number), ZERO)
        used = sum(
            (record.quantity for record in self._billed_in(month) if record.country in rate.zone.countries), ZERO
        )
        return max(bought - used, ZERO)

    def _billed_in(self, month: int) -> Iterator[UsageRecord]:
        for invoice in reversed(self._state.invoices):
            # Invoices are in order of issue, and have no usage from after their issue.
            if month_key(invoice.issued_at.date()) < month:
                return
            for record in invoice.usage:
                if (
                    record.subscription == self._subscription.ordinal
                    and record.service is Service.DATA
                    and month_key(record.started_at.date()) == month
                ):
                    yield record
