"""Flexprice over HTTP: the summary (docs/vendors/flexprice.md), its errors, headers and credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apis.flexprice import SWITCHES
from counterfoil.ledger.payments import PaymentState
from counterfoil.openapi import load
from counterfoil.world.commands import (
    AddCharge,
    AddCustomer,
    AdvanceClock,
    ApplyCredit,
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
    """Bill all open charges; due on 15 February."""
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
def test_an_unknown_id_gives_an_empty_summary(story: Any, name: str) -> None:
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


def test_a_paying_parent_sees_the_fifty_newest_of_all_it_pays_and_of_its_own(stand_in: Callable[..., Any]) -> None:
    """docs/vendors/flexprice.md#fifty: 29 bills of 1.00 of its own and 29 of 10.00 of a child, issued in pairs. The first
    look-up finds 25 + 25, the second all 29 of its own: 54 bills over 29 + 250."""
    story = stand_in("one-month", apis=["flexprice"])
    parent = story.do(AddCustomer(currencies=("EUR",), tax_rate=Decimal(0)))
    child = story.do(AddCustomer(currencies=("EUR",), tax_rate=Decimal(0), billed_to=parent))
    for _ in range(29):
        story.do(AddCharge(customer=parent, description="Once", amount=Decimal(1)))
        story.do(AddCharge(customer=child, description="Once", amount=Decimal(10)))
        bill(story)
        story.do(AdvanceClock(minutes=1))
    for number in (parent, child):
        story.do(Subscribe(customer=number, tariff="basic", starts=date(2026, 1, 20)))
    assert some(only(story, parent), "total_invoice_count", "total_revenue_amount") == (54, "279")
    assert some(only(story, child), "total_invoice_count", "total_revenue_amount") == (29, "290")
    story.do(SetSwitch(name="flexprice.invoice_cap", value="none"))
    assert some(only(story, parent), "total_invoice_count", "total_revenue_amount") == (58, "319")


def test_a_credit_lowers_what_is_due_and_no_charge(story: Any) -> None:
    """docs/vendors/flexprice.md#coupons-and-credits: 10.00 + 2.00 - 6.00 = 6.00, and 19 % tax: 7.14; charges stay 2 and 10."""
    story.do(AddCharge(customer=1, description="Half price", amount=Decimal(-6)))
    bill(story)
    names = ("total_revenue_amount", "total_unpaid_amount", "unpaid_usage_charges", "unpaid_fixed_charges")
    assert some(only(story), *names) == ("7.14", "7.14", "2", "10")


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
    billed.do(SetSwitch(name="flexprice.overpaid_status", value="SUCCEEDED"))
    assert some(only(billed), *ZEROS) == ("14.28", "0", "0", 1, 0, 0, "0", "0")


