"""Defects of oracle-brm that only show when filters, members, types and pages are asked for at once."""

from __future__ import annotations

from ... import wire
from ...wire import Ask, Request, Response
from .rates import LIST as RATES
from .shared import FILTERS, LIST, defect

PAGING = ("offset", "limit")


def _is_later_page(request: Request) -> bool:
    return request.query.get("offset", "0") != "0"


def _filtered(request: Request) -> set[str]:
    return set(FILTERS) & set(request.query)


@defect("selecting")
@wire.changes_request(LIST)
def later_filtered_pages_have_all_members(request: Request) -> Request:
    """Only past the first page of a filtered list: fields is ignored."""
    return request.without("fields") if _is_later_page(request) and _filtered(request) else request


@defect("types")
@wire.changes_request(LIST)
def filtered_lists_with_fields_are_always_base(request: Request) -> Request:
    """Only with a filter and fields at once: @type is ignored."""
    return request.without("@type") if "fields" in request.query and _filtered(request) else request


@defect("counts")
@wire.exchange(LIST)
async def total_count_of_selected_members_is_of_all_bills(request: Request, ask: Ask) -> Response:
    """Only with a filter, fields and a limit at once: X-Total-Count counts what the filter left out, too."""
    response = await ask(request)
    if response.status != 200 or not _filtered(request) or not {"fields", "limit"} <= set(request.query):
        return response
    everything = await ask(request.with_query({"limit": "1"}))
    return response.with_headers(x_total_count=everything.headers.get("x-total-count"))


@defect("filtering")
@wire.exchange(LIST)
async def two_filters_with_fields_find_either(request: Request, ask: Ask) -> Response:
    """Only with two filters and some members at once: the second filter is passed over."""
    asked = [name for name in request.query if name in FILTERS]
    selects = request.query.get("fields", "id") != "id"
    return await ask(request.without(*asked[1:]) if selects else request)


@defect("filtering")
@wire.changes_request(RATES)
def later_pages_of_rates_forget_is_billed(request: Request) -> Request:
    """Only past the first page: isBilled is passed over."""
    return request.without("isBilled") if _is_later_page(request) else request


@defect("selecting")
@wire.changes_request(RATES)
def extended_rates_of_an_account_have_all_members(request: Request) -> Request:
    """Only for extended rates of one account: fields is ignored."""
    is_meant = {"@type", "billingAccount.id"} <= set(request.query)
    return request.without("fields") if is_meant else request
