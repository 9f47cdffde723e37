"""Oracle BRM's refusals of wrong credentials, URLs and values; always with TMF's Error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterfoil.world.commands import AdvanceClock, IssueToken, SetSwitch

API = "oracle-brm"
SCENARIO = str(Path(__file__).parent / "scenarios/oracle-brm.yaml")
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
REASONS |= {406: "Not Acceptable"}


@pytest.fixture
def brm(stand_in: Callable[..., Any]) -> Any:
    return stand_in(SCENARIO, apis=[API])


def refused(answer: Any, status: int, *, naming: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    body = answer.json()
    assert naming in body.pop("message")
    assert body == {"code": str(status), "reason": REASONS[status], "status": str(status), "@type": "Error"}


# --- who may ask ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/customerBill", "/customerBill/B1-1"])
def test_a_request_needs_a_token_that_is_known_and_may(brm: Any, path: str) -> None:
    for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}):
        answer = brm.get(API, path, key=None, headers=headers)
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused(brm.get(API, path, key="nobody-knows-it"), 401)
    refused(brm.get(API, path, key="counterfoil-forbidden"), 403)
    assert brm.get(API, path, key=None, headers={"Authorization": "bearer counterfoil-key"}).status_code == 200


def test_a_test_system_takes_requests_without_a_token_but_no_wrong_one(brm: Any) -> None:
    brm.do(SetSwitch(name="oracle-brm.token", value="optional"))
    assert len(brm.get(API, "/customerBill", key=None).json()) == 10
    refused(brm.get(API, "/customerBill", key="nobody-knows-it"), 401)


def test_an_issued_token_is_good_until_it_expires_by_the_worlds_clock(brm: Any) -> None:
    token = brm.do(IssueToken(api=API, key="counterfoil-key", minutes=60)).value
    elsewhere = brm.do(IssueToken(api="elevate", key="counterfoil-key", minutes=60)).value
    assert brm.get(API, "/customerBill", key=token).status_code == 200
    refused(brm.get(API, "/customerBill", key=elsewhere), 401)
    brm.do(AdvanceClock(minutes=59))
    assert brm.get(API, "/customerBill", key=token).status_code == 200
    brm.do(AdvanceClock(minutes=1))
    refused(brm.get(API, "/customerBill", key=token), 401, naming="expired")


def test_a_token_of_one_customer_sees_that_one_and_those_it_pays_for(brm: Any) -> None:
    def seen(key: str, **query: str) -> set[str]:
        answer = brm.get(API, "/customerBill", key=key, params=query)
        assert answer.headers["X-Total-Count"] == str(len(answer.json()))
        return {bill["id"][14:15] for bill in answer.json()}

    assert seen("duo-key") == {"2"}
    assert seen("acme-key") == {"1", "3"}
    assert seen("duo-key", id="0.0.0.1+-bill+1000001") == set()
    assert seen("duo-key", **{"billNo.like": "%-%"}) == {"2"}
    assert seen("counterfoil-key") == {"1", "2", "3"}
    assert brm.get(API, "/customerBill/B1-3", key="acme-key").status_code == 200
    refused(brm.get(API, "/customerBill/B1-3", key="duo-key"), 404)


# --- what is not there ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "0.0.0.1+-bill+999999999",
        "0.0.0.1+-bill+1000099",
        "0.0.0.1+-bill+1001001",
        "0.0.0.1+-bill+0",
        "0.0.0.1+-bill+" + "9" * 500,
        "B9-1",
        "B1-1.1",
        "B1-1.0",
        "b1-1",
        "bill%20in%20progress",
        "%F0%9F%92%B6",
        "%0A%00",
        "..%2F..%2Fetc",
        "B1-\u0661",
    ],
)
def test_a_bill_that_is_not_there_is_404(brm: Any, name: str) -> None:
    refused(brm.get(API, f"/customerBill/{name}"), 404, naming="There is no customer bill")


def test_an_unknown_address_is_404_and_a_wrong_method_405(brm: Any) -> None:
    refused(brm.get(API, "/customerBills"), 404)
    answer = brm.post(API, "/customerBill", json={})
    refused(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD"
    refused(brm.patch(API, "/customerBill/B1-1", json={"state": "settled"}), 405)
    refused(brm.get(API, "/customerBill", headers={"Accept": "text/csv"}), 406)


# --- what cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amountDue.value", "abc"),
        ("amountDue.value.gt", "nan"),
        ("amountDue.value.lte", "1,2"),
        ("remainingAmount.value.gt", "abc"),
        ("remainingAmount.value.gt", "1e5"),
        ("remainingAmount.value.gt", ""),
        ("billDate", "2026-01-01"),
        ("billDate.gt", "yesterday"),
        ("billDate.gte", "2026-02-30T00:00:00Z"),
        ("billDate.lt", "2026-01-01T24:00:00Z"),
        ("billDate.lte", "2026-01-01T00:00:00"),
        ("lastUpdate.gte", ""),
        ("paymentDueDate", "2026-01-01T00:00:00+99:00"),
        ("state", "onHold"),
        ("state", "New"),
        ("@type", "Bill"),
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("offset", "-1"),
        ("offset", "1.5"),
    ],
)
def test_a_value_that_does_not_fit_is_400_and_names_its_parameter(brm: Any, name: str, value: str) -> None:
    refused(brm.get(API, "/customerBill", params={name: value}), 400, naming=name)


# What RFC 3339 validators are known to let through, and other edges of it; whatever they are, never a 500.
EDGES = [
    f"{date}{sep}{time}{zone}"
    for date in ("0000-01-01", "0001-01-01", "2024-02-29", "1582-10-10", "9999-12-31")
    for sep in "Tt "
    for time in ("00:00:00", "23:59:59", "23:59:60", "23:59:59.9999999", "12:00:00." + "1" * 50, "24:00:00")
    for zone in ("Z", "z", "+23:59", "-23:59", "-00:00", "+24:00", "")
]


def test_no_timestamp_whatsoever_breaks_the_list(brm: Any) -> None:
    statuses = {edge: brm.get(API, "/customerBill", params={"billDate.lt": edge}).status_code for edge in EDGES}
    assert set(statuses.values()) == {200, 400}
    assert all(statuses[f"{d}T00:00:00Z"] == 200 for d in ("0001-01-01", "2024-02-29", "9999-12-31"))


def test_texts_with_odd_characters_find_nothing_and_break_nothing(brm: Any) -> None:
    for name in ("id", "billNo", "billNo.like", "billingAccount.id", "remainingAmount.value.like"):
        for text in ("\u0000", "%" * 2000, "%1" * 1000, "(", "[a-z]", "\n", "B1-1\n", "\u0661", "B\u0661-1", "💶", ","):
            answer = brm.get(API, "/customerBill", params={name: text})
            assert answer.status_code == 200, (name, text)
            assert len(answer.json()) in ((0,) if "%" * 10 not in text else (0, 6, 10))


def test_an_unknown_parameter_passes_unless_switched_to_be_refused(brm: Any) -> None:
    query = {"billingCycleSpecification.id": "1"}
    assert len(brm.get(API, "/customerBill", params=query).json()) == 10
    brm.do(SetSwitch(name="oracle-brm.unknown_query", value="refuse"))
    refused(brm.get(API, "/customerBill", params=query), 400, naming="billingCycleSpecification.id")
