"""Flexprice over HTTP: the summary (docs/vendors/flexprice.md), its errors, headers and credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterfoil.apis.flexprice import SWITCHES
from counterfoil.ledger.payments import PaymentState
from counterfoil.resources import specs_dir
from counterfoil.world.commands import (
    AddCharge,
    AddCustomer,
    AdvanceClock,
    CancelBill,
    CancelSubscription,
    CreateRun,
    HoldBill,
    IssueCreditNote,
    IssueToken,
    PauseSubscription,
    RecordPayment,
    RecordUsage,
    RefundPayment,
    RequestBills,
    ResolvePayment,
    SetSwitch,
    Subscribe,
)

STANDINGS = str(Path(__file__).parent / "scenarios" / "standings.yaml")
ZEROS = {
    "total_revenue_amount": "0",
    "total_unpaid_amount": "0",
    "total_overdue_amount": "0",
    "total_invoice_count": 0,
    "unpaid_invoice_count": 0,
    "overdue_invoice_count": 0,
    "unpaid_usage_charges": "0",
    "unpaid_fixed_charges": "0",
}


def path(customer: int | str = 1) -> str:
    name = f"cust_{customer:08d}" if isinstance(customer, int) else customer
    return f"/customers/{name}/invoices/summary"


def summary(stand_in: Any, customer: int | str = 1, **options: Any) -> dict[str, Any]:
    answer = stand_in.get("flexprice", path(customer), **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def only(stand_in: Any, customer: int = 1) -> dict[str, Any]:
    [found] = summary(stand_in, customer)["summaries"]
    return found


def some(found: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(found[name] for name in names)


def bill(stand_in: Any, **fields: Any) -> None:
    """Issue what is open now; due on 15 February."""
    fields = {"invoice_date": stand_in.world.today, "due_date": date(2026, 2, 15), **fields}
    run = stand_in.do(CreateRun(**fields))
    stand_in.do(RequestBills(run=run.number))
    stand_in.do(AdvanceClock(minutes=5))


@pytest.fixture
def story(stand_in: Callable[..., Any]) -> Any:
    return stand_in("one-month", apis=["flexprice"])


@pytest.fixture
def billed(story: Any) -> Any:
    """One bill: 10.00 and 40 × 0.05 = 2.00, and 19 % tax: 14.28."""
    bill(story)
    return story


# --- the story -----------------------------------------------------------------------------------


def test_before_any_invoice_there_are_zeros(story: Any) -> None:
    """docs/vendors/flexprice.md#currencies."""
    assert summary(story) == {
        "customer_id": "cust_00000001",
        "default_currency": "eur",
        "summaries": [{"customer_id": "cust_00000001", "currency": "eur", **ZEROS}],
    }


def test_from_bill_to_paid(billed: Any) -> None:
    """docs/vendors/flexprice.md#amounts, on one bill of 14.28."""
    names = list(ZEROS)
    assert some(only(billed), *names) == ("14.28", "14.28", "0", 1, 1, 0, "2", "10")

    billed.do(RecordPayment(customer=1, bill=1, amount=Decimal("4.28")))
    assert some(only(billed), *names) == ("14.28", "10", "0", 1, 1, 0, "2", "10")

    billed.do(AdvanceClock(to=datetime(2026, 2, 15, tzinfo=UTC)))
    assert only(billed)["overdue_invoice_count"] == 0, "due is not yet late"
    billed.do(AdvanceClock(minutes=1))
    assert some(only(billed), *names) == ("14.28", "10", "10", 1, 1, 1, "2", "10")

    billed.do(RecordPayment(customer=1, bill=1))
    assert some(only(billed), *names) == ("14.28", "0", "0", 1, 0, 0, "0", "0")


def test_members_come_in_the_records_order(billed: Any) -> None:
    whole = summary(billed)
    assert list(whole) == ["customer_id", "default_currency", "summaries"]
    assert list(whole["summaries"][0]) == ["customer_id", "currency", *ZEROS]


# --- currencies ----------------------------------------------------------------------------------


