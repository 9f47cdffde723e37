"""billingplatform.uk's lists of customers and invoices, and the forms of dates and presets that switches change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.world.commands import CreateRun

API = "billingplatform"


@pytest.fixture
def late(stand_in: Any) -> Any:
    """Three customers with two bills each, all of 14.28; runs 1 and 2 are complete."""
    return stand_in("late-payer", apis=[API])


def get(stand_in: Any, path: str, **query: Any) -> Any:
    answer = stand_in.get(API, path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_run_is_the_sum_of_its_invoices(late: Any) -> None:
    invoices = [each for each in get(late, "/invoices/") if each["billingRun"] == "1"]
    assert [each["amount"] for each in invoices] == ["14.28"] * 3
    assert (
        get(late, "/billingRuns/1")["invoiceAmount"]
        == str(sum(Decimal(each["amount"]) for each in invoices))
        == "42.84"
    )


def test_invoices_are_filtered_and_paged(late: Any) -> None:
    assert len(get(late, "/invoices/")) == 6
    assert len(get(late, "/invoices/", minDate="2026-03-01")) == 3
    assert len(get(late, "/invoices/", maxDate="2026-02-28")) == 3
    assert len(get(late, "/invoices/", minDueDate="2026-02-15", maxDueDate="2026-02-15")) == 3
    assert get(late, "/invoices/", minDate="2026-03-02") == []
    numbers = [each["invoiceNumber"] for each in get(late, "/invoices/")]
    assert [each["invoiceNumber"] for each in get(late, "/invoices", offset=1, limit=2)] == numbers[1:3]
    assert [each["invoiceNumber"] for each in get(late, "/invoices/", invoiceNumber=numbers[4])] == [numbers[4]]


def test_a_customer_is_found_by_account_number_and_has_invoices(late: Any) -> None:
    [halfway] = get(late, "/customers/", accountNumber="C00002")
    assert (halfway["id"], halfway["name"]) == ("2", "Halfway House GmbH")
    assert get(late, "/customers/2") == halfway
    assert {each["customer"] for each in get(late, "/customers/2/invoices/")} == {"2"}
    assert [each["id"] for each in get(late, "/customers/", idAfter=1)] == ["2", "3"]
    for path in ("/customers/4", "/customers/04", "/customers/4/invoices/"):
        assert late.get(API, path).status_code == 404


def test_an_unknown_path_is_reported_once(late: Any) -> None:
    assert late.get(API, "/nope").json() == {"error": "there is no /nope in this API"}


def test_a_list_has_a_thousand_at_most(stand_in: Any) -> None:
    large = stand_in("one-month", apis=[API], customers=1500)
    assert len(get(large, "/customers/")) == 1000
    assert [each["id"] for each in get(large, "/customers/", idAfter=1498)] == ["1499", "1500"]
    assert large.get(API, "/customers/", params={"limit": 1001}).status_code == 400


def test_dates_can_be_day_first(stand_in: Any) -> None:
    late = stand_in("late-payer", apis=[API], switches={"billingplatform.date_as": "british"})
    run = get(late, "/billingRuns/1")
    assert (run["invoiceDate"], run["dueDate"], run["transactionCutoffDate"]) == ("01/02/2026", "15/02/2026", None)
    assert get(late, "/invoices/")[0]["invoiceDate"] == "01/02/2026"


@pytest.mark.parametrize(
    "since",
    [
        *("2026-03-01", "2026-03-01 00:00:00", "2026-03-01T00:00:00"),
        *("2026-03-01T01:00:00+01:00", "2026-03-01T01:00:00+0100", "2026-03-01T01:00:00+01"),
    ],
)
def test_a_time_may_be_written_in_other_ways(stand_in: Any, since: str) -> None:
    switches = {"billingplatform.datetime_filter": "lenient"}
    lenient, strict = stand_in("late-payer", apis=[API], switches=switches), stand_in("late-payer", apis=[API])
    assert [each["id"] for each in get(lenient, "/billingRuns/", createdSince=since)] == ["2", "3"]
    assert strict.get(API, "/billingRuns/", params={"createdSince": since}).status_code == (
        200 if "+" in since else 400
    )
    assert lenient.get(API, "/billingRuns/", params={"createdSince": "yesterday"}).status_code == 400


def test_a_preset_value_may_have_to_be_one_in_use(stand_in: Any) -> None:
    shop = stand_in("one-month", apis=[API], switches={"billingplatform.preset_values": "known"})
    shop.do(CreateRun(message="Thank you", invoice_date=date(2026, 2, 1)))
    assert shop.post(API, "/billingRuns/", json={"invoiceMessage": "Thank you"}).status_code == 200
    for name in ("invoiceMessage", "subrun"):
        refused = shop.post(API, "/billingRuns/", json={name: "No such name"})
        assert refused.status_code == 400
        assert name in refused.json()["error"]
    assert len(get(shop, "/billingRuns/")) == 2
