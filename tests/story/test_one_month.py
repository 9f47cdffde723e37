"""One story that all five documents describe, executed by commands and read through all five APIs over HTTP.

Acme pays 10.00 a month and 0.05 a megabyte. 12.00 = 10.00 + 40 × 0.05; with 19 % tax 14.28 = 12.00 + 2.28.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from counterfoil.world.commands import AdvanceClock, CreateRun, RecordPayment, RecordUsage, RequestBills


def elevate(world: Any) -> dict[str, Any]:
    (row,) = world.get("elevate", "/customer-billing-summaries", params={"page": 1, "pageSize": 10}).json()
    return row


def bills(world: Any) -> list[dict[str, Any]]:
    """Issued bills only: February's is in progress from the first of the month."""
    answer = world.get("oracle-brm", "/customerBill").json()
    return [bill for bill in answer if bill["state"] != "inProgress"]


def open_bills(world: Any) -> list[dict[str, Any]]:
    return world.get("oracle-brm", "/customerBill", params={"billNo": "bill in progress"}).json()


def flexprice(world: Any) -> dict[str, Any]:
    (summary,) = world.get("flexprice", "/customers/cust_00000001/invoices/summary").json()["summaries"]
    return summary


def emnify(world: Any) -> dict[str, Any]:
    return world.get("emnify", "/organisation/1/billing/202601").json()


def run(world: Any) -> dict[str, Any]:
    return world.get("billingplatform", "/billingRuns/1").json()


def test_one_month_is_consistent_in_five_apis(stand_in: Any) -> None:
    world = stand_in("one-month")

    # Usage is rated: 25 MB on the 10th and 15 MB on the 20th are in the scenario.
    assert elevate(world) | {"openBillRunValue": 12, "previousBillRunValue": 0, "ratingStatus": "COMPLETE"} == elevate(
        world
    )
    (open_bill,) = open_bills(world)
    assert open_bill["state"] == "inProgress"
    assert open_bill.get("billNo") is None
    assert open_bill["amountDue"] == {"unit": "EUR", "value": 14.28}
    assert bills(world) == []
    assert flexprice(world)["total_invoice_count"] == 0
    preview = emnify(world)
    assert (preview["invoice"], preview["refresh_allowed"]) == (None, True)
    assert (preview["sub_total"]["cost"], preview["vat"]["cost"], preview["total"]["cost"]) == (12, 2.28, 14.28)
    assert world.get("billingplatform", "/billingRuns/").json() == []

    # More usage makes the open run grow; a run is created and is Pending.
    world.do(RecordUsage(customer=1, country="DE", quantity=Decimal(20)))
    assert elevate(world)["openBillRunValue"] == 13
    created = world.post(
        "billingplatform",
        "/billingRuns/",
        json={"name": "January 2026", "invoiceDate": "2026-02-01", "cutoffDate": "2026-02-01", "dueDate": "2026-02-15"},
    )
    assert created.json()["status"] == "Pending"
    assert run(world)["invoiceAmount"] == "0.00"
    assert elevate(world)["openBillRunValue"] == 13

    # Bills are requested on the first of February, run a minute later, and are complete after four more.
    world.do(AdvanceClock(to=datetime(2026, 2, 1, 6, tzinfo=UTC)))
    world.do(RequestBills(run=1))
    assert (run(world)["status"], run(world)["commencedDate"]) == ("Requested", None)
    locked = world.patch("billingplatform", "/billingRuns/1", json={"dueDate": "2026-02-20"})
    assert locked.status_code == 409
    assert "dueDate" in locked.json()["error"]
    world.do(AdvanceClock(minutes=1))
    assert (run(world)["status"], run(world)["completedDate"]) == ("Running", None)
    world.do(AdvanceClock(minutes=4))
    complete = run(world)
    assert complete["status"] == "Complete"
    assert (complete["commencedDate"], complete["completedDate"]) == ("2026-02-01T06:01:00Z", "2026-02-01T06:05:00Z")
    assert complete["invoiceAmount"] == "15.47"  # 13.00 + 19 %
    assert complete["dueDate"] == "2026-02-15"
    row = elevate(world)
    assert (row["openBillRunValue"], row["previousBillRunValue"]) == (
        10,
        13,
    )  # February's fee is due; open became previous
    assert row["valueDifference"] == -3
    (bill,) = bills(world)
    assert (bill["state"], bill["billNo"], bill["amountDue"]["value"]) == ("new", "B1-1", 15.47)
    assert bill["remainingAmount"]["value"] == 15.47
    summary = flexprice(world)
    assert summary["total_invoice_count"] == 1
    assert (summary["total_revenue_amount"], summary["total_unpaid_amount"]) == ("15.47", "15.47")
    assert (summary["unpaid_usage_charges"], summary["unpaid_fixed_charges"]) == ("3", "10")
    persisted = emnify(world)
    assert persisted["invoice"] is not None
    assert persisted["refresh_allowed"] is False
    assert persisted["payment_option"] is None
    assert (persisted["sub_total"]["cost"], persisted["total"]["cost"]) == (13, 15.47)

    # Part payment: 5.47 of 15.47.
    world.do(RecordPayment(customer=1, bill=1, amount=Decimal("5.47")))
    (bill,) = bills(world)
    assert (bill["state"], bill["remainingAmount"]["value"]) == ("partiallyPaid", 10)
    assert bill["appliedPayment"][0]["appliedAmount"]["value"] == 5.47
    summary = flexprice(world)
    assert (summary["total_unpaid_amount"], summary["unpaid_invoice_count"], summary["overdue_invoice_count"]) == (
        "10",
        1,
        0,
    )

    # The due date passes.
    world.do(AdvanceClock(to=datetime(2026, 2, 16, tzinfo=UTC)))
    summary = flexprice(world)
    assert (summary["overdue_invoice_count"], summary["total_overdue_amount"]) == (1, "10")

    # Paid.
    world.do(RecordPayment(customer=1, bill=1))
    (bill,) = bills(world)
    assert (bill["state"], bill["remainingAmount"]["value"]) == ("settled", 0)
    summary = flexprice(world)
    assert (summary["total_unpaid_amount"], summary["unpaid_invoice_count"], summary["overdue_invoice_count"]) == (
        "0",
        0,
        0,
    )
    assert summary["total_revenue_amount"] == "15.47"
    assert emnify(world)["payment_option"] is not None


def test_the_same_story_gives_the_same_bytes(stand_in: Any) -> None:
    def told() -> list[bytes]:
        world = stand_in("one-month", customers=25)
        world.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1)))
        world.do(RequestBills(run=1))
        world.do(AdvanceClock(days=20))
        return [
            world.get("elevate", "/customer-billing-summaries", params={"page": 1, "pageSize": 100}).content,
            world.get("oracle-brm", "/customerBill").content,
            world.get("emnify", "/organisation/9/billing/202601").content,
            world.get("flexprice", "/customers/cust_00000009/invoices/summary").content,
            world.get("billingplatform", "/billingRuns/").content,
        ]

    assert told() == told()


def test_one_more_customer_changes_no_other_customers_name(stand_in: Any) -> None:
    def names(count: int) -> list[str]:
        world = stand_in("one-month", apis=["emnify"], customers=count)
        return [
            world.get("emnify", f"/organisation/{number}/billing/202601").json()["customer_org"]["name"]
            for number in range(1, 11)
        ]

    assert names(10) == names(11)
