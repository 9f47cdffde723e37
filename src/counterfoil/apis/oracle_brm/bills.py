"""Computes the bills that the API shows for an account state: issued ones, and the one in progress of each account.

A ``ShownBill`` has no customer number, so customers with equal account states share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import partial

import msgspec

from counterfoil.apis.oracle_brm.ids import series_on_demand
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.billing import (
    PAYMENT_TERMS,
    Collected,
    is_last,
    open_charges,
    open_cutoffs,
    open_since,
    run_period_end,
)
from counterfoil.ledger.documents import CreditNote, FeeLine, Line, PackageLine, SimLine
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.on_demand import pending_request, terms_of
from counterfoil.ledger.payments import Payment
from counterfoil.ledger.periods import bounded, first_of_month, next_first_of_month, start_of
from counterfoil.ledger.receivables import Bill, bills_of, tax_on
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.ledger.usage import UsageRecord
from counterfoil.world.cache import AccountsKey
from counterfoil.world.world import World

IN_PROGRESS = "inProgress"
ON_CYCLE, OFF_CYCLE = "onCycle", "offCycle"


class ShownBill(msgspec.Struct, frozen=True):
    """One bill; amounts are in ``currency``, rounded to its minor unit.

    ``ordinal`` counts the account's bills from 1; the one in progress has the next, and keeps it when it is issued.
    ``series`` is the beginning of its number, None while it is in progress. ``total = net + tax``,
    ``remaining = total - what was applied`` (docs/vendors/oracle-brm.md#amounts-agree). Instants are UTC. ``usage`` has the
    records of the usage lines.
    """

    account: int
    ordinal: int
    series: str | None
    state: str
    run_type: str
    category: str
    currency: str
    tax_rate: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal
    remaining: Decimal
    applied: tuple[tuple[Payment | CreditNote, Decimal], ...]
    bill_date: datetime
    due_date: datetime
    period_start: datetime
    period_end: datetime
    last_update: datetime
    next_bill_date: datetime | None
    lines: tuple[Line, ...]
    usage: tuple[UsageRecord, ...]


# --- when bills in progress will be issued ---------------------------------------------------------


class PlannedRun(msgspec.Struct, frozen=True):
    """A run that is not complete: the group it bills, the end of its period, and the dates of its bills.

    ``moved`` says that its dates were changed after it was created, at ``planned_at``.
    """

    group: str | None
    ends: date
    bill_date: date
    due: date
    planned_at: datetime
    moved: bool


class OpenBillTerms(msgspec.Struct, frozen=True):
    """The inputs of bills in progress in addition to the account state: the date and the planned runs."""

    today: date
    runs: tuple[PlannedRun, ...]


class OpenPlan(msgspec.Struct, frozen=True):
    """When the account's bill in progress will be issued, and the period it will cover.

    ``changed_at`` is when this last changed; None if it never did.
    """

    starts: date
    ends: date
    bill_date: date
    due: date
    changed_at: datetime | None
    run_type: str = ON_CYCLE


def open_bill_terms(world: World) -> OpenBillTerms:
    """The terms at the world's current time, with only the runs on which some account's plan depends.

    Other planned runs do not change the terms, so that what was computed from them stays valid: without this, the first
    list after such a run takes 20 times as many instructions.
    """
    first_days = world.cached(AccountsKey("oracle-brm.open-since", None), lambda: _open_since(world))
    return OpenBillTerms(today=world.today, runs=tuple(_relevant_runs(world.ledger.runs.values(), dict(first_days))))


def _open_since(world: World) -> dict[str | None, tuple[date, ...]]:
    """For each group, the first days that were not billed yet to its accounts, in order."""
    by_group: dict[str | None, set[date]] = {}
    for state, _ in world.ledger.store.unique_states():
        days = state.cached("oracle-brm.open-since", None, partial(_open_since_of, state))
        for account, day in zip(state.accounts, days, strict=True):
            by_group.setdefault(account.group, set()).add(day)
    return {group: tuple(sorted(days)) for group, days in by_group.items()}


def _open_since_of(state: AccountState) -> list[date]:
    return [open_since(state, account) for account in range(len(state.accounts))]


def _relevant_runs(runs: Iterable[BillingRun], waiting: dict[str | None, tuple[date, ...]]) -> Iterator[PlannedRun]:
    """The planned runs that are the first to bill a period that begins on a day in ``waiting`` (days by group), or that may have
    been the first before they were moved."""
    for run in runs:
        ends = None if run.status is RunStatus.COMPLETE else run_period_end(run)
        if ends is None:
            continue
        groups = list(waiting) if run.subrun is None else [run.subrun] if run.subrun in waiting else []
        reached = [group for group in groups if waiting[group][0] < ends]
        if reached or (groups and _moved(run)):
            yield _planned(run, ends)
        for group in reached:
            waiting[group] = tuple(day for day in waiting[group] if day >= ends)
            if not waiting[group]:
                del waiting[group]
        if not waiting:
            return


def _moved(run: BillingRun) -> bool:
    """Whether the run's dates or group were changed after it was created."""
    return run.planned_at is not None and run.planned_at > run.created_at


def _planned(run: BillingRun, ends: date) -> PlannedRun:
    bill_date = bounded(run.invoice_date or ends)
    due = max(bounded(run.due_date or bill_date + PAYMENT_TERMS), bill_date)
    return PlannedRun(run.subrun, ends, bill_date, due, run.planned_at or run.created_at, _moved(run))


def open_plan(state: AccountState, account: int, terms: OpenBillTerms) -> OpenPlan:
    """The plan of the account's next bill: the pending request's, or that of the first run to bill the open period.

    Without either the period ends on the next first of a month.
    """
    starts = open_since(state, account)
    request = pending_request(state, account)
    if request is not None:
        request_terms = terms_of(state, request)
        return OpenPlan(
            starts,
            request_terms.period_end,
            request_terms.issued_on,
            request_terms.due_on,
            request.requested_at,
            OFF_CYCLE,
        )
    changes: list[datetime] = []
    for run in terms.runs:
        if run.group not in (None, state.accounts[account].group):
            continue
        if run.ends > starts:
            return OpenPlan(starts, run.ends, run.bill_date, run.due, max([*changes, run.planned_at]))
        if run.moved:  # until then it may have been the run that bills this period
            changes.append(run.planned_at)
    month = first_of_month(terms.today)
    if month > starts:  # the end has moved from this day to the next first of a month
        changes.append(start_of(month))
    ends = next_first_of_month(max(starts, terms.today))
    return OpenPlan(starts, ends, ends, ends + PAYMENT_TERMS, max(changes, default=None))


# --- the bills -----------------------------------------------------------------------------------


def shown_bills(state: AccountState, terms: OpenBillTerms) -> tuple[ShownBill, ...]:
    """All bills of the account state in the order of their ids: by account, then by age, the one in progress last."""
    return state.cached("oracle-brm.bills", terms, lambda: _shown_bills(state, terms))


def _shown_bills(state: AccountState, terms: OpenBillTerms) -> tuple[ShownBill, ...]:
    # Cached separately: a new date changes the terms, and with them the bills in progress, but no issued bill.
    all_issued = state.cached("oracle-brm.issued", None, lambda: [_issued(bill) for bill in bills_of(state)])
    found: list[ShownBill] = []
    for account in range(len(state.accounts)):
        issued = [bill for bill in all_issued if bill.account == account]
        in_progress = _in_progress(state, account, len(issued) + 1, terms)
        found += [*issued, in_progress] if in_progress else issued
    return tuple(found)


def _issued(bill: Bill) -> ShownBill:
    invoice = bill.invoice
    run_type = OFF_CYCLE if invoice.run is None else ON_CYCLE
    return ShownBill(
        account=invoice.account,
        ordinal=invoice.ordinal,
        series=series_on_demand(invoice.ordinal) if invoice.run is None else f"B{invoice.run}",
        state=_state(bill),
        run_type=run_type,
        category=_category(run_type, last=invoice.is_last),
        currency=invoice.currency,
        tax_rate=invoice.tax_rate,
        net=bill.net,
        tax=bill.tax,
        total=bill.total,
        remaining=to_minor_unit(bill.remaining, invoice.currency),
        applied=(*bill.applied, *bill.credits),
        bill_date=start_of(invoice.issued_on),
        due_date=start_of(invoice.due_on),
        period_start=start_of(invoice.period_start),
        period_end=start_of(invoice.period_end),
        last_update=bill.updated_at,
        next_bill_date=start_of(next_first_of_month(invoice.issued_on)),
        lines=invoice.lines,
        usage=invoice.usage,
    )


def _state(bill: Bill) -> str:
    """The bill's state. Settled comes first: a pending payment may settle a bill on hold."""
    if not bill.remaining:
        return "settled"
    if bill.is_held:
        return "onHold"
    return "partiallyPaid" if bill.applied or bill.credits else "new"


def _category(run_type: str, *, last: bool) -> str:
    """``last`` after all subscriptions ended, ``interim`` between two runs (docs/vendors/oracle-brm.md#category)."""
    if last:
        return "last"
    return "interim" if run_type == OFF_CYCLE else "normal"


def _in_progress(state: AccountState, account: int, ordinal: int, terms: OpenBillTerms) -> ShownBill | None:
    """The bill in progress; None for an account without open charges and without an active subscription."""
    open_now = open_charges(state, account, open_cutoffs(terms.today))
    if not (open_now.lines or open_now.usage) and not _is_active(state, account, terms.today):
        return None
    account_terms = state.accounts[account]
    plan = open_plan(state, account, terms)
    # With more credits than charges there will be no bill, and the spec's Money is never negative.
    net = to_minor_unit(max(open_now.net, ZERO), account_terms.currency)
    tax = to_minor_unit(tax_on(net, account_terms.tax_rate), account_terms.currency)
    return ShownBill(
        account=account,
        ordinal=ordinal,
        series=None,
        state=IN_PROGRESS,
        run_type=plan.run_type,
        category=_category(plan.run_type, last=is_last(state, account, plan.bill_date)),
        currency=account_terms.currency,
        tax_rate=account_terms.tax_rate,
        net=net,
        tax=tax,
        total=net + tax,
        remaining=net + tax,
        applied=(),
        bill_date=start_of(plan.bill_date),
        due_date=start_of(plan.due),
        period_start=start_of(plan.starts),
        period_end=start_of(plan.ends),
        last_update=_last_update(state, account, open_now, plan),
        next_bill_date=None,
        lines=open_now.lines,
        usage=open_now.usage,
    )


def _is_active(state: AccountState, account: int, today: date) -> bool:
    return any(each.account == account and each.state_on(today) == "active" for each in state.subscriptions)


def _last_update(state: AccountState, account: int, open_now: Collected, plan: OpenPlan) -> datetime:
    """When the amount or the dates last changed: by a command or run, by a new plan, or because a month began whose fees and
    charges it now holds."""
    instants = [state.open_changed_at(account), *([plan.changed_at] if plan.changed_at else [])]
    months = {
        first_of_month(line.dated) for line in open_now.lines if isinstance(line, FeeLine | SimLine | PackageLine)
    }
    months |= {first_of_month(charge.dated) for charge in open_now.charges}
    return max([*instants, *map(start_of, months)])
