"""Oracle BRM's bills on demand, and the applied billing rates that bills consist of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.world.commands import (
    AddCharge,
    AdvanceClock,
    CreateRun,
    RateAgain,
    RecordUsage,
    RequestBills,
    SetSwitch,
)

API = "oracle-brm"
SCENARIO = str(Path(__file__).parent / "scenarios/oracle-brm.yaml")
ASKED = {"billingAccount": {"id": "0.0.0.1+-account+1000"}}


@pytest.fixture
def story(stand_in: Callable[..., Any]) -> Any:
    return stand_in("one-month")


def ask(story: Any, body: Any = ASKED) -> Any:
    answer = story.post(API, "/customerBillOnDemand", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == answer.json()["href"]
    return answer.json()


def one(story: Any, path: str, **query: str) -> Any:
    answer = story.get(API, path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def below(href: str) -> str:
    return href.partition("/v4")[2]


# --- bills on demand -------------------------------------------------------------------------------


def test_a_bill_on_demand_is_in_progress_and_then_done_and_its_bill_is_off_cycle(story: Any) -> None:
    asked = ask(story, {**ASKED, "name": "Move", "description": "The customer moves house"})
    assert (asked["state"], asked.get("customerBill")) == ("inProgress", None)
    assert (asked["name"], asked["description"]) == ("Move", "The customer moves house")
    waiting = one(story, "/customerBill/0.0.0.1+-bill+1000001")
    assert (waiting["state"], waiting["runType"], waiting["category"]) == ("inProgress", "offCycle", "interim")

    story.do(AdvanceClock(minutes=4))
    assert one(story, below(asked["href"]))["state"] == "inProgress"
    story.do(AdvanceClock(minutes=1))
    done = one(story, below(asked["href"]))
    assert (done["state"], done["lastUpdate"]) == ("done", "2026-01-20T12:05:00Z")

    bill = one(story, below(done["customerBill"]["href"]))
    assert (bill["billNo"], bill["runType"], bill["category"], bill["state"]) == ("D1-1", "offCycle", "interim", "new")
    assert bill["amountDue"]["value"] == 14.28  # 10.00 + 40 × 0.05, and 19 %
    for member in ("id", "billDate", "paymentDueDate", "billingPeriod"):
        assert bill[member] == waiting[member], member
    assert one(story, "/customerBillOnDemand", id=bill["id"]) == [done], "also found by the bill it led to"


def test_what_was_billed_on_demand_is_not_billed_again(story: Any) -> None:
    ask(story)
    story.do(AdvanceClock(minutes=5))
    story.do(RecordUsage(customer=1, country="DE", quantity=Decimal(20)))
    story.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1)))
    story.do(AdvanceClock(days=12))
    story.do(RequestBills(run=1))
    story.do(AdvanceClock(minutes=5))
    regular = one(story, "/customerBill/B1-1")
    assert regular["taxExcludedAmount"]["value"] == 1  # 20 × 0.05
    assert regular["billingPeriod"]["startDateTime"] == "2026-01-20T00:00:00Z"
    summary = one_of(story.get("flexprice", "/customers/cust_00000001/invoices/summary").json()["summaries"])
    assert summary["total_invoice_count"] == 2
    runs = story.get("billingplatform", "/billingRuns/").json()
    assert [run["invoiceAmount"] for run in runs] == ["1.19"], "no run has the bill on demand"


def one_of(found: list[Any]) -> Any:
    assert len(found) == 1
    return found[0]


def test_a_request_with_nothing_to_bill_is_rejected(story: Any) -> None:
    first, second = ask(story), ask(story)
    story.do(AdvanceClock(minutes=5))
    assert [one(story, below(each["href"]))["state"] for each in (first, second)] == ["done", "rejected"]
    assert "customerBill" not in one(story, below(second["href"]))


def test_usage_without_a_price_ends_it_with_an_error_unless_switched_off(story: Any) -> None:
    story.do(RecordUsage(customer=1, country="DE", quantity=Decimal(20), rated=False))
    failed = ask(story)
    story.do(AdvanceClock(minutes=5))
    assert one(story, below(failed["href"]))["state"] == "terminatedWithError"
    story.do(SetSwitch(name="oracle-brm.on_demand_unrated", value="done"))
    done = ask(story)
    story.do(AdvanceClock(minutes=5))
    assert one(story, below(done["href"]))["state"] == "done"
    story.do(RateAgain(customer=1))
    assert one(story, "/customerBill", state="inProgress")[0]["taxExcludedAmount"]["value"] == 1, "20 × 0.05 is left"


def test_the_switch_says_how_long_it_takes(story: Any) -> None:
    story.do(SetSwitch(name="oracle-brm.on_demand_minutes", value=0))
    assert ask(story)["state"] == "done"
    story.do(SetSwitch(name="oracle-brm.on_demand_minutes", value=60))
    story.do(AddCharge(customer=1, description="Visit", amount=Decimal(1)))
    asked = ask(story)
    story.do(AdvanceClock(minutes=59))
    assert one(story, below(asked["href"]))["state"] == "inProgress"
    story.do(AdvanceClock(minutes=1))
    assert one(story, below(asked["href"]))["state"] == "done"


def test_the_extended_type_names_the_billing_cycle(story: Any) -> None:
    story.do(SetSwitch(name="oracle-brm.reference_members", value="set"))
    cycle = {"id": "0.0.0.1+-billinfo+1000"}
    asked = ask(story, {**ASKED, "@type": "CustomerBillOnDemand_CreateOracle", "billingCycleSpecification": cycle})
    assert (asked["@type"], asked["billingCycleSpecification"]) == ("CustomerBillOnDemandOracle", cycle)
    assert one(story, below(asked["href"]), **{"@type": "CustomerBillOnDemandOracle"}) == asked


@pytest.mark.parametrize(
    ("body", "status", "naming"),
    [
        ({}, 400, "billingAccount"),
        ({"billingAccount": {}}, 400, "billingAccount"),
        ({"billingAccount": {"id": "A0815"}}, 409, "billingAccount"),
        ({"billingAccount": {"id": "0.0.0.1+-account+1001"}}, 409, "billingAccount"),
        ({"billingAccount": {"id": "0.0.0.1+-account+9000"}}, 409, "billingAccount"),
        ({"billingAccount": {"id": 1000}}, 400, "billingAccount"),
        ({**ASKED, "relatedParty": {"id": "2"}}, 409, "relatedParty"),
        ({**ASKED, "billingCycleSpecification": {"id": "0.0.0.1+-billinfo+2000"}}, 409, "billingCycleSpecification"),
        ({**ASKED, "name": "x" * 201}, 400, "name"),
        ({**ASKED, "description": "x" * 2001}, 400, "description"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_changes_nothing(
    story: Any, body: Any, status: int, naming: str
) -> None:
    answer = story.post(API, "/customerBillOnDemand", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, str(status)), answer.text
    assert naming in answer.json()["message"]
    assert one(story, "/customerBillOnDemand") == []


def test_a_restricted_token_is_limited_to_its_own_customers(stand_in: Callable[..., Any]) -> None:
    brm = stand_in(SCENARIO, apis=[API])
    foreign = brm.post(API, "/customerBillOnDemand", json=ASKED, key="duo-key")
    assert foreign.status_code == 409
    own = brm.post(API, "/customerBillOnDemand", json={"billingAccount": {"id": "A-000002"}}, key="duo-key")
    assert own.status_code == 201
    hidden = brm.get(API, below(own.json()["href"]), key="acme-key")
    assert hidden.status_code == 404
    assert brm.get(API, "/customerBillOnDemand", key="acme-key").json() == []
    assert brm.get(API, "/customerBillOnDemand", key="duo-key").json() == [own.json()]


def test_the_list_is_filtered_and_paged_like_the_others(stand_in: Callable[..., Any]) -> None:
    brm = stand_in(SCENARIO, apis=[API])
    for account in ("A-000001", "A-000002", "A-000002"):
        ask(brm, {"billingAccount": {"accountNumber": account}})
    ids = [each["id"] for each in one(brm, "/customerBillOnDemand")]
    assert ids == [f"0.0.0.1+-billondemand+{number}" for number in (1000001, 2000001, 2000002)]
    page = brm.get(API, "/customerBillOnDemand", params={"offset": 1, "limit": 1, "fields": "state"})
    assert page.json() == [{"id": ids[1], "href": page.json()[0]["href"], "state": "inProgress"}]
    assert (page.headers["X-Result-Count"], page.headers["X-Total-Count"]) == ("1", "3")
    assert len(one(brm, "/customerBillOnDemand", **{"billingAccount.id": "0.0.0.1+-account+2000"})) == 2
    assert one(brm, "/customerBillOnDemand", id=ids[2])[0]["id"] == ids[2]


# --- applied rates ---------------------------------------------------------------------------------


def test_the_rates_of_a_bill_are_its_lines(story: Any) -> None:
    story.do(AddCharge(customer=1, description="Goodwill", amount=Decimal("-1.50")))
    rates = one(story, "/appliedCustomerBillingRate", **{"bill.id": "0.0.0.1+-bill+1000001"})
    assert [(each["name"], each["type"], each["taxExcludedAmount"]["value"], each["isBilled"]) for each in rates] == [
        ("Basic, monthly fee", "appliedBillingCharge", 10, False),
        ("Goodwill", "appliedBillingCredit", 1.5, False),
        ("Basic, data in DE", "appliedBillingCharge", 2, False),  # 40 × 0.05
    ]
    usage = rates[2]
    assert {each["name"]: each["value"] for each in usage["characteristic"]} == {
        "quantity": "40", "covered": "0", "unit": "MB", "price": "0.05", "country": "DE",
    }  # fmt: skip
    assert usage["appliedTax"][0]["taxAmount"]["value"] == 0.38
    assert usage["taxIncludedAmount"]["value"] == 2.38
    assert usage["date"] == "2026-01-20T12:00:00Z"
    assert rates[0]["periodCoverage"] == {
        "startDateTime": "2026-01-01T00:00:00Z",
        "endDateTime": "2026-02-01T00:00:00Z",
    }


def test_a_rate_keeps_its_id_when_its_bill_is_issued(story: Any) -> None:
    before = one(story, "/appliedCustomerBillingRate", isBilled="false")
    ask(story)
    story.do(AdvanceClock(minutes=5))
    after = one(story, "/appliedCustomerBillingRate", isBilled="true")
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert one(story, "/appliedCustomerBillingRate", **{"bill.id": "D1-1"}) == after
    for rate in after:
        assert one(story, below(rate["href"])) == rate == one(story, f"/appliedCustomerBillingRate/{rate['id']}")
        assert one(story, "/appliedCustomerBillingRate", id=rate["id"]) == [rate]


@pytest.mark.parametrize("scenario", ["demo", "every-state", "multi-currency"])
def test_every_bill_is_the_sum_of_its_rates_and_every_rate_has_an_id_of_its_own(
    stand_in: Callable[..., Any], scenario: str
) -> None:
    brm = stand_in(scenario, apis=[API])
    rates = one(brm, "/appliedCustomerBillingRate")
    assert len({each["id"] for each in rates}) == len(rates)
    sums: dict[str, Decimal] = {}
    for each in rates:
        sign = 1 if each["type"] == "appliedBillingCharge" else -1
        amount = sign * Decimal(str(each["taxExcludedAmount"]["value"]))
        sums[each["bill"]["id"]] = sums.get(each["bill"]["id"], Decimal(0)) + amount
    for bill in one(brm, "/customerBill"):
        net = bill["taxExcludedAmount"]
        unit = {"JPY": Decimal(1), "KWD": Decimal("0.001")}.get(net["unit"], Decimal("0.01"))
        exact = max(sums.pop(bill["id"], Decimal(0)), Decimal(0))
        assert abs(exact - Decimal(str(net["value"]))) < unit, bill["id"]
    assert not sums


@pytest.mark.parametrize("path", ["/appliedCustomerBillingRate", "/customerBillOnDemand"])
def test_what_is_not_there_is_404_and_a_wrong_value_400(story: Any, path: str) -> None:
    for name in ("0.0.0.1+-item-cycle+1000009-1-20260101", "0.0.0.1+-item-cycle+1000001-1-x", "nobody", "%0A", "B9-1"):
        answer = story.get(API, f"{path}/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "404"), name
    for query in ({"limit": 0}, {"offset": -1}, {"@type": "Rate"}):
        assert story.get(API, path, params=query).status_code == 400
    assert story.get(API, path, key=None).status_code == 401
    assert story.get(API, path, key="counterfoil-forbidden").status_code == 403


def test_is_billed_takes_true_and_false_only(story: Any) -> None:
    assert story.get(API, "/appliedCustomerBillingRate", params={"isBilled": "maybe"}).status_code == 400
