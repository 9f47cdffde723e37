"""After any payments, credit notes, refunds and cancellations, every bill has the same amounts in all five APIs.

Hypothesis generates the commands; everything is sent over HTTP. The expected amounts follow from the documents that the control
API lists: payments and credits are added up here, to the minor unit, in EUR, USD, JPY, KWD and BHD. One test plants the bug
that the test is written for, and expects it to be found.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import KEY
from counterfoil.app import Application, build
from counterfoil.ledger.receivables import Bill
from counterfoil.lookup import scenario
from counterfoil.testing.in_process import InProcessTransport

ORACLE, EMNIFY = "/oracle-brm/brm/customerBillManagement/v4", "/emnify/api/v1"
CENTS = {"EUR": "0.01", "USD": "0.01", "JPY": "1", "KWD": "0.001", "BHD": "0.001"}
CUSTOMERS = range(1, 7)
BILLS = [(1, 0, 1), (1, 0, 2), (1, 1, 2), (2, 0, 1), (2, 0, 2), (3, 0, 1), (3, 0, 2), (5, 0, 2), (6, 0, 1), (6, 0, 2)]
PAYER = {5: 4}
PEARL_TARIFF = "  - {key: pearl, name: Pearl Basic, currency: BHD, monthly_fee: 21.4325}\n"
PEARL = "  - {key: pearl, name: Pearl WLL, country: BH, currencies: [BHD], tariff: pearl, tax_rate: 10}\n"

Command = tuple[str, dict[str, Any]]


class Client:
    """A client of one world's HTTP interfaces."""

    def __init__(self, client: httpx.Client, world: str) -> None:
        self.client = client
        self.world = world

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"/w/{self.world}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def customer(self, number: int) -> Any:
        return self.client.get(f"/_sandbox/v1/worlds/{self.world}/customers/{number}").json()

    def do(self, command: str, **members: Any) -> int:
        path = f"/_sandbox/v1/worlds/{self.world}/commands/{command}"
        return self.client.post(path, json=members).status_code


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Application:
    """January and February are billed to six customers in five currencies: the scenario multi-currency, and Bahraini dinar."""
    text = scenario("multi-currency").source.decode()
    text = text.replace("customers:\n", PEARL_TARIFF + "customers:\n", 1).replace("story:\n", PEARL + "story:\n", 1)
    path = tmp_path_factory.mktemp("scenarios") / "five-currencies.yaml"
    path.write_text(text, encoding="utf-8")
    return build(scenario_name=str(path))


@pytest.fixture(scope="module")
def client(application: Application) -> Iterator[httpx.Client]:
    keys = {"Authorization": f"Bearer {KEY}", "x-api-key": KEY}
    with httpx.Client(
        transport=InProcessTransport(application.server), base_url="http://localhost", headers=keys, timeout=60
    ) as client:
        base = Client(client, "default")
        base.do("advance_clock", to="2026-03-01T06:00:00Z")
        for number in range(1, 9):  # those that the scenario planned
            base.do("request_bills", run=number)
        base.do("advance_clock", to="2026-03-10T09:00:00Z")
        assert [len(base.customer(number)["bills"]) for number in CUSTOMERS] == [4, 2, 2, 2, 2, 2]
        yield client


# --- what is done --------------------------------------------------------------------------------

_BILL = st.sampled_from(BILLS).map(lambda of: dict(zip(("customer", "account", "bill"), of, strict=True)))
_AMOUNT = st.sampled_from([None, "1", "2", "3", "20", "2000", "0.001", "2.38", "-1"])
_FEW = st.integers(1, 2)
_METHODS = st.sampled_from(["bank transfer", "credit note", "refund"])


def _command(name: str, of: st.SearchStrategy[dict[str, Any]], **members: st.SearchStrategy[Any]) -> Any:
    given = st.fixed_dictionaries(members)
    return st.tuples(of, given).map(lambda two: (name, {k: v for k, v in (two[0] | two[1]).items() if v is not None}))


