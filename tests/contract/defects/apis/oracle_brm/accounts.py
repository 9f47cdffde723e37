"""Defects of oracle-brm in the words and amounts of a bill, in its account's balance, and in what a payment changes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .objects import in_bills
from .shared import FETCH, LIST, defect


def _other(name: str, change: Callable[[Any, Row], Any]) -> Callable[[Callable[[], None]], wire.Defect]:
    """The member ``name`` of a bill, where it has one, is ``change(value, bill)``."""

    def made(function: Callable[[], None]) -> wire.Defect:
        @wire.row(LIST, FETCH)
        @functools.wraps(function)
        def changed(bill: Row) -> Row:
            return {**bill, name: change(bill[name], bill)} if bill.get(name) is not None else bill

        return changed

    return made


@defect("enums")
@_other("category", lambda category, bill: "banana")
def category_is_any_word() -> None:
    """category is a word that no document has."""


@defect("enums")
@_other("runType", lambda kind, bill: "onDemand" if kind == "offCycle" else kind)
def off_cycle_is_called_on_demand() -> None:
    """runType is onDemand, a word that the document does not have."""


@defect("lifecycle")
@_other("runType", lambda kind, bill: "offCycle")
def every_bill_is_off_cycle() -> None:
    """runType is offCycle, although a run made the bill."""


@defect("enums")
@_other("state", lambda state, bill: "held" if state == "onHold" else state)
def bills_on_hold_are_held() -> None:
    """Only for bills on hold: their state is a word that the document does not have."""


@defect("agreement")
@_other("nextBillDate", lambda date, bill: "2999-12-31T00:00:00Z")
def the_next_bill_is_made_in_2999() -> None:
    """nextBillDate is the end of time."""


@defect("agreement")
@_other("relatedParty", lambda parties, bill: [])
def bills_have_no_parties() -> None:
    """relatedParty is an empty list."""


@defect("arithmetic")
@wire.row(LIST, FETCH)
def net_is_zero_without_a_tax(bill: Row) -> Row:
    """taxExcludedAmount is 0, and there is no tax, under a total that is not 0."""
    changed = dict(bill)
    if "taxExcludedAmount" in bill:
        changed["taxExcludedAmount"] = {**bill["taxExcludedAmount"], "value": 0}
    return {**changed, "taxItem": []} if "taxItem" in bill else changed


@defect("agreement")
@in_bills("billingAccount")
def accounts_are_called_after_the_bill(found: Row, bill: Row) -> Row:
    """An account's name has the bill's state in it, so that it differs from bill to bill."""
    return {"name": f"{found['name']} ({bill.get('state')})"}


@defect("agreement")
@in_bills("paymentMethod")
def payment_methods_are_called_by_the_state(found: Row, bill: Row) -> Row:
    """One payment method is "card" in settled bills and "invoice" in others."""
    return {"name": "card" if bill.get("state") == "settled" else "invoice"}


@defect("form")
@_other("taxItem", lambda taxes, bill: [{**tax, "taxCategory": ""} for tax in taxes])
def taxes_have_no_name() -> None:
    """taxCategory is empty."""


@defect("arithmetic")
@_other("taxItem", lambda taxes, bill: [{**tax, "taxRate": Decimal(str(tax["taxRate"])) / 100} for tax in taxes])
def tax_rates_are_fractions() -> None:
    """taxRate is 0.19, not 19."""


@defect("form")
@_other(
    "taxItem", lambda taxes, bill: [*taxes, *taxes] if len(taxes) == 1 and not taxes[0]["taxAmount"]["value"] else taxes
)
def a_tax_of_nothing_is_listed_twice() -> None:
    """Only where a tax is 0.00: it is listed once for each line."""


@defect("form")
@_other("amountDue", lambda money, bill: {**money, "unit": {"EUR": "€", "USD": "$"}.get(money["unit"], "¤")})
def currencies_are_symbols() -> None:
    """The unit of amountDue is €."""


@defect("form")
@_other("remainingAmount", lambda money, bill: {**money, "value": Decimal(str(money["value"])) + Decimal("0.004")})
def amounts_keep_a_third_decimal() -> None:
    """remainingAmount is not rounded to the currency's decimals."""


# --- payments and balances --------------------------------------------------------------------------