def test_currencies_are_those_of_subscriptions_newest_first(stand_in: Callable[..., Any]) -> None:
    """docs/vendors/flexprice.md#currencies: an invoice in a currency without subscription adds nothing."""
    world = stand_in(STANDINGS, apis=["flexprice"])
    number = world.do(AddCustomer(tariff="basic", currencies=("EUR", "USD", "GBP")))
    world.do(AddCharge(customer=number, account=2, description="In pounds", amount=Decimal(5)))
    world.do(Subscribe(customer=number, tariff="dollars"))
    world.do(Subscribe(customer=number, tariff="basic"))
    world.do(RequestBills(run=3))
    world.do(AdvanceClock(minutes=5))
    found = summary(world, number)
    assert found["default_currency"] == "eur"
    # 10.00 twice with 19 % tax, 7.00 with 19 % tax; the pounds are left out
    assert [(each["currency"], each["total_revenue_amount"]) for each in found["summaries"]] == [
        ("eur", "23.8"),
        ("usd", "8.33"),
    ]
    world.do(CancelSubscription(customer=number, subscription=3))
    assert [each["currency"] for each in summary(world, number)["summaries"]] == ["usd", "eur"]
    assert summary(world, number)["default_currency"] == "usd"


def test_only_active_subscriptions_count_unless_the_switch_says_otherwise(billed: Any) -> None:
    """docs/vendors/flexprice.md#currencies."""
    billed.do(PauseSubscription(customer=1))
    assert summary(billed) == {"customer_id": "cust_00000001", "default_currency": "", "summaries": []}
    billed.do(SetSwitch(name="flexprice.subscription_status", value="all-but-cancelled"))
    assert only(billed)["total_revenue_amount"] == "14.28"
    billed.do(CancelSubscription(customer=1))
    assert summary(billed)["summaries"] == []


def test_a_customer_with_only_one_off_invoices_is_empty(story: Any) -> None:
    """docs/vendors/flexprice.md#no-subscription."""
    number = story.do(AddCustomer(currencies=("EUR",)))
    story.do(AddCharge(customer=number, description="Once", amount=Decimal(5)))
    bill(story)
    assert summary(story, number) == {"customer_id": f"cust_{number:08d}", "default_currency": "", "summaries": []}


@pytest.mark.parametrize(
    "name",
    [
        "cust_99999999",
        "cust_00000000",
        "cust_1",
        "cust_000000001",
        "1",
        "CUST_00000001",
        "nobody",
        "cust_%E0%A5%A7",
        "a%20b",
        "%25",
        "%0A",
        "é",
        "cust_" + "9" * 300,
    ],
)
def test_an_id_nobody_has_is_empty(story: Any, name: str) -> None:
    """docs/vendors/flexprice.md#no-subscription and docs/vendors/flexprice.md#any-id."""
    found = summary(story, name)
    assert (found["default_currency"], found["summaries"]) == ("", [])


# --- which invoices ------------------------------------------------------------------------------


def test_drafts_count_and_voided_ones_do_not(billed: Any) -> None:
    """docs/vendors/flexprice.md#considered-invoices: a bill on hold is a draft, a cancelled one is void."""
    billed.do(HoldBill(customer=1, bill=1))
    assert some(only(billed), "total_invoice_count", "unpaid_invoice_count", "total_unpaid_amount") == (1, 1, "14.28")


def test_a_cancelled_bill_is_gone(billed: Any) -> None:
    billed.do(CancelBill(customer=1, bill=1))
    assert some(only(billed), *ZEROS) == tuple(ZEROS.values())


def test_invoices_billed_through_a_parent_count_for_both(stand_in: Callable[..., Any]) -> None:
    """docs/vendors/flexprice.md#considered-invoices: regular (1) has 2 bills of 11.90 and pays for child (6), which has
    two as well."""
    world = stand_in(STANDINGS, apis=["flexprice"])
    assert some(only(world, 6), "total_invoice_count", "total_revenue_amount") == (2, "23.8")
    assert some(only(world, 1), "total_invoice_count", "total_revenue_amount") == (4, "47.6")


def test_each_look_up_sees_the_fifty_newest(stand_in: Callable[..., Any]) -> None:
    """docs/vendors/flexprice.md#fifty: of 53 bills, over 1.00, 2.00 … 53.00, the first three are not seen."""
    story = stand_in("one-month", apis=["flexprice"])
    number = story.do(AddCustomer(currencies=("EUR",), tax_rate=Decimal(0), billed_to=1))
    for amount in range(1, 54):
        story.do(AddCharge(customer=number, description="Once", amount=Decimal(amount)))
        bill(story)
        story.do(AdvanceClock(minutes=1))
    story.do(Subscribe(customer=number, tariff="basic", starts=date(2026, 1, 20)))
    everything = 53 * 54 // 2
    assert some(only(story, number), "total_invoice_count", "total_revenue_amount") == (50, str(everything - 6))
    assert only(story, 1)["total_invoice_count"] == 51, "50 billed through it, and its own"
    story.do(SetSwitch(name="flexprice.invoice_cap", value="none"))
    assert some(only(story, number), "total_invoice_count", "total_revenue_amount") == (53, str(everything))
    assert only(story, 1)["total_invoice_count"] == 54


