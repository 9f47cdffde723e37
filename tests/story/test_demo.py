"""The demo world has variety: all billing statuses, bills paid on time and late, disputed and credited bills, several tariffs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.ledger.receivables import bills_of


@pytest.fixture(scope="module")
def demo() -> Any:
    from conftest import StandIn
    from counterfoil.app import build

    stand_in = StandIn(build(scenario_name="demo"))
    yield stand_in
    stand_in.close()


def summaries(demo: Any) -> dict[int, Any]:
    rows = demo.get("elevate", "/customer-billing-summaries", params={"page": 1, "pageSize": 1000}).json()
    return {row["customerId"]: row for row in rows}


def bills(demo: Any, key: str) -> list[Any]:
    account = demo.world.customer_with_key(key)
    return list(bills_of(demo.world.ledger.state_of(account)))


def test_there_are_fifty_customers_in_all_billing_and_rating_statuses(demo: Any) -> None:
    rows = summaries(demo).values()
    assert len(rows) == 50
    statuses = Counter(row["billingStatus"] for row in rows)
    assert set(statuses) == {"ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED"}
    assert {row["ratingStatus"] for row in rows} == {"COMPLETE", "INCOMPLETE"}


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("boomerang", "RESURRECTED"),
        ("farewell", "CEASED"),
        ("newcomer", "FIRST_INVOICE"),
        ("tomorrow", "NEVER_BILLED"),
        ("acme", "ACTIVE"),
    ],
)
def test_a_customer_of_each_status_has_a_name_to_look_for(demo: Any, key: str, status: str) -> None:
    assert summaries(demo)[demo.world.customer_with_key(key)]["billingStatus"] == status


def test_bills_are_in_all_states(demo: Any) -> None:
    states = Counter(bill["state"] for bill in demo.get("oracle-brm", "/customerBill").json())
    assert set(states) == {"new", "inProgress", "onHold", "partiallyPaid", "settled"}
    assert states["settled"] > states["new"] > states["partiallyPaid"] > states["onHold"]


def test_an_unpaid_bill_need_not_be_overdue(demo: Any) -> None:
    unpaid = overdue = 0
    for number in range(1, 51):
        answer = demo.get("flexprice", f"/customers/cust_{number:08d}/invoices/summary").json()
        unpaid += sum(each["unpaid_invoice_count"] for each in answer["summaries"])
        overdue += sum(each["overdue_invoice_count"] for each in answer["summaries"])
    assert 0 < overdue < unpaid


def test_some_bills_were_paid_in_time_and_some_late(demo: Any) -> None:
    paid = [
        bill for state, _ in demo.world.ledger.store.unique_states() for bill in bills_of(state) if not bill.remaining
    ]
    days = [(bill.payments[-1].received_at.date() - bill.invoice.due_on).days for bill in paid if bill.payments]
    assert sum(day <= 0 for day in days) > sum(day > 7 for day in days) > 0


def test_payments_arrive_from_monday_to_friday_by_day_and_not_all_on_one(demo: Any) -> None:
    states = [state for state, _ in demo.world.ledger.store.unique_states()]
    instants: list[datetime] = [payment.received_at for state in states for payment in state.payments]
    assert instants
    assert {instant.isoweekday() for instant in instants} == {1, 2, 3, 4, 5}
    assert all(8 <= instant.hour < 18 for instant in instants)
    assert len({instant.date() for instant in instants}) > 40


def test_one_bill_is_disputed_one_is_credited_and_one_payment_failed(demo: Any) -> None:
    assert bills(demo, "subsidiary")[2].is_held
    assert bills(demo, "outage")[3].is_cancelled
    assert bills(demo, "bluebird")[4].settlement == "failed"


def test_a_bill_credited_in_full_and_one_credited_in_part_are_one_story_in_all_windows(demo: Any) -> None:
    """Outage's November is 51.17 = 43.00 × 1.19 and was credited; of Bluebird's 58.31 = 49.00 × 1.19 it was 11.90."""
    for key, total, credited, state, status in (
        ("outage", Decimal("51.17"), Decimal("51.17"), "settled", "Cancelled"),
        ("bluebird", Decimal("58.31"), Decimal("11.90"), "partiallyPaid", "Overdue"),
    ):
        number, bill = demo.world.customer_with_key(key), bills(demo, key)[3]
        assert (bill.total, bill.credited, bill.paid, bill.remaining) == (total, credited, 0, total - credited)
        oracle = demo.get("oracle-brm", f"/customerBill/B4-{number}").json()
        applied = [Decimal(str(each["appliedAmount"]["value"])) for each in oracle["appliedPayment"]]
        assert (oracle["state"], applied) == (state, [credited])
        assert Decimal(str(oracle["remainingAmount"]["value"])) == total - credited
        invoice = demo.get("emnify", f"/organisation/{number}/billing/202511").json()["invoice"]
        assert invoice["status"]["description"] == status
        assert (invoice["total_paid"], Decimal(str(invoice["total_credited"]))) == (0, credited)
        (summary,) = demo.get("flexprice", f"/customers/cust_{number:08d}/invoices/summary").json()["summaries"]
        counted = [each for each in bills(demo, key) if each.remaining or each.paid]
        assert summary["total_invoice_count"] == len(counted) == (4 if status == "Cancelled" else 5)
        assert Decimal(summary["total_revenue_amount"]) == sum(each.total - each.credited for each in counted)
        assert Decimal(summary["total_unpaid_amount"]) == sum(each.remaining for each in counted)
        # Elevate shows what the last run billed, which no credit note changes.
        assert summaries(demo)[number]["previousBillRunValue"] == bills(demo, key)[4].net
    billed = demo.get("billingplatform", "/invoices/", params={"invoiceNumber": "C00002-1-4"}).json()
    assert [each["amount"] for each in billed] == ["58.31"], "as it was billed"


def test_the_discount_is_a_tenth_of_the_monthly_fee(demo: Any) -> None:
    """43.50 = 25.00 − 2.50 + 30 × 0.30 + 12.00; with 19 % tax 51.77 = 43.50 + 8.27."""
    assert [(bill.net, bill.total) for bill in bills(demo, "loyal")] == [(Decimal("43.50"), Decimal("51.77"))] * 5


def test_a_credit_above_the_charges_makes_the_open_value_negative(demo: Any) -> None:
    """−17.00 = 25.00 + 20 × 0.30 + 12.00 − 60.00; before it was 43.00, so the difference is −60.00: −139.53 %."""
    row = summaries(demo)[demo.world.customer_with_key("outage")]
    assert (row["openBillRunValue"], row["previousBillRunValue"]) == (-17, 43)
    assert (row["valueDifference"], row["percentageDifference"]) == (-60, -139.53)


def test_names_and_addresses_are_of_several_countries(demo: Any) -> None:
    countries = {demo.world.contact_of(number).country for number in range(1, 51)}
    assert {"DE", "FR", "US", "GB", "AT"} <= countries
    assert len({demo.world.contact_of(number).email for number in range(1, 51)}) == 50
