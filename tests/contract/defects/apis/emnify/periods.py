"""Defects of emnify in the list of periods, and in what is refused."""

from __future__ import annotations

import calendar
from dataclasses import replace

from ... import wire
from ...common import credential, with_key
from ...wire import Ask, Request, Response
from .shared import BILL, PERIODS, Row, defect

# --- periods ----------------------------------------------------------------------------------------


@defect("reading")
@wire.row(PERIODS)
def periods_describe_the_month_after(period: Row) -> Row:
    """202601 is described as February 2026."""
    year, month = divmod(period["id"], 100)
    return {"id": period["id"], "description": f"{calendar.month_name[month % 12 + 1]} {year}"}


@defect("reading")
@wire.exchange(PERIODS)
async def previews_are_not_listed(request: Request, ask: Ask) -> Response:
    """The list of periods has invoiced months only; previews are answered all the same."""
    response = await ask(request)
    if response.status != 200:
        return response
    bills = {
        each["id"]: await ask(replace(request, path=f"{request.path.rstrip('/')}/{each['id']}", query_string=""))
        for each in response.json
    }
    return response.with_json([each for each in response.json if bills[each["id"]].json["invoice"]])


@defect("reading")
@wire.exchange(BILL)
async def future_months_are_answered(request: Request, ask: Ask) -> Response:
    """A month that is not listed is answered with the newest one's bill."""
    response = await ask(request)
    periods = request.path.rpartition("/")[0]
    if response.status != 404 or not (listed := (await ask(replace(request, path=periods, query_string=""))).json):
        return response
    return await ask(replace(request, path=f"{periods}/{listed[-1]['id']}")) if isinstance(listed, list) else response


@defect("counts")
@wire.changes_response(PERIODS)
def total_count_is_the_page_size(response: Response) -> Response:
    """X-Total-Count is 100."""
    return response.with_headers(x_total_count="100") if response.status == 200 else response


@defect("counts")
@wire.changes_response(PERIODS)
def there_is_always_another_page(response: Response) -> Response:
    """X-Total-Pages is 2."""
    return response.with_headers(x_total_pages="2") if response.status == 200 else response


# --- refusals ---------------------------------------------------------------------------------------


@defect("errors")
@wire.exchange(PERIODS, BILL)
async def an_unreadable_organisation_is_not_found(request: Request, ask: Ask) -> Response:
    """org_id=abc gets 404."""
    head, _, rest = request.path.partition("/organisation/")
    organisation, _, rest = rest.partition("/")
    is_number = organisation.isdecimal()
    return await ask(request if is_number else replace(request, path=f"{head}/organisation/{10**15}/{rest}"))


@defect("errors")
@wire.changes_response(PERIODS)
def an_unknown_organisation_is_empty(response: Response) -> Response:
    """The periods of an organisation that does not exist are an empty list."""
    return response.with_json([], 200) if response.status == 404 else response


@defect("auth")
@wire.exchange(PERIODS, BILL)
async def foreign_organisations_are_shown(request: Request, ask: Ask) -> Response:
    """A token for one organisation sees them all."""
    response = await ask(request)
    is_foreign = response.status in (403, 404) and "forbidden" not in credential(request)
    return await ask(with_key(request)) if is_foreign else response


@defect("errors")
@wire.changes_request(BILL)
def periods_are_cut_to_six_digits(request: Request) -> Request:
    """Only for longer texts: billing_period=2026011 is taken for 202601."""
    periods, _, period = request.path.rpartition("/")
    return replace(request, path=f"{periods}/{period[:6]}")


@defect("errors")
@wire.exchange(BILL)
async def month_thirteen_is_not_found(request: Request, ask: Ask) -> Response:
    """billing_period=202613 gets 404."""
    response = await ask(request)
    if response.status != 422:
        return response
    message = f"Billing period with Id '{request.segment()}' not found."
    return response.with_json({"error_code": 1401, "error_token": "InvalidReference", "message": message}, 404)


@defect("errors")
@wire.changes_response()
def error_codes_are_http_statuses(response: Response) -> Response:
    """error_code is the HTTP status."""
    body = response.json if response.status >= 400 else None
    is_coded = isinstance(body, dict) and "error_code" in body
    return response.with_json({**body, "error_code": response.status}) if is_coded else response


@defect("errors")
@wire.changes_response(PERIODS, BILL)
def answers_are_in_latin_1(response: Response) -> Response:
    """The Content-Type says ISO-8859-1."""
    latin_1 = "application/json;charset=ISO-8859-1"
    return response.with_headers(content_type=latin_1) if response.status == 200 else response