_PAYMENT = st.fixed_dictionaries({"customer": st.integers(1, 6), "payment": _FEW})
_OVERPAY = _command(
    "record_payment", _BILL, amount=st.sampled_from(["20", "2000"]), overpay=st.just(True), method=_METHODS
)
_CREDIT = _command("issue_credit_note", _BILL, amount=_AMOUNT, lines=st.sampled_from([None, None, None, [{"line": 1}]]))
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    _OVERPAY,
    _OVERPAY,
    _CREDIT,
    _command(
        "record_payment", _BILL, amount=_AMOUNT, method=_METHODS, overpay=st.booleans(),
        state=st.sampled_from(["succeeded", "succeeded", "pending", "failed"]),
        further_bills=st.sampled_from([None, None, [1], [2]]),
    ),
    _command("resolve_payment", _PAYMENT, succeeded=st.booleans()),
    _command("refund_payment", _PAYMENT, amount=_AMOUNT),
    _command("apply_credit", _BILL, amount=_AMOUNT, credit_note=st.none() | _FEW),
    _command("apply_credit", _BILL),
    _command("cancel_bill", _BILL),
    _command("hold_bill", _BILL),
    _command("release_bill", _BILL),
    st.just(("advance_clock", {"days": 5})),
)  # fmt: skip


# --- what must be --------------------------------------------------------------------------------


def reconcile(here: Client) -> None:
    """Raise ``AssertionError`` unless all six interfaces agree on every bill."""
    now = here.client.get(f"/_sandbox/v1/worlds/{here.world}").json()["now"]
    customers = {number: here.customer(number) for number in CUSTOMERS}
    for customer in customers.values():
        for bill in customer["bills"]:
            _bill_follows_from_its_documents(bill, now)
        _balances(customer)
    oracle = {bill["id"]: bill for bill in here.get(f"{ORACLE}/customerBill", limit=100)}
    by_number = {bill["billNo"]: bill for bill in oracle.values() if bill.get("billNo")}
    for number, customer in customers.items():
        for bill in customer["bills"]:
            suffix = f".{bill['account']}" if bill["account"] else ""
            _oracle(bill, by_number.pop(f"B{bill['run']}-{number}{suffix}"))
        _emnify(here, number, [bill for bill in customer["bills"] if not bill["account"]])
        theirs = [each for payee, payer in PAYER.items() if payer == number for each in customers[payee]["bills"]]
        _flexprice(here, number, [*customer["bills"], *theirs])
    assert not by_number
    _elevate(here, customers)
    _billingplatform(here, customers)


def _sum(amounts: Any) -> Decimal:
    return sum(map(Decimal, amounts), Decimal(0))


def _amount(text: Any) -> Decimal:
    return Decimal(str(text))


def _own_credit(bill: Any) -> Decimal:
    return _sum(note["applied"] for note in bill["credit_notes"] if note["bill"] == bill["bill"])


def _bill_follows_from_its_documents(bill: Any, now: str) -> None:
    total, remaining = Decimal(bill["total"]), Decimal(bill["remaining"])
    assert Decimal(bill["paid"]) == _sum(payment["applied"] for payment in bill["payments"])
    assert Decimal(bill["credited"]) == _sum(note["applied"] for note in bill["credit_notes"])
    assert remaining == total - Decimal(bill["paid"]) - Decimal(bill["credited"])
    assert 0 <= remaining <= total
    assert all(p["state"] == "succeeded" or not Decimal(p["applied"]) for p in bill["payments"])
    cent = Decimal(CENTS[bill["currency"]])
    assert not any(Decimal(bill[name]) % cent for name in ("net", "tax", "total", "paid", "credited", "remaining"))
    assert bill["overdue"] == (remaining > 0 and f"{bill['due_on']}T00:00:00Z" < now)
    assert (bill["settlement"] == "cancelled") == (_own_credit(bill) == total)
    settled = {"paid", "overpaid", "cancelled"}
    assert bill["settlement"] not in settled or not remaining
    assert bill["settlement"] not in {"unpaid", "awaited", "failed"} or remaining == total
    own = _sum(note["total"] for note in bill["credit_notes"] if note["bill"] == bill["bill"])
    assert Decimal(bill["creditable"]) == total - own >= 0
    for note in bill["credit_notes"]:
        assert Decimal(note["net"]) + Decimal(note["tax"]) == Decimal(note["total"]) > 0


