"""Which bills a state shows, those that runs issued and the one in progress, and by what ids each is known.

A ``ShownBill`` belongs to a state and names no customer, so that customers who share a state share its bills; ids and
numbers are made from the customer's number when they are needed. Knows nothing of queries or JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from counterfoil.ledger.billing import PAYMENT_TERMS, Collected, Cutoffs, collect, no_cutoffs, open_since
from counterfoil.ledger.ledger import open_charges
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.periods import bounded, next_first_of_month, start_of
from counterfoil.ledger.receivables import Bill, bills_of, tax_on
from counterfoil.ledger.records import AccountState, Payment
from counterfoil.world.world import World

IN_PROGRESS = "inProgress"
PER_CUSTOMER, PER_ACCOUNT = 1000, 1000
"""A customer's accounts and an account's bills are numbered below these in ids."""


class ShownBill(msgspec.Struct, frozen=True):
    """One bill of a state. ``run`` is None while it is in progress; amounts are in ``currency``, rounded to its minor unit.

    ``ordinal`` counts the account's bills from 1; the one in progress has the next, and keeps it when it is issued.
    ``total = net + tax``, ``remaining = total - what was applied`` (vendor facts 2.6, rule 20). Instants are UTC.
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
    applied: tuple[tuple[Payment, Decimal], ...]
    bill_date: datetime
    due_date: datetime
    period_start: datetime
    period_end: datetime
    last_update: datetime
    next_bill_date: datetime | None


# --- the bills -----------------------------------------------------------------------------------


class OpenBillTerms(msgspec.Struct, frozen=True):
    """What decides how the bills in progress look: the date, and what the open run says of its cutoffs and due date."""

    today: date
    cutoffs: Cutoffs
    ends: date | None
    due: date | None


def open_bill_terms(world: World) -> OpenBillTerms:
    """The terms of the world as it stands."""
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
    """All bills of the state in the order of their ids: by account, then from the oldest to the one in progress."""
    return state.cached("oracle-brm.bills", terms, lambda: _shown_bills(state, terms))


def open_period(state: AccountState, account: int, terms: OpenBillTerms) -> tuple[date, date]:
    """What the account's next bill will cover: from the day after the last one to the open run's cutoff.

    Without an open run, or when that run ends before it begins, to the next first of a month.
    """
    since = open_since(state, account)
    if terms.ends is not None and terms.ends > since and _is_in_run(state, account, terms):
        return since, terms.ends
    return since, next_first_of_month(max(since, terms.today))


def _shown_bills(state: AccountState, terms: OpenBillTerms) -> tuple[ShownBill, ...]:
    # Remembered by themselves: another day changes the terms of every state, and none of these.
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
        applied=bill.applied,
        bill_date=start_of(invoice.issued_on),
        due_date=start_of(invoice.due_on),
        period_start=start_of(invoice.period_start),
        period_end=start_of(invoice.period_end),
        last_update=bill.updated_at,
        next_bill_date=start_of(next_first_of_month(invoice.issued_on)),
    )


def _state(bill: Bill) -> str:
    """Settled comes first: a payment that was on its way may settle a bill on hold, and then nothing is left to hold."""
    if not bill.remaining:
        return "settled"
    if bill.is_held:
        return "onHold"
    return "partiallyPaid" if bill.applied else "new"


def _in_progress(state: AccountState, account: int, ordinal: int, terms: OpenBillTerms) -> ShownBill | None:
    """The bill that the account's open charges will make; None for an account with none and nothing to bring any."""
    open_now = _open_charges(state, account, terms)
    if not (open_now.lines or open_now.usage) and not _is_active(state, account, terms.today):
        return None
    billed = state.accounts[account]
    since, ends = open_period(state, account, terms)
    # More credits than charges: no bill will come of it, and the spec's Money is never negative.
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
    """Whether the open run, which may be a subrun, bills the account."""
    return terms.cutoffs.group is None or state.accounts[account].group == terms.cutoffs.group


