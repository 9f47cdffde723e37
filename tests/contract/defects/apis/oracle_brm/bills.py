"""Defects of oracle-brm in one bill."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from ... import wire
from ...common import control, plans_the_past
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import FETCH, LIST, defect, is_extended, party_of


def _replaced(bill: Row, member: str, change: Callable[[Any], Any]) -> Row:
    return {**bill, member: change(bill[member])} if bill.get(member) is not None else bill


def _first_of_account(name: str) -> str:
    """The id, or the address, of the first bill of the same account: an id ends in its number there, three digits."""
    return f"{name[:-3]}001"


@defect("identity")
@wire.row(LIST, FETCH)
def bills_of_one_account_share_an_id(bill: Row) -> Row:
    """Only for an account's second bill: it has the id of the first."""
    return _replaced(_replaced(bill, "id", _first_of_account), "href", _first_of_account)


@defect("identity")
@wire.row(LIST, FETCH)
def numbers_are_given_twice(bill: Row) -> Row:
    """The number of a bill is that of its customer, not of the run."""
    return _replaced(bill, "billNo", lambda number: re.sub(r"^B\d+", "B1", number))


@defect("shape")
@wire.row(LIST, FETCH)
def settled_bills_have_no_due_date(bill: Row) -> Row:
    """paymentDueDate is left out when a bill is paid."""
    if bill.get("state") != "settled" or is_extended(bill):
        return _replaced(bill, "paymentDueDate", lambda date: None) if bill.get("state") == "settled" else bill
    return {name: value for name, value in bill.items() if name != "paymentDueDate"}


@defect("lifecycle")
@wire.exchange(LIST, FETCH)
async def every_run_numbers_all_bills_anew(request: Request, ask: Ask) -> Response:
    """When a run completes, the bills of the runs before it get other numbers."""
    response = await ask(request)
    if response.status != 200:
        return response
    runs = (await control(request, ask, "/runs"))["runs"]
    complete = sum(run["completed_at"] is not None for run in runs)

    def renumbered(bill: Row) -> Row:
        return _replaced(bill, "billNo", lambda number: f"{number}.{complete}")

    found = response.json
    return response.with_json([renumbered(bill) for bill in found] if isinstance(found, list) else renumbered(found))


@defect("lifecycle")
@wire.exchange(LIST)
async def a_planned_run_prices_bills_in_progress(request: Request, ask: Ask) -> Response:
    """A bill in progress holds nothing while a run is planned that bills up to a day that has passed."""
    response = await ask(request)
    if response.status != 200 or not await plans_the_past(request, ask):
        return response

    def priced(bill: Row) -> Row:
        shown = bill.get("state") == "inProgress"
        return _replaced(bill, "amountDue", lambda money: {**money, "value": 0}) if shown else bill

    return response.with_json([priced(bill) for bill in response.json])


@defect("agreement")
@wire.row(LIST, FETCH)
def bills_in_progress_are_numbered(bill: Row) -> Row:
    """A bill in progress has a number."""
    return (
        {**bill, "billNo": f"B0-{party_of(bill)}"}
        if bill.get("state") == "inProgress" and "relatedParty" in bill
        else bill
    )


@defect("arithmetic", scenario="multi-currency")
@wire.exchange(LIST)
async def remaining_is_always_in_the_first_currency(request: Request, ask: Ask) -> Response:
    """Only for a second currency: remainingAmount is in that of the customer's first account."""
    response = await ask(request)
    if response.status != 200:
        return response
    everything = (await ask(request.with_query({}))).json
    first: dict[str, str] = {}
    for bill in sorted(everything, key=lambda bill: bill["billingAccount"]["id"]):
        first.setdefault(party_of(bill), bill["remainingAmount"]["unit"])

    def changed(bill: Row) -> Row:
        unit = first.get(party_of(bill)) if "relatedParty" in bill else None
        return _replaced(bill, "remainingAmount", lambda amount: {**amount, "unit": unit or amount["unit"]})

    return response.with_json([changed(bill) for bill in response.json])


def _issued(function: Callable[[Row], Row]) -> wire.Defect:
    """``f(bill) -> bill``, of whole bills that were issued; ``fields`` then chooses from that."""

    def shown(whole: Row, asked: Row) -> Row:
        changed = function(whole) if whole.get("billNo") else whole
        return {name: changed.get(name) for name in asked}

    @wire.exchange(LIST, FETCH)
    @functools.wraps(function)
    async def defect(request: Request, ask: Ask) -> Response:
        response = await ask(request)
        if response.status != 200:
            return response
        whole, asked = (await ask(request.without("fields"))).json, response.json
        if isinstance(asked, dict):
            return response.with_json(shown(whole, asked))
        return response.with_json([shown(*pair) for pair in zip(whole, asked, strict=True)])

    return defect


def _with(bill: Row, **amounts: Decimal) -> Row:
    """The bill with other amounts in its own currency."""
    return {**bill, **{name: {**bill[name], "value": value} for name, value in amounts.items()}}


def _taxed(bill: Row, of: Decimal) -> Row:
    """The bill with the tax on ``of``, cut to cents, and what follows from it."""
    item = bill["taxItem"][0]
    tax = (of * Decimal(item["taxRate"]) / 100).quantize(Decimal("0.01"), ROUND_DOWN)
    total = bill["taxExcludedAmount"]["value"] + tax
    paid = bill["amountDue"]["value"] - bill["remainingAmount"]["value"]
    changed = {**item, "taxAmount": {**item["taxAmount"], "value": tax}}
    amounts = {"amountDue": total, "taxIncludedAmount": total, "remainingAmount": total - paid}
    return {**_with(bill, **amounts), "taxItem": [changed]}