def _balances(customer: Any) -> None:
    """An account owes what was billed, less what was credited and paid, plus what was refunded."""
    for account in customer["accounts"]:
        mine = [
            [each for each in customer[name] if each["account"] == account["account"]]
            for name in ("bills", "credit_notes", "payments", "refunds")
        ]
        billed, credited = _sum(b["total"] for b in mine[0]), _sum(n["total"] for n in mine[1])
        paid = _sum(payment["amount"] for payment in mine[2] if payment["state"] == "succeeded")
        assert Decimal(account["balance"]) == billed - credited - paid + _sum(each["amount"] for each in mine[3])
        credit = Decimal(account["credit"])
        assert credit == _sum(each["credit"] for each in (*mine[1], *mine[2])) >= 0
        assert Decimal(account["balance"]) == _sum(bill["remaining"] for bill in mine[0]) - credit
        assert Decimal(account["overdue"]) == _sum(bill["remaining"] for bill in mine[0] if bill["overdue"])
        assert _sum(each["refunded"] for each in mine[2]) == _sum(each["amount"] for each in mine[3])


def _oracle(bill: Any, shown: Any) -> None:
    total, remaining = Decimal(bill["total"]), Decimal(bill["remaining"])
    assert {shown[name]["unit"] for name in ("amountDue", "remainingAmount")} == {bill["currency"]}
    assert _amount(shown["taxIncludedAmount"]["value"]) == total
    assert _amount(shown["remainingAmount"]["value"]) == remaining
    applied = shown.get("appliedPayment") or []
    assert _sum(str(each["appliedAmount"]["value"]) for each in applied) == total - remaining
    assert len({each["payment"]["id"] for each in applied}) == len(applied)
    expected = "settled" if not remaining else "onHold" if bill["held"] else "new"
    if expected == "new" and remaining < total:
        expected = "partiallyPaid"
    assert shown["state"] == expected
    assert shown["paymentDueDate"] == f"{bill['due_on']}T00:00:00Z"


def _emnify(here: Client, number: int, bills: list[Any]) -> None:
    def month_of(bill: Any) -> str:
        return (date.fromisoformat(bill["period_end"]) - timedelta(days=1)).strftime("%Y%m")

    for month, found in itertools.groupby(sorted(bills, key=month_of), month_of):
        mine = list(found)
        invoice = here.get(f"{EMNIFY}/organisation/{number}/billing/{month}")["invoice"]
        assert _amount(invoice["total_paid"]) == _sum(bill["paid"] for bill in mine)
        assert _amount(invoice["total_credited"]) == _sum(bill["credited"] for bill in mine)
        remaining, total = _sum(bill["remaining"] for bill in mine), _sum(bill["total"] for bill in mine)
        if all(_own_credit(bill) == Decimal(bill["total"]) for bill in mine):
            expected = "Cancelled"
        elif not remaining:
            expected = "Paid"
        elif any(bill["overdue"] for bill in mine):
            expected = "Overdue"
        else:
            expected = "Partially paid" if remaining < total else "Open"
        assert invoice["status"]["description"] == expected


def _flexprice(here: Client, number: int, bills: list[Any]) -> None:
    summaries = here.get(f"/flexprice/v1/customers/cust_{number:08d}/invoices/summary")["summaries"]
    assert len(summaries) == len({bill["currency"] for bill in bills})
    for shown in summaries:
        mine = [
            bill
            for bill in bills
            if bill["currency"].lower() == shown["currency"] and _own_credit(bill) < Decimal(bill["total"])
        ]
        unpaid = [bill for bill in mine if bill["settlement"] != "paid"]
        assert _amount(shown["total_revenue_amount"]) == _sum(Decimal(b["total"]) - _own_credit(b) for b in mine)
        assert _amount(shown["total_unpaid_amount"]) == _sum(bill["remaining"] for bill in mine)
        assert _amount(shown["total_overdue_amount"]) == _sum(bill["remaining"] for bill in mine if bill["overdue"])
        assert (shown["total_invoice_count"], shown["unpaid_invoice_count"]) == (len(mine), len(unpaid))


