"""What happens by itself as time passes, and in which order: runs are produced, behaviour are lived, bills get paid.

``next_due_at`` says when something happens next, ``happen`` makes it happen. Both are functions of the ledger alone, so
advancing the clock in two steps is the same as in one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from typing import Any

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.behaviour import Behaviour, RecurringUsage
from counterfoil.ledger.billing import issue_invoices
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.payments import Payment, PaymentState
from counterfoil.ledger.periods import month_key, start_of
from counterfoil.ledger.rating import can_be_rated
from counterfoil.ledger.receivables import Bill, bills_of
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.ledger.usage import UsageRecord

NEXT_ACTION = "next recurring"
"""What a state remembers its next recurring under."""
QUEUED_FOR = timedelta(minutes=1)
PRODUCED_IN = timedelta(minutes=4)
"""From request to Running, and on to Complete. Assumptions: the vendor's guide gives the order, no durations."""


def next_due_at(ledger: Ledger) -> datetime | None:
    """When the next thing happens by itself; None when nothing is due, ever."""
    instants = [instant for run in ledger.runs.values() if (instant := _next_step(run))]
    instants += filter(None, _action_times(ledger))
    return min(instants, default=None)


def run_due(ledger: Ledger, now: datetime) -> None:
    """Make everything due at ``now`` happen: first use, then production, then payments."""
    due = [slot for slot, instant in enumerate(_action_times(ledger)) if instant == now]
    ledger.store.change(due, lambda state: _simulate(state, now))
    for run in list(ledger.runs.values()):
        if _next_step(run) == now:
            _produce(ledger, run, now)


def next_action_at(state: AccountState) -> datetime | None:
    """When the state's customer next does something by recurring."""
    return state.cached(NEXT_ACTION, None, lambda: _next_action(state))


def _action_times(ledger: Ledger) -> list[datetime | None]:
    """By slot on the store, when its refcount next do something by recurring; None where nobody does, ever."""
    # asked of every state at every instant, 16,000 times while the demo is told: what is known is looked up in slot
    return [
        (known[1] if (known := state.cache.get(NEXT_ACTION)) is not None else next_action_at(state))
        if refcount
        else None
        for state, refcount in zip(ledger.store.states(), ledger.store.refcounts(), strict=True)
    ]


# --- runs ----------------------------------------------------------------------------------------


def _next_step(run: BillingRun) -> datetime | None:
    if run.status is RunStatus.REQUESTED and run.requested_at:
        return run.requested_at + QUEUED_FOR
    if run.status is RunStatus.RUNNING and run.commenced_at:
        return run.commenced_at + PRODUCED_IN
    return None


def _produce(ledger: Ledger, run: BillingRun, now: datetime) -> None:
    """A requested run starts; a running one issues its invoices and is complete."""
    if run.status is RunStatus.REQUESTED:
        ledger.runs[run.number] = replace(run, status=RunStatus.RUNNING, commenced_at=now, updated_at=now)
        return
    ledger.store.change_all(lambda state: issue_invoices(state, run, now))
    ledger.runs[run.number] = replace(run, status=RunStatus.COMPLETE, completed_at=now, updated_at=now)


# --- behaviour --------------------------------------------------------------------------------------


def _next_action(state: AccountState) -> datetime | None:
    behaviour = state.behaviour
    if behaviour is None:
        return None
    since = state.simulated_until or start_of(state.opened)
    instants = [_next_usage_at(recurring, since) for recurring in behaviour.usage]
    if behaviour.ends_on is not None:
        instants = [instant for instant in instants if instant < start_of(behaviour.ends_on)]
    instants += [_pays_at(bill, behaviour) for bill, _ in _unpaid_bills(state, behaviour)]
    return min(instants, default=None)


def _next_usage_at(recurring: RecurringUsage, since: datetime) -> datetime:
    """The first noon of the recurring's day strictly after ``since``."""
    instant = datetime(since.year, since.month, recurring.day, 12, tzinfo=UTC)
    if instant > since:
        return instant
    year, month = divmod(since.year * 12 + since.month, 12)  # a recurring's day is in every month
    return datetime(year, month + 1, recurring.day, 12, tzinfo=UTC)


def _unpaid_bills(state: AccountState, behaviour: Behaviour) -> list[tuple[Bill, Decimal]]:
    """The bills nothing was received for yet, with what the customer will pay of each; it pays each once."""
    due = [
        (bill, to_minor_unit(bill.remaining * behaviour.pays_share, bill.invoice.currency))
        for bill in bills_of(state)
        if bill.remaining and not bill.payments and not bill.is_held
    ]
    return [(bill, amount) for bill, amount in due if amount]


def _pays_at(bill: Bill, behaviour: Behaviour) -> datetime:
    """So many days after the due date; an hour after the bill was issued or released, where that is later."""
    by_habit = start_of(bill.invoice.due_on) + timedelta(days=behaviour.pays_after)
    return max(by_habit, bill.updated_at + timedelta(hours=1))


def _simulate(state: AccountState, now: datetime) -> AccountState:
    """The state after its customer did what recurring has it do at ``now``."""
    behaviour = state.behaviour
    if behaviour is None:
        return state
    since = state.simulated_until or start_of(state.opened)
    changes: dict[str, Any] = {}
    records = _usage_records(
        state, behaviour, [recurring for recurring in behaviour.usage if _next_usage_at(recurring, since) == now], now
    )
    if records:
        changes["usage"], changes["usage_count"] = (*state.usage, *records), records[-1].ordinal
    paid = [(bill, amount) for bill, amount in _unpaid_bills(state, behaviour) if _pays_at(bill, behaviour) == now]
    if paid:
        payments = (_payment(state, slot, bill, amount, now) for slot, (bill, amount) in enumerate(paid, 1))
        changes["payments"] = (*state.payments, *payments)
    return state.replace(simulated_until=now, **changes)


def _usage_records(
    state: AccountState, behaviour: Behaviour, due: list[RecurringUsage], now: datetime
) -> list[UsageRecord]:
    """What the first subscription that is active today is used for; nothing, where none is."""
    today = now.date()
    subscription = (
        next((each for each in state.subscriptions if each.state_on(today) == "active"), None) if due else None
    )
    if subscription is None:
        return []
    records = []
    for number, recurring in enumerate(due, state.usage_count + 1):
        quantity = jitter(recurring.quantity, recurring.spread, behaviour.salt, recurring.day, month_key(today))
        record = UsageRecord(number, subscription.ordinal, recurring.service, recurring.country, quantity, now)
        records.append(record if can_be_rated(subscription, record) else replace(record, rated=False))
    return records


def _payment(state: AccountState, slot: int, bill: Bill, amount: Decimal, now: datetime) -> Payment:
    return Payment(
        ordinal=len(state.payments) + slot,
        account=bill.invoice.account,
        invoice=bill.invoice.ordinal,
        amount=amount,
        method=state.accounts[bill.invoice.account].payment_method,
        state=PaymentState.SUCCEEDED,
        received_at=now,
        changed_at=now,
    )


def jitter(quantity: Decimal, spread: Decimal, *keys: int) -> Decimal:
    """``quantity`` moved by up to ``spread`` of itself, whole units, the same for the same keys on every machine."""
    digest = blake2b(repr(keys).encode(), digest_size=4).digest()
    share = Decimal(int.from_bytes(digest) - 2**31) / 2**31
    return max((quantity * (1 + spread * share)).quantize(Decimal(1), ROUND_HALF_UP), Decimal(1))
