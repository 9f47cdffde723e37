"""Elevate's lists of customers and bill runs over HTTP: how a client finds its way to the summaries."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from counterfoil.world.commands import AdvanceClock, CreateRun, RequestBills

STANDINGS = str(Path(__file__).parent / "scenarios" / "standings.yaml")


@pytest.fixture
def six(stand_in: Any) -> Any:
    return stand_in(STANDINGS, apis=["elevate"])


def rows(stand_in: Any, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = stand_in.get("elevate", path, params={"page": 1, "pageSize": 100, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_customer_is_found_by_name_and_then_has_a_summary(stand_in: Any) -> None:
    demo = stand_in("demo", apis=["elevate"])
    [acme] = rows(demo, "/customers", customerName="like:robotics")
    assert (acme["id"], acme["customerName"], acme["onlineEmailAddress"]) == (
        1,
        "Acme Robotics GmbH",
        "ap@acme.example",
    )
    [summary] = rows(demo, "/customer-billing-summaries", customerId=acme["id"])
    assert summary["billingStatus"] == "ACTIVE"


def test_customers_are_paged_sorted_and_cut(six: Any) -> None:
    assert [row["id"] for row in rows(six, "/customers")] == [1, 2, 3, 4, 5, 6]
    assert [row["id"] for row in rows(six, "/customers", page=2, pageSize=4)] == [5, 6]
    assert rows(six, "/customers", sort="id:desc", fields="id", pageSize=2) == [{"id": 6}, {"id": 5}]
    assert rows(six, "/customers", customerAccountNumber="C-000003", fields="id") == [{"id": 3}]


@pytest.mark.parametrize(
    ("given", "ids"),
    [("2026-02-02", [3]), ("lt:2026-02-02", []), ("gt:2026-02-01", [3]), ("gtn:2026-02-02", [1, 2, 4, 5, 6])],
)
def test_end_dates_are_filtered_as_the_sibling_operations_do(six: Any, given: str, ids: list[int]) -> None:
    """Customer 3 left on 2 February; customer 4 left then too, and came back."""
    assert [row["id"] for row in rows(six, "/customers", endDate=given)] == ids


def test_the_open_run_is_the_one_whose_values_the_summaries_show(six: Any) -> None:
    assert [(run["id"], run["billRunStatus"]) for run in rows(six, "/bill-runs")] == [
        (1, "FINALIZED"), (2, "FINALIZED"), (3, "OPEN"),
    ]  # fmt: skip
    [run] = rows(six, "/bill-runs", billRunStatus="OPEN")
    assert (run["periodStartDate"], run["periodEndDate"]) == ("2026-03-01", "2026-03-31")
    revenue = [run["revenueInMajorCurrency"] for run in rows(six, "/bill-runs", billRunStatus="FINALIZED")]
    assert revenue == [40, 40], "four customers at 10.00: in February two of them have left, but after the fee"
    assert rows(six, "/bill-runs", billingCycleId=2) == []


def test_usage_without_a_price_is_in_suspense(stand_in: Any) -> None:
    [run] = rows(stand_in("demo", apis=["elevate"]), "/bill-runs", billRunStatus="OPEN")
    assert run["usageSuspenseCount"] == 1


@pytest.mark.parametrize(
    ("path", "query", "says"),
    [
        ("/customers", {"startDate": "soon"}, "startDate"),
        ("/customers", {"endDate": "lt:2026-02-30"}, "endDate"),
        ("/customers", {"sort": "shoeSize"}, "sort"),
        ("/bill-runs", {"pageSize": 1001}, "pageSize"),
        ("/bill-runs", {"billingCycleId": 0}, "billingCycleId"),
    ],
)
def test_what_cannot_be_is_refused_by_name(six: Any, path: str, query: dict[str, Any], says: str) -> None:
    answer = six.get("elevate", path, params={"page": 1, "pageSize": 10, **query})
    assert answer.status_code == 400
    assert f"'{says}'" in answer.json()["message"]


def test_a_parameter_at_fault_is_named_once(six: Any) -> None:
    answer = six.get("elevate", "/customers", params={"page": 0, "pageSize": 10})
    assert answer.json()["message"] == "Validation failed for parameter 'page': the value is less than the minimum of 1"


def test_a_restricted_credential_sees_its_customers_only(six: Any) -> None:
    answer = six.get("elevate", "/customers", params={"page": 1, "pageSize": 10}, key="only-regular")
    assert [row["id"] for row in answer.json()] == [1, 6], "regular, and the child that it pays for"


def test_a_large_world_is_paged_and_is_not_sorted_by_names(stand_in: Any) -> None:
    large = stand_in("demo", apis=["elevate"], customers=2000)
    assert [row["id"] for row in rows(large, "/customers", page=20)] == list(range(1901, 2001))
    answer = large.get("elevate", "/customers", params={"page": 1, "pageSize": 10, "sort": "customerName"})
    assert answer.status_code == 400


def test_a_run_is_in_each_stage_that_the_vendor_names_in_turn(stand_in: Any) -> None:
    """docs/vendors/elevate.md#bill-run-status: requested, a minute later running, four more minutes later complete."""
    story = stand_in("one-month", apis=["elevate"])
    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1)))
    seen = [stage_of(story)]
    story.do(RequestBills(run=1))
    for _ in range(6):
        seen.append(stage_of(story))
        story.do(AdvanceClock(minutes=1))
    assert seen == [
        ("OPEN", "STARTING"),
        ("CLOSED", "REPORTING"),
        ("CLOSED", "DRAFT_INVOICES"),
        ("CLOSED", "FULL_INVOICES"),
        ("CLOSED", "FULL_INVOICES"),
        ("CLOSED", "DISTRIBUTION"),
        ("FINALIZED", "FINISHED"),
    ]


def stage_of(story: Any) -> tuple[str, str]:
    (run,) = story.get("elevate", "/bill-runs", params={"page": 1, "pageSize": 10}).json()
    return run["billRunStatus"], run["summaryStatus"]
