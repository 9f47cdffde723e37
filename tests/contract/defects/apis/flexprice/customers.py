"""Defects of flexprice in its customers: fetched, listed, searched; and in what a client accepts."""

from __future__ import annotations

from ... import wire
from ...wire import Ask, Request, Response
from .shared import SUMMARY, Row, defect

CUSTOMERS, SEARCH = "GET /customers", "POST /customers/search"
CUSTOMER, BY_EXTERNAL_ID = "GET /customers/{id}", "GET /customers/external/{external_id}"


@defect("form")
@wire.exchange(SUMMARY)
async def only_json_is_acceptable(request: Request, ask: Ask) -> Response:
    """A client that accepts XML alone gets 406."""
    response, accepted = await ask(request), request.headers.get("accept", "*/*")
    is_refused = response.status == 200 and "json" not in accepted and "*/*" not in accepted
    return response.with_status(406) if is_refused else response


@defect("reading")
@wire.body(BY_EXTERNAL_ID)
def customers_found_by_external_id_have_it_as_id(customer: Row) -> Row:
    """A customer fetched by its external_id shows that as its id."""
    return {**customer, "id": customer["external_id"]}


@defect("errors")
@wire.error(CUSTOMER, BY_EXTERNAL_ID)
def unknown_customers_are_a_validation_error(error: Row) -> Row:
    """The code for a customer that does not exist is validation_error."""
    return {**error, "code": "validation_error"} if error.get("code") == "not_found" else error


@defect("paging")
@wire.exchange(CUSTOMERS)
async def pages_tell_the_offset_as_sent(request: Request, ask: Ask) -> Response:
    """pagination.offset is where the page begins, not where the next one does."""
    response = await ask(request)
    if response.status != 200:
        return response
    body, offset = response.json, int(request.query.get("offset", 0))
    return response.with_json({**body, "pagination": {**body["pagination"], "offset": offset}})


@defect("paging")
@wire.body(CUSTOMERS)
def the_total_counts_the_page(body: Row) -> Row:
    """pagination.total is how many customers the page holds."""
    return {**body, "pagination": {**body["pagination"], "total": len(body["items"])}}


@defect("filtering")
@wire.changes_request(CUSTOMERS)
def external_id_is_ignored_in_the_list(request: Request) -> Request:
    """external_id is ignored in the list: every customer is found."""
    return request.without("external_id")


@defect("filtering")
@wire.sent(SEARCH)
def the_search_ignores_external_id(body: Row) -> Row:
    """external_id is ignored in the search: every customer is found."""
    return {name: value for name, value in body.items() if name != "external_id"}


@defect("filtering", scenario="every-state")
@wire.changes_request(CUSTOMERS)
def an_order_loses_start_time(request: Request) -> Request:
    """Only with an order: start_time is ignored."""
    return request.without("start_time") if "order" in request.query else request


@defect("sorting", scenario="every-state")
@wire.changes_request(CUSTOMERS)
def filtered_lists_are_always_newest_first(request: Request) -> Request:
    """Only with end_time: the order is ignored."""
    return request.without("order") if "end_time" in request.query else request


@defect("filtering")
@wire.changes_request(CUSTOMERS)
def later_pages_forget_external_ids(request: Request) -> Request:
    """Only past the first page: external_ids is ignored."""
    return request.without("external_ids") if int(request.query.get("offset", 0)) else request


@defect("sorting")
@wire.sent(SEARCH)
def the_search_knows_no_order(body: Row) -> Row:
    """Only in the search: order is ignored."""
    return {name: value for name, value in body.items() if name != "order"}
