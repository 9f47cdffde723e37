"""The reminder service against counterfoil: a world of its own for each test, a clock that is told, faults on purpose.

Run it with ``pytest examples/reminders``, or in parallel with ``-n 4``: tests share nothing.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from reminders import Customer, Reminder, Reminders

pytestmark = pytest.mark.counterfoil(scenario="late-payer")


@pytest.fixture
def customers(counterfoil):
    """Our own books: three customers with their ids in both systems."""
    ids = {key: counterfoil.ids(key) for key in ("prompt", "halfway", "tardy")}
    return [Customer(key, of["flexprice"]["id"], of["oracle-brm"]["billingAccount.id"]) for key, of in ids.items()]


@pytest.fixture
def waited():
    return []


@pytest.fixture
def reminders(counterfoil, waited):
    with counterfoil.client("flexprice") as flexprice, counterfoil.client("oracle-brm") as brm:
        yield Reminders(flexprice, brm, sleep=waited.append)


def test_those_who_are_more_than_a_week_late_are_chased(counterfoil, reminders, customers):
    # It is 16 March. January's bill was due on 15 February, February's on 15 March: yesterday.
    assert reminders.whom_to_chase(customers, counterfoil.clock.now) == [
        Reminder("halfway", "B1-2", Decimal("7.14"), "EUR"),
        Reminder("tardy", "B1-3", Decimal("14.28"), "EUR"),
    ]


def test_a_week_later_february_is_late_as_well(counterfoil, reminders, customers):
    counterfoil.clock.advance(days=7)
    chased = reminders.whom_to_chase(customers, counterfoil.clock.now)
    assert [(reminder.customer, reminder.bill) for reminder in chased] == [
        ("halfway", "B1-2"),
        ("halfway", "B2-2"),
        ("tardy", "B1-3"),
        ("tardy", "B2-3"),
    ]


def test_who_has_paid_is_left_alone(counterfoil, reminders, customers):
    for bill in (1, 2):
        counterfoil.world.record_payment("tardy", bill)
    assert [reminder.customer for reminder in reminders.whom_to_chase(customers, counterfoil.clock.now)] == ["halfway"]


def test_a_busy_service_is_asked_again(counterfoil, reminders, customers, waited):
    counterfoil.fail(
        "flexprice", "GET /customers/{id}/invoices/summary", kind="too_many_requests", retry_after=2, times=1
    )
    assert len(reminders.whom_to_chase(customers, counterfoil.clock.now)) == 2
    assert waited == [2.0]
    assert [request.status for request in counterfoil.requests("flexprice")] == [429, 200, 200, 200]


def test_customers_who_owe_nothing_overdue_cost_one_request(counterfoil, reminders, customers):
    reminders.whom_to_chase(customers[:1], counterfoil.clock.now)
    assert len(counterfoil.requests("flexprice")) == 1
    assert counterfoil.requests("oracle-brm") == []
