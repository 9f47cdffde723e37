"""Defects of oracle-brm in pages, counts, types and fields."""

from __future__ import annotations

import functools
from collections.abc import Callable

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import BILLS, EXTENDED, FETCH, FILTERS, LIST, always, defect, is_extended, passes_over, reads_texts

# --- pages and counts -------------------------------------------------------------------------------


@defect("paging")
@BILLS.pages
def page_off_by_one(bills: list[Row], first: int, end: int) -> list[Row]:
    """offset counts from one."""
    return bills[max(first - 1, 0) : end - (first > 0)]


@defect("paging")
@passes_over(lambda request: bool(set(FILTERS) & set(request.query)), "offset")
def offset_is_ignored_with_a_filter() -> None:
    """Only under a filter: every page is the first."""


@defect("paging")
@reads_texts(["limit"], lambda limit: str(int(limit) + 1) if limit.isdecimal() and limit != "0" else limit)
def limit_is_one_too_generous() -> None:
    """A list with a limit holds one bill more."""


@defect("paging")
@BILLS.pages
def later_pages_repeat_the_last_bill(bills: list[Row], first: int, end: int) -> list[Row]:
    """Only past page 1: a page begins with the last bill of the one before."""
    return bills[first - (first > 0) : end]


@defect("paging")
@wire.exchange(LIST)
async def offset_past_the_end_is_refused(request: Request, ask: Ask) -> Response:
    """An offset past the end is 400."""
    response = await ask(request)
    is_past = response.json == [] and request.query.get("offset", "0") != "0"
    return await ask(request.with_query({**request.query, "offset": "-1"})) if is_past else response


@defect("paging")
@passes_over(lambda request: "limit" not in request.query, "offset")
def offset_counts_only_with_a_limit() -> None:
    """Only without limit: offset is ignored."""


def _counts(function: Callable[[Response], dict[str, str | None]]) -> wire.Defect:
    """``f(response) -> headers`` of a list that was found."""

    @wire.changes_response(LIST)
    @functools.wraps(function)
    def changed(response: Response) -> Response:
        return response.with_headers(**function(response)) if response.status == 200 else response

    return changed


@defect("counts")
@_counts
def total_count_is_page_count(response: Response) -> dict[str, str | None]:
    """X-Total-Count counts this page."""
    return {"x_total_count": response.headers["x-result-count"]}


@defect("counts")
@_counts
def result_count_is_the_total(response: Response) -> dict[str, str | None]:
    """X-Result-Count counts the whole list."""
    return {"x_result_count": response.headers["x-total-count"]}


@defect("counts")
@wire.exchange(LIST)
async def total_count_passes_over_filters(request: Request, ask: Ask) -> Response:
    """Only under a filter: X-Total-Count counts all bills there are."""
    response = await ask(request)
    if response.status != 200:
        return response
    everything = await ask(request.with_query({}))
    return response.with_headers(x_total_count=everything.headers["x-total-count"])


@defect("counts")
@_counts
def an_empty_list_has_no_counts(response: Response) -> dict[str, str | None]:
    """Only when nothing fits: the count headers are missing."""
    return {} if response.json else {"x_total_count": None, "x_result_count": None}


# --- types and fields -------------------------------------------------------------------------------


@defect("types")
@wire.row(LIST, FETCH)
def extended_bills_leave_nulls_out(bill: Row) -> Row:
    """An extended bill lacks the members that are not set."""
    return {name: value for name, value in bill.items() if value is not None} if is_extended(bill) else bill


@defect("types")
@wire.row(LIST, FETCH)
def extended_bills_show_the_net_as_due(bill: Row) -> Row:
    """Only with @type=CustomerBillOracle: amountDue leaves the tax out."""
    is_shown = is_extended(bill) and {"amountDue", "taxExcludedAmount"} <= bill.keys()
    return {**bill, "amountDue": bill["taxExcludedAmount"]} if is_shown else bill


@defect("types")
@passes_over(always, "@type", of=FETCH)
def one_bill_is_always_base() -> None:
    """@type is ignored for a bill fetched alone."""


@defect("types")
@wire.query(LIST)
def unasked_bills_are_extended(query: dict[str, str]) -> dict[str, str]:
    """Without @type the extended bill comes."""
    return {"@type": EXTENDED, **query}


@defect("selecting")
@wire.changes_request(LIST, FETCH)
def fields_are_ignored(request: Request) -> Request:
    """Every member comes, whatever fields says."""
    return request.without("fields")


@defect("selecting")
@wire.exchange(LIST, FETCH)
async def fields_take_away_the_href(request: Request, ask: Ask) -> Response:
    """With fields, href comes only when it is named."""
    response = await ask(request)
    if response.status != 200 or "href" in request.query.get("fields", "href"):
        return response

    def without(bill: Row) -> Row:
        return {name: value for name, value in bill.items() if name != "href"}

    found = response.json
    return response.with_json([without(bill) for bill in found] if isinstance(found, list) else without(found))


@defect("selecting")
@passes_over(always, "fields", of=FETCH)
def fields_are_ignored_for_one_bill() -> None:
    """fields is ignored for a bill fetched alone."""


@defect("selecting")
@wire.changes_request(LIST, FETCH)
def fields_none_is_all(request: Request) -> Request:
    """fields=none is taken for no fields at all."""
    return request.without("fields") if request.query.get("fields") == "none" else request