def _elevate(here: Client, customers: Any) -> None:
    """Payments and credits do not change what the previous run billed."""
    rows = here.get("/elevate/v1/customer-billing-summaries", page=1, pageSize=100)
    assert len(rows) == len(customers)
    for row in rows:
        (last, *_) = (bill for bill in customers[row["customerId"]]["bills"] if not bill["account"])
        assert _amount(row["previousBillRunValue"]) == Decimal(last["net"])


def _billingplatform(here: Client, customers: Any) -> None:
    for run in here.get("/billingplatform/backend/api/v1/billingRuns"):
        bills = [bill for customer in customers.values() for bill in customer["bills"] if bill["run"] == int(run["id"])]
        assert Decimal(run["invoiceAmount"]) == _sum(bill["total"] for bill in bills if bill["currency"] == "EUR")


# --- the property --------------------------------------------------------------------------------


@example([
    ("record_payment", {"customer": 1, "account": 1, "bill": 2, "amount": "20.00", "overpay": True}),
    ("record_payment", {"customer": 1, "bill": 1, "amount": "20.00", "overpay": True}),  # 14.28 and 5.72 of 11.90
    ("apply_credit", {"customer": 1, "bill": 2}),
    ("refund_payment", {"customer": 1, "payment": 3, "amount": "10.00"}),
    ("issue_credit_note", {"customer": 2, "bill": 1, "amount": "1"}),
    ("record_payment", {"customer": 2, "bill": 1, "further_bills": [2]}),
    ("issue_credit_note", {"customer": 2, "bill": 2, "lines": [{"line": 1}]}),
])  # fmt: skip
@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(st.lists(COMMANDS, min_size=5, max_size=10))
def test_every_bill_is_equal_in_all_apis_after_any_commands(
    application: Application, client: httpx.Client, commands: list[Command]
) -> None:
    """A refused command (404, 409, 422) changes no version; the others leave six interfaces that agree."""
    application.worlds.fork("money", "default")
    try:
        here = Client(client, "money")
        for name, members in commands:
            before = application.worlds.named("money").version
            status = here.do(name, **members)
            assert status in (200, 404, 409, 422)
            assert application.worlds.named("money").version == before + (status == 200)
        reconcile(here)
    finally:
        application.worlds.delete("money")


WITH_A_NAME = {"customer": 1, "bill": 1, "amount": "1.00", "method": "credit note"}


@pytest.mark.parametrize("state", ["succeeded", "failed", "pending"])
def test_a_bill_that_a_payments_method_cancels_is_found(
    application: Application, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """The bug: a payment called "credit note" cancelled its bill, though money was open, and though it had failed."""
    application.worlds.fork("planted", "default")
    try:
        here = Client(client, "planted")
        assert here.do("record_payment", **WITH_A_NAME, state=state) == 200
        reconcile(here)
        flagged = property(lambda bill: any(payment.method == "credit note" for payment in bill.payments))
        monkeypatch.setattr(Bill, "is_cancelled", flagged)
        here.do("set_switch", name="elevate.values", value="net")  # another version: nothing cached is shown
        with pytest.raises(AssertionError):
            reconcile(here)
    finally:
        application.worlds.delete("planted")


def test_run_totals_include_credit_only_if_a_switch_is_set(application: Application, client: httpx.Client) -> None:
    """docs/vendors/elevate.md#credit-notes, docs/vendors/billingplatform.md#credit-notes: 10.00 − 1.00; 1.19 with tax."""
    application.worlds.fork("switched", "default")
    try:
        here = Client(client, "switched")

        def shown() -> tuple[Decimal, Decimal]:
            row = here.get("/elevate/v1/customer-billing-summaries", page=1, pageSize=100)[0]
            runs = here.get("/billingplatform/backend/api/v1/billingRuns")
            return _amount(row["previousBillRunValue"]), _sum(run["invoiceAmount"] for run in runs)

        before = shown()
        assert here.do("issue_credit_note", customer=1, bill=2, amount="1.19") == 200
        assert shown() == before
        for api in ("elevate", "billingplatform"):
            assert here.do("set_switch", name=f"{api}.credit_notes", value="subtract") == 200
        assert shown() == (before[0] - 1, before[1] - Decimal("1.19"))
    finally:
        application.worlds.delete("switched")
