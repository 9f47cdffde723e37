"""Defects of elevate that only show when filters, sort, fields and pages are asked for at once, and in re-rating."""

from __future__ import annotations

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import FILTERS, LIST, SUMMARIES, defect


def _is_filtered(request: Request) -> bool:
    return bool(set(FILTERS) & set(request.query))


def _is_later_page(request: Request) -> bool:
    return request.query.get("page") not in (None, "1")


@defect("sorting")
@wire.changes_request(LIST)
def later_filtered_pages_are_not_sorted(request: Request) -> Request:
    """Only past the first page of a filtered list: sort is passed over."""
    return request.without("sort") if _is_later_page(request) and _is_filtered(request) else request


@defect("selecting")
@wire.changes_request(LIST)
def later_sorted_pages_have_all_members(request: Request) -> Request:
    """Only past the first page of a sorted list: fields is ignored."""
    return request.without("fields") if _is_later_page(request) and "sort" in request.query else request


@defect("filtering")
@wire.changes_request(LIST)
def sorted_lists_with_fields_are_not_filtered(request: Request) -> Request:
    """Only with sort and fields at once: the filters are passed over."""
    return request.without(*FILTERS) if {"sort", "fields"} <= set(request.query) else request


@defect("sorting")
@wire.changes_request(LIST)
def a_sort_by_what_is_not_shown_is_ignored(request: Request) -> Request:
    """Only with fields: the list is not sorted by a member that is not among them."""
    if not {"sort", "fields"} <= set(request.query):
        return request
    shown = request.query["fields"].split(",")
    keys = [key.removesuffix(":desc") for key in request.query["sort"].split(",")]
    return request if set(keys) <= set(shown) else request.without("sort")


@defect("paging")
@wire.exchange(LIST)
async def filtered_and_sorted_pages_overlap(request: Request, ask: Ask) -> Response:
    """Only in a list that is filtered and sorted: a later page begins with the last item of the page before."""
    response = await ask(request)
    if response.status != 200 or not (_is_later_page(request) and _is_filtered(request) and "sort" in request.query):
        return response
    first, end = SUMMARIES.window(request.query)
    return response.with_json([shown for _, shown in await SUMMARIES.all(request, ask)][first - 1 : end - 1])


@defect("lifecycle")
@wire.exchange(LIST)
async def unrated_usage_never_shows(request: Request, ask: Ask) -> Response:
    """Only for customers whose rating was incomplete: their open value stays what it was then."""
    response = await ask(request)
    if response.status != 200 or "fields" in request.query:
        return response

    def shown(row: Row) -> Row:
        if row["ratingStatus"] == "INCOMPLETE":
            ask.memory.setdefault(row["customerId"], row["openBillRunValue"])
        return {**row, "openBillRunValue": ask.memory.get(row["customerId"], row["openBillRunValue"])}

    return response.with_json([shown(row) for row in response.json])


@defect("lifecycle")
@wire.exchange(LIST)
async def unrated_usage_is_in_the_previous_value(request: Request, ask: Ask) -> Response:
    """Re-rating changes previousBillRunValue: it is corrected by what was rated since."""
    response = await ask(request)
    if response.status != 200 or "fields" in request.query:
        return response

    def shown(row: Row) -> Row:
        was = ask.memory.setdefault(row["customerId"], row["ratingStatus"])
        is_corrected = was == "INCOMPLETE" and row["ratingStatus"] == "COMPLETE"
        return {**row, "previousBillRunValue": row["previousBillRunValue"] + 1} if is_corrected else row

    return response.with_json([shown(row) for row in response.json])
