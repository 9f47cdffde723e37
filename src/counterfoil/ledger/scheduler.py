"""Runs what becomes due as time passes: billing runs, bills on demand, and the usage and payments of simulated customers.

``next_due_at`` returns when something is due next, ``run_until`` runs it. Both depend on the ledger alone, so advancing
the clock in two steps has the same result as in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from hashlib import blake2b
from heapq import heapify, heappop, heappush
from typing import Any

from counterfoil.ledger.accounts import NEXT_ACTION, AccountState
from counterfoil.ledger.behaviour import Behaviour, RecurringUsage
from counterfoil.ledger.billing import issue_invoices
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.on_demand import next_request_due, produce_requested
from counterfoil.ledger.payments import Payment, PaymentState
from counterfoil.ledger.periods import month_key, start_of
from counterfoil.ledger.rating import can_be_rated
from counterfoil.ledger.receivables import Bill, bills_of
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.ledger.usage import UsageRecord

BANKING_HOUR = 9
"""The hour, in UTC, at which payments of simulated customers arrive."""
UNDER_WAY = (RunStatus.REQUESTED, RunStatus.RUNNING)
QUEUED_FOR = timedelta(minutes=1)
PRODUCED_IN = timedelta(minutes=4)
"""From request to Running, and from Running to Complete. Assumptions: the vendor's guide gives no durations."""


def next_due_at(ledger: Ledger) -> datetime | None:
    """When something is due next; None if nothing is."""
    instants = [instant for run in ledger.runs.values() if (instant := _next_step(run))]
    instants += filter(None, _action_times(ledger))
    return min(instants, default=None)


def run_until(ledger: Ledger, until: datetime) -> None:
    """Run everything that is due through ``until``, in order: at each instant first customers' actions, then billing runs.

    It looks for due actions among all customers at the start and after each run that issued invoices, and otherwise only
    among those who just acted.
    """
    actions, steps = _due_actions(ledger, until), _due_steps(ledger, until)
    while actions or steps:
        now = min(actions[:1] + steps[:1])[0]
        slots, runs = _take_due(actions, now), _take_due(steps, now)
        ledger.store.change(slots, partial(_simulate, now=now))
        issued = [_advance_run(ledger, ledger.runs[number], now) for number in runs]
        _put_due(steps, ((_next_step(ledger.runs[number]), number) for number in runs), until)
        if any(issued):
            actions = _due_actions(ledger, until)
        else:
            states = ledger.store.states()
            _put_due(actions, ((next_action_at(states[slot]), slot) for slot in slots), until)


def next_action_at(state: AccountState) -> datetime | None:
    """When the next bill on demand or action of a simulated customer is due; None if there is none."""
    return state.cached(
        NEXT_ACTION, None, lambda: min(filter(None, (_next_action(state), next_request_due(state))), default=None)
    )


def _action_times(ledger: Ledger) -> list[datetime | None]:
    """For each slot, when the next action of its customers is due; None if there is none."""
    # Called 16,000 times while the demo scenario runs, so cached times are read without a function call.
    return [
        (cached[1] if (cached := state.cache.get(NEXT_ACTION)) is not None else next_action_at(state))
        if refcount
        else None
        for state, refcount in zip(ledger.store.states(), ledger.store.refcounts(), strict=True)
    ]


_Due = tuple[datetime, int]
"""When something is due, and its slot or the number of its run."""


def _due_actions(ledger: Ledger, until: datetime) -> list[_Due]:
    """The slots whose customers act through ``until``, as a heap."""
    times = enumerate(_action_times(ledger))
    due = [(instant, slot) for slot, instant in times if instant is not None and instant <= until]
    heapify(due)
    return due


def _due_steps(ledger: Ledger, until: datetime) -> list[_Due]:
    """The runs that have a step through ``until``, as a heap."""
    steps = [(_next_step(run), run.number) for run in ledger.runs.each() if run.status in UNDER_WAY]
    due = [(instant, number) for instant, number in steps if instant is not None and instant <= until]
    heapify(due)
    return due


def _take_due(heap: list[_Due], now: datetime) -> list[int]:
    """Remove and return what is due at ``now``, the earliest time in the heap; in ascending order."""
    taken = []
    while heap and heap[0][0] == now:
        taken.append(heappop(heap)[1])
    return taken


def _put_due(heap: list[_Due], due: Iterable[tuple[datetime | None, int]], until: datetime) -> None:
    for instant, number in due:
        if instant is not None and instant <= until:
            heappush(heap, (instant, number))


# --- runs ----------------------------------------------------------------------------------------


def _next_step(run: BillingRun) -> datetime | None:
    if run.status is RunStatus.REQUESTED and run.requested_at:
        return run.requested_at + QUEUED_FOR
    if run.status is RunStatus.RUNNING and run.commenced_at:
        return run.commenced_at + PRODUCED_IN
    return None


def _advance_run(ledger: Ledger, run: BillingRun, now: datetime) -> bool:
    """Start a requested run; issue the invoices of a running one and complete it. Returns whether invoices were issued."""
    if run.status is RunStatus.REQUESTED:
        ledger.runs[run.number] = replace(run, status=RunStatus.RUNNING, commenced_at=now, updated_at=now)
        return False
    ledger.store.change_all(lambda state: issue_invoices(state, run, now))
    ledger.runs[run.number] = replace(run, status=RunStatus.COMPLETE, completed_at=now, updated_at=now)
    return True


# --- simulated customers -------------------------------------------------------------------------