def test_an_overpaid_bill_is_paid_once_the_credit_is_used(stand_in: Any) -> None:
    """docs/vendors/flexprice.md#overpayment: of 20.00, 14.28 pay January and 5.72 February's, of which 6.18 = 11.90 − 5.72
    remain."""
    story = stand_in("one-month", apis=["flexprice"])
    bill(story)
    story.do(RecordPayment(customer=1, bill=1, amount=Decimal(20), overpay=True))
    assert some(only(story), "unpaid_invoice_count", "total_unpaid_amount") == (1, "0")
    story.do(AdvanceClock(to=datetime(2026, 2, 5, tzinfo=UTC)))
    bill(story)
    story.do(ApplyCredit(customer=1, bill=2))
    assert some(only(story), "unpaid_invoice_count", "total_unpaid_amount") == (1, "6.18")


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
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "permissions-policy": "geolocation=(), microphone=(), camera=()",
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
        ({"Authorization": "Bearer  counterfoil-key"}, 401, {"error": "Invalid token"}),
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
        ("HEAD", path()),
        ("GET", "/customers/cust_00000001/invoices"),
        ("GET", "/customers//invoices/summary"),
        ("GET", "/customers/a/b/invoices/summary"),
    ],
)
def test_what_is_not_routed_is_plain_text(story: Any, method: str, where: str) -> None:
    answer = story.request(method, "flexprice", where)
    assert (answer.status_code, answer.text) == (404, "" if method == "HEAD" else "404 page not found")
    assert "allow" not in answer.headers, "only 405 has to say what is allowed"
    assert answer.headers["content-type"].partition(";")[0] == "text/plain"
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("where", [path(), "/customers", "/customers/search", "/invoices", "/nowhere"])
def test_options_is_answered_everywhere_without_a_key(story: Any, where: str) -> None:
    """docs/vendors/flexprice.md#cors."""
    answer = story.request("OPTIONS", "flexprice", where, key=None)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE, OPTIONS"
    assert answer.headers["access-control-max-age"] == "86400"
    assert "x-frame-options" not in answer.headers, "OPTIONS is answered before the security headers are set"


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("POST", "/customers"),
        ("PUT", "/customers/cust_00000001"),
        ("GET", "/customers/usage"),
        ("GET", "/customers/cust_00000001/wallets"),
        ("GET", "/customers/lookup/x"),
        ("GET", "/plans"),
        ("POST", "/subscriptions/search"),
    ],
)
def test_what_the_vendor_routes_and_we_do_not_is_501(story: Any, method: str, where: str) -> None:
    answer = story.request(method, "flexprice", where)
    assert (answer.status_code, answer.json()["code"]) == (501, "not_implemented")
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY


def test_other_errors_are_flat(story: Any) -> None:
    answer = story.get("flexprice", "/customers/%FF/invoices/summary")
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["http_status_code"]) == ("validation_error", 400)
    assert set(answer.json()) == {"code", "message", "http_status_code"}


@pytest.mark.parametrize("accept", ["application/xml", "text/html;q=0.9", "application/json;q=0"])
def test_accept_is_ignored(story: Any, accept: str) -> None:
    """docs/vendors/flexprice.md#accept."""
    answer = story.get("flexprice", path(), headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")


def test_the_request_id_is_echoed_or_made(story: Any) -> None:
    """docs/vendors/flexprice.md#headers."""
    answer = story.get("flexprice", path(), headers={"X-Request-ID": "mine-42"})
    assert answer.headers["x-request-id"] == "mine-42"
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY

    answers = [story.get("flexprice", path()), story.get("flexprice", path())]
    assert answers[0].content == answers[1].content
    answers += [
        story.get("flexprice", path(), key=None),
        story.get("flexprice", path(), key="counterfoil-forbidden"),
        story.get("flexprice", "/nowhere"),
        story.get("flexprice", "/plans"),
        story.get("flexprice", "/customers/%FF/invoices/summary"),
        story.request("OPTIONS", "flexprice", path()),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 401, 403, 404, 501, 400, 200]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers), "a new one for every request"
    assert all(len(answer.headers["x-request-id"]) == 36 for answer in answers)


@pytest.mark.parametrize("sent", ["", "with space", "a@b", "x" * 129, "é"])
def test_a_request_id_that_cannot_be_one_is_replaced(story: Any, sent: str) -> None:
    answer = story.get("flexprice", path(), headers={"X-Request-ID": sent.encode("latin-1")})
    assert len(answer.headers["x-request-id"]) == 36


def test_the_switches_are_those_of_the_spec() -> None:
    spec = load("flexprice").raw
    told = {each["switch"]: (each["default"], tuple(each["choices"])) for each in spec["x-assumptions"]}
    assert {switch.name: (switch.default, switch.choices) for switch in SWITCHES} == told


# --- customers -----------------------------------------------------------------------------------


