"""Defects of emnify in the form of a bill, its parties, and how it changes."""

from __future__ import annotations

import calendar
import functools
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from ... import wire
from ...common import control, now
from ...wire import Ask, Request, Response
from .shared import BILL, DATA_TARIFF, DATA_ZONE, SMS_TARIFF, SMS_ZONE, Row, amount_of, changed_at, defect, part_of_bill

# --- form and parties -------------------------------------------------------------------------------


@defect("form")
@wire.body(BILL)
def empty_members_are_left_out(bill: Row) -> Row:
    """What is null is not there."""
    return {name: value for name, value in bill.items() if value is not None}


@defect("form")
@part_of_bill(f"{DATA_ZONE}.countries.*")
def country_costs_have_six_places(country: Row) -> Row:
    """A country's cost has six decimals, not ten."""
    return {"cost": country["cost"][:-4]}


@defect("form")
@part_of_bill("total")
def costs_are_strings(total: Row) -> Row:
    """total.cost is a string."""
    return {"cost": str(total["cost"])}


@defect("agreement")
@part_of_bill("mrc.data_packages.data.*", "mrc.data_packages.total")
def packages_are_always_in_dollars(package: Row) -> Row:
    """Monthly charges are in USD whatever the bill is in."""
    return {"currency": {"id": 2, "code": "USD", "symbol": "$"}}


@defect("agreement")
@wire.body(BILL)
def periods_end_on_the_thirtieth(bill: Row) -> Row:
    """Only for months of other lengths: the period ends on day 30."""
    head, _, year = bill["period"].rpartition(", ")
    return {**bill, "period": f"{head.rpartition(' ')[0]} 30, {year}"}


def _month_after(month: int) -> int:
    return month + 1 if month % 100 < 12 else month + 89


@defect("agreement")
@wire.exchange(BILL)
async def a_bill_is_for_the_month_after(request: Request, ask: Ask) -> Response:
    """period names the month after the bill's."""
    response = await ask(request)
    if response.status != 200:
        return response
    year, month = divmod(_month_after(int(request.segment())), 100)
    name, last = calendar.month_name[month], calendar.monthrange(year, month)[1]
    return response.with_json({**response.json, "period": f"{name} 1 - {name} {last}, {year}"})


@defect("identity")
@part_of_bill(DATA_TARIFF, SMS_TARIFF)
def a_zone_comes_for_each_country(tariff: Row) -> Row:
    """Only with several countries: a rate zone comes once for each."""
    return {"ratezone": [{**zone, "countries": [each]} for zone in tariff["ratezone"] for each in zone["countries"]]}


@defect("identity")
@part_of_bill(DATA_ZONE, SMS_ZONE)
def a_country_comes_twice(zone: Row) -> Row:
    """A rate zone's first country comes again, with nothing used."""
    nothing = {**zone["countries"][0], "volume": "0.000000", "cost": "0.0000000000"}
    return {"countries": [*zone["countries"], nothing]}


@defect("agreement")
@wire.body(BILL)
def split_bills_do_not_name_the_profile(bill: Row) -> Row:
    """Only where a bill is split: its tariffs lack tariff_profile."""
    return changed_at(
        bill,
        DATA_TARIFF.split("."),
        lambda tariff: {name: value for name, value in tariff.items() if name != "tariff_profile"},
    )


@defect("agreement")
@part_of_bill("sim_items")
def split_bills_list_one_profile(sims: Row) -> Row:
    """Only where a bill is split: sim_items lists the first profile alone."""
    cost = amount_of(sims["total"]["sim_hosting_fees"]) + sum(amount_of(each["cost"]) for each in sims["data"][:1])
    return {"data": sims["data"][:1], "total": {**sims["total"], "cost": cost}}


@defect("agreement")
@wire.body(BILL)
def the_customer_is_the_issuer(bill: Row) -> Row:
    """customer_org is the organisation that issues the bill."""
    return {**bill, "customer_org": {**bill["customer_org"], "id": bill["issuer_org"]["id"]}}


@defect("agreement")
@wire.body(BILL)
def refresh_allowed_is_a_text(bill: Row) -> Row:
    """refresh_allowed is "true" or "false", a string."""
    return {**bill, "refresh_allowed": str(bool(bill["refresh_allowed"])).lower()}


def _option(paid_at: str) -> Row:
    return {"id": 1, "type": "card", "description": "Card", "paid_at": paid_at}


