"""Defects of flexprice in what payments, time and subscriptions do."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ... import wire
from ...wire import Ask, Request, Response
from .shared import (
    SUMMARY,
    Row,
    amount_of,
    charges,
    customer_of,
    defect,
    each_summary,
    if_unpaid,
    late_bills,
    summed,
    total_of,
)


@defect("lifecycle")
@summed
def part_payments_do_not_count(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only for invoices paid in part: the whole of them is unpaid."""
    return {"total_unpaid_amount": total_of((bill for bill in bills if bill["settlement"] != "paid"), "total")}


@defect("lifecycle")
@summed
def a_part_payment_settles(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only for invoices paid in part: they count as paid."""
    return if_unpaid(bills, lambda bill: bill["settlement"] != "paid" and not Decimal(bill["paid"]))


@defect("lifecycle")
@summed
def a_promise_settles(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only for pending payments: the invoice counts as paid."""
    return if_unpaid(bills, lambda bill: bill["settlement"] != "paid" and not bill["payments"])


@defect("lifecycle")
@each_summary
def paid_invoices_stay_unpaid(shown: Row) -> Row:
    """unpaid_invoice_count stays as it was when an invoice is paid."""
    return {"unpaid_invoice_count": shown["total_invoice_count"]}


@defect("lifecycle")
@summed
def a_refund_changes_nothing(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only for refunds: the invoice stays paid."""
    return if_unpaid(bills, lambda bill: bill["settlement"] not in ("paid", "refunded", "part refunded"))


@defect("lifecycle")
@summed
def overpaid_is_paid(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only for overpaid invoices: they count as paid."""
    return if_unpaid(bills, lambda bill: bill["settlement"] not in ("paid", "overpaid"))


@defect("lifecycle", scenario="every-state")
@wire.exchange(SUMMARY)
async def void_invoices_stay_in_the_revenue(request: Request, ask: Ask) -> Response:
    """A void invoice is counted on."""
    response, customer = await ask(request), await customer_of(request, ask)
    if response.status != 200 or customer is None:
        return response
    void = [bill for bill in customer["bills"] if bill["settlement"] == "cancelled"]

    def counted(shown: Row) -> Row:
        mine = [bill for bill in void if bill["currency"].lower() == shown["currency"]]
        revenue = Decimal(shown["total_revenue_amount"]) + total_of(mine, "total")
        count = shown["total_invoice_count"] + len(mine)
        return {**shown, "total_revenue_amount": amount_of(revenue), "total_invoice_count": count}

    body = response.json
    return response.with_json({**body, "summaries": [counted(shown) for shown in body["summaries"]]})


@defect("lifecycle")
@summed
def new_invoices_show_in_the_revenue_late(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """The newest invoice is counted as unpaid and left out of the revenue."""
    newest = sorted(bills, key=lambda bill: bill["issued_at"])[-1:]
    return {"total_revenue_amount": Decimal(shown["total_revenue_amount"]) - total_of(newest, "total")}


@defect("lifecycle")
@summed
def one_off_charges_are_usage(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only for one-off charges: they are among the usage, not the fixed charges."""
    unpaid = [bill for bill in bills if bill["settlement"] != "paid"]
    usual = ("fee", "sim", "sims", "package", "usage")
    return {
        "unpaid_usage_charges": charges(unpaid, lambda kind: kind == "usage" or kind not in usual),
        "unpaid_fixed_charges": charges(unpaid, lambda kind: kind in usual and kind != "usage"),
    }


def _overdue(bills: list[Row], instant: datetime) -> Row:
    late = late_bills(bills, instant)
    return {"total_overdue_amount": total_of(late, "remaining"), "overdue_invoice_count": len(late)}


@defect("lifecycle")
@summed
def overdue_at_the_instant_it_is_due(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only at the boundary instant: an invoice is overdue as its due date begins."""
    return _overdue(bills, instant + timedelta(microseconds=1))


@defect("lifecycle")
@summed
def overdue_after_the_due_date_ends(shown: Row, bills: list[Row], instant: datetime) -> Row:
    """Only on the day an invoice is due: it is overdue a day later."""
    return _overdue(bills, instant - timedelta(days=1))


def _listed(body: Row, summaries: list[Row]) -> Row:
    return {**body, "summaries": summaries, "default_currency": summaries[0]["currency"] if summaries else ""}


@defect("lifecycle")
@wire.body(SUMMARY)
def oldest_subscription_comes_first(body: Row) -> Row:
    """Only for a second subscription: currencies come in the order they were taken."""
    return _listed(body, body["summaries"][::-1])


@defect("lifecycle")
@wire.body(SUMMARY)
def only_the_newest_currency_counts(body: Row) -> Row:
    """Only for a second currency: its summary is missing."""
    return _listed(body, body["summaries"][:1])


def _still_counts(name: str, says: str, state: str) -> wire.Defect:
    """Subscriptions in this state count: their currency's summary is the one that was shown last."""

    @wire.exchange(SUMMARY)
    async def changed(request: Request, ask: Ask) -> Response:
        response, customer = await ask(request), await customer_of(request, ask)
        if response.status != 200 or customer is None:
            return response
        body = response.json
        shown = {each["currency"]: each for each in body["summaries"]}
        seen = ask.memory.setdefault(request.path, {})
        seen.update(shown)
        accounts = {account["account"]: account["currency"].lower() for account in customer["accounts"]}
        kept = [
            accounts[each["account"]]
            for each in reversed(customer["subscriptions"])
            if each["state"] in ("active", state) and accounts[each["account"]] in seen
        ]
        return response.with_json(_listed(body, [shown.get(each, seen[each]) for each in dict.fromkeys(kept)]))

    changed.__name__, changed.__doc__ = name, says  # type: ignore[attr-defined]
    return changed


defect("lifecycle")(
    _still_counts("paused_subscriptions_count", "Only for paused subscriptions: their currency stays.", "paused")
)
defect("lifecycle")(
    _still_counts(
        "cancelled_subscriptions_count", "Only for cancelled subscriptions: their currency stays.", "cancelled"
    )
)


@defect("lifecycle")
@wire.exchange(SUMMARY)
async def invoices_of_all_currencies_are_added_up(request: Request, ask: Ask) -> Response:
    """Only for a second currency: each summary counts the invoices of all."""
    response = await ask(request)
    if response.status != 200:
        return response
    body = response.json
    every = [{name: _total(body["summaries"], name) for name in each} for each in body["summaries"]]
    named = ("customer_id", "currency")
    added = [
        {**sums, **{name: each[name] for name in named}} for sums, each in zip(every, body["summaries"], strict=True)
    ]
    return response.with_json({**body, "summaries": added})


def _total(summaries: list[Row], name: str) -> Any:
    if name in ("customer_id", "currency"):
        return ""
    if name.endswith("_count"):
        return sum(each[name] for each in summaries)
    return amount_of(sum((Decimal(each[name]) for each in summaries), Decimal(0)))