def test_a_customer_by_either_id(story: Any) -> None:
    """docs/vendors/flexprice.md#customer."""
    customer = story.get("flexprice", "/customers/cust_00000001").json()
    assert (customer["id"], customer["status"]) == ("cust_00000001", "published")
    same = story.get("flexprice", f"/customers/external/{customer['external_id']}")
    assert same.json() == customer
    assert summary(story, customer["id"])["default_currency"] == "eur"


@pytest.mark.parametrize("where", ["/customers/cust_00000099", "/customers/nobody", "/customers/external/C-000099"])
def test_an_unknown_customer_is_not_found(story: Any, where: str) -> None:
    answer = story.get("flexprice", where)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_customers_are_listed_newest_first_in_pages(story: Any) -> None:
    """docs/vendors/flexprice.md#lists: one customer of the scenario and four new ones, two by two."""
    for _ in range(4):
        story.do(AddCustomer(currencies=("EUR",)))
    seen, offset, offsets = [], 0, []
    while True:
        page = story.get("flexprice", "/customers", params={"limit": 2, "offset": offset}).json()
        assert (page["pagination"]["total"], page["pagination"]["limit"]) == (5, 2)
        offsets.append(page["pagination"]["offset"])
        if not page["items"]:
            break
        seen += [each["id"] for each in page["items"]]
        offset = page["pagination"]["offset"]
    assert seen == [f"cust_{number:08d}" for number in (5, 4, 3, 2, 1)]
    assert offsets == [2, 4, 6, 6], "an empty page repeats the offset"
    rising = story.get("flexprice", "/customers", params={"order": "asc", "limit": 1}).json()
    assert rising["items"][0]["id"] == "cust_00000001"


def test_the_list_and_the_search_take_the_same_filter(story: Any) -> None:
    """docs/vendors/flexprice.md#customer-filter."""
    story.do(AddCustomer(currencies=("EUR",)))
    one = story.get("flexprice", "/customers/cust_00000001").json()
    for criteria in (
        {"external_id": one["external_id"]},
        {"email": one["email"]},
        {"customer_ids": ["cust_00000001", "cust_00000077"]},
        {"external_ids": [one["external_id"], "nobody"]},
        {"status": "published", "order": "asc", "limit": 1},
        {"start_time": one["created_at"], "end_time": one["created_at"]},
    ):
        listed = story.get("flexprice", "/customers", params=criteria).json()
        searched = story.post("flexprice", "/customers/search", json=criteria).json()
        assert listed == searched
        assert listed["items"] == [one]
    assert story.post("flexprice", "/customers/search", json={"status": "deleted"}).json()["items"] == []
    assert story.post("flexprice", "/customers/search", json={}).json()["pagination"]["total"] == 2


@pytest.mark.parametrize(
    ("criteria", "status"),
    [
        ({"limit": 0}, 400),
        ({"limit": 1001}, 400),
        ({"offset": -1}, 400),
        ({"offset": 2**63 - 1}, 400),
        ({"order": "up"}, 400),
        ({"sort": [{"field": "name"}]}, 501),
        ({"start_time": "yesterday"}, 400),
        ({"metadata": {"a": "b"}}, 501),
    ],
)
def test_a_filter_that_cannot_be_applied_is_refused(story: Any, criteria: dict[str, Any], status: int) -> None:
    answer = story.post("flexprice", "/customers/search", json=criteria)
    assert (answer.status_code, answer.json()["http_status_code"]) == (status, status)


def test_a_narrowed_key_lists_its_own_customers(stand_in: Callable[..., Any]) -> None:
    """docs/vendors/flexprice.md#isolation: regular (1) and child (6), which it pays for."""
    world = stand_in(STANDINGS, apis=["flexprice"])
    found = world.get("flexprice", "/customers", key="only-regular").json()
    assert {each["id"] for each in found["items"]} == {"cust_00000001", "cust_00000006"}
    assert found["pagination"]["total"] == 2
    assert world.get("flexprice", "/customers/cust_00000002", key="only-regular").status_code == 404