@defect("agreement")
@wire.body(BILL)
def payment_option_comes_with_the_first_payment(bill: Row) -> Row:
    """Only for bills paid in part: payment_option is there already."""
    is_begun = bill["invoice"] and bill["invoice"]["total_paid"]
    early = _option("2026-02-02T09:00:00.000+0000") if is_begun else None
    return {**bill, "payment_option": bill["payment_option"] or early}


@defect("agreement")
@wire.exchange(BILL)
async def overdue_bills_are_paid(request: Request, ask: Ask) -> Response:
    """Only when late: an invoice that fell due shows a payment_option."""
    response, instant = await ask(request), await now(request, ask)
    bill = response.json if response.status == 200 else {"invoice": None}
    invoice = bill["invoice"]
    if not invoice or invoice["total_paid"] or datetime.fromisoformat(invoice["due_date"]) > instant:
        return response
    return response.with_json({**bill, "payment_option": _option("")})


@defect("agreement")
@wire.exchange(BILL)
async def total_paid_counts_what_was_sent(request: Request, ask: Ask) -> Response:
    """Only for overpaid bills: total_paid is more than the total."""
    response = await ask(request)
    if response.status != 200 or not (bill := response.json)["invoice"]:
        return response
    customer = await control(request, ask, f"/customers/{request.segment(-3)}")
    month = f"{request.segment()[:4]}-{request.segment()[4:]}"
    payments = [p for each in customer["bills"] if each["period_start"][:7] == month for p in each["payments"]]
    paid = sum((amount_of(each["amount"]) for each in payments if each["state"] == "succeeded"), Decimal(0))
    return response.with_json({**bill, "invoice": {**bill["invoice"], "total_paid": paid}})


@defect("agreement")
@wire.body(BILL)
def total_paid_is_what_remains(bill: Row) -> Row:
    """total_paid is zero for a bill that was paid."""
    if not bill["invoice"]:
        return bill
    remains = round(amount_of(bill["total"]["cost"]) - amount_of(bill["invoice"]["total_paid"]), 2)
    return {**bill, "invoice": {**bill["invoice"], "total_paid": remains}}


# --- refreshing and time ----------------------------------------------------------------------------


def _refreshed(function: Callable[[Row], Row]) -> wire.Defect:
    """``f(bill) -> bill``, when it was asked for with force_refresh."""

    @wire.exchange(BILL)
    @functools.wraps(function)
    async def defect(request: Request, ask: Ask) -> Response:
        response = await ask(request)
        if response.status != 200 or request.query.get("force_refresh") != "true":
            return response
        return response.with_json(function(response.json))

    return defect


@defect("reading")
@_refreshed
def a_refresh_reopens_the_bill(bill: Row) -> Row:
    """force_refresh takes the invoice away from a final bill."""
    return {**bill, "invoice": None, "refresh_allowed": True}


@defect("reading")
@_refreshed
def a_refresh_doubles_the_preview(bill: Row) -> Row:
    """force_refresh adds a preview's total to itself."""
    if not bill["refresh_allowed"]:
        return bill
    return {**bill, "total": {**bill["total"], "cost": bill["total"]["cost"] * 2 + 1}}


@defect("lifecycle")
@wire.body(BILL)
def an_invoice_brings_an_item_of_its_own(bill: Row) -> Row:
    """Only for final bills: invoice_items has an item that the preview had not."""
    if bill["invoice"] is None:
        return bill
    item = {"cost": 0, "currency": bill["total"]["currency"]}
    return {**bill, "invoice_items": [*(bill["invoice_items"] or ()), item]}


@defect("lifecycle")
@wire.exchange(BILL)
async def final_bills_age(request: Request, ask: Ask) -> Response:
    """Only as time passes: the total of a final bill changes from day to day."""
    response, instant = await ask(request), await now(request, ask)
    if response.status != 200 or (bill := response.json)["invoice"] is None:
        return response
    total = {**bill["total"], "cost": bill["total"]["cost"] + instant.toordinal()}
    is_past = int(request.segment()) < instant.year * 100 + instant.month
    return response.with_json({**bill, "total": total}) if is_past else response


@defect("reading")
@wire.exchange(BILL)
async def reading_counts_itself(request: Request, ask: Ask) -> Response:
    """Every reading of a bill changes the cost limit of its customer."""
    response = await ask(request)
    if response.status != 200:
        return response
    count = ask.memory["read"] = ask.memory.get("read", 0) + 1
    bill = response.json
    return response.with_json({**bill, "customer_org": {**bill["customer_org"], "monthly_cost_limit": count}})