# --- what is paid --------------------------------------------------------------------------------


@pytest.mark.parametrize("succeeded", [True, False])
def test_only_success_is_payment(billed: Any, succeeded: bool) -> None:
    """docs/vendors/flexprice.md#paid."""
    billed.do(RecordPayment(customer=1, bill=1, state=PaymentState.PENDING))
    assert some(only(billed), "unpaid_invoice_count", "total_unpaid_amount") == (1, "14.28")
    billed.do(ResolvePayment(customer=1, payment=1, succeeded=succeeded))
    expected = (0, "0") if succeeded else (1, "14.28")
    assert some(only(billed), "unpaid_invoice_count", "total_unpaid_amount") == expected


def test_an_overpaid_bill_is_unpaid_with_nothing_left(billed: Any) -> None:
    """docs/vendors/flexprice.md#amounts: its lines still count."""
    billed.do(RecordPayment(customer=1, bill=1, amount=Decimal(20), overpay=True))
    billed.do(AdvanceClock(months=2))
    assert some(only(billed), *ZEROS) == ("14.28", "0", "0", 1, 1, 1, "2", "10")


def test_a_refunded_bill_is_unpaid_with_nothing_left(billed: Any) -> None:
    """docs/vendors/flexprice.md#refund: the amount remaining stays 0."""
    billed.do(RecordPayment(customer=1, bill=1))
    billed.do(RefundPayment(customer=1, payment=1, amount=Decimal("4.28")))
    assert some(only(billed), "unpaid_invoice_count", "total_unpaid_amount") == (1, "0")
    billed.do(RefundPayment(customer=1, payment=1))
    assert some(only(billed), "unpaid_invoice_count", "total_unpaid_amount") == (1, "0")
    assert only(billed)["total_revenue_amount"] == "14.28"


def test_a_credit_note_lowers_what_is_due_and_one_over_all_is_void(billed: Any) -> None:
    """docs/vendors/flexprice.md#credit-notes: 14.28 − 4.28 = 10.00."""
    billed.do(IssueCreditNote(customer=1, bill=1, amount=Decimal("4.28")))
    amounts = ("total_revenue_amount", "total_unpaid_amount", "total_invoice_count")
    assert some(only(billed), *amounts) == ("10", "10", 1)
    billed.do(IssueCreditNote(customer=1, bill=1))
    assert some(only(billed), *amounts) == ("0", "0", 0)


def test_charges_are_gross_lines_with_up_to_eight_places(story: Any) -> None:
    """docs/vendors/flexprice.md#unpaid-charges and docs/vendors/flexprice.md#decimal-strings: 0.000000001 MB more at
    0.05 is half of the eleventh place, and gone at the eighth."""
    story.do(RecordUsage(customer=1, country="DE", quantity=Decimal("0.0000002")))  # 0.00000001
    story.do(RecordUsage(customer=1, country="DE", quantity=Decimal("0.00000001")))
    bill(story)
    found = only(story)
    assert some(found, "unpaid_usage_charges", "unpaid_fixed_charges") == ("2.00000001", "10")
    assert found["total_unpaid_amount"] == "14.28"


