"""Defects of elevate in pages and sort orders."""

from __future__ import annotations

from typing import Any

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import FILTERS, LIST, SUMMARIES, defect, window_of, with_changed, with_keys

# --- pages ------------------------------------------------------------------------------------------


@defect("paging")
@SUMMARIES.pages
def page_off_by_one(rows: list[Row], first: int, end: int) -> list[Row]:
    """Page 1 is taken for the second page."""
    return rows[first:end] if first == 0 and end >= 1000 else rows[end : 2 * end - first]


@defect("paging")
@SUMMARIES.pages
def later_pages_skip_an_item(rows: list[Row], first: int, end: int) -> list[Row]:
    """Every page past the first begins one item late."""
    return rows[first + (first > 0) : end]


@defect("paging")
@SUMMARIES.pages
def later_pages_repeat_an_item(rows: list[Row], first: int, end: int) -> list[Row]:
    """Every page past the first begins with the last item of the page before."""
    return rows[first - (first > 0) : end]


@defect("paging")
@SUMMARIES.pages
def page_has_one_too_many(rows: list[Row], first: int, end: int) -> list[Row]:
    """A page holds one item more than asked for."""
    return rows[first : end + 1]


@defect("paging")
@SUMMARIES.pages
def last_page_is_dropped_unless_full(rows: list[Row], first: int, end: int) -> list[Row]:
    """A last page that is not full comes back empty."""
    return rows[first:end] if first == 0 or len(rows[first:end]) == end - first else []


@defect("paging")
@SUMMARIES.pages
def past_the_end_starts_again(rows: list[Row], first: int, end: int) -> list[Row]:
    """A page past the end holds the first page again."""
    return rows[first:end] or rows[: end - first]


@defect("paging")
@wire.exchange(LIST)
async def past_the_end_is_an_error(request: Request, ask: Ask) -> Response:
    """A page past the end is answered 404."""
    response = await ask(request)
    if response.json == [] and request.query["page"] != "1":
        return response.with_json({"error": "Not Found", "message": "there is no such page"}, 404)
    return response


@defect("paging")
@wire.exchange(LIST)
async def pages_of_a_filtered_list_are_cut_before_filtering(request: Request, ask: Ask) -> Response:
    """Under a filter, a page is cut out of the whole list first and filtered then."""
    response = await ask(request)
    if response.status != 200 or not set(FILTERS) & set(request.query):
        return response
    first, end = window_of(request.query)
    fitting = {full["customerId"] for full, _ in await SUMMARIES.all(request, ask)}
    whole = await SUMMARIES.all(request.without(*FILTERS), ask)
    return response.with_json([shown for full, shown in whole[first:end] if full["customerId"] in fitting])


@defect("paging")
@wire.exchange(LIST)
async def pages_are_sorted_each_for_itself(request: Request, ask: Ask) -> Response:
    """A page is cut out of the unsorted list and sorted then."""
    response = await ask(request)
    if response.status != 200 or "sort" not in request.query:
        return response
    first, end = window_of(request.query)
    cut = {full["customerId"] for full, _ in (await SUMMARIES.all(request.without("sort"), ask))[first:end]}
    in_order = await SUMMARIES.all(request, ask)
    return response.with_json([shown for full, shown in in_order if full["customerId"] in cut])


@defect("errors")
@wire.query(LIST)
def page_zero_is_the_first(query: dict[str, str]) -> dict[str, str]:
    """page=0 is taken for page 1."""
    return with_changed(query, "page", lambda page: "1" if page == "0" else page)


@defect("errors")
@wire.query(LIST)
def a_missing_page_is_the_first(query: dict[str, str]) -> dict[str, str]:
    """A request without page is answered with page 1."""
    return {"page": "1", **query}


@defect("errors")
@wire.query(LIST)
def a_large_page_is_cut_silently(query: dict[str, str]) -> dict[str, str]:
    """pageSize=1001 is taken for 1000."""
    return with_changed(query, "pageSize", lambda size: "1000" if size == "1001" else size)


@defect("errors")
@wire.error(LIST)
def a_refused_parameter_is_not_named(body: Row) -> Row:
    """The error body does not say which parameter was wrong."""
    return {**body, "message": "Validation failed"}


# --- sorts ------------------------------------------------------------------------------------------


@defect("sorting")
@wire.query(LIST)
def sort_ignores_desc(query: dict[str, str]) -> dict[str, str]:
    """``:desc`` is read and forgotten."""
    return with_keys(query, lambda keys: [(name, False) for name, _ in keys])


@defect("sorting")
@wire.query(LIST)
def sort_is_always_descending(query: dict[str, str]) -> dict[str, str]:
    """Every sort is descending, asked for or not."""
    return with_keys(query, lambda keys: [(name, True) for name, _ in keys])


@defect("sorting")
@wire.query(LIST)
def sort_ignores_further_keys(query: dict[str, str]) -> dict[str, str]:
    """Only on ties: the second key decides nothing."""
    return with_keys(query, lambda keys: keys[:1])


@defect("sorting")
@wire.query(LIST)
def desc_of_one_key_turns_all(query: dict[str, str]) -> dict[str, str]:
    """With one descending key, the others are descending too."""
    return with_keys(query, lambda keys: [(name, any(descending for _, descending in keys)) for name, _ in keys])


def _sorted(rows: list[tuple[Row, Row]], request: Request, value: Any) -> list[tuple[Row, Row]]:
    """Sorted by ``value(member)`` of each key, equal rows by customer."""
    rows = sorted(rows, key=lambda row: row[0]["customerId"])
    for key in reversed(request.query["sort"].split(",")):
        name = key.removesuffix(":desc")
        rows.sort(key=lambda row: value(row[0][name]), reverse=key.endswith(":desc"))
    return rows


@defect("sorting")
@SUMMARIES.ordered
def numbers_sort_as_text(rows: list[tuple[Row, Row]], request: Request) -> list[tuple[Row, Row]]:
    """Amounts sort as texts: 9 after 10."""
    return _sorted(rows, request, lambda value: (value is not None, str(value)))


@defect("sorting")
@SUMMARIES.ordered
def sort_goes_by_magnitude(rows: list[tuple[Row, Row]], request: Request) -> list[tuple[Row, Row]]:
    """Only for negative values: sorting passes over the sign."""
    return _sorted(rows, request, lambda value: value if isinstance(value, str) else abs(value or 0))


@defect("sorting")
@wire.query(LIST)
def sort_by_difference_sorts_by_percentage(query: dict[str, str]) -> dict[str, str]:
    """A sort by valueDifference sorts by percentageDifference."""
    other = {"valueDifference": "percentageDifference"}
    return with_keys(query, lambda keys: [(other.get(name, name), descending) for name, descending in keys])


@defect("sorting", scenario="multi-currency")
@wire.query(LIST)
def default_order_is_by_value(query: dict[str, str]) -> dict[str, str]:
    """Without a sort the list comes by open value."""
    return {"sort": "openBillRunValue", **query}


@defect("sorting")
@SUMMARIES.ordered
def descending_order_is_shifted(rows: list[tuple[Row, Row]], request: Request) -> list[tuple[Row, Row]]:
    """A descending order has its first item last."""
    return rows[1:] + rows[:1] if ":desc" in request.query["sort"] else rows


@defect("errors")
@wire.exchange(LIST)
async def unknown_sort_is_ignored(request: Request, ask: Ask) -> Response:
    """A sort by a field that does not exist is ignored."""
    response = await ask(request)
    return await ask(request.without("sort")) if response.status == 400 and "sort" in request.query else response
