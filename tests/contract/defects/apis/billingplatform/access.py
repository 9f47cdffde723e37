"""Defects of billingplatform in who gets in, and in errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ... import wire
from ...common import plant_common
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import CHANGE, CREATE, LIST, SINCE, defect

plant_common(
    "billingplatform", "anybody_may_read", "any_key_will_do", "the_forbidden_may", "a_wrong_method_is_not_found"
)


@defect("errors")
@wire.exchange(CREATE, CHANGE)
async def a_date_that_does_not_exist_is_taken(request: Request, ask: Ask) -> Response:
    """30 February is taken for null, silently."""
    response = await ask(request)
    if response.status == 400 and isinstance(body := request.json, dict):
        return await ask(request.with_json({name: value for name, value in body.items() if value != "2026-02-30"}))
    return response


@defect("errors")
@wire.exchange(CREATE, CHANGE)
async def bodies_are_not_held_against_the_spec(request: Request, ask: Ask) -> Response:
    """A body of the wrong shape is taken for an empty one."""
    response = await ask(request)
    return await ask(request.with_json({})) if response.status == 400 and request.json is not None else response


@defect("errors")
@wire.query(LIST)
def a_wrong_parameter_is_ignored(query: dict[str, str]) -> dict[str, str]:
    """limit=-1 is taken for 1."""
    return {name: value.lstrip("-") if name == "limit" else value for name, value in query.items()}


@defect("errors")
@wire.exchange(LIST)
async def an_unreadable_moment_is_long_ago(request: Request, ask: Ask) -> Response:
    """createdSince=yesterday finds everything."""
    response = await ask(request)
    return await ask(request.without(*SINCE)) if response.status == 400 else response


@defect("errors")
@wire.error()
def errors_are_texts(body: Row) -> Any:
    """The error body is a JSON string."""
    return body["error"]


@defect("reading")
@wire.exchange()
async def without_its_slash_the_list_is_not_found(request: Request, ask: Ask) -> Response:
    """GET /billingRuns gets 404."""
    return (
        await ask(replace(request, path=f"{request.path}-"))
        if request.path.endswith("/billingRuns")
        else await ask(request)
    )