# --- errors, headers, access ---------------------------------------------------------------------

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'",
    "access-control-allow-origin": "*",
}


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 401, {"error": "Unauthorized"}),
        ({"x-api-key": "wrong"}, 401, {"error": "Unauthorized"}),
        ({"x-api-key": ""}, 401, {"error": "Unauthorized"}),
        ({"Authorization": "counterfoil-key"}, 401, {"error": "Invalid authorization header format"}),
        ({"Authorization": "Basic abc"}, 401, {"error": "Invalid authorization header format"}),
        ({"Authorization": "Bearer wrong"}, 401, {"error": "Invalid token"}),
        ({"Authorization": "Bearer wrong", "x-api-key": "wrong"}, 401, {"error": "Invalid token"}),
        ({"x-api-key": "counterfoil-forbidden"}, 403, {"message": "insufficient permissions"}),
        ({"Authorization": "Bearer counterfoil-forbidden"}, 403, {"message": "insufficient permissions"}),
    ],
)
def test_refused_keys(story: Any, headers: dict[str, str], status: int, body: dict[str, str]) -> None:
    answer = story.get("flexprice", path(), key=None, headers={**headers, "X-Request-ID": "abc-1"})
    assert (answer.status_code, answer.json()) == (status, body)
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY
    assert answer.headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "counterfoil-key"},
        {"Authorization": "Bearer counterfoil-key"},
        {"x-api-key": "wrong", "Authorization": "Bearer counterfoil-key"},
        {"x-api-key": "counterfoil-key", "Authorization": "Basic abc"},
    ],
)
def test_accepted_keys(story: Any, headers: dict[str, str]) -> None:
    assert story.get("flexprice", path(), key=None, headers=headers).status_code == 200


def test_an_issued_token_is_a_bearer_until_it_expires(story: Any) -> None:
    token = story.do(IssueToken(api="flexprice", key="counterfoil-key", minutes=5))
    headers = {"Authorization": f"Bearer {token.value}"}
    assert story.get("flexprice", path(), key=None, headers=headers).status_code == 200
    story.do(AdvanceClock(minutes=5))
    assert story.get("flexprice", path(), key=None, headers=headers).json() == {"error": "Invalid token"}


def test_a_narrowed_key_finds_others_empty(stand_in: Callable[..., Any]) -> None:
    world = stand_in(STANDINGS, apis=["flexprice"])
    assert summary(world, 1, key="only-regular")["default_currency"] == "eur"
    assert summary(world, 6, key="only-regular")["default_currency"] == "eur", "regular pays for it"
    assert summary(world, 2)["default_currency"] == "eur"
    assert summary(world, 2, key="only-regular")["default_currency"] == ""


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("POST", path()),
        ("PUT", path()),
        ("DELETE", path()),
        ("GET", "/customers"),
        ("GET", "/customers/cust_00000001/invoices"),
        ("GET", "/customers//invoices/summary"),
        ("GET", "/customers/a/b/invoices/summary"),
    ],
)
def test_what_is_not_routed_is_plain_text(story: Any, method: str, where: str) -> None:
    answer = story.request(method, "flexprice", where)
    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert answer.headers["content-type"].partition(";")[0] == "text/plain"
    assert answer.headers["x-frame-options"] == "DENY"


def test_options_is_answered_without_a_key(story: Any) -> None:
    answer = story.request("OPTIONS", "flexprice", path(), key=None)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "*"


def test_other_errors_are_flat(story: Any) -> None:
    answer = story.get("flexprice", "/customers/%FF/invoices/summary")
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["http_status_code"]) == ("validation_error", 400)
    assert set(answer.json()) == {"code", "message", "http_status_code"}
    answer = story.get("flexprice", path(), headers={"Accept": "application/xml"})
    if answer.status_code != 200:
        assert (answer.status_code, answer.json()["http_status_code"]) == (406, 406)


def test_the_request_id_is_echoed_or_made(story: Any) -> None:
    answer = story.get("flexprice", path(), headers={"X-Request-ID": "mine-42"})
    assert answer.headers["x-request-id"] == "mine-42"
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY

    made = [story.get("flexprice", path(n)).headers["x-request-id"] for n in (1, 1, 2, "é")]
    assert made[0] == made[1], "the same world and path"
    assert len(set(made)) == 3
    story.do(AdvanceClock(minutes=1))
    assert story.get("flexprice", path()).headers["x-request-id"] not in made
    assert all(character in "0123456789abcdef-" for each in made for character in each)


@pytest.mark.parametrize("sent", ["", "with space", "x" * 201, "é"])
def test_a_request_id_that_cannot_be_one_is_replaced(story: Any, sent: str) -> None:
    answer = story.get("flexprice", path(), headers={"X-Request-ID": sent.encode("latin-1")})
    assert len(answer.headers["x-request-id"]) == 36


def test_the_switches_are_those_of_the_spec() -> None:
    spec = yaml.safe_load((specs_dir() / "flexprice" / "openapi.yaml").read_text())
    told = {each["switch"]: (each["default"], tuple(each["choices"])) for each in spec["x-assumptions"]}
    assert {switch.name: (switch.default, switch.choices) for switch in SWITCHES} == told
