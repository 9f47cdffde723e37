"""Defects of oracle-brm in who gets in, and in errors."""

from __future__ import annotations

import re

from ... import wire
from ...common import plant_common
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import (
    BILLS,
    EXTENDED,
    FETCH,
    LIST,
    NUMBERS,
    STATES,
    TIMES,
    defect,
    instant_in,
    number_in,
    passes_over,
    reads_texts,
)

plant_common(
    "oracle-brm",
    "anybody_may_read",
    "any_token_will_do",
    "the_forbidden_may",
    "a_wrong_method_is_not_found",
    "accept_is_ignored",
)


@defect("errors")
@reads_texts(TIMES, lambda text: f"{text}Z" if re.fullmatch(r"[0-9T:-]{19}", text) else text)
def timestamps_without_an_offset_are_taken() -> None:
    """2026-01-01T00:00:00 is taken for UTC."""


@defect("errors")
@reads_texts(NUMBERS, lambda text: "0" if number_in(text) is None else text)
def numbers_that_are_none_are_zero() -> None:
    """amountDue.value=x is taken for 0."""


@defect("errors")
@passes_over(lambda request: request.query.get("limit") == "0", "limit")
def limit_zero_is_no_limit() -> None:
    """limit=0 is taken for a list without limit."""


@defect("errors")
@wire.exchange(LIST)
async def an_unknown_state_finds_nothing(request: Request, ask: Ask) -> Response:
    """state=paid is answered with an empty list."""
    if not set(request.query.get("state", STATES[0]).split(",")) - set(STATES):
        return await ask(request)
    response = await ask(request.without("state"))
    return BILLS.part(response, [], 0) if response.status == 200 else response


@defect("errors")
@wire.changes_request(LIST, FETCH)
def an_unknown_type_is_base(request: Request) -> Request:
    """@type=Bill is taken for CustomerBill."""
    return request if request.query.get("@type", EXTENDED) in (EXTENDED, "CustomerBill") else request.without("@type")


@defect("errors")
@wire.changes_response(FETCH)
def an_unknown_bill_is_empty(response: Response) -> Response:
    """A bill that does not exist is answered 200, with an empty object."""
    return response.with_json({}, 200) if response.status == 404 else response


@defect("errors")
@wire.exchange(LIST)
async def far_timestamps_crash(request: Request, ask: Ask) -> Response:
    """Only beyond the calendar: a timestamp whose UTC lies after year 9999 is answered 500."""
    response = await ask(request)
    asked = [value for name, value in request.query.items() if name in TIMES]
    crashes = response.status == 200 and any(instant_in(value) is None for value in asked)
    error = {"code": "500", "reason": "Internal Server Error", "message": "crashed"}
    return response.with_json(error, 500) if crashes else response


@defect("errors")
@wire.changes_response()
def errors_have_no_charset(response: Response) -> Response:
    """Errors come as application/json without the charset."""
    return response.with_headers(content_type="application/json") if response.status >= 400 else response


@defect("errors")
@wire.error()
def errors_have_no_code(body: Row) -> Row:
    """The TMF Error lacks its code."""
    return {name: value for name, value in body.items() if name != "code"}
