"""Computes the bills that an account state shows: those issued by runs, and the one in progress of each account.

A ``ShownBill`` has no customer number, so customers with equal account states share it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.billing import PAYMENT_TERMS, Collected, Cutoffs, collect, no_cutoffs, open_charges, open_since
from counterfoil.ledger.documents import CreditNote
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.payments import Payment
from counterfoil.ledger.periods import bounded, next_first_of_month, start_of
from counterfoil.ledger.receivables import Bill, bills_of, tax_on
from counterfoil.world.world import World

IN_PROGRESS = "inProgress"


class ShownBill(msgspec.Struct, frozen=True):
    """One bill. ``run`` is None while it is in progress; amounts are in ``currency``, rounded to its minor unit.

    ``ordinal`` counts the account's bills from 1; the one in progress has the next, and keeps it when it is issued.
    ``total = net + tax``, ``remaining = total - what was applied`` (docs/vendors/oracle-brm.md#amounts-agree). Instants are UTC.
    """

    account: int
    ordinal: int
    run: int | None
    state: str
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


# --- the bills -----------------------------------------------------------------------------------


class OpenBillTerms(msgspec.Struct, frozen=True):
    """What bills in progress depend on besides the account state: the date, and the open run's cutoffs and due date."""

    today: date
    cutoffs: Cutoffs
    ends: date | None
    due: date | None


def open_bill_terms(world: World) -> OpenBillTerms:
    """The terms at the world's current time."""
    run = world.ledger.open_run()
    ends = run and (run.cutoff_date or run.invoice_date)
    due = run and run.due_date
    return OpenBillTerms(
        today=world.today,
        cutoffs=world.ledger.open_cutoffs(world.today),
        ends=bounded(ends) if ends else None,
        due=bounded(due) if due else None,
    )


def shown_bills(state: AccountState, terms: OpenBillTerms) -> tuple[ShownBill, ...]:
    """All bills of the account state in the order of their ids: by account, then by age, the one in progress last."""
    return state.cached("oracle-brm.bills", terms, lambda: _shown_bills(state, terms))


def open_period(state: AccountState, account: int, terms: OpenBillTerms) -> tuple[date, date]:
    """The period of the account's next bill: from the end of the last one to the open run's cutoff.

    It ends on the next first of a month if no open run bills the account, or if that run's cutoff is not after its start.
    """
    since = open_since(state, account)
    if terms.ends is not None and terms.ends > since and _is_in_run(state, account, terms):
        return since, terms.ends
    return since, next_first_of_month(max(since, terms.today))


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
    return ShownBill(
        account=invoice.account,
        ordinal=invoice.ordinal,
        run=invoice.run,
        state=_state(bill),
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
    )


def _state(bill: Bill) -> str:
    """Settled comes first: a pending payment may settle a bill on hold."""
    if not bill.remaining:
        return "settled"
    if bill.is_held:
        return "onHold"
    return "partiallyPaid" if bill.applied or bill.credits else "new"


def _in_progress(state: AccountState, account: int, ordinal: int, terms: OpenBillTerms) -> ShownBill | None:
    """The bill in progress; None for an account without open charges and without an active subscription."""
    open_now = _open_charges(state, account, terms)
    if not (open_now.lines or open_now.usage) and not _is_active(state, account, terms.today):
        return None
    billed = state.accounts[account]
    since, ends = open_period(state, account, terms)
    # With more credits than charges there will be no bill, and the spec's Money is never negative.
    net = to_minor_unit(max(open_now.net, ZERO), billed.currency)
    tax = to_minor_unit(tax_on(net, billed.tax_rate), billed.currency)
    due = terms.due if terms.due and _is_in_run(state, account, terms) else ends + PAYMENT_TERMS
    return ShownBill(
        account=account,
        ordinal=ordinal,
        run=None,
        state=IN_PROGRESS,
        currency=billed.currency,
        tax_rate=billed.tax_rate,
        net=net,
        tax=tax,
        total=net + tax,
        remaining=net + tax,
        applied=(),
        bill_date=start_of(ends),
        due_date=start_of(max(due, ends)),
        period_start=start_of(since),
        period_end=start_of(ends),
        last_update=_last_update(open_now, since, terms.today),
        next_bill_date=None,
    )


def _open_charges(state: AccountState, account: int, terms: OpenBillTerms) -> Collected:
    if _is_in_run(state, account, terms):
        return open_charges(state, account, terms.cutoffs)
    return collect(state, account, no_cutoffs(terms.today))


def _is_in_run(state: AccountState, account: int, terms: OpenBillTerms) -> bool:
    """Whether the open run bills the account; a subrun bills those of its group only."""
    return terms.cutoffs.group is None or state.accounts[account].group == terms.cutoffs.group


def _is_active(state: AccountState, account: int, today: date) -> bool:
    return any(each.account == account and each.state_on(today) == "active" for each in state.subscriptions)


def _last_update(collected: Collected, since: date, today: date) -> datetime:
    """When the last usage or charge was added; a charge with a future date counts as today's."""
    moments = [record.started_at for record in collected.usage]
    moments += [start_of(min(charge.dated, today)) for charge in collected.charges]
    return max(moments, default=start_of(min(since, today)))
