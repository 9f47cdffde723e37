"""The 45 parameters of Oracle BRM's list, each compared with the client's own selection from the whole list."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from counterfoil.openapi import load
from counterfoil.world.commands import RecordPayment

API = "oracle-brm"
SPEC = load("oracle-brm").raw
SCENARIO = str(Path(__file__).parent / "scenarios/oracle-brm.yaml")
COMPARE = {"": operator.eq, ".gt": operator.gt, ".gte": operator.ge, ".lt": operator.lt, ".lte": operator.le}
PROGRESS = ["1000003", "2000003", "2001001", "3000003"]


@pytest.fixture
def brm(stand_in: Callable[..., Any]) -> Any:
    return stand_in(SCENARIO, apis=[API])


def bills(brm: Any, **query: Any) -> list[Any]:
    answer = brm.get(API, "/customerBill", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Result-Count"] == str(len(answer.json()))
    found: list[Any] = answer.json()
    return found


def numbers(brm: Any, **query: Any) -> list[str]:
    return [bill["id"].removeprefix("0.0.0.1+-bill+") for bill in bills(brm, **query)]


def member(bill: Any, path: str) -> Any:
    return reduce(operator.getitem, path.split("."), bill)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- amounts and instants ------------------------------------------------------------------------


@pytest.mark.parametrize("op", COMPARE)
@pytest.mark.parametrize("bound", ["0", "10", "11.9", "11.90", "1.19e1", "14.28", "1e9", "-1"])
@pytest.mark.parametrize("path", ["amountDue.value", "remainingAmount.value"])
def test_amounts_compare_by_value(brm: Any, path: str, op: str, bound: str) -> None:
    if path + op == "remainingAmount.value.gt" and "e" in bound:  # a string in the document, held to plain digits
        assert brm.get(API, "/customerBill", params={path + op: bound}).status_code == 400
        return
    compared = [bill for bill in bills(brm) if COMPARE[op](member(bill, path), float(bound))]
    assert bills(brm, **{path + op: bound}) == compared


INSTANTS = ["billDate", "billingPeriod.endDateTime", "billingPeriod.startDateTime", "lastUpdate", "paymentDueDate"]


@pytest.mark.parametrize("op", COMPARE)
@pytest.mark.parametrize("path", INSTANTS)
def test_timestamps_with_different_offsets_compare_as_instants(brm: Any, path: str, op: str) -> None:
    everything = bills(brm)
    for moment in {at(member(bill, path)) for bill in everything}:
        compared = [bill for bill in everything if COMPARE[op](at(member(bill, path)), moment)]
        for offset in ("+00:00", "-08:00", "+05:30"):
            spelled = moment.astimezone(at(f"2026-01-01T00:00:00{offset}").tzinfo).isoformat()
            assert bills(brm, **{path + op: spelled}) == compared
        zulu = moment.isoformat().replace("+00:00", "Z")
        assert bills(brm, **{path + op: zulu.lower()}) == compared
        assert bills(brm, **{path + op: zulu.replace("Z", ".000Z")}) == compared


def test_equality_is_on_the_instant_not_the_day(brm: Any) -> None:
    assert numbers(brm, billDate="2025-11-30T16:00:00-08:00") == ["1000001", "2000001", "3000001"]
    assert numbers(brm, billDate="2025-12-01T00:00:01Z") == []


@pytest.mark.parametrize(
    ("bound", "after"),
    [
        ("2026-01-01T00:00:00.0000000Z", PROGRESS),
        ("2026-01-01T00:00:00.0000001Z", PROGRESS),  # finer than a microsecond, and later all the same
        ("2025-12-31T23:59:59.9999999Z", ["1000002", "1000003", "2000002", "2000003", "2001001", "3000002", "3000003"]),
        ("2025-12-31T23:59:60Z", PROGRESS),  # a leap second: the instant after it
        ("9999-12-31T23:59:59-23:59", []),
        ("9999-12-31T23:59:60Z", []),
    ],
)
def test_timestamps_that_no_calendar_of_ours_has_compare_sensibly(brm: Any, bound: str, after: list[str]) -> None:
    answer = brm.get(API, "/customerBill", params={"billDate.gt": bound})
    assert answer.status_code == 200, answer.text
    assert [bill["id"][14:] for bill in answer.json()] == after


@pytest.mark.parametrize("bound", ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "0000-02-29T12:00:00-01:00"])
def test_the_beginning_of_time_is_before_every_bill(brm: Any, bound: str) -> None:
    assert len(bills(brm, **{"billDate.gte": bound})) == 10
    assert bills(brm, **{"billDate.lte": bound}) == []
    assert bills(brm, billDate=bound) == []


def test_a_finer_timestamp_is_equal_to_no_bill(brm: Any) -> None:
    assert numbers(brm, billDate="2025-12-01T00:00:00.0000001Z") == []
    assert numbers(brm, **{"billDate.lt": "2025-12-01T00:00:00.0000001Z"}) == ["1000001", "2000001", "3000001"]


# --- numbers, ids, states, patterns --------------------------------------------------------------


def test_bill_in_progress_stands_for_all_bills_without_a_number(brm: Any) -> None:
    assert numbers(brm, billNo="bill in progress") == numbers(brm, state="inProgress") == PROGRESS
    assert numbers(brm, billNo="Bill in progress") == []


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("new", ["2000001", "2000002", "3000001"]),
        ("partiallyPaid", ["1000002"]),
        ("settled", ["1000001"]),
        ("inProgress", PROGRESS),
    ],
)
def test_state(brm: Any, state: str, found: list[str]) -> None:
    assert numbers(brm, state=state) == found


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("billNo", "B1-1", ["1000001"]),
        ("billNo", "b1-1", []),
        ("billNo", "B01-1", []),
        ("billNo", "B9-1", []),
        ("billNo", "B1-99", []),
        ("billNo", "", []),
        ("id", "0.0.0.1+-bill+1000002", ["1000002"]),
        ("id", "0.0.0.1 -bill 1000002", ["1000002"]),
        ("id", "0.0.0.1+-bill+1000009", []),
        ("id", "0.0.0.1+-bill+9000009", []),
        ("id", "0.0.0.1+-bill+" + "9" * 60, []),
        ("id", "B1-1", []),
        ("billingAccount.id", "0.0.0.1+-account+1000", ["1000001", "1000002", "1000003"]),
        ("billingAccount.id", "0.0.0.1 -account 1000", ["1000001", "1000002", "1000003"]),
        ("billingAccount.id", "A-000001", ["1000001", "1000002", "1000003"]),
        ("billingAccount.id", "A-000002-1", ["2001001"]),
        ("billingAccount.id", "0.0.0.1+-account+2001", ["2001001"]),
        ("billingAccount.id", "A-1", []),
        ("billingAccount.id", "A-0000001", []),
        ("billNo.like", "B1-%", ["1000001", "2000001", "3000001"]),
        ("billNo.like", "%-1", ["1000001", "1000002"]),
        ("billNo.like", "%", ["1000001", "1000002", "2000001", "2000002", "3000001", "3000002"]),
        ("billNo.like", "%2%", ["1000002", "2000001", "2000002", "3000002"]),
        ("billNo.like", "B%-2", ["2000001", "2000002"]),
        ("billNo.like", "B1-1%", ["1000001"]),
        ("billNo.like", "B1-1", ["1000001"]),
        ("billNo.like", "b1-%", []),
        ("billNo.like", "B_-1", []),
        ("billNo.like", "", []),
        ("billNo.like", "%-%-%", []),
        ("billNo.like", "%1%1%", ["1000001"]),
        ("remainingAmount.value.like", "0.00", ["1000001"]),
        ("remainingAmount.value.like", "10.00", ["1000002"]),
        ("remainingAmount.value.like", "14.%", ["2000003"]),
        ("remainingAmount.value.like", "1%.%0", None),
        ("remainingAmount.value.like", "10", []),
    ],
)
def test_texts(brm: Any, name: str, value: str, found: list[str] | None) -> None:
    if found is None:
        pattern = re.compile(value.replace(".", r"\.").replace("%", ".*"))
        found = [b["id"][14:] for b in bills(brm) if pattern.fullmatch(f"{b['remainingAmount']['value']:.2f}")]
        assert found
    if len(found) == 10 or name != "id":
        assert set(found) != set(numbers(brm))  # a filter that lets all pass shows nothing
    assert numbers(brm, **{name: value}) == found


def test_a_percent_sign_may_stand_for_at_least_one_character(stand_in: Callable[..., Any]) -> None:
    strict = stand_in(SCENARIO, apis=[API], switches={"oracle-brm.like_percent": "one-or-more"})
    loose = stand_in(SCENARIO, apis=[API])
    for brm, found in ((strict, []), (loose, ["1000001"])):
        assert numbers(brm, **{"billNo.like": "B1-1%"}) == found
        assert numbers(brm, **{"billNo.like": "%B1-1"}) == found
        assert numbers(brm, **{"billNo.like": "B1%-%1"}) == found
        assert numbers(brm, **{"remainingAmount.value.like": "%0.00", "state": "settled"}) == found
    assert numbers(strict, **{"billNo.like": "B%-1"}) == ["1000001", "1000002"]
    assert numbers(strict, **{"billNo.like": "B1-%"}) == ["1000001", "2000001", "3000001"]
    assert numbers(strict, **{"billNo.like": "B1%%1"}) == []
    assert numbers(strict, **{"billNo.like": "B%%1"}) == ["1000001", "1000002"]


def test_a_comma_is_part_of_a_value_unless_switched_to_mean_or(stand_in: Callable[..., Any]) -> None:
    on = stand_in(SCENARIO, apis=[API], switches={"oracle-brm.comma_is_or": True})
    off = stand_in(SCENARIO, apis=[API])
    expected = {
        ("billNo", "B1-1,B2-3,B9-9"): ["1000001", "3000002"],
        ("billNo", "B1-1,bill in progress"): ["1000001", *PROGRESS],
        ("billNo.like", "B1-1%,%-3"): ["1000001", "3000001", "3000002"],
        ("id", "0.0.0.1+-bill+1000002,0.0.0.1+-bill+2000001"): ["1000002", "2000001"],
        ("billingAccount.id", "A-000002-1,0.0.0.1+-account+3000"): ["2001001", "3000001", "3000002", "3000003"],
        ("remainingAmount.value.like", "0.%,14.%"): ["1000001", "2000003"],
    }
    for (name, value), found in expected.items():
        assert numbers(on, **{name: value}) == found
        assert numbers(off, **{name: value}) == []


def test_all_filters_must_hold(brm: Any) -> None:
    query = {"billNo.like": "B2-%", "remainingAmount.value.gte": "10", "billingAccount.id": "A-000001"}
    assert numbers(brm, **query) == ["1000002"]
    assert numbers(brm, **query, **{"remainingAmount.value.gt": "10"}) == []
    assert numbers(brm, **{"amountDue.value.gt": "11.9", "amountDue.value.lt": "100"}) == ["2000003"]
    assert numbers(brm, id="0.0.0.1+-bill+1000001", billNo="B2-1") == []
    assert numbers(brm, id="0.0.0.1+-bill+1000001", **{"billingAccount.id": "A-000002"}) == []


def test_no_match_is_an_empty_list_and_two_zeros(brm: Any) -> None:
    answer = brm.get(API, "/customerBill", params={"amountDue.value.gt": "1000"})
    assert (answer.status_code, answer.json()) == (200, [])
    assert (answer.headers["X-Result-Count"], answer.headers["X-Total-Count"]) == ("0", "0")


SPLITTING = {
    "@type": None,
    "fields": None,
    "limit": None,
    "offset": None,
    "billNo": "B1-1",
    "billNo.like": "B1-%",
    "billingAccount.id": "A-000001",
    "id": "0.0.0.1+-bill+1000001",
    "remainingAmount.value.like": "1%",
    "state": "new",
    **{f"amountDue.value{op}": "14.28" for op in COMPARE},
    **{f"remainingAmount.value{op}": "11.90" for op in COMPARE},
    **{name + op: "2026-01-01T00:00:00Z" for name in INSTANTS for op in COMPARE},
    **{f"billingPeriod.startDateTime{op}": "2025-12-01T00:00:00Z" for op in COMPARE},
    **{f"lastUpdate{op}": "2026-01-01T06:05:00Z" for op in COMPARE},
    **{f"paymentDueDate{op}": "2026-01-31T00:00:00Z" for op in COMPARE},
}


def test_all_45_parameters_are_known_here() -> None:
    documented = [each["name"] for each in SPEC["paths"]["/customerBill"]["get"]["parameters"]]
    assert len(documented) == 45
    assert set(documented) == set(SPLITTING)


@pytest.mark.parametrize(("name", "value"), [each for each in SPLITTING.items() if each[1]])
def test_no_filter_is_ignored(brm: Any, name: str, value: str) -> None:
    assert 0 < len(bills(brm, **{name: value})) < 10


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [{}, {"amountDue.value": "11.9"}, {"billNo.like": "%1%"}, {"state": "new"}])
@pytest.mark.parametrize("limit", [1, 3, 10**25])
def test_pages_lose_and_repeat_nothing(brm: Any, query: dict[str, str], limit: int) -> None:
    whole = bills(brm, **query)
    for offset in (*range(12), 10**25):
        answer = brm.get(API, "/customerBill", params={**query, "limit": limit, "offset": offset})
        assert answer.status_code == 200
        assert answer.json() == whole[offset : offset + limit]
        assert answer.headers["X-Result-Count"] == str(len(answer.json()))
        assert answer.headers["X-Total-Count"] == str(len(whole))


def test_a_list_without_limit_holds_all_unless_a_default_is_set(stand_in: Callable[..., Any]) -> None:
    brm = stand_in(SCENARIO, apis=[API], switches={"oracle-brm.default_limit": 4})
    assert len(bills(brm)) == 4
    assert len(bills(brm, limit=7)) == 7
    assert len(bills(stand_in(SCENARIO, apis=[API]))) == 10


def test_a_part_of_the_list_may_be_206_with_links(stand_in: Callable[..., Any]) -> None:
    brm = stand_in(SCENARIO, apis=[API], switches={"oracle-brm.partial_status": 206})
    query = {"state": "inProgress", "billDate.gt": "2026-01-01T01:00:00+01:00"}
    answer = brm.get(API, "/customerBill", params={**query, "limit": 1, "offset": 2})
    assert answer.status_code == 206
    links = {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["Link"])}
    by_link = {}
    for rel, url in links.items():
        path = url.removeprefix("http://counterfoil.test/oracle-brm/brm/customerBillManagement/v4")
        by_link[rel] = [bill["id"][14:] for bill in brm.get(API, path).json()]
    assert by_link == {
        "self": ["2001001"],
        "first": ["1000003"],
        "prev": ["2000003"],
        "next": ["3000003"],
        "last": ["3000003"],
    }
    assert brm.get(API, "/customerBill", params=query).status_code == 200  # nothing is missing
    assert brm.get(API, "/customerBill", params={"offset": 3}).status_code == 206
    assert brm.get(API, "/customerBill", params={"offset": 30}).status_code == 206
    assert brm.get(API, "/customerBill", params={"billNo": "none"}).status_code == 200


def test_the_list_is_never_older_than_the_last_command(brm: Any) -> None:
    assert "2000001" in numbers(brm, state="new")
    brm.do(RecordPayment(customer=2, bill=1))
    assert "2000001" not in numbers(brm, state="new")
    assert "2000001" in numbers(brm, state="settled")


def test_customers_who_share_a_history_are_listed_each_with_its_own_ids(stand_in: Callable[..., Any]) -> None:
    brm = stand_in(SCENARIO, apis=[API], customers=300)
    found = numbers(brm)
    assert len(set(found)) == len(found)
    assert found == sorted(found, key=int)
    assert {int(each) // 1_000_000 for each in found} == set(range(1, 301)) - {4}
    by_state = [numbers(brm, state=state) for state in ("new", "partiallyPaid", "settled", "inProgress")]
    assert sorted([*(each for part in by_state for each in part), "3000002"], key=int) == found
    by_pattern = numbers(brm, **{"billNo.like": "%-2%"})
    assert by_pattern == [b["id"][14:] for b in bills(brm) if re.fullmatch(".*-2.*", b.get("billNo", ""))]
