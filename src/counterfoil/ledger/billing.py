"""Collects the charges of a billing run and issues its invoices.

Usage is collected before an exclusive cutoff, other charges through an inclusive one (``Cutoffs``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.documents import FeeLine, Invoice, Line, OneOffLine, PackageLine, SimLine, UsageLine
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.periods import DAY, HORIZON, bounded, last_of_month, month_from_key, month_key, start_of
from counterfoil.ledger.rating import fee_lines, next_fee_date, usage_lines
from counterfoil.ledger.runs import BillingRun
from counterfoil.ledger.usage import OneOffCharge, UsageRecord

END_OF_TIME = datetime.max.replace(tzinfo=UTC)

# From invoice date to due date, for runs without a due date. An assumption: the vendors' documents do not say.
PAYMENT_TERMS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What a run collects: usage that started before ``usage_before``, and other charges dated through ``charges_through``.

    Source: billingplatform.uk's billing run guide (docs/vendors/billingplatform.md#cutoffs). ``group`` limits it to a subrun.
    """

    usage_before: datetime
    charges_through: date
    group: str | None = None

    def takes_usage(self, record: UsageRecord) -> bool:
        return record.started_at < self.usage_before

    def takes_charge(self, charge: OneOffCharge) -> bool:
        return charge.dated <= self.charges_through


def cutoffs_of(run: BillingRun, today: date) -> Cutoffs:
    """The cutoffs of a run. Without a cutoff date: all usage so far, and charges through the invoice date (or today).

    Without a transaction cutoff, other charges are collected if dated before the cutoff date
    (docs/vendors/billingplatform.md#cutoff).
    """
    usage_before = start_of(bounded(run.cutoff_date)) if run.cutoff_date else END_OF_TIME
    if run.transaction_cutoff_date:
        charges_through = bounded(run.transaction_cutoff_date)
    elif run.cutoff_date:
        charges_through = bounded(run.cutoff_date) - DAY
    else:
        charges_through = bounded(run.invoice_date or today)
    return Cutoffs(usage_before, min(charges_through, today + HORIZON), run.subrun)


def no_cutoffs(today: date) -> Cutoffs:
    """The cutoffs of a bill on demand: everything up to today."""
    return Cutoffs(END_OF_TIME, today)


def open_cutoffs(today: date) -> Cutoffs:
    """The cutoffs of open charges: all usage so far, and the other charges of this and earlier months.

    Planned runs do not matter, so all APIs show the same open amount.
    """
    return Cutoffs(END_OF_TIME, last_of_month(today))


@dataclass(frozen=True, slots=True)
class Collected:
    """The charges of one account that a bill would contain: lines, with their usage records and one-off charges."""

    lines: tuple[Line, ...]
    usage: tuple[UsageRecord, ...]
    charges: tuple[OneOffCharge, ...]

    @property
    def net(self) -> Decimal:
        """The exact sum of the lines, without tax."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def fully_rated(self) -> bool:
        return all(record.rated for record in self.usage)


def collect(state: AccountState, account: int, cutoffs: Cutoffs) -> Collected:
    """The charges of one account within the cutoffs, in the order of a bill: fees, one-off charges, then usage."""
    if cutoffs.group is not None and state.accounts[account].group != cutoffs.group:
        return Collected((), (), ())
    lines: list[Line] = []
    usage: list[UsageRecord] = []
    metered: list[UsageLine] = []
    for subscription in state.subscriptions:
        if subscription.account != account:
            continue
        lines.extend(fee_lines(subscription, cutoffs.charges_through))
        used = [
            record
            for record in state.usage
            if record.subscription == subscription.ordinal and cutoffs.takes_usage(record)
        ]
        usage.extend(used)
        metered.extend(usage_lines(state, subscription, used))
    charges = tuple(charge for charge in state.charges if charge.account == account and cutoffs.takes_charge(charge))
    lines.extend(OneOffLine(charge) for charge in charges)
    return Collected((*lines, *metered), tuple(usage), charges)


def collect_month(state: AccountState, account: int, month: int) -> Collected:
    """The unbilled charges of one calendar month (``202601``); the account's first open month includes older ones."""
    everything = collect(state, account, Cutoffs(END_OF_TIME, last_of_month(month_from_key(month))))
    first_open = month_key(open_since(state, account))

    def belongs(dated: date) -> bool:
        return month_key(dated) == month or (month == first_open and month_key(dated) < month)

    usage = tuple(record for record in everything.usage if belongs(record.started_at.date()))
    charges = tuple(charge for charge in everything.charges if belongs(charge.dated))
    lines: list[Line] = [
        line for line in everything.lines if isinstance(line, FeeLine | SimLine | PackageLine) and belongs(line.dated)
    ]
    lines.extend(OneOffLine(charge) for charge in charges)
    for subscription in state.subscriptions:
        own_usage = [record for record in usage if record.subscription == subscription.ordinal]
        lines.extend(usage_lines(state, subscription, own_usage))
    return Collected(tuple(lines), usage, charges)


