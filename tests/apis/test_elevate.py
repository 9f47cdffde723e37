"""Elevate over HTTP: values, statuses, tokens and permissions. Filters, sorts and pages are in test_elevate_lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.world.commands import (
    AddCharge,
    AddCustomer,
    AdvanceClock,
    CancelSubscription,
    CreateRun,
    RateAgain,
    RecordUsage,
    RequestBills,
    SetSwitch,
    Subscribe,
    UpdateRun,
)

STANDINGS = str(Path(__file__).parent / "scenarios" / "standings.yaml")
LIST = "/customer-billing-summaries"


def summaries(stand_in: Any, **query: Any) -> list[dict[str, Any]]:
    answer = stand_in.get("elevate", LIST, params={"page": 1, "pageSize": 100, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(stand_in: Any, customer: int = 1) -> dict[str, Any]:
    [found] = summaries(stand_in, customerId=customer)
    return found


@pytest.fixture
def standings(stand_in: Callable[..., Any]) -> Any:
    return stand_in(STANDINGS, apis=["elevate"])


# --- the story -----------------------------------------------------------------------------------


def test_usage_grows_the_open_value_and_a_run_turns_it_into_the_previous_one(stand_in: Callable[..., Any]) -> None:
    story = stand_in("one-month", apis=["elevate"])
    assert one(story) == {
        "customerId": 1,
        "billingStatus": "FIRST_INVOICE",
        "ratingStatus": "COMPLETE",
        "openBillRunValue": 12,  # 10.00 + 40 × 0.05
        "previousBillRunValue": 0,
        "valueDifference": 12,
        "percentageDifference": 0,
    }
    story.do(RecordUsage(customer=1, country="DE", quantity=Decimal(10)))
    assert one(story)["openBillRunValue"] == 12.5

    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1)))
    story.do(RequestBills(run=1))
    assert one(story)["openBillRunValue"] == 12.5, "still open until it is complete"
    story.do(AdvanceClock(minutes=5))
    after = one(story)
    assert (after["openBillRunValue"], after["previousBillRunValue"]) == (0, 12.5)
    assert (after["valueDifference"], after["percentageDifference"]) == (-12.5, -100)
    assert after["billingStatus"] == "FIRST_INVOICE", "the only one there is"

    story.do(AdvanceClock(days=20))
    assert one(story)["openBillRunValue"] == 10, "the fee of 1 February"


def test_a_planned_run_changes_nothing_of_what_is_open(stand_in: Callable[..., Any]) -> None:
    story = stand_in("one-month", apis=["elevate"])
    before = one(story)
    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 1, 1)))
    assert one(story) == before
    assert before["openBillRunValue"] == 12  # 10.00 + 40 × 0.05
    story.do(UpdateRun(run=1, cutoff_date=date(2026, 2, 2)))
    assert one(story) == before


def test_values_are_rounded_to_the_minor_unit(stand_in: Callable[..., Any]) -> None:
    story = stand_in("one-month", apis=["elevate"])
    story.do(RecordUsage(customer=1, country="DE", quantity=Decimal("0.1")))  # 0.005
    answer = story.get("elevate", LIST, params={"page": 1, "pageSize": 1})
    assert '"openBillRunValue":12.01,' in answer.text


def test_gross_values_hold_the_tax(stand_in: Callable[..., Any]) -> None:
    story = stand_in("one-month", apis=["elevate"], switches={"elevate.values": "gross"})
    assert one(story)["openBillRunValue"] == 14.28  # 12.00 + 19 %
    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1)))
    story.do(RequestBills(run=1))
    story.do(AdvanceClock(minutes=5))
    assert one(story)["previousBillRunValue"] == 14.28


# --- differences ---------------------------------------------------------------------------------


def test_difference_and_percentage_are_of_the_previous_run(standings: Any) -> None:
    regular = one(standings)
    assert (regular["openBillRunValue"], regular["previousBillRunValue"]) == (12, 10)
    assert (regular["valueDifference"], regular["percentageDifference"]) == (2, 20)  # 2 of 10


def test_percentages_have_two_places(standings: Any) -> None:
    standings.do(AddCharge(customer=1, description="Set-up", amount=Decimal("0.005")))
    standings.do(AddCharge(customer=1, description="More", amount=Decimal("5.55")))
    assert one(standings)["percentageDifference"] == 75.6  # 17.555 is 17.56; 7.56 of 10
    standings.do(AdvanceClock(days=30))
    standings.do(RequestBills(run=3))
    standings.do(AdvanceClock(days=1))
    standings.do(CreateRun(invoice_date=date(2026, 5, 1), cutoff_date=date(2026, 5, 1)))
    assert one(standings)["percentageDifference"] == -43.05  # 10 after 17.56: -7.56 ÷ 17.56 = -43.0524…


def test_percentages_are_rounded_half_up_away_from_zero(stand_in: Callable[..., Any]) -> None:
    story = stand_in("one-month", apis=["elevate"])
    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1)))
    story.do(RequestBills(run=1))
    story.do(AdvanceClock(days=15))
    assert one(story)["percentageDifference"] == -16.67  # 10 after 12: -2 ÷ 12 = -16.666…


def test_numbers_are_written_plainly(standings: Any) -> None:
    text = standings.get("elevate", LIST, params={"page": 1, "pageSize": 1}).text
    assert '"openBillRunValue":12,"previousBillRunValue":10,"valueDifference":2,"percentageDifference":20}' in text
    standings.do(AddCharge(customer=1, description="Extra", amount=Decimal("88.50")))
    text = standings.get("elevate", LIST, params={"page": 1, "pageSize": 1}).text
    assert (
        '"openBillRunValue":100.5,"previousBillRunValue":10,"valueDifference":90.5,"percentageDifference":905}' in text
    )


def test_a_decrease_is_negative_unless_the_switch_changes_it(standings: Any) -> None:
    leaver = one(standings, 3)
    assert (leaver["valueDifference"], leaver["percentageDifference"]) == (-10, -100)
    standings.do(SetSwitch(name="elevate.difference_sign", value="absolute"))
    leaver = one(standings, 3)
    assert (leaver["valueDifference"], leaver["percentageDifference"]) == (10, 100)


def test_without_a_previous_value_the_percentage_is_zero_or_null(standings: Any) -> None:
    assert one(standings, 2)["percentageDifference"] == 0
    standings.do(SetSwitch(name="elevate.percentage_without_base", value="null"))
    assert one(standings, 2)["percentageDifference"] is None
    assert one(standings, 1)["percentageDifference"] == 20


def test_previous_is_nothing_where_the_last_run_billed_nothing(standings: Any) -> None:
    standings.do(AdvanceClock(days=30))
    standings.do(RequestBills(run=3))
    standings.do(AdvanceClock(minutes=10))
    assert one(standings, 3)["previousBillRunValue"] == 0, "run 3 billed the leaver nothing; run 2's 10.00 is older"
    assert one(standings, 1)["previousBillRunValue"] == 12


def test_a_run_for_others_is_not_the_previous_one(stand_in: Callable[..., Any]) -> None:
    story = stand_in("one-month", apis=["elevate"])
    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1)))
    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1), subrun="south"))
    south = story.do(AddCustomer(tariff="basic", group="south", starts=date(2026, 1, 1)))
    for run in (1, 2):
        story.do(RequestBills(run=run))
        story.do(AdvanceClock(minutes=5))
    assert one(story, 1)["previousBillRunValue"] == 12
    assert one(story, south)["previousBillRunValue"] == 0, "its newest run is the second, which found nothing left"


def test_an_open_run_for_other_customers_does_not_affect_this_one(stand_in: Callable[..., Any]) -> None:
    story = stand_in("one-month", apis=["elevate"])
    south = story.do(AddCustomer(tariff="basic", group="south", starts=date(2026, 1, 10)))
    story.do(RecordUsage(customer=south, country="DE", quantity=Decimal(20)))
    story.do(CreateRun(invoice_date=date(2026, 1, 15), cutoff_date=date(2026, 1, 15), subrun="south"))
    story.do(CreateRun(invoice_date=date(2026, 1, 21), cutoff_date=date(2026, 1, 21), subrun="south"))
    assert one(story, south)["openBillRunValue"] == 11  # 10.00 + 20 × 0.05
    assert one(story, 1)["openBillRunValue"] == 12
    story.do(RequestBills(run=1))
    story.do(AdvanceClock(minutes=5))
    after = one(story, south)
    assert (after["openBillRunValue"], after["previousBillRunValue"]) == (1, 10), "20 × 0.05 came after its cutoff"


def test_only_the_primary_account_is_valued(stand_in: Callable[..., Any]) -> None:
    story = stand_in(STANDINGS, apis=["elevate"])
    number = story.do(AddCustomer(tariff="dollars", currencies=("EUR", "USD")))
    assert one(story, number)["openBillRunValue"] == 0
    assert one(story, number)["billingStatus"] == "FIRST_INVOICE", "a bill in dollars is to come"
    story.do(RequestBills(run=3))
    story.do(AdvanceClock(minutes=5))
    assert one(story, number)["previousBillRunValue"] == 0
    assert one(story, number)["billingStatus"] == "FIRST_INVOICE", "the bill in dollars is the only one"


# --- statuses ------------------------------------------------------------------------------------


def test_every_billing_status_is_reached(standings: Any) -> None:
    assert {row["customerId"]: row["billingStatus"] for row in summaries(standings)} == {
        1: "ACTIVE",
        2: "FIRST_INVOICE",
        3: "CEASED",
        4: "RESURRECTED",
        5: "NEVER_BILLED",
        6: "ACTIVE",
    }


def test_who_has_not_started_is_never_billed_even_with_an_amount_to_come(standings: Any) -> None:
    standings.do(AddCharge(customer=5, description="Set-up", amount=Decimal(10)))
    future = one(standings, 5)
    assert (future["billingStatus"], future["openBillRunValue"]) == ("NEVER_BILLED", 10)


def test_one_customer_passes_through_all_five(standings: Any) -> None:
    seen = []

    def look() -> None:
        seen.append(one(standings, number)["billingStatus"])

    def bill() -> None:
        standings.do(RequestBills(run=standings.world.ledger.open_run().number))
        standings.do(AdvanceClock(minutes=5))

    number = standings.do(AddCustomer(currencies=("EUR",)))
    look()
    standings.do(Subscribe(customer=number, tariff="basic"))
    look()
    bill()
    look()
    standings.do(AdvanceClock(days=1))
    standings.do(AddCharge(customer=number, description="Extra", amount=Decimal(1)))
    standings.do(CreateRun(invoice_date=date(2026, 3, 11)))
    bill()
    look()
    standings.do(CancelSubscription(customer=number))
    look()
    standings.do(AdvanceClock(days=1))
    standings.do(Subscribe(customer=number, tariff="basic"))
    look()
    assert seen == ["NEVER_BILLED", "FIRST_INVOICE", "FIRST_INVOICE", "ACTIVE", "CEASED", "RESURRECTED"]


def test_changing_tariff_on_the_same_day_does_not_reactivate(standings: Any) -> None:
    standings.do(CancelSubscription(customer=1))
    assert one(standings)["billingStatus"] == "CEASED"
    standings.do(Subscribe(customer=1, tariff="basic"))
    assert one(standings)["billingStatus"] == "ACTIVE"


def test_unrated_use_makes_it_incomplete_until_it_is_rated(standings: Any) -> None:
    standings.do(RecordUsage(customer=2, country="DE", quantity=Decimal(20), rated=False))
    newcomer = one(standings, 2)
    assert (newcomer["ratingStatus"], newcomer["openBillRunValue"]) == ("INCOMPLETE", 10)
    standings.do(RateAgain(customer=2))
    newcomer = one(standings, 2)
    assert (newcomer["ratingStatus"], newcomer["openBillRunValue"]) == ("COMPLETE", 11)


# --- credentials ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"username": "anyone", "password": "counterfoil-key"},
        {"clientId": "any app", "clientSecret": "counterfoil-key"},
    ],
)
def test_both_kinds_of_credentials_get_a_token_for_fifteen_minutes(standings: Any, body: dict[str, str]) -> None:
    answer = standings.post("elevate", "/authenticate", key=None, json=body)
    assert answer.status_code == 200
    token = answer.json()["token"]
    assert standings.get("elevate", LIST, key=token, params={"page": 1, "pageSize": 1}).status_code == 200
    standings.do(AdvanceClock(minutes=14))
    assert standings.get("elevate", LIST, key=token, params={"page": 1, "pageSize": 1}).status_code == 200
    standings.do(AdvanceClock(minutes=1))
    late = standings.get("elevate", LIST, key=token, params={"page": 1, "pageSize": 1})
    assert (late.status_code, late.json()) == (401, {"error": "Unauthorized", "message": "The token has expired"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "anyone", "password": "wrong"}, 401),
        ({"clientId": "any", "clientSecret": "wrong"}, 401),
        ({"username": "anyone", "password": "counterfoil-forbidden"}, 403),
        ({"username": "anyone", "password": "only-flexprice"}, 403),
        ({"username": "", "password": "counterfoil-key"}, 400),
        ({"username": "anyone"}, 400),
        ({"username": "anyone", "clientSecret": "counterfoil-key"}, 400),
        ({"username": 1, "password": "counterfoil-key"}, 400),
        ({}, 400),
        ([], 400),
        (None, 400),
    ],
)
def test_other_credentials_get_none(standings: Any, body: Any, status: int) -> None:
    before = len(standings.world.history)
    answer = standings.post("elevate", "/authenticate", key=None, json=body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "message"}
    assert len(standings.world.history) == before, "a refusal changes nothing"


def test_a_login_is_no_command(standings: Any) -> None:
    before = standings.world.version
    tokens = {
        standings.post(
            "elevate", "/authenticate", key=None, json={"username": "a", "password": "counterfoil-key"}
        ).json()["token"]
        for _ in range(3)
    }
    assert len(tokens) == 3
    assert (standings.world.commands, standings.world.version) == ([], before)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Basic Y291bnRlcmZvaWw6a2V5"}, 401),
        ({"x-api-key": "counterfoil-key"}, 401),
        ({"Authorization": "Bearer counterfoil-forbidden"}, 403),
        ({"Authorization": "Bearer only-flexprice"}, 403),
        ({"Authorization": "bearer counterfoil-key"}, 200),
    ],
)
def test_who_may_ask(standings: Any, headers: dict[str, str], status: int) -> None:
    answer = standings.get("elevate", LIST, key=None, headers=headers, params={"page": 1, "pageSize": 1})
    assert answer.status_code == status
    if status != 200:
        assert set(answer.json()) == {"error", "message"}


def test_a_narrowed_key_sees_one_customer_and_those_it_pays_for(standings: Any) -> None:
    def numbers(**query: Any) -> list[int]:
        answer = standings.get("elevate", LIST, key="only-regular", params={"page": 1, "pageSize": 100, **query})
        return [row["customerId"] for row in answer.json()]

    assert numbers() == [1, 6]
    assert numbers(sort="customerId:desc") == [6, 1]
    assert numbers(sort="openBillRunValue") == [6, 1]
    assert numbers(customerId="in:1,2,3") == [1]
    assert numbers(customerId="2") == []
    assert numbers(customerId="like:6") == [6]
    assert numbers(valueDifference="2") == [1]

    token = standings.post(
        "elevate", "/authenticate", key=None, json={"username": "u", "password": "only-regular"}
    ).json()["token"]
    rows = standings.get("elevate", LIST, key=token, params={"page": 1, "pageSize": 100}).json()
    assert [row["customerId"] for row in rows] == [1, 6]


# --- the spec ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("DELETE", LIST, 405, "Method Not Allowed"),
        ("GET", "/customers-billing", 404, "Not Found"),
        ("GET", "/authenticate", 405, "Method Not Allowed"),
    ],
)
def test_errors_have_the_vendors_body(standings: Any, method: str, path: str, status: int, title: str) -> None:
    answer = standings.request(method, "elevate", path)
    assert (answer.status_code, answer.json()["error"]) == (status, title)
    assert set(answer.json()) == {"error", "message"}


def test_a_body_that_is_not_json_is_refused(standings: Any) -> None:
    headers = {"Content-Type": "application/json"}
    answer = standings.post("elevate", "/authenticate", key=None, content=b"{\xff", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")
    answer = standings.post("elevate", "/authenticate", key=None, content=b"a=b", headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()["error"]) == (415, "Unsupported Media Type")