def _next_action(state: AccountState) -> datetime | None:
    behaviour = state.behaviour
    if behaviour is None:
        return None
    since = state.simulated_until or start_of(state.opened)
    usage_at = _next_usage_at(behaviour.usage, since)
    if usage_at is not None and behaviour.ends_on is not None and usage_at >= start_of(behaviour.ends_on):
        usage_at = None
    instants = [] if usage_at is None else [usage_at]
    instants += [_pays_at(bill, behaviour) for bill, _ in _unpaid_bills(state, behaviour)]
    return min(instants, default=None)


def _next_usage_at(usage: Sequence[RecurringUsage], since: datetime) -> datetime | None:
    """The first noon after ``since`` on a day of the month that has usage; None without usage."""
    if not usage:
        return None
    days = [recurring.day for recurring in usage]
    passed = since.day if since.hour >= 12 else since.day - 1  # noon itself has passed, too
    left = [day for day in days if day > passed]
    if left:
        return datetime(since.year, since.month, min(left), 12, tzinfo=UTC)
    year, month = divmod(since.year * 12 + since.month, 12)  # the day is at most 28, so every month has it
    return datetime(year, month + 1, min(days), 12, tzinfo=UTC)


def _unpaid_bills(state: AccountState, behaviour: Behaviour) -> list[tuple[Bill, Decimal]]:
    """The bills without a payment, with the amount that the customer will pay; it pays each bill once."""
    due = [
        (bill, to_minor_unit(bill.remaining * behaviour.pays_share, bill.invoice.currency))
        for bill in bills_of(state)
        if bill.remaining and not bill.payments and not bill.is_held
    ]
    return [(bill, amount) for bill, amount in due if amount]


def _pays_at(bill: Bill, behaviour: Behaviour) -> datetime:
    """About ``pays_after`` days after the due date, at ``BANKING_HOUR`` of a day from Monday to Friday.

    It is at least an hour after the bill last changed.
    """
    days = behaviour.pays_after
    if behaviour.pays_varies:
        keys = (behaviour.salt, bill.invoice.account, bill.invoice.ordinal)
        days += _random(*keys) % (2 * behaviour.pays_varies + 1) - behaviour.pays_varies
    usual = start_of(bill.invoice.due_on) + timedelta(days=days, hours=BANKING_HOUR)
    earliest = bill.updated_at + timedelta(hours=1)
    if earliest > usual:
        usual = earliest.replace(hour=BANKING_HOUR, minute=0, second=0, microsecond=0)
        usual += timedelta(days=usual < earliest)
    return usual + timedelta(days=8 - usual.isoweekday() if usual.isoweekday() > 5 else 0)


def _simulate(state: AccountState, now: datetime) -> AccountState:
    """The state after the bills on demand and the customers' actions that are due at ``now``."""
    state = produce_requested(state, now)
    behaviour = state.behaviour
    if behaviour is None:
        return state
    since = state.simulated_until or start_of(state.opened)
    changes: dict[str, Any] = {}
    today = [recurring for recurring in behaviour.usage if recurring.day == now.day]
    records = _usage_records(state, behaviour, today if _next_usage_at(today, since) == now else [], now)
    if records:
        changes["usage"], changes["usage_count"] = (*state.usage, *records), records[-1].ordinal
        accounts = {
            subscription.account
            for subscription in state.subscriptions
            if subscription.ordinal == records[-1].subscription
        }
        changes["changed_at"] = state.touched(accounts, now)
    unpaid = _unpaid_bills(state, behaviour) if now.hour == BANKING_HOUR else []
    paid = [(bill, amount) for bill, amount in unpaid if _pays_at(bill, behaviour) == now]
    if paid:
        receivables = state.receivables
        for position, (bill, amount) in enumerate(paid, 1):
            receivables = receivables.settle(_payment(state, position, bill, amount, now), now)
        changes["receivables"] = receivables
    return state.replace(simulated_until=now, **changes)


def _usage_records(
    state: AccountState, behaviour: Behaviour, due: list[RecurringUsage], now: datetime
) -> list[UsageRecord]:
    """The ``due`` usage of the first subscription that is active today; empty if there is none."""
    today = now.date()
    active = (subscription for subscription in state.subscriptions if subscription.state_on(today) == "active")
    subscription = next(active, None) if due else None
    if subscription is None:
        return []
    records = []
    for number, recurring in enumerate(due, state.usage_count + 1):
        quantity = jitter(recurring.quantity, recurring.spread, behaviour.salt, recurring.day, month_key(today))
        record = UsageRecord(number, subscription.ordinal, recurring.service, recurring.country, quantity, now)
        records.append(record if can_be_rated(subscription, record) else replace(record, rated=False))
    return records


def _payment(state: AccountState, position: int, bill: Bill, amount: Decimal, now: datetime) -> Payment:
    return Payment(
        ordinal=len(state.payments) + position,
        account=bill.invoice.account,
        invoice=bill.invoice.ordinal,
        amount=amount,
        method=state.accounts[bill.invoice.account].payment_method,
        state=PaymentState.SUCCEEDED,
        received_at=now,
        changed_at=now,
    )


def jitter(quantity: Decimal, spread: Decimal, *keys: int) -> Decimal:
    """``quantity`` changed by up to ``spread`` of itself, in whole units of at least 1; the same for the same keys."""
    share = Decimal(_random(*keys) - 2**31) / 2**31
    return max((quantity * (1 + spread * share)).quantize(Decimal(1), ROUND_HALF_UP), Decimal(1))


def _random(*keys: int) -> int:
    """A number below 2**32 that looks random; the same for the same keys."""
    return int.from_bytes(blake2b(repr(keys).encode(), digest_size=4).digest())
