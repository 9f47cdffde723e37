"""Defects of flexprice in ids, headers, who gets in, and errors."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from ... import wire
from ...common import credential, plant_common, with_key
from ...wire import Ask, Request, Response
from .shared import OPTIONS, SECURITY, SUMMARY, Row, customer_of, defect

# --- any id, headers --------------------------------------------------------------------------------


@defect("reading")
@wire.exchange(SUMMARY)
async def a_free_number_is_not_found(request: Request, ask: Ask) -> Response:
    """Only for ids of the usual form: one that no customer has is 404."""
    response = await ask(request)
    number = unquote(request.segment(-3)).removeprefix("cust_")
    if response.status != 200 or not number.isdecimal() or await customer_of(request, ask):
        return response
    return response.with_json({"code": "not_found", "message": "no such customer", "http_status_code": 404}, 404)


@defect("reading")
@wire.body(SUMMARY)
def ids_are_cut_at_a_space(body: Row) -> Row:
    """Only for ids with a space: they come back without what follows it."""
    return {**body, "customer_id": body["customer_id"].split(" ")[0]}


@defect("reading")
@wire.body(SUMMARY)
def ids_come_back_in_lower_case(body: Row) -> Row:
    """customer_id is the id asked for in lower case."""
    return {**body, "customer_id": body["customer_id"].lower()}


@defect("reading")
@wire.exchange(SUMMARY)
async def reading_marks_as_seen(request: Request, ask: Ask) -> Response:
    """Every reading counts itself among the invoices."""
    response = await ask(request)
    if response.status != 200:
        return response
    count = ask.memory["read"] = ask.memory.get("read", 0) + 1
    body = response.json
    counted = [{**each, "total_invoice_count": each["total_invoice_count"] + count} for each in body["summaries"]]
    return response.with_json({**body, "summaries": counted})


@defect("headers")
@wire.changes_response()
def errors_lack_the_security_headers(response: Response) -> Response:
    """Only on errors: the security headers are missing."""
    if response.status < 400:
        return response
    return replace(response, headers={name: value for name, value in response.headers.items() if name not in SECURITY})


@defect("headers")
@wire.changes_request()
def request_ids_are_not_echoed(request: Request) -> Request:
    """X-Request-ID is always the server's own."""
    return request.with_headers(x_request_id=None)


@defect("headers")
@wire.exchange()
async def request_ids_are_all_the_same(request: Request, ask: Ask) -> Response:
    """Without one sent, every answer has the same X-Request-ID."""
    response = await ask(request)
    if "x-request-id" in request.headers or "x-request-id" not in response.headers:
        return response
    return response.with_headers(x_request_id="00000000-0000-8000-a000-000000000000")


@defect("headers")
@wire.changes_response(OPTIONS)
def a_browser_from_elsewhere_may_not_ask(response: Response) -> Response:
    """OPTIONS names one origin."""
    return response.with_headers(access_control_allow_origin="https://flexprice.example.com")


@defect("headers")
@wire.changes_response(OPTIONS)
def options_has_no_answer(response: Response) -> Response:
    """OPTIONS is 204."""
    return response.with_status(204)


# --- who gets in, and errors ------------------------------------------------------------------------

plant_common("flexprice", "anybody_may_read", "any_key_will_do", "the_forbidden_may")


@defect("auth")
@wire.error()
def a_basic_login_is_a_bad_token(body: Row) -> Row:
    """Only for other schemes than bearer: they are called an invalid token."""
    return {"error": "Invalid token"} if body.get("error") == "Invalid authorization header format" else body


@defect("auth", scenario="every-state")
@wire.exchange(SUMMARY)
async def a_narrow_key_sees_everything(request: Request, ask: Ask) -> Response:
    """A key that sees one customer finds them all."""
    response = await ask(request)
    return await ask(with_key(request)) if response.status == 200 and credential(request) else response


@defect("errors")
@wire.changes_response()
def unrouted_paths_are_json(response: Response) -> Response:
    """A path that is not routed is answered with the declared error body."""
    if response.body != b"404 page not found":
        return response
    body = {"code": "not_found", "message": "not found", "http_status_code": 404}
    return response.with_headers(content_type="application/json").with_json(body)


@defect("errors")
@wire.exchange()
async def a_wrong_method_is_405(request: Request, ask: Ask) -> Response:
    """POST gets 405."""
    response = await ask(request)
    is_a_path = replace(request, method="GET").is_for(SUMMARY)
    return response.with_status(405) if response.status == 404 and is_a_path else response


@defect("errors")
@wire.error()
def the_body_tells_another_status(body: Row) -> Row:
    """http_status_code is 500 in every error."""
    return {**body, "http_status_code": 500} if "http_status_code" in body else body


@defect("errors")
@wire.error()
def every_error_is_a_system_error(body: Row) -> Row:
    """code is system_error whatever the status."""
    return {**body, "code": "system_error"} if "code" in body else body
