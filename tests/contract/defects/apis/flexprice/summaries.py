"""Defects of flexprice in one answer and its sums."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from ... import wire
from ...wire import Ask, Request, Response
from .shared import (
    SUMMARY,
    Row,
    amount_of,
    charges,
    customer_of,
    defect,
    due_at,
    each_summary,
    is_fixed,
    late_bills,
    summed,
    total_of,
)

# --- one answer -------------------------------------------------------------------------------------


@defect("form")
@each_summary
def counts_are_strings(shown: Row) -> Row:
    """Counts come as strings, as amounts do."""
    return {"total_invoice_count": str(shown["total_invoice_count"])}


@defect("form")
@wire.body(SUMMARY)
def zero_amounts_are_left_out(body: Row) -> Row:
    """Only where nothing is overdue: the member is missing."""
    kept = [
        {name: value for name, value in each.items() if name != "total_overdue_amount" or value != "0"}
        for each in body["summaries"]
    ]
    return {**body, "summaries": kept}


@defect("agreement")
@each_summary
def inner_customer_is_the_payer(shown: Row) -> Row:
    """Summaries name another customer than was asked for."""
    return {"customer_id": "cust_00000002" if shown["customer_id"] == "cust_00000001" else "cust_00000001"}


@defect("agreement")
@wire.body(SUMMARY)
def default_currency_is_the_last(body: Row) -> Row:
    """Only for a second currency: the default is that of the oldest subscription."""
    return {**body, "default_currency": ([""] + [each["currency"] for each in body["summaries"]])[-1]}


@defect("agreement")
@wire.body(SUMMARY)
def default_currency_is_always_there(body: Row) -> Row:
    """Only for a customer without summaries: the default is eur."""
    return {**body, "default_currency": body["default_currency"] or "eur"}


@defect("identity")
@wire.body(SUMMARY)
def currencies_come_in_capitals(body: Row) -> Row:
    """currency is EUR, not eur."""
    return {
        **body,
        "default_currency": body["default_currency"].upper(),
        "summaries": [{**each, "currency": each["currency"].upper()} for each in body["summaries"]],
    }


@defect("identity")
@wire.exchange(SUMMARY)
async def a_currency_comes_for_each_subscription(request: Request, ask: Ask) -> Response:
    """Only for a second subscription: its currency comes twice."""
    response, customer = await ask(request), await customer_of(request, ask)
    if response.status != 200 or customer is None or len(customer["subscriptions"]) < 2:
        return response
    body = response.json
    return response.with_json({**body, "summaries": body["summaries"] + body["summaries"][:1]})


# --- one summary ------------------------------------------------------------------------------------


def _amounts(shown: Row, write: Callable[[Decimal], str]) -> Row:
    return {name: write(Decimal(value)) for name, value in shown.items() if name.endswith(("_amount", "_charges"))}


@defect("form")
@each_summary
def amounts_have_two_decimals(shown: Row) -> Row:
    """100 is written 100.00."""
    return _amounts(shown, lambda value: f"{value:.2f}")


@defect("form")
@each_summary
def small_amounts_have_an_exponent(shown: Row) -> Row:
    """Only for round amounts: 100 is written 1E+2."""
    return _amounts(shown, lambda value: str(value.normalize()))


@defect("arithmetic", scenario="late-payer")
@summed
def overdue_count_holds_paid_invoices(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Every invoice past its due date is overdue, paid or not."""
    return {"overdue_invoice_count": sum(due_at(bill) < instant for bill in bills)}


@defect("arithmetic")
@each_summary
def unpaid_amount_holds_the_overdue_twice(shown: Row) -> Row:
    """Only for late payers: what is overdue is added to what is unpaid."""
    total = Decimal(shown["total_unpaid_amount"]) + Decimal(shown["total_overdue_amount"])
    return {"total_unpaid_amount": amount_of(total)}


@defect("arithmetic", scenario="late-payer")
@summed
def overdue_amount_is_the_whole_invoice(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only for invoices paid in part: overdue counts the whole of them."""
    late = [bill for bill in late_bills(bills, instant) if Decimal(bill["remaining"]) > 0]
    return {"total_overdue_amount": total_of(late, "total")}


@defect("arithmetic", scenario="every-state")
@each_summary
def revenue_is_kept_without_invoices(shown: Row) -> Row:
    """Only without an invoice: revenue is 1."""
    return {} if shown["total_invoice_count"] else {"total_revenue_amount": "1"}


@defect("arithmetic")
@summed
def charges_stay_after_payment(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Usage and fixed charges count every invoice, paid ones too."""
    return {"unpaid_fixed_charges": charges(bills, is_fixed)}


@defect("arithmetic")
@each_summary
def overdue_without_overdue_invoice(shown: Row) -> Row:
    """What is not due yet is in the overdue amount, not in the count."""
    return {"total_overdue_amount": shown["total_unpaid_amount"]}


@defect("arithmetic")
@each_summary
def charges_are_in_cents(shown: Row) -> Row:
    """unpaid_usage_charges and unpaid_fixed_charges are a hundred times what they are."""
    return {n: amount_of(Decimal(shown[n]) * 100) for n in ("unpaid_usage_charges", "unpaid_fixed_charges")}


@defect("arithmetic")
@summed
def revenue_leaves_the_tax_out(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """total_revenue_amount is net."""
    return {"total_revenue_amount": total_of(bills, "net")}


@defect("arithmetic")
@each_summary
def unpaid_count_is_the_total(shown: Row) -> Row:
    """unpaid_invoice_count counts every invoice, and one more."""
    return {"unpaid_invoice_count": shown["total_invoice_count"] + 1}
