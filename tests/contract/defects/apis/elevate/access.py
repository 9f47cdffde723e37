"""Defects of elevate in who gets in, and in errors."""

from __future__ import annotations

from datetime import timedelta

from ... import wire
from ...common import plant_common, tokens_last
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import LOGIN, defect

# --- who gets in ------------------------------------------------------------------------------------

plant_common(
    "elevate",
    "anybody_may_read",
    "any_token_will_do",
    "the_forbidden_may",
    "forbidden_is_unauthorized",
    "token_never_expires",
    "token_works_at_the_instant_it_ends",
    "a_wrong_method_is_not_found",
    "accept_is_ignored",
    "a_form_is_read_as_json",
)


@defect("auth")
@wire.body(LOGIN)
def a_fetched_token_is_cut(body: Row) -> Row:
    """The token that the login hands out is not the one it issued."""
    return {"token": body["token"][:-1]}


@defect("auth")
@wire.exchange(LOGIN)
async def a_wrong_password_gets_a_token(request: Request, ask: Ask) -> Response:
    """Login does not check the password."""
    response = await ask(request)
    return (
        await ask(request.with_json({**request.json, "password": "counterfoil-key"}))
        if response.status == 401
        else response
    )


defect("auth")(
    tokens_last(
        "token_expires_a_minute_early",
        "Only the last minute of a token: it is good for 14.",
        lambda age, status: status != 401 and age < timedelta(minutes=14),
    )
)


# --- other errors -----------------------------------------------------------------------------------


@defect("errors")
@wire.exchange(LOGIN)
async def half_a_login_is_unauthorized(request: Request, ask: Ask) -> Response:
    """A login without a password gets 401."""
    response = await ask(request)
    return await ask(request.with_json({"username": "x", "password": "wrong"})) if response.status == 400 else response


@defect("errors")
@wire.error()
def errors_have_no_message(body: Row) -> Row:
    """The error body lacks its message."""
    return {"error": body["error"]}


@defect("errors")
@wire.changes_response()
def unauthorized_has_no_body(response: Response) -> Response:
    """A 401 comes without an error body."""
    return Response(401) if response.status == 401 else response
