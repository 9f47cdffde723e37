"""Oracle BRM's customer bills: their contents, which bills are listed, and amounts that agree to the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apis.oracle_brm import api
from counterfoil.openapi import load
from counterfoil.world.commands import (
    AddCharge,
    AddCustomer,
    AdvanceClock,
    CancelBill,
    CancelSubscription,
    CreateRun,
    HoldBill,
    RecordPayment,
    RefundPayment,
    ReleaseBill,
    RequestBills,
)

API = "oracle-brm"
SPEC = load("oracle-brm").raw
SCENARIO = str(Path(__file__).parent / "scenarios/oracle-brm.yaml")
BASE = "http://counterfoil.test/oracle-brm/brm/customerBillManagement/v4/customerBill/"


@pytest.fixture
def brm(stand_in: Callable[..., Any]) -> Any:
    return stand_in(SCENARIO, apis=[API])


def bills(brm: Any, **query: Any) -> list[Any]:
    answer = brm.get(API, "/customerBill", params=query)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()
    return found


def numbers(found: list[Any]) -> list[str]:
    return [bill["id"].removeprefix("0.0.0.1+-bill+") for bill in found]


def one(brm: Any, name: str, **query: Any) -> Any:
    answer = brm.get(API, f"/customerBill/{name}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def eur(value: str) -> dict[str, Any]:
    return {"unit": "EUR", "value": float(value)}


# --- which bills there are -----------------------------------------------------------------------


def test_the_list_holds_every_bill_in_the_order_of_ids(brm: Any) -> None:
    found = bills(brm)
    assert [(n, bill.get("billNo"), bill["state"]) for n, bill in zip(numbers(found), found, strict=True)] == [
        ("1000001", "B1-1", "settled"),
        ("1000002", "B2-1", "partiallyPaid"),
        ("1000003", None, "inProgress"),
        ("2000001", "B1-2", "new"),
        ("2000002", "B2-2", "new"),
        ("2000003", None, "inProgress"),
        ("2001001", None, "inProgress"),
        ("3000001", "B1-3", "new"),
        ("3000002", "B2-3", "onHold"),
        ("3000003", None, "inProgress"),
    ]


def test_a_bill_says_who_what_and_when(brm: Any) -> None:
    assert one(brm, "B2-1") == {
        "id": "0.0.0.1+-bill+1000002",
        "href": BASE + "0.0.0.1%2B-bill%2B1000002",
        "billNo": "B2-1",
        "billDate": "2026-01-01T00:00:00Z",
        "paymentDueDate": "2026-01-31T00:00:00Z",
        "lastUpdate": "2026-01-03T10:00:00Z",
        "nextBillDate": "2026-02-01T00:00:00Z",
        "category": "normal",
        "runType": "onCycle",
        "state": "partiallyPaid",
        "amountDue": eur("11.90"),
        "remainingAmount": eur("10.00"),
        "taxExcludedAmount": eur("10.00"),
        "taxIncludedAmount": eur("11.90"),
        "taxItem": [{"taxCategory": "VAT", "taxRate": 19, "taxAmount": eur("1.90"), "@type": "TaxItem"}],
        "appliedPayment": [
            {
                "appliedAmount": eur("1.90"),
                "payment": {
                    "id": "0.0.0.1+-payment+1000002",
                    "name": "bank transfer",
                    "amount": eur("1.90"),
                    "@type": "PaymentRef",
                },
                "@type": "AppliedPayment",
            }
        ],
        "billDocument": [
            {
                "id": "0.0.0.1+-invoice+1000002",
                "name": "Bill B2-1",
                "attachmentType": "bill",
                "mimeType": "text/plain",
                "@type": "AttachmentRefOrValue",
            }
        ],
        "billingPeriod": {"startDateTime": "2025-12-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"},
        "billingAccount": {
            "id": "0.0.0.1+-account+1000",
            "accountNumber": "A-000001",
            "name": "Acme GmbH",
            "@type": "BillingAccountRef",
        },
        "financialAccount": {
            "id": "0.0.0.1+-billinfo+1000",
            "name": "Receivables in EUR",
            "accountBalance": {
                "amount": eur("10.00"),
                "balanceType": "receivable",
                "validFor": {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"},
                "@type": "AccountBalance",
            },
            "@type": "FinancialAccountRef",
        },
        "paymentMethod": {"id": "0.0.0.1+-payinfo+1000", "name": "bank transfer", "@type": "PaymentMethodRef"},
        "relatedParty": [{"id": "1", "name": "Acme GmbH", "role": "customer", "@type": "RelatedPartyRef"}],
        "@type": "CustomerBill",
    }


def test_a_bill_in_progress_holds_what_the_next_run_would_bill(brm: Any) -> None:
    bill = one(brm, "0.0.0.1+-bill+2000003")
    assert "billNo" not in bill
    assert bill["taxExcludedAmount"] == eur("12.00")  # 10.00 for January + 40 MB at 0.05
    assert bill["amountDue"] == bill["remainingAmount"] == eur("14.28")
    assert bill["taxItem"][0]["taxAmount"] == eur("2.28")
    assert bill["billingPeriod"] == {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}
    assert bill["billDate"] == "2026-02-01T00:00:00Z"
    assert bill["paymentDueDate"] == "2026-02-15T00:00:00Z"  # no run says otherwise: 14 days
    assert bill["lastUpdate"] == "2026-01-04T12:30:00Z"  # the use
    assert bill["appliedPayment"] == []


def test_a_planned_run_decides_when_the_bill_in_progress_ends_and_falls_due(brm: Any) -> None:
    brm.do(CreateRun(invoice_date=date(2026, 1, 20), cutoff_date=date(2026, 1, 16), due_date=date(2026, 1, 30)))
    bill = one(brm, "0.0.0.1+-bill+1000003")
    assert bill["billingPeriod"]["endDateTime"] == "2026-01-16T00:00:00Z"
    assert (bill["billDate"], bill["paymentDueDate"]) == ("2026-01-20T00:00:00Z", "2026-01-30T00:00:00Z")


def test_a_subrun_leaves_the_accounts_outside_it_as_they_are(brm: Any) -> None:
    before = bills(brm, state="inProgress")
    brm.do(CreateRun(invoice_date=date(2026, 1, 20), cutoff_date=date(2026, 1, 16), subrun="elsewhere"))
    assert bills(brm, state="inProgress") == before


def test_a_bill_in_progress_becomes_the_issued_bill_of_the_same_id(brm: Any) -> None:
    planned = one(brm, "0.0.0.1+-bill+2000003")
    brm.do(CreateRun(invoice_date=date(2026, 2, 1), cutoff_date=date(2026, 2, 1), due_date=date(2026, 2, 15)))
    brm.do(AdvanceClock(to=datetime.fromisoformat("2026-02-01T06:00:00+00:00")))
    brm.do(RequestBills(run=3))
    brm.do(AdvanceClock(minutes=5))
    issued = one(brm, "B3-2")
    changed = {"state": "new", "billNo": "B3-2", "lastUpdate": "2026-02-01T06:05:00Z"}
    changed["billDocument"] = issued["billDocument"]  # its name has the number
    changed |= {"nextBillDate": "2026-03-01T00:00:00Z", "financialAccount": issued["financialAccount"]}
    assert issued == planned | changed


def test_an_account_with_nothing_open_has_no_bill_in_progress(brm: Any) -> None:
    assert bills(brm, **{"billingAccount.id": "A-000004"}) == []
    brm.do(AddCharge(customer=4, description="Set-up", amount=Decimal("1.00")))
    assert [bill["amountDue"] for bill in bills(brm, **{"billingAccount.id": "A-000004"})] == [eur("1.19")]


def test_a_subscription_that_ended_leaves_no_bill_in_progress_once_all_is_billed(stand_in: Callable[..., Any]) -> None:
    brm = stand_in(apis=[API])
    brm.do(AddCustomer(name="Gone", starts=date(2026, 3, 1), tariff="basic"))
    assert len(bills(brm, **{"billingAccount.id": "A-000002"})) == 0  # not begun yet
    brm.do(AdvanceClock(to=datetime.fromisoformat("2026-03-02T00:00:00+00:00")))
    assert len(bills(brm, **{"billingAccount.id": "A-000002"})) == 1
    brm.do(CancelSubscription(customer=2, ends=date(2026, 3, 1)))
    assert len(bills(brm, **{"billingAccount.id": "A-000002"})) == 0


def test_credits_beyond_the_charges_show_as_zero(brm: Any) -> None:
    brm.do(AddCharge(customer=1, description="Goodwill", amount=Decimal("-50.00")))
    bill = one(brm, "0.0.0.1+-bill+1000003")
    assert bill["amountDue"] == bill["taxExcludedAmount"] == eur("0.00")


# --- amounts and states agree -------------------------------------------------------------------


def test_amounts_agree_to_the_cent_on_every_bill(brm: Any) -> None:
    for bill in bills(brm):
        applied = sum(part["appliedAmount"]["value"] for part in bill["appliedPayment"])
        total, remaining = bill["taxIncludedAmount"]["value"], bill["remainingAmount"]["value"]
        assert remaining == pytest.approx(total - applied, abs=1e-9)
        assert total == pytest.approx(bill["taxExcludedAmount"]["value"] + bill["taxItem"][0]["taxAmount"]["value"])
        assert bill["amountDue"]["value"] == total
        assert (remaining == 0) == (bill["state"] == "settled")
        assert (0 < remaining < total) == (bill["state"] == "partiallyPaid")
        units = {bill[name]["unit"] for name in bill if name.endswith("Amount") or name == "amountDue"}
        assert units == {"USD" if bill["billingAccount"]["accountNumber"] == "A-000002-1" else "EUR"}


def test_paying_the_rest_settles_and_giving_some_back_leaves_nothing_owed(brm: Any) -> None:
    brm.do(RecordPayment(customer=1, bill=2))
    assert (one(brm, "B2-1")["state"], one(brm, "B2-1")["remainingAmount"]) == ("settled", eur("0.00"))
    assert one(brm, "B2-1")["financialAccount"]["accountBalance"]["amount"] == eur("0.00")
    brm.do(RefundPayment(customer=1, payment=3, amount=Decimal("4.00")))
    assert (one(brm, "B2-1")["state"], one(brm, "B2-1")["remainingAmount"]) == ("settled", eur("0.00"))
    assert one(brm, "B2-1")["financialAccount"]["accountBalance"]["amount"] == eur("0.00")


def test_what_is_paid_too_much_is_a_deposit_and_never_a_negative_amount(brm: Any) -> None:
    brm.do(RecordPayment(customer=2, bill=1, amount=Decimal("50.00"), overpay=True))
    bill = one(brm, "B1-2")
    assert (bill["state"], bill["remainingAmount"]) == ("settled", eur("0.00"))
    assert bill["appliedPayment"][0]["appliedAmount"] == eur("11.90")
    assert bill["appliedPayment"][0]["payment"]["amount"] == eur("50.00")
    balance = bill["financialAccount"]["accountBalance"]  # 2 x 11.90 billed, 50.00 received
    assert (balance["balanceType"], balance["amount"]) == ("deposit", eur("26.20"))


def test_a_cancelled_bill_is_settled_by_its_credit_note(brm: Any) -> None:
    brm.do(CancelBill(customer=2, bill=1))
    bill = one(brm, "B1-2")
    assert (bill["state"], bill["appliedPayment"][0]["payment"]["name"]) == ("settled", "credit note")


def test_a_bill_on_hold_says_so_until_it_is_released(brm: Any) -> None:
    brm.do(HoldBill(customer=1, bill=2))
    assert one(brm, "B2-1")["state"] == "onHold"
    brm.do(ReleaseBill(customer=1, bill=2))
    assert one(brm, "B2-1")["state"] == "partiallyPaid"


def test_a_payer_is_named_beside_the_customer(brm: Any) -> None:
    parties = [(party["id"], party["name"], party["role"]) for party in one(brm, "B1-3")["relatedParty"]]
    assert parties == [("3", "Child GmbH", "customer"), ("1", "Acme GmbH", "payer")]


def test_a_second_currency_has_an_account_and_numbers_of_its_own(brm: Any) -> None:
    brm.do(CreateRun(invoice_date=date(2026, 1, 5), cutoff_date=date(2026, 1, 6)))
    brm.do(RequestBills(run=3))
    brm.do(AdvanceClock(minutes=5))
    bill = one(brm, "B3-2.1")
    assert bill["id"] == "0.0.0.1+-bill+2001001"
    assert bill["amountDue"] == {"unit": "USD", "value": 119.0}
    assert bill["billingAccount"]["accountNumber"] == "A-000002-1"
    assert bill["paymentMethod"] == {"id": "0.0.0.1+-payinfo+2001", "name": "card", "@type": "PaymentMethodRef"}


# --- one bill, its types and its parts -----------------------------------------------------------


@pytest.mark.parametrize("kind", ["CustomerBill", "CustomerBillOracle"])
def test_every_href_leads_to_the_bill_as_the_list_shows_it(brm: Any, kind: str) -> None:
    for bill in bills(brm, **{"@type": kind}):
        below = bill["href"].removeprefix(BASE)
        assert one(brm, below, **{"@type": kind}) == bill  # percent-encoded
        assert one(brm, bill["id"], **{"@type": kind}) == bill  # with its plus signs
        assert one(brm, bill["id"].replace("+", "%20"), **{"@type": kind}) == bill  # decoded once too often
        if bill.get("billNo"):
            assert one(brm, bill["billNo"], **{"@type": kind}) == bill


def test_an_extended_bill_shows_what_is_not_set_as_null(brm: Any) -> None:
    documented = set(SPEC["components"]["schemas"]["CustomerBill"]["properties"]) | {"billingCycleSpecification"}
    for base, extended in zip(bills(brm), bills(brm, **{"@type": "CustomerBillOracle"}), strict=True):
        assert extended["@type"] == "CustomerBillOracle"
        assert set(extended) == documented
        assert extended["billingAccount"]["href"] is None
        assert base.items() >= {name: base[name] for name in ("id", "billDate", "amountDue")}.items()
        assert {name for name in extended if extended[name] is None} == documented - set(base) - {"@baseType"}


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ("billDate,paymentDueDate", {"billDate", "paymentDueDate"}),
        ("none", set()),
        ("state,id,noSuchMember", {"state"}),
        ("taxItem, state", {"taxItem", "state"}),
    ],
)
def test_fields_keeps_those_named_and_always_id_and_href(brm: Any, fields: str, left: set[str]) -> None:
    for bill in [*bills(brm, fields=fields), one(brm, "B1-1", fields=fields)]:
        assert set(bill) == left | {"id", "href"}


def test_fields_of_an_extended_bill_keeps_nulls_for_those_named(brm: Any) -> None:
    bill = one(
        brm, "0.0.0.1+-bill+1000003", fields="billNo,billingCycleSpecification", **{"@type": "CustomerBillOracle"}
    )
    assert {name: bill[name] for name in bill if name not in ("id", "href")} == {"billNo": None}


def test_an_empty_fields_leaves_the_bill_whole(brm: Any) -> None:
    assert one(brm, "B1-1", fields="") == one(brm, "B1-1")


# --- the switches --------------------------------------------------------------------------------


def test_every_operation_of_the_spec_has_a_route() -> None:
    documented = {f"{method.upper()} {path}" for path, item in SPEC["paths"].items() for method in item}
    assert set(api.routes) == documented


def test_a_run_that_ends_before_the_open_period_begins_does_not_shape_the_bill_in_progress(brm: Any) -> None:
    brm.do(CreateRun(invoice_date=date(2026, 1, 5), cutoff_date=date(2026, 1, 1)))  # billed up to then already
    period = one(brm, "0.0.0.1+-bill+1000003")["billingPeriod"]
    assert period == {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}


# --- the default scenario ------------------------------------------------------------------------


def test_the_examples_of_the_spec_find_something_in_the_default_scenario(stand_in: Callable[..., Any]) -> None:
    brm = stand_in("demo", apis=[API])
    for parameter in SPEC["paths"]["/customerBill"]["get"]["parameters"]:
        answer = brm.get(API, "/customerBill", params={parameter["name"]: parameter["example"]})
        assert answer.status_code == 200, parameter["name"]
        if parameter["name"] in ("id", "billNo", "billNo.like", "billingAccount.id", "state"):
            assert answer.json(), parameter["name"]
    for example in SPEC["paths"]["/customerBill/{id}"]["get"]["parameters"][0]["examples"].values():
        assert one(brm, example["value"])["billNo"] == "B1-1"


@pytest.mark.parametrize("scenario", ["demo", "every-state", "late-payer", "multi-currency", "quiet"])
def test_in_every_scenario_amounts_agree_ids_differ_and_periods_do_not_overlap(
    stand_in: Callable[..., Any], scenario: str
) -> None:
    brm = stand_in(scenario, apis=[API])
    found = bills(brm, **{"@type": "CustomerBillOracle"})
    assert len({bill["id"] for bill in found}) == len(found)
    issued = [bill["billNo"] for bill in found if bill["state"] != "inProgress"]
    assert len(set(issued)) == len(issued)
    assert None not in issued
    last: dict[str, str] = {}
    for bill in found:
        applied = sum(Decimal(str(part["appliedAmount"]["value"])) for part in bill["appliedPayment"])
        amount = {name: Decimal(str(bill[name]["value"])) for name in bill if name.endswith("Amount")}
        assert amount["remainingAmount"] == amount["taxIncludedAmount"] - applied
        tax = Decimal(str(bill["taxItem"][0]["taxAmount"]["value"]))
        assert amount["taxIncludedAmount"] == amount["taxExcludedAmount"] + tax
        assert bill["billDate"] <= bill["paymentDueDate"]
        assert bill["nextBillDate"] is None or bill["nextBillDate"] > bill["billDate"]
        account, period = bill["billingAccount"]["id"], bill["billingPeriod"]
        assert last.get(account, "") <= period["startDateTime"] <= period["endDateTime"]
        last[account] = period["endDateTime"]
    if scenario == "every-state":
        assert {bill["state"] for bill in found} == {"new", "partiallyPaid", "settled", "onHold", "inProgress"}