@defect("arithmetic")
@wire.row(LIST, FETCH)
def total_leaves_the_tax_out(bill: Row) -> Row:
    """taxIncludedAmount is the amount without tax."""
    return {**bill, "taxIncludedAmount": bill["taxExcludedAmount"]} if "taxExcludedAmount" in bill else bill


@defect("arithmetic")
@_issued
def vat_on_total(bill: Row) -> Row:
    """Tax is worked out on the amount that holds it already."""
    return _taxed(bill, bill["taxIncludedAmount"]["value"])


@defect("arithmetic", scenario="demo")
@_issued
def tax_is_rounded_down(bill: Row) -> Row:
    """Only where the third decimal counts: tax is cut, not rounded."""
    return _taxed(bill, bill["taxExcludedAmount"]["value"])


@defect("arithmetic")
@_issued
def remaining_ignores_payments(bill: Row) -> Row:
    """remainingAmount is the same before and after a payment."""
    return _with(bill, remainingAmount=bill["amountDue"]["value"])


@defect("arithmetic")
@_issued
def remaining_is_never_below_one(bill: Row) -> Row:
    """Only for paid bills: 1.00 remains."""
    return _with(bill, remainingAmount=max(bill["remainingAmount"]["value"], Decimal("1.00")))


@defect("agreement")
@_issued
def part_paid_bills_are_new(bill: Row) -> Row:
    """A bill that was paid in part is shown as new."""
    return {**bill, "state": "new"} if bill["state"] == "partiallyPaid" else bill


@defect("agreement")
@_issued
def paid_bills_are_on_hold(bill: Row) -> Row:
    """A bill of which nothing remains is shown on hold."""
    return {**bill, "state": "onHold"} if bill["state"] == "settled" else bill


def _moved(text: str, days: int) -> str:
    return (datetime.fromisoformat(text) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@defect("agreement")
@_issued
def due_dates_are_a_month_early(bill: Row) -> Row:
    """paymentDueDate is before billDate."""
    return _replaced(bill, "paymentDueDate", lambda date: _moved(date, -31))


@defect("agreement")
@_issued
def periods_are_turned_round(bill: Row) -> Row:
    """A period starts when it ends, and ends when it starts."""
    start, end = bill["billingPeriod"]["startDateTime"], bill["billingPeriod"]["endDateTime"]
    return {**bill, "billingPeriod": {"startDateTime": end, "endDateTime": start}}


@defect("agreement")
@wire.row(LIST, FETCH)
def periods_overlap_by_a_day(bill: Row) -> Row:
    """Only for an account's second bill: it begins a day before the first ends."""
    if bill["id"].endswith("001"):
        return bill
    return _replaced(
        bill, "billingPeriod", lambda period: {**period, "startDateTime": _moved(period["startDateTime"], -1)}
    )


@defect("arithmetic")
@wire.row(LIST, FETCH)
def payments_show_half_of_themselves(bill: Row) -> Row:
    """A payment's own amount is half of what of it is applied."""

    def halved(applied: Row) -> Row:
        amount = applied["payment"]["amount"]
        return {
            **applied,
            "payment": {**applied["payment"], "amount": {**amount, "value": Decimal(amount["value"]) / 2}},
        }

    return _replaced(bill, "appliedPayment", lambda applied: [halved(each) for each in applied])


@defect("agreement")
@_issued
def balances_leave_other_bills_out(bill: Row) -> Row:
    """An account's balance is what remains on the very bill that shows it."""
    account = bill["financialAccount"]
    balance = {**account["accountBalance"], "amount": bill["remainingAmount"]}
    return {**bill, "financialAccount": {**account, "accountBalance": balance}}


@defect("reading")
@wire.body(FETCH)
def one_bill_has_its_dates_exchanged(bill: Row) -> Row:
    """A bill fetched alone shows billDate and paymentDueDate each in the place of the other."""
    if not {"billDate", "paymentDueDate"} <= bill.keys():
        return bill
    return {**bill, "paymentDueDate": bill["billDate"], "billDate": bill["paymentDueDate"]}


@defect("reading")
@wire.changes_request(FETCH)
def bills_are_not_found_by_number(request: Request) -> Request:
    """GET /customerBill/B2-1 is 404."""
    is_number = re.match(r"B\d", request.segment())
    return replace(request, path=f"{request.path.rpartition('/')[0]}/none") if is_number else request


@defect("reading")
@wire.row(LIST, FETCH)
def hrefs_lead_to_the_account(bill: Row) -> Row:
    """href names the account's first bill."""
    return _replaced(bill, "href", _first_of_account)


@defect("reading")
@wire.row(LIST, FETCH)
def hrefs_forget_the_base(bill: Row) -> Row:
    """href is an address outside this API."""
    return {**bill, "href": f"https://brm.example.com/customerBill/{bill['id']}"}


@defect("reading")
@wire.exchange(LIST)
async def reading_turns_the_list_round(request: Request, ask: Ask) -> Response:
    """Every second answer comes backwards."""
    response = await ask(request)
    ask.memory["read"] = not ask.memory.get("read", False)
    return response.with_json(response.json[::-1]) if response.status == 200 and ask.memory["read"] else response
