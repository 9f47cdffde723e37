"""Defects of oracle-brm in applied billing rates."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

from ... import wire
from ...lists import ListOf, Row
from ...wire import Ask, Request, Response
from .shared import defect, passes_over, window_of

LIST, FETCH = "GET /appliedCustomerBillingRate", "GET /appliedCustomerBillingRate/{id}"
CREDIT = "appliedBillingCredit"
AMOUNTS = ("taxExcludedAmount", "taxIncludedAmount")
RATES = ListOf(LIST, "id", ("offset", "limit"), window_of, {}, ("x-result-count", "x-total-count"))


def _amounts(rate: Row, change: Callable[[Decimal], Decimal]) -> Row:
    """The rate with its amounts changed; ``fields`` may have left some out."""
    shown = {name: rate[name] for name in AMOUNTS if rate.get(name)}
    changed = {name: {**money, "value": change(Decimal(money["value"]))} for name, money in shown.items()}
    return {**rate, **changed}


async def _kept(request: Request, ask: Ask, name: str, keeps: Callable[[Row, list[Row]], Any]) -> Response:
    """The rates for which ``keeps(rate, those that the filter rightly finds)`` holds, where the filter is there."""
    response = await ask(request)
    if response.status != 200 or name not in request.query:
        return response
    found = [full for full, _ in await RATES.all(request, ask)]
    rows = await RATES.all(request.without(name), ask)
    return RATES.answer(response, request, [shown for full, shown in rows if keeps(full, found)])


# --- filters and pages ------------------------------------------------------------------------------


@defect("filtering")
@wire.exchange(LIST)
async def rate_id_finds_the_whole_bill(request: Request, ask: Ask) -> Response:
    """id finds all rates of the bill that the rate is on."""
    return await _kept(
        request, ask, "id", lambda rate, found: rate["bill"]["id"] in [each["bill"]["id"] for each in found]
    )


@defect("filtering")
@wire.exchange(LIST)
async def rates_by_bill_are_those_of_the_account(request: Request, ask: Ask) -> Response:
    """bill.id finds the rates of the account's other bills, too."""

    def account(rate: Row) -> Any:
        return rate["billingAccount"]["id"]

    return await _kept(request, ask, "bill.id", lambda rate, found: account(rate) in map(account, found))


@defect("filtering")
@RATES.matching(["billingAccount.id"])
def rates_by_account_are_billed_ones(row: Row, name: str, given: str, was: bool) -> bool:
    """Only for bills in progress: billingAccount.id does not find their rates."""
    return was and bool(row["isBilled"])


@defect("filtering")
@wire.query(LIST)
def any_text_in_is_billed_is_true(query: dict[str, str]) -> dict[str, str]:
    """isBilled=false is taken for true, since the text is not empty."""
    return {**query, "isBilled": "true"} if query.get("isBilled") == "false" else query


@defect("paging")
@RATES.pages
def offset_of_rates_counts_pages(rates: list[Row], first: int, end: int) -> list[Row]:
    """offset counts pages of rates, not rates."""
    limit = end - first
    return rates[first * limit : (first + 1) * limit]


@defect("counts")
@wire.changes_response(LIST)
def total_count_of_rates_is_the_page(response: Response) -> Response:
    """X-Total-Count of the rates counts this page."""
    count = response.headers.get("x-result-count")
    return response.with_headers(x_total_count=count) if response.status == 200 else response


# --- one rate ---------------------------------------------------------------------------------------


@defect("reading")
@wire.rows(LIST)
def rates_with_characteristics_are_listed_twice(rates: list[Row]) -> list[Row]:
    """A rate with more than one characteristic is listed once for each of them, as a join would."""
    return [rate for rate in rates for _ in rate.get("characteristic") or [None]]


@defect("reading")
@wire.body(FETCH)
def one_rate_has_no_taxes(rate: Row) -> Row:
    """A rate fetched alone has an empty list of taxes, which only the list of rates loads."""
    return {**rate, "appliedTax": []} if "appliedTax" in rate else rate


@defect("reading")
@wire.row(LIST, FETCH)
def hrefs_of_rates_lead_to_bills(rate: Row) -> Row:
    """href of a rate is among the bills, where no such id is."""
    href = rate.get("href")
    return {**rate, "href": href.replace("/appliedCustomerBillingRate/", "/customerBill/")} if href else rate


@defect("types")
@passes_over(lambda request: True, "@type", of=LIST)
def listed_rates_are_always_base() -> None:
    """@type is ignored in the list of rates."""


@defect("arithmetic")
@wire.row(LIST, FETCH)
def gross_rates_are_cut_to_cents(rate: Row) -> Row:
    """Only where a rate's tax has fractions of a cent: taxIncludedAmount is cut to whole cents."""
    cut = _amounts(rate, lambda value: value.quantize(Decimal("0.01"), ROUND_DOWN))
    return {**rate, "taxIncludedAmount": cut["taxIncludedAmount"]} if "taxIncludedAmount" in rate else rate


@defect("agreement")
@wire.row(LIST, FETCH)
def credits_are_negative_charges(rate: Row) -> Row:
    """A credit is shown as a charge with a negative amount, so that only the sum is right."""
    if rate.get("type") != CREDIT:
        return rate
    taxes = [
        {**tax, "taxAmount": {**tax["taxAmount"], "value": -Decimal(tax["taxAmount"]["value"])}}
        for tax in rate.get("appliedTax") or ()
    ]
    shown = {**_amounts(rate, lambda value: -value), "type": "appliedBillingCharge"}
    return {**shown, "appliedTax": taxes} if taxes else shown


@defect("arithmetic")
@wire.row(LIST, FETCH)
def credits_are_charges(rate: Row) -> Row:
    """A credit is shown as a charge, with a positive amount."""
    return {**rate, "type": "appliedBillingCharge"} if rate.get("type") == CREDIT else rate


@defect("agreement")
@wire.exchange(LIST, FETCH)
async def rates_are_always_billed(request: Request, ask: Ask) -> Response:
    """Only for bills in progress: their rates are shown and selected as billed, too."""
    response = await ask(request)
    if response.status != 200:
        return response
    response = await ask(request.without("isBilled"))

    def shown(rate: Row) -> Row:
        return {**rate, "isBilled": True} if "isBilled" in rate else rate

    if isinstance(response.json, dict):
        return response.with_json(shown(response.json))
    is_none = request.query.get("isBilled") == "false"
    return RATES.answer(response, request, []) if is_none else response.with_json([shown(r) for r in response.json])


@defect("errors")
@wire.changes_response(FETCH)
def an_unknown_rate_is_a_bad_request(response: Response) -> Response:
    """A rate that does not exist gets 400."""
    is_object = response.status == 404 and isinstance(response.json, dict)
    return response.with_json({**response.json, "status": "400"}, 400) if is_object else response
