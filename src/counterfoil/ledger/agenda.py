"""What happens by itself as time passes, and in which order: runs are produced, habits are lived, bills get paid.

``next_instant`` says when something happens next, ``happen`` makes it happen. Both are functions of the ledger alone, so
advancing the clock in two steps is the same as in one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from typing import Any

from counterfoil.ledger.billing import issue_invoices
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.periods import month_key, start_of
from counterfoil.ledger.rating import can_be_rated
from counterfoil.ledger.receivables import Bill, bills_of
from counterfoil.ledger.records import (
    BillingRun,
    Book,
    Habits,
    Payment,
    PaymentState,
    RunStatus,
    UsageHabit,
    UsageRecord,
)

HABIT = "next habit"
"""What a book remembers its next habit under."""
QUEUED_FOR = timedelta(minutes=1)
PRODUCED_IN = timedelta(minutes=4)
"""From request to Running, and on to Complete. Assumptions: the vendor's guide gives the order, no durations."""


def next_instant(ledger: Ledger) -> datetime | None:
    """When the next thing happens by itself; None when nothing is due, ever."""
    instants = [instant for run in ledger.runs.values() if (instant := _next_step(run))]
    instants += filter(None, _by_habit(ledger))
    return min(instants, default=None)


def happen(ledger: Ledger, now: datetime) -> None:
    """Make everything due at ``now`` happen: first use, then production, then payments."""
    due = [place for place, instant in enumerate(_by_habit(ledger)) if instant == now]
    ledger.shelf.change(due, lambda book: _live(book, now))
    for run in list(ledger.runs.values()):
        if _next_step(run) == now:
            _produce(ledger, run, now)


def next_habit(book: Book) -> datetime | None:
    """When the book's customer next does something by habit."""
    return book.derived(HABIT, None, lambda: _next_habit(book))


def _by_habit(ledger: Ledger) -> list[datetime | None]:
    """By place on the shelf, when its readers next do something by habit; None where nobody does, ever."""
    # asked of every book at every instant, 16,000 times while the demo is told: what is known is looked up in place
    return [
        (known[1] if (known := book.memo.get(HABIT)) is not None else next_habit(book)) if readers else None
        for book, readers in zip(ledger.shelf.books(), ledger.shelf.readers(), strict=True)
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
    ledger.shelf.change_all(lambda book: issue_invoices(book, run, now))
    ledger.runs[run.number] = replace(run, status=RunStatus.COMPLETE, completed_at=now, updated_at=now)


# --- habits --------------------------------------------------------------------------------------


def _next_habit(book: Book) -> datetime | None:
    habits = book.habits
    if habits is None:
        return None
    since = book.lived_until or start_of(book.opened)
    instants = [_next_use(habit, since) for habit in habits.usage]
    if habits.ends_on is not None:
        instants = [instant for instant in instants if instant < start_of(habits.ends_on)]
    instants += [_pays_at(bill, habits) for bill, _ in _to_be_paid(book, habits)]
    return min(instants, default=None)


def _next_use(habit: UsageHabit, since: datetime) -> datetime:
    """The first noon of the habit's day strictly after ``since``."""
    instant = datetime(since.year, since.month, habit.day, 12, tzinfo=UTC)
    if instant > since:
        return instant
    year, month = divmod(since.year * 12 + since.month, 12)  # a habit's day is in every month
    return datetime(year, month + 1, habit.day, 12, tzinfo=UTC)


def _to_be_paid(book: Book, habits: Habits) -> list[tuple[Bill, Decimal]]:
    """The bills nothing was received for yet, with what the customer will pay of each; it pays each once."""
    due = [
        (bill, to_minor_unit(bill.remaining * habits.pays_share, bill.invoice.currency))
        for bill in bills_of(book)
        if bill.remaining and not bill.payments and not bill.is_held
    ]
    return [(bill, amount) for bill, amount in due if amount]


def _pays_at(bill: Bill, habits: Habits) -> datetime:
    """So many days after the due date; an hour after the bill was issued or released, where that is later."""
    by_habit = start_of(bill.invoice.due_on) + timedelta(days=habits.pays_after)
    return max(by_habit, bill.updated_at + timedelta(hours=1))


def _live(book: Book, now: datetime) -> Book:
    """The book after its customer did what habit has it do at ``now``."""
    habits = book.habits
    if habits is None:
        return book
    since = book.lived_until or start_of(book.opened)
    changes: dict[str, Any] = {}
    records = _uses(book, habits, [habit for habit in habits.usage if _next_use(habit, since) == now], now)
    if records:
        changes["usage"], changes["usage_count"] = (*book.usage, *records), records[-1].ordinal
    paid = [(bill, amount) for bill, amount in _to_be_paid(book, habits) if _pays_at(bill, habits) == now]
    if paid:
        payments = (_payment(book, place, bill, amount, now) for place, (bill, amount) in enumerate(paid, 1))
        changes["payments"] = (*book.payments, *payments)
    return book.having(lived_until=now, **changes)


def _uses(book: Book, habits: Habits, due: list[UsageHabit], now: datetime) -> list[UsageRecord]:
    """What the first subscription that is active today is used for; nothing, where none is."""
    today = now.date()
    subscription = (
        next((each for each in book.subscriptions if each.state_on(today) == "active"), None) if due else None
    )
    if subscription is None:
        return []
    records = []
    for number, habit in enumerate(due, book.usage_count + 1):
        quantity = vary(habit.quantity, habit.spread, habits.salt, habit.day, month_key(today))
        record = UsageRecord(number, subscription.ordinal, habit.service, habit.country, quantity, now)
        records.append(record if can_be_rated(subscription, record) else replace(record, rated=False))
    return records


def _payment(book: Book, place: int, bill: Bill, amount: Decimal, now: datetime) -> Payment:
    return Payment(
        ordinal=len(book.payments) + place,
        account=bill.invoice.account,
        invoice=bill.invoice.ordinal,
        amount=amount,
        method=book.accounts[bill.invoice.account].payment_method,
        state=PaymentState.SUCCEEDED,
        received_at=now,
        changed_at=now,
    )


def vary(quantity: Decimal, spread: Decimal, *keys: int) -> Decimal:
    """``quantity`` moved by up to ``spread`` of itself, whole units, the same for the same keys on every machine."""
    digest = blake2b(repr(keys).encode(), digest_size=4).digest()
    share = Decimal(int.from_bytes(digest) - 2**31) / 2**31
    return max((quantity * (1 + spread * share)).quantize(Decimal(1), ROUND_HALF_UP), Decimal(1))