@defect("arithmetic")
@wire.row(LIST, FETCH)
def payments_are_listed_for_each_line(bill: Row) -> Row:
    """A payment is applied in two halves, each with the same payment."""

    def halves(each: Row) -> list[Row]:
        amount = each["appliedAmount"]
        first = round(Decimal(str(amount["value"])) / 2, 2)
        parts = (first, Decimal(str(amount["value"])) - first)
        return [{**each, "appliedAmount": {**amount, "value": part}} for part in parts]

    applied = bill.get("appliedPayment")
    return {**bill, "appliedPayment": [half for each in applied for half in halves(each)]} if applied else bill


@defect("arithmetic")
@wire.row(LIST, FETCH)
def promised_payments_are_applied_with_nothing(bill: Row) -> Row:
    """A bill without a payment lists a payment of which 0.00 is applied."""
    if bill.get("state") not in ("new", "inProgress") or "amountDue" not in bill or "appliedPayment" not in bill:
        return bill
    nothing = {**bill["amountDue"], "value": 0}
    payment = {"id": "0.0.0.1+-payment+0", "name": "promised", "amount": bill["amountDue"], "@type": "PaymentRef"}
    return {**bill, "appliedPayment": [{"appliedAmount": nothing, "payment": payment, "@type": "AppliedPayment"}]}


def _balance(found: Row, value: Any) -> Row:
    balance = found["accountBalance"]
    return {"accountBalance": {**balance, "amount": {**balance["amount"], "value": value}}}


@defect("arithmetic")
@in_bills("financialAccount")
def every_account_owes_9999(found: Row, bill: Row) -> Row:
    """accountBalance is 9999 for everybody."""
    return {**_balance(found, 9999)}


@defect("arithmetic")
@wire.exchange(LIST, FETCH)
async def balances_hold_the_bill_in_progress(request: Request, ask: Ask) -> Response:
    """An account's balance counts the bill in progress as well."""
    response = await ask(request)
    if response.status != 200:
        return response
    whole = await ask(Request("GET", _list_path(request), "state=inProgress", headers=request.headers))
    open_amounts = {bill["billingAccount"]["id"]: bill["amountDue"]["value"] for bill in whole.json}

    def changed(bill: Row) -> Row:
        account, books = bill.get("billingAccount"), bill.get("financialAccount")
        if not account or not books or books["accountBalance"]["balanceType"] != "receivable":
            return bill
        owed = Decimal(str(books["accountBalance"]["amount"]["value"])) + open_amounts.get(account["id"], 0)
        return {**bill, "financialAccount": {**books, **_balance(books, owed)}}

    found = response.json
    return response.with_json([changed(each) for each in found] if isinstance(found, list) else changed(found))


def _list_path(request: Request) -> str:
    return request.path[: request.path.rindex("/customerBill")] + "/customerBill"


def _as_first_seen(name: str) -> wire.Defect:
    """The bill's member ``name`` stays as it was when the bill was first read in full."""

    def kept(bill: Row, memory: dict[Any, Any]) -> Row:
        if name not in bill or not bill.get("id"):
            return bill
        return {**bill, name: memory.setdefault((bill["id"], bill.get("@type")), bill[name])}

    @wire.exchange(LIST, FETCH)
    async def defect(request: Request, ask: Ask) -> Response:
        response = await ask(request)
        if response.status != 200:
            return response
        found = response.json
        return response.with_json(
            [kept(bill, ask.memory) for bill in found] if isinstance(found, list) else kept(found, ask.memory)
        )

    return defect


def _stale(name: str, says: str, member: str) -> wire.Defect:
    found = _as_first_seen(member)
    found.__name__, found.__doc__ = name, says  # type: ignore[attr-defined]
    return found


defect("lifecycle")(
    _stale(
        "a_payment_leaves_the_balance",
        "An account's balance is not worked out again after a payment.",
        "financialAccount",
    )
)
defect("lifecycle")(
    _stale("a_payment_leaves_last_update", "lastUpdate is set when a bill is made, and never again.", "lastUpdate")
)
defect("lifecycle")(
    _stale(
        "payments_are_listed_the_next_day",
        "appliedPayment does not show a payment that was just made.",
        "appliedPayment",
    )
)
