"""Elevate over HTTP: pages, sorts, filters and fields, on six customers to read and on three hundred to compare."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.world.commands import AddCharge, RecordUsage, SetSwitch

STANDINGS = str(Path(__file__).parent / "scenarios" / "standings.yaml")
LIST = "/customer-billing-summaries"
MEMBERS = [
    "customerId",
    "billingStatus",
    "ratingStatus",
    "openBillRunValue",
    "previousBillRunValue",
    "valueDifference",
    "percentageDifference",
]
# customer:            1       2              3       4            5             6
# billingStatus        ACTIVE  FIRST_INVOICE  CEASED  RESURRECTED  NEVER_BILLED  ACTIVE
# openBillRunValue     12      10             0       10           0             10
# valueDifference      2       10             -10     0            0             0
# percentageDifference 20      0              -100    0            0             0


def rows(stand_in: Any, **query: Any) -> list[dict[str, Any]]:
    answer = stand_in.get("elevate", LIST, params={"page": 1, "pageSize": 1000, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(stand_in: Any, **query: Any) -> list[int]:
    return [row["customerId"] for row in rows(stand_in, **query)]


@pytest.fixture
def six(stand_in: Callable[..., Any]) -> Any:
    return stand_in(STANDINGS, apis=["elevate"])


# --- pages ---------------------------------------------------------------------------------------


def test_pages_count_from_one_and_end_in_an_empty_one(six: Any) -> None:
    assert ids(six, page=1, pageSize=4) == [1, 2, 3, 4]
    assert ids(six, page=2, pageSize=4) == [5, 6]
    assert rows(six, page=3, pageSize=4) == []
    assert rows(six, page=2147483647, pageSize=1000) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "page=1",
        "pageSize=1",
        "page=0&pageSize=1",
        "page=1&pageSize=0",
        "page=1&pageSize=1001",
        "page=-1&pageSize=1",
        "page=1.5&pageSize=1",
        "page=one&pageSize=1",
        "page=&pageSize=1",
        "page=1&page=2&pageSize=1",
        "page=2147483648&pageSize=1",
        "page=1&pageSize=1&sort=%FF",
    ],
)
def test_a_page_that_cannot_be_is_refused_by_name(six: Any, query: str) -> None:
    answer = six.get("elevate", f"{LIST}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "Bad Request"
    assert answer.json()["message"].startswith("Validation failed for parameter '")


def test_an_empty_world_has_an_empty_first_page(stand_in: Callable[..., Any]) -> None:
    quiet = stand_in("quiet", apis=["elevate"])
    assert rows(quiet) == []
    assert rows(quiet, sort="openBillRunValue", ratingStatus="COMPLETE", customerId="like:1") == []


# --- sorts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("customerId", [1, 2, 3, 4, 5, 6]),
        ("customerId:desc", [6, 5, 4, 3, 2, 1]),
        ("billingStatus", [1, 6, 3, 2, 5, 4]),
        ("valueDifference", [3, 4, 5, 6, 1, 2]),
        ("valueDifference:desc", [2, 1, 4, 5, 6, 3]),
        ("valueDifference:desc,customerId:desc", [2, 1, 6, 5, 4, 3]),
        ("openBillRunValue:desc,valueDifference", [1, 4, 6, 2, 3, 5]),
        ("ratingStatus,billingStatus:desc", [4, 5, 2, 3, 1, 6]),
        ("customerId:desc,billingStatus", [6, 5, 4, 3, 2, 1]),
    ],
)
def test_sorts_take_several_keys_and_leave_ties_by_customer(six: Any, sort: str, order: list[int]) -> None:
    assert ids(six, sort=sort) == order
    assert [number for page in (1, 2, 3) for number in ids(six, sort=sort, page=page, pageSize=2)] == order


@pytest.mark.parametrize("sort", ["name", "id,name", "customerId:asc", "customerId:", "customerId :desc"])
def test_an_unknown_sort_field_is_refused_or_ignored(six: Any, sort: str) -> None:
    answer = six.get("elevate", LIST, params={"page": 1, "pageSize": 10, "sort": sort})
    assert answer.status_code == 400
    assert "customerId" in answer.json()["message"], "it lists what there is"
    six.do(SetSwitch(name="elevate.unknown_sort_field", value="ignore"))
    assert ids(six, sort=f"{sort},customerId:desc") in ([6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6])
    assert ids(six, sort=f"name,{sort},valueDifference:desc")[0] in (1, 2)


def test_null_percentages_come_first(six: Any) -> None:
    six.do(SetSwitch(name="elevate.percentage_without_base", value="null"))
    assert ids(six, sort="percentageDifference") == [2, 5, 3, 4, 6, 1]
    assert ids(six, percentageDifference="0") == [4, 6]
    assert ids(six, percentageDifference="like:") == [1, 3, 4, 6]


# --- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"customerId": "4"}, [4]),
        ({"customerId": "4.0"}, [4]),
        ({"customerId": "4.5"}, []),
        ({"customerId": "0"}, []),
        ({"customerId": "7"}, []),
        ({"customerId": "-1"}, []),
        ({"customerId": "xyz"}, []),
        ({"customerId": "1e99"}, []),
        ({"customerId": "9" * 200}, []),
        ({"customerId": "in:5,2,2,9,x"}, [2, 5]),
        ({"customerId": "like:3"}, [3]),
        ({"valueDifference": "2"}, [1]),
        ({"valueDifference": "2.00"}, [1]),
        ({"valueDifference": "-10"}, [3]),
        ({"valueDifference": "in:2,10.0"}, [1, 2]),
        ({"valueDifference": "like:10"}, [2, 3]),
        ({"valueDifference": "xyz"}, []),
        ({"valueDifference": "NaN"}, []),
        ({"percentageDifference": "20"}, [1]),
        ({"percentageDifference": "in:x,-100"}, [3]),
        ({"ratingStatus": "COMPLETE"}, [1, 2, 3, 4, 5, 6]),
        ({"ratingStatus": "INCOMPLETE"}, []),
        ({"ratingStatus": "complete"}, []),
        ({"ratingStatus": "like:complete"}, [1, 2, 3, 4, 5, 6]),
        ({"billingStatus": "ACTIVE"}, [1, 6]),
        ({"billingStatus": "in:CEASED,RESURRECTED"}, [3, 4]),
        ({"billingStatus": "like:e_b"}, []),
        ({"billingStatus": "like:r_b"}, [5]),
        ({"billingStatus": "like:xyz"}, []),
        ({"billingStatus": "SLEEPING"}, []),
        ({"billingStatus": "in:"}, []),
        ({"billingStatus": "ACTIVE", "valueDifference": "0"}, [6]),
        ({"billingStatus": "ACTIVE", "valueDifference": "10"}, []),
        ({"customerId": "in:1,2,3", "billingStatus": "like:c"}, [1, 2, 3]),
        ({"customerId": "in:1,2,3", "billingStatus": "CEASED"}, [3]),
        ({"customerId": "in:1,2,3", "sort": "valueDifference"}, [3, 1, 2]),
        ({"customerId": "in:1,2,3", "sort": "customerId:desc"}, [3, 2, 1]),
    ],
)
def test_filters(six: Any, query: dict[str, str], found: list[int]) -> None:
    assert ids(six, **query) == found


def test_like_can_mind_the_case(six: Any) -> None:
    six.do(SetSwitch(name="elevate.like", value="case_sensitive"))
    assert ids(six, billingStatus="like:CEA") == [3]
    assert ids(six, billingStatus="like:cea") == []


def test_a_status_that_is_none_can_be_refused(six: Any) -> None:
    six.do(SetSwitch(name="elevate.enum_filter_outside", value="400"))
    for query in ({"billingStatus": "SLEEPING"}, {"ratingStatus": "in:COMPLETE,DONE"}):
        answer = six.get("elevate", LIST, params={"page": 1, "pageSize": 1, **query})
        assert answer.status_code == 400
        assert next(iter(query)) in answer.json()["message"]
    assert ids(six, billingStatus="in:CEASED,ACTIVE") == [1, 3, 6]
    assert ids(six, billingStatus="like:sleep") == []


# --- fields --------------------------------------------------------------------------------------


def test_fields_choose_members_and_nothing_else(six: Any) -> None:
    assert rows(six, fields="valueDifference,customerId", customerId="1") == [{"customerId": 1, "valueDifference": 2}]
    assert rows(six, fields="valueDifference", customerId="1") == [{"valueDifference": 2}]
    assert list(rows(six, customerId="1")[0]) == MEMBERS
    assert rows(six, fields="", customerId="1") == rows(six, customerId="1")


def test_unknown_fields_are_ignored_or_refused(six: Any) -> None:
    assert rows(six, fields="id,name,valueDifference", customerId="1") == [{"valueDifference": 2}]
    assert rows(six, fields="id,name", customerId="1") == [{}]
    six.do(SetSwitch(name="elevate.unknown_fields_name", value="400"))
    answer = six.get("elevate", LIST, params={"page": 1, "pageSize": 1, "fields": "customerId,name"})
    assert answer.status_code == 400
    assert "'name'" in answer.json()["message"]


# --- three hundred customers ---------------------------------------------------------------------


@pytest.fixture
def many(stand_in: Callable[..., Any]) -> Any:
    stand_in = stand_in("demo", apis=["elevate"], customers=300)
    for customer in (7, 77, 177, 277):  # books of their own
        stand_in.do(AddCharge(customer=customer, description="Extra", amount=Decimal(customer)))
    stand_in.do(RecordUsage(customer=100, country="DE", quantity=Decimal(1), rated=False))
    return stand_in


def by(sort: str) -> Callable[[dict[str, Any]], Any]:
    names = [name for name in sort.split(",") if name]
    return lambda row: (*(row[name] for name in names), row["customerId"])


@pytest.mark.parametrize(
    ("sort", "filters", "keeps"),
    [
        ("", {}, lambda row: True),
        ("openBillRunValue", {}, lambda row: True),
        ("billingStatus,valueDifference", {}, lambda row: True),
        ("", {"billingStatus": "ACTIVE"}, lambda row: row["billingStatus"] == "ACTIVE"),
        ("valueDifference", {"billingStatus": "ACTIVE"}, lambda row: row["billingStatus"] == "ACTIVE"),
        ("previousBillRunValue", {"customerId": "like:1"}, lambda row: "1" in str(row["customerId"])),
        ("ratingStatus", {"ratingStatus": "like:COMPLETE"}, lambda row: True),
    ],
)
def test_pages_hold_the_sorted_list_each_once(
    many: Any, sort: str, filters: dict[str, str], keeps: Callable[[dict[str, Any]], bool]
) -> None:
    everything = [row for page in (1, 2) for row in rows(many, page=page, pageSize=200)]
    assert len({row["customerId"] for row in everything}) == 300
    expected = sorted(filter(keeps, everything), key=by(sort))
    query = {**filters, **({"sort": sort} if sort else {})}
    for size in (7, 50, 299, 1000):
        many.do(SetSwitch(name="elevate.values", value="net"))  # a new version: nothing is remembered
        pages = [rows(many, page=page, pageSize=size, **query) for page in range(1, 300 // size + 2)]
        assert [row for page in pages for row in page] == expected
        assert rows(many, page=1, pageSize=size, **query) == pages[0], "asked again"


def test_a_late_page_asked_for_first_is_the_same(many: Any) -> None:
    late = rows(many, page=30, pageSize=10, sort="openBillRunValue:desc,customerId:desc")
    everything = [row for page in (1, 2) for row in rows(many, page=page, pageSize=200)]
    ordered = sorted(everything, key=by("openBillRunValue"), reverse=True)
    assert late == ordered[290:]


def test_a_write_is_seen_at_once(many: Any) -> None:
    query = {"sort": "openBillRunValue:desc", "pageSize": 1}
    assert ids(many, **query) != [250]
    many.do(AddCharge(customer=250, description="Largest", amount=Decimal(5000)))
    assert ids(many, **query) == [250]
    [active, *_] = ids(many, ratingStatus="COMPLETE", billingStatus="ACTIVE")
    many.do(RecordUsage(customer=active, country="DE", quantity=Decimal(1), rated=False))
    assert active in ids(many, ratingStatus="INCOMPLETE")
