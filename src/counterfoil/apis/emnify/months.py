"""Finds the months an organisation has a bill for, and the lines of each: invoiced, or a preview."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from counterfoil.ledger.accounts import AccountState, Subscription
from counterfoil.ledger.billing import collect_month, open_since
from counterfoil.ledger.documents import Line, OneOffLine
from counterfoil.ledger.periods import add_months, first_of_month, last_of_month, month_from_key, month_key, start_of
from counterfoil.ledger.rating import usage_lines
from counterfoil.ledger.receivables import Bill, bills_of
from counterfoil.ledger.tariffs import Tariff

PRIMARY = 0
"""A bill is in one currency, that of the organisation's first account; other accounts are not shown by this API."""


class MonthlyBill(msgspec.Struct, frozen=True):
    """The organisation's bill for ``month`` (``202601``).

    ``bills`` are those already issued for the month; none in a preview. ``plans`` are its tariffs in that month.
    ``tax_rate`` is in percent.
    """

    month: int
    currency: str
    tax_rate: Decimal
    lines: tuple[Line, ...]
    plans: tuple[Tariff, ...]
    bills: tuple[Bill, ...]

    @property
    def is_preview(self) -> bool:
        return not self.bills


def monthly_bill(state: AccountState, month: int, today: date) -> MonthlyBill | None:
    """The bill of one month, or None if there is none. An invoice belongs to the month in which its period ends.

    A month with an invoice is final (docs/vendors/emnify.md#preview-and-invoice); a month that has begun and has none is a
    preview.
    """
    issued = _issued_in(state).get(month)
    if issued:
        return state.cached(f"emnify.final.{month}", None, lambda: _final(month, issued))
    if not month_key(open_since(state, PRIMARY)) <= month <= month_key(today):
        return None
    return state.cached(f"emnify.preview.{month}", None, lambda: _preview(state, month))


def refreshed(state: AccountState, bill: MonthlyBill) -> MonthlyBill | None:
    """The final bill as a preview that includes usage of its period rated after its invoice. None if there is no such usage,
    or nothing is left to pay (docs/vendors/emnify.md#refresh)."""
    if bill.is_preview or not any(each.remaining for each in bill.bills if not each.is_cancelled):
        return None
    ended = start_of(max(each.invoice.period_end for each in bill.bills))
    late_usage = [record for record in state.usage if record.rated and record.started_at < ended]
    late_usage = [record for record in late_usage if month_key(record.started_at.date()) == bill.month]
    lines = [
        line
        for subscription in state.subscriptions
        if subscription.account == PRIMARY
        for line in usage_lines(state, subscription, [r for r in late_usage if r.subscription == subscription.ordinal])
    ]
    if not lines:
        return None
    return msgspec.structs.replace(bill, lines=(*bill.lines, *lines), bills=())


def months_with_a_bill(state: AccountState, today: date) -> list[int]:
    """Every month that has a bill, oldest first."""
    months = set(_issued_in(state))
    day = first_of_month(open_since(state, PRIMARY))
    while day <= today:
        if monthly_bill(state, month_key(day), today):
            months.add(month_key(day))
        day = add_months(day, 1)
    return sorted(months)


def empty_bill(state: AccountState, month: int) -> MonthlyBill:
    """A bill of zeros, for the switch ``emnify.empty_period``."""
    account = state.accounts[PRIMARY]
    return MonthlyBill(month, account.currency, account.tax_rate, (), (), ())


def _issued_in(state: AccountState) -> dict[int, tuple[Bill, ...]]:
    """The primary account's bills by month."""

    def compute() -> dict[int, tuple[Bill, ...]]:
        issued: dict[int, tuple[Bill, ...]] = {}
        for bill in bills_of(state):
            if bill.invoice.account == PRIMARY:
                month = month_key(bill.invoice.period_end - timedelta(days=1))
                issued[month] = (*issued.get(month, ()), bill)
        return issued

    return state.cached("emnify.issued", None, compute)


def _final(month: int, bills: tuple[Bill, ...]) -> MonthlyBill:
    lines = tuple(line for bill in bills for line in bill.invoice.lines)
    first = bills[0].invoice
    return MonthlyBill(month, first.currency, first.tax_rate, lines, _tariffs(lines), bills)


def _preview(state: AccountState, month: int) -> MonthlyBill | None:
    collected = collect_month(state, PRIMARY, month)
    running = [each.tariff for each in state.subscriptions if each.account == PRIMARY and _runs_in(each, month)]
    if not (collected.lines or collected.usage or running):
        return None
    account = state.accounts[PRIMARY]
    plans = tuple(dict.fromkeys((*_tariffs(collected.lines), *running)))
    return MonthlyBill(month, account.currency, account.tax_rate, collected.lines, plans, ())


def _runs_in(subscription: Subscription, month: int) -> bool:
    """Whether the subscription is active on any day of the month."""
    first = month_from_key(month)
    day = max(first, subscription.started)
    return day <= last_of_month(first) and subscription.state_on(day) == "active"


def _tariffs(lines: tuple[Line, ...]) -> tuple[Tariff, ...]:
    return tuple(dict.fromkeys(line.tariff for line in lines if not isinstance(line, OneOffLine)))