def _is_active(state: AccountState, account: int, today: date) -> bool:
    return any(each.account == account and each.state_on(today) == "active" for each in state.subscriptions)


def _last_update(collected: Collected, since: date, today: date) -> datetime:
    """When the last use or charge came; a charge dated ahead counts as today's."""
    moments = [record.started_at for record in collected.usage]
    moments += [start_of(min(charge.dated, today)) for charge in collected.charges]
    return max(moments, default=start_of(min(since, today)))


# --- ids and numbers -----------------------------------------------------------------------------


ReadName = Callable[[str], "Name | None"]


class Name(NamedTuple):
    """What an id or a number says: whose, and as far as it says so, which account and bill, or of which run."""

    customer: int
    account: int
    ordinal: int | None = None
    run: int | None = None

    def fits(self, customer: int, bill: ShownBill) -> bool:
        return (
            self.customer == customer
            and self.account == bill.account
            and (self.ordinal is None or self.ordinal == bill.ordinal)
            and (self.run is None or self.run == bill.run)
        )


def bill_key(customer: int, account: int, ordinal: int) -> int:
    """The number in a bill's id; ids are in the order of these."""
    return (PER_CUSTOMER * customer + account) * PER_ACCOUNT + ordinal


def bill_id(customer: int, account: int, ordinal: int) -> str:
    return f"0.0.0.1+-bill+{bill_key(customer, account, ordinal)}"


def bill_number(customer: int, account: int, run: int) -> str:
    """``B1-28``; a customer's second account and those after it are told apart, as in ``B1-28.1``."""
    return f"B{run}-{customer}.{account}" if account else f"B{run}-{customer}"


def account_id(customer: int, account: int) -> str:
    return f"0.0.0.1+-account+{PER_CUSTOMER * customer + account}"


def ids_of(world: World, customer: int) -> dict[str, str]:
    """What a customer's accounts are called here, the first without a number."""
    accounts = range(len(world.ledger.state_of(customer).accounts))
    return {
        f"billingAccount.id{f' {account + 1}' if account else ''}": account_id(customer, account)
        for account in accounts
    }


def account_number(customer: int, account: int) -> str:
    return f"A-{customer:06d}-{account}" if account else f"A-{customer:06d}"


# Bounded: what is longer than any number of customers names nobody.
_BILL_ID = re.compile(r"0\.0\.0\.1\+-bill\+([1-9][0-9]{0,15})", re.ASCII)
_BILL_NUMBER = re.compile(r"B([1-9][0-9]{0,9})-([1-9][0-9]{0,9})(?:\.([1-9][0-9]{0,2}))?", re.ASCII)
_ACCOUNT_ID = re.compile(r"0\.0\.0\.1\+-account\+([1-9][0-9]{0,12})", re.ASCII)
_ACCOUNT_NUMBER = re.compile(r"A-([0-9]{6,10})(?:-([1-9][0-9]{0,2}))?", re.ASCII)


def from_bill_id(text: str) -> Name | None:
    """What a bill's id says; a space stands for a plus sign that was not encoded (vendor facts 2.6, rule 6)."""
    found = _BILL_ID.fullmatch(with_plus(text))
    if found is None:
        return None
    account, ordinal = divmod(int(found[1]), PER_ACCOUNT)
    return Name(*divmod(account, PER_CUSTOMER), ordinal=ordinal)


def from_bill_number(text: str) -> Name | None:
    found = _BILL_NUMBER.fullmatch(text)
    return Name(int(found[2]), int(found[3] or 0), run=int(found[1])) if found else None


def from_account(text: str) -> Name | None:
    """What an account's id or number says."""
    found = _ACCOUNT_ID.fullmatch(with_plus(text))
    if found:
        return Name(*divmod(int(found[1]), PER_CUSTOMER))
    found = _ACCOUNT_NUMBER.fullmatch(text)
    if found is None or (len(found[1]) > 6 and found[1][0] == "0"):
        return None
    return Name(int(found[1]), int(found[2] or 0))


def with_plus(text: str) -> str:
    return text.replace(" ", "+")
