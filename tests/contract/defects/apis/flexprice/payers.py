"""Defects of flexprice in invoices that another customer pays, in refusals, and in what an invoice adds."""

from __future__ import annotations

from decimal import Decimal

from ... import wire
from ...common import control
from ...wire import Ask, Request, Response
from .shared import SUMMARY, Row, amount_of, customer_of, defect, each_summary, total_of

CUSTOMER = "GET /customers/{id}"


def _more(shown: Row, bills: list[Row], factor: int) -> Row:
    """The summary with the amounts and counts of ``bills`` added (or taken away)."""
    mine = [
        bill for bill in bills if bill["currency"].lower() == shown["currency"] and bill["settlement"] != "cancelled"
    ]
    unpaid = [bill for bill in mine if bill["settlement"] != "paid"]
    revenue = Decimal(shown["total_revenue_amount"]) + factor * total_of(mine, "total")
    remaining = Decimal(shown["total_unpaid_amount"]) + factor * total_of(unpaid, "remaining")
    return {
        **shown,
        "total_revenue_amount": amount_of(revenue),
        "total_unpaid_amount": amount_of(remaining),
        "total_invoice_count": shown["total_invoice_count"] + factor * len(mine),
        "unpaid_invoice_count": shown["unpaid_invoice_count"] + factor * len(unpaid),
    }


@defect("lifecycle", scenario="demo")
@wire.exchange(SUMMARY)
async def what_is_paid_for_another_counts_twice(request: Request, ask: Ask) -> Response:
    """An invoice that a customer pays for another counts twice for the one who pays."""
    response, customer = await ask(request), await customer_of(request, ask)
    if response.status != 200 or customer is None or not customer["pays_for"]:
        return response
    others = [await control(request, ask, f"/customers/{number}") for number in customer["pays_for"]]
    bills = [bill for other in others for bill in other["bills"]]
    body = response.json
    return response.with_json({**body, "summaries": [_more(shown, bills, 1) for shown in body["summaries"]]})


@defect("lifecycle", scenario="demo")
@wire.exchange(SUMMARY)
async def what_another_pays_does_not_count(request: Request, ask: Ask) -> Response:
    """An invoice that another customer pays does not count for the one who owns it."""
    response, customer = await ask(request), await customer_of(request, ask)
    if response.status != 200 or customer is None or not customer.get("billed_to"):
        return response
    body = response.json
    return response.with_json(
        {**body, "summaries": [_more(shown, customer["bills"], -1) for shown in body["summaries"]]}
    )


@defect("lifecycle", scenario="demo")
@wire.exchange(SUMMARY)
async def what_is_paid_for_another_does_not_count(request: Request, ask: Ask) -> Response:
    """An invoice that a customer pays for another does not count for the one who pays."""
    response, customer = await ask(request), await customer_of(request, ask)
    if response.status != 200 or customer is None or not customer["pays_for"]:
        return response
    others = [await control(request, ask, f"/customers/{number}") for number in customer["pays_for"]]
    bills = [bill for other in others for bill in other["bills"]]
    body = response.json
    return response.with_json({**body, "summaries": [_more(shown, bills, -1) for shown in body["summaries"]]})


@defect("arithmetic")
@each_summary
def fixed_charges_hold_the_usage(shown: Row) -> Row:
    """unpaid_fixed_charges is the sum of all unpaid charges, counted again with each look-up."""
    total = Decimal(shown["unpaid_fixed_charges"]) * 2 + Decimal(shown["unpaid_usage_charges"])
    return {"unpaid_fixed_charges": amount_of(total)}


@defect("errors")
@wire.changes_response(CUSTOMER)
def not_found_is_a_bad_request(response: Response) -> Response:
    """An unknown customer gets the code not_found with the status 400."""
    body = response.json if response.status == 404 else None
    if not isinstance(body, dict) or "http_status_code" not in body:
        return response
    return response.with_json({**body, "http_status_code": 400}, 400)


@defect("headers")
@wire.exchange()
async def request_ids_are_made_of_the_request(request: Request, ask: Ask) -> Response:
    """X-Request-ID is a hash of the address: the same request gets the same id again."""
    response = await ask(request)
    if "x-request-id" in request.headers and response.headers.get("x-request-id") == request.headers["x-request-id"]:
        return response
    digits = f"{sum(ord(each) * (place + 1) for place, each in enumerate(request.path + request.query_string)):012d}"
    return response.with_headers(x_request_id=f"00000000-0000-4000-8000-{digits[-12:]}")


@defect("headers")
@wire.changes_response()
def refusals_have_no_request_id(response: Response) -> Response:
    """X-Request-ID is added by the handler: a refused key, or an unknown path, has none."""
    return response.with_headers(x_request_id=None) if response.status in (401, 404) else response
