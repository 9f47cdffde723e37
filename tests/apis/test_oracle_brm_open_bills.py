"""Oracle BRM's bills in progress: amount, dates and last update; and ids after an account's thousandth bill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.world.commands import (
    AddCharge,
    AddCustomer,
    AdvanceClock,
    CreateRun,
    PauseSubscription,
    RateAgain,
    RecordUsage,
    RequestBill,
    RequestBills,
    UpdateRun,
)

API = "oracle-brm"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def in_progress(brm: Any, account: str = "A-000001") -> Any:
    found = brm.get(API, "/customerBill", params={"billingAccount.id": account, "state": "inProgress"}).json()
    return found[0] if found else None


def net_in_three_apis(story: Any, period: int) -> tuple[Any, Any, Any]:
    """The open amounts of customer 1 in Oracle, Elevate and emnify, before tax."""
    summary = story.get("elevate", "/customer-billing-summaries", params={"page": 1, "pageSize": 1}).json()[0]
    month = story.get("emnify", f"/organisation/1/billing/{period}").json()
    return in_progress(story)["taxExcludedAmount"]["value"], summary["openBillRunValue"], month["sub_total"]["cost"]


def open_amounts(brm: Any) -> dict[str, Any]:
    bills = brm.get(API, "/customerBill", params={"state": "inProgress"}).json()
    return {bill["billingAccount"]["id"]: bill["amountDue"]["value"] for bill in bills if bill["amountDue"]["value"]}


@pytest.fixture
def story(stand_in: Callable[..., Any]) -> Any:
    return stand_in("one-month")


@pytest.mark.parametrize("cutoff", [date(2026, 1, 1), date(2026, 1, 15), date(2026, 2, 1), date(2026, 3, 1)])
def test_the_open_amount_is_equal_in_all_apis_for_every_planned_run(story: Any, cutoff: date) -> None:
    assert net_in_three_apis(story, 202601) == (12, 12, 12)  # 10.00 + 40 × 0.05
    story.do(CreateRun(invoice_date=date(2026, 1, 20), cutoff_date=cutoff, due_date=date(2026, 2, 3)))
    assert net_in_three_apis(story, 202601) == (12, 12, 12)
    story.do(RecordUsage(customer=1, country="DE", quantity=Decimal(20)))
    assert net_in_three_apis(story, 202601) == (13, 13, 13)


def test_every_state_has_open_charges_while_an_older_period_is_billed(stand_in: Callable[..., Any]) -> None:
    museum = stand_in("every-state")
    assert net_in_three_apis(museum, 202602) == (29, 29, 29)  # 20.00 + 10 × 0.50 + 4.00; the package covers 60 MB
    bill = in_progress(museum)  # by run 5, the first that bills February
    assert (bill["billDate"], bill["paymentDueDate"]) == ("2026-03-01T00:00:00Z", "2026-03-15T00:00:00Z")
    before = open_amounts(museum)
    museum.do(AdvanceClock(hours=1))
    assert open_amounts(museum).items() <= before.items(), "all but the bill on demand, which is now issued"
    assert len(open_amounts(museum)) == len(before) - 1
    paused = museum.world.customer_with_key("paused")
    assert in_progress(museum, f"A-{paused:06d}")["amountDue"]["value"] == 11.9, "the fee of 1 February"


def test_the_bill_date_is_the_invoice_date_before_and_after_it_is_issued(story: Any) -> None:
    story.do(CreateRun(invoice_date=date(2026, 2, 10), cutoff_date=date(2026, 2, 1)))
    planned = in_progress(story)
    assert planned["billDate"] == "2026-02-10T00:00:00Z"
    story.do(AdvanceClock(to=instant("2026-02-10T06:00:00Z")))
    story.do(RequestBills(run=1))
    story.do(AdvanceClock(minutes=5))
    issued = story.get(API, "/customerBill/B1-1").json()
    for member in ("id", "billDate", "paymentDueDate", "billingPeriod"):
        assert issued[member] == planned[member], member


def test_the_first_run_that_bills_the_period_of_the_account_s_group_dates_its_bill(story: Any) -> None:
    """Of runs for one group and for all, the first planned one counts; those planned after it change nothing."""
    story.do(AddCustomer(tariff="basic", group="north"))
    planned: list[tuple[str | None, date, str, str]] = [
        ("north", date(2026, 3, 1), "2026-02-01", "2026-03-01"),  # the other account: the first of next month
        (None, date(2026, 1, 1), "2026-02-01", "2026-03-01"),  # its period ended before anything that is open
        (None, date(2026, 2, 10), "2026-02-10", "2026-03-01"),
        (None, date(2026, 2, 5), "2026-02-10", "2026-03-01"),
        ("north", date(2026, 2, 5), "2026-02-10", "2026-03-01"),
        ("south", date(2026, 2, 5), "2026-02-10", "2026-03-01"),
    ]
    for group, cutoff, first, second in planned:
        story.do(CreateRun(subrun=group, cutoff_date=cutoff, invoice_date=cutoff))
        dates = [in_progress(story, account)["billDate"][:10] for account in ("A-000001", "A-000002")]
        assert dates == [first, second], (group, cutoff)
    story.do(UpdateRun(run=1, cutoff_date=date(2026, 1, 2), invoice_date=date(2026, 1, 2)))
    assert in_progress(story, "A-000002")["billDate"][:10] == "2026-02-10", "run 1 bills nothing of it any more"


def test_last_update_is_when_the_bill_changed_and_not_when_the_charge_is_dated(story: Any) -> None:
    """On each of four days something changes; a client that asks for what changed since finds it."""
    changes = [
        RecordUsage(
            customer=1, country="DE", quantity=Decimal(20), started_at=instant("2026-01-05T00:00:00Z"), rated=False
        ),
        RateAgain(customer=1),
        AddCharge(customer=1, description="Set-up", amount=Decimal(5), dated=date(2026, 1, 2)),
        CreateRun(invoice_date=date(2026, 2, 3), cutoff_date=date(2026, 2, 1)),
        UpdateRun(run=1, invoice_date=date(2026, 2, 4)),
    ]
    for change in changes:
        story.do(AdvanceClock(days=1))
        now = story.world.now.isoformat().replace("+00:00", "Z")
        poll = {"lastUpdate.gte": now}
        assert story.get(API, "/customerBill", params=poll).json() == []
        story.do(change)
        assert in_progress(story)["lastUpdate"] == now, change
        assert len(story.get(API, "/customerBill", params=poll).json()) == 1


def test_last_update_moves_only_with_the_bill(story: Any) -> None:
    before = in_progress(story)
    story.do(AdvanceClock(hours=1))
    story.do(CreateRun(invoice_date=date(2026, 1, 20), cutoff_date=date(2026, 1, 1)))  # bills nothing that is open
    story.do(
        CreateRun(name="Somebody else's", invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1), subrun="south")
    )
    story.do(RequestBills(run=1))
    story.do(AdvanceClock(hours=1))
    assert in_progress(story) == before


def test_last_update_is_the_first_of_the_month_whose_fee_it_now_holds(story: Any) -> None:
    story.do(AdvanceClock(to=instant("2026-02-05T00:00:00Z")))
    assert in_progress(story)["lastUpdate"] == "2026-02-01T00:00:00Z"


def test_last_update_never_goes_back(story: Any) -> None:
    last = ""
    for change in (
        CreateRun(invoice_date=date(2026, 1, 30), cutoff_date=date(2026, 1, 29)),
        UpdateRun(run=1, cutoff_date=date(2026, 1, 1)),  # from now on it bills nothing
        RequestBill(customer=1),
        RecordUsage(customer=1, country="DE", quantity=Decimal(1)),
        PauseSubscription(customer=1),
        AdvanceClock(days=20),
    ):
        story.do(change)
        story.do(AdvanceClock(hours=1))
        bills = story.get(API, "/customerBill", params={"billingAccount.id": "A-000001"}).json()
        newest = max(bill["lastUpdate"] for bill in bills)
        assert newest >= last, change
        last = newest


def test_a_thousand_bills_of_one_account_all_have_ids_and_numbers_of_their_own(story: Any) -> None:
    """The 999th to the 1001st bill are found by the id and the number that the list shows."""
    for _ in range(1001):
        story.do(AddCharge(customer=1, description="Visit", amount=Decimal(1)))
        story.do(RequestBill(customer=1, minutes=0))
    found = story.get(API, "/customerBill", params={"fields": "billNo"}).json()
    assert len({bill["id"] for bill in found}) == len(found) == 1002, "and the one in progress"
    assert len({bill["billNo"] for bill in found if "billNo" in bill}) == 1001
    for bill in found[997:1001]:
        for name in (bill["id"], bill["billNo"]):
            assert story.get(API, f"/customerBill/{name}").json()["billNo"] == bill["billNo"]
        assert [each["id"] for each in story.get(API, "/customerBill", params={"id": bill["id"]}).json()] == [
            bill["id"]
        ]
    assert found[999]["id"] == "0.0.0.2+-bill+1000000"
    assert story.get(API, "/customerBill/0.0.0.1+-bill+1001000").status_code == 404, "that is another account's"
    assert story.world.now < instant("2026-01-20T12:00:00Z") + timedelta(days=1)