def open_since(state: AccountState, account: int) -> date:
    """The first day not yet billed on the account: the end of its last bill's period, or the customer's first day."""
    return max((invoice.period_end for invoice in state.invoices if invoice.account == account), default=state.opened)


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """The dates of an invoice, and the run that issues it (None for a bill on demand)."""

    run: int | None
    issued_on: date
    due_on: date
    period_end: date

    @classmethod
    def of(cls, run: int | None, issued_on: date, *, period_end: date, due_on: date | None = None) -> InvoiceTerms:
        """The terms, with the usual due date if ``due_on`` is None."""
        return cls(run, issued_on, bounded(due_on or issued_on + PAYMENT_TERMS), period_end)


def run_period_end(run: BillingRun) -> date | None:
    """The first day after the period that a run bills: its cutoff date, else its invoice date; None if it has neither."""
    day = run.cutoff_date or run.invoice_date
    return bounded(day) if day else None


def is_last(state: AccountState, account: int, on: date) -> bool:
    """Whether a bill issued on that day is the account's last: it had subscriptions, and they have all ended."""
    ends = [subscription.ended for subscription in state.subscriptions if subscription.account == account]
    return bool(ends) and all(ended is not None and ended <= on for ended in ends)


def issue_invoices(state: AccountState, run: BillingRun, now: datetime) -> AccountState:
    """The state after ``run``: with at most one new invoice per account, and without the charges now billed.

    An account whose charges are not above zero gets no invoice and keeps its charges
    (docs/vendors/billingplatform.md#empty-invoices).
    """
    cutoffs = cutoffs_of(run, now.date())
    issued_on = bounded(run.invoice_date or now.date())
    ends = run_period_end(run) or issued_on
    for account in range(len(state.accounts)):
        collected, since = collect(state, account, cutoffs), open_since(state, account)
        if to_minor_unit(collected.net, state.accounts[account].currency) > 0:
            terms = InvoiceTerms.of(run.number, issued_on, period_end=max(since, ends), due_on=run.due_date)
            state = issue_invoice(state, account, collected, cutoffs, terms, now)
        elif ends > since and run.subrun in (None, state.accounts[account].group):
            # The run had nothing to bill here: the charges stay open for the next run, which has other dates.
            state = state.replace(changed_at=state.touched({account}, now))
    return state


def issue_invoice(
    state: AccountState, account: int, collected: Collected, cutoffs: Cutoffs, terms: InvoiceTerms, now: datetime
) -> AccountState:
    """The state with a new invoice over the collected charges, which are no longer open."""
    invoice = Invoice(
        ordinal=1 + sum(invoice.account == account for invoice in state.invoices),
        account=account,
        run=terms.run,
        currency=state.accounts[account].currency,
        tax_rate=state.accounts[account].tax_rate,
        period_start=open_since(state, account),
        period_end=terms.period_end,
        issued_on=terms.issued_on,
        due_on=terms.due_on,
        issued_at=now,
        lines=collected.lines,
        usage=tuple(record for record in collected.usage if record.rated),
        is_last=is_last(state, account, terms.issued_on),
    )
    billed_usage = {record.ordinal for record in invoice.usage}
    billed_charges = {charge.ordinal for charge in collected.charges}
    return state.replace(
        receivables=replace(state.receivables, invoices=(*state.invoices, invoice)),
        usage=tuple(record for record in state.usage if record.ordinal not in billed_usage),
        charges=tuple(charge for charge in state.charges if charge.ordinal not in billed_charges),
        subscriptions=tuple(
            replace(subscription, fees_from=next_fee_date(subscription, cutoffs.charges_through))
            if subscription.account == account
            else subscription
            for subscription in state.subscriptions
        ),
        changed_at=state.touched({account}, now),
    )


def open_charges(state: AccountState, account: int, cutoffs: Cutoffs) -> Collected:
    """The account's charges within the cutoffs; cached until the cutoffs change."""
    return state.cached(f"open {account}", cutoffs, lambda: collect(state, account, cutoffs))
