"""Defects of emnify in who gets in, and in logins."""

from __future__ import annotations

from datetime import timedelta

from ... import wire
from ...common import credential, now, plant_common, tokens_last, with_key
from ...wire import Ask, Request, Response
from .shared import BILL, LOGIN, PERIODS, Row, defect

plant_common(
    "emnify",
    "anybody_may_read",
    "any_token_will_do",
    "the_forbidden_may",
    "token_never_expires",
    "token_works_at_the_instant_it_ends",
)

defect("auth")(
    tokens_last(
        "token_expires_a_minute_early",
        "Only the last minute of a token: it is good for 239.",
        lambda age, status: status != 401 and age < timedelta(minutes=239),
    )
)


@defect("auth")
@wire.changes_response(PERIODS, BILL)
def a_broken_token_is_an_api_error(response: Response) -> Response:
    """A token that cannot be read gets the API's error body, not the gateway's."""
    body = response.json if response.status == 401 else None
    if not isinstance(body, dict) or "error_code" in body:
        return response
    return response.with_json({"error_code": 1102, "error_token": "InvalidToken", **body})


@defect("auth")
@wire.exchange(LOGIN)
async def a_wrong_login_gets_a_token(request: Request, ask: Ask) -> Response:
    """A login with a token that does not exist is accepted."""
    response = await ask(request)
    is_token = response.status == 401 and "username" not in request.json
    return await ask(request.with_json({"application_token": "counterfoil-key"})) if is_token else response


@defect("auth")
@wire.changes_response(LOGIN)
def a_refused_login_has_a_body(response: Response) -> Response:
    """A refused login has a body with the reason."""
    return response.with_json({"message": "wrong password"}) if response.status == 401 else response


@defect("auth")
@wire.exchange(LOGIN)
async def two_logins_at_once_are_taken(request: Request, ask: Ask) -> Response:
    """A login of two kinds at once is not refused."""
    response = await ask(request)
    body = request.json
    if response.status != 400 or not isinstance(body, dict):
        return response
    kinds = (("application_token",), ("username", "password"), ("refresh_token",))
    first = next((kind for kind in kinds if set(kind) <= set(body)), ())
    return await ask(request.with_json({name: body[name] for name in first}))


@defect("auth")
@wire.body(LOGIN)
def applications_get_a_refresh_token(body: Row) -> Row:
    """A login by application token gets a refresh_token."""
    return {"refresh_token": body["auth_token"], **body}


@defect("auth")
@wire.body(LOGIN)
def users_get_no_refresh_token(body: Row) -> Row:
    """Only for users: their login gets no refresh_token."""
    return {"auth_token": body["auth_token"]}


@defect("auth")
@wire.body(LOGIN)
def tokens_are_no_jwt(body: Row) -> Row:
    """auth_token is not in three parts, and does not open the door."""
    return {**body, "auth_token": body["auth_token"].replace(".", "-")}


@defect("auth")
@wire.exchange()
async def a_refresh_token_opens_the_door(request: Request, ask: Ask) -> Response:
    """A refresh token is taken for an access token."""
    if credential(request) in ask.memory:
        return await ask(with_key(request))
    response = await ask(request)
    if request.is_for(LOGIN) and response.status == 200:
        ask.memory[response.json.get("refresh_token", "none")] = True
    return response


@defect("auth")
@wire.exchange(LOGIN)
async def login_looks_at_the_header(request: Request, ask: Ask) -> Response:
    """A login with a stale Authorization header is 401."""
    return Response(401) if "authorization" in request.headers else await ask(request)


@defect("auth")
@wire.changes_response(LOGIN)
def logins_are_never_blocked(response: Response) -> Response:
    """A fourth wrong login is 401, too."""
    return Response(401) if response.status == 429 else response


@defect("auth")
@wire.exchange(LOGIN)
async def logins_are_blocked_a_second_longer(request: Request, ask: Ask) -> Response:
    """Only in the last second: the block lasts five minutes and one second."""
    instant, key = await now(request, ask), request.body
    response = await ask(request)
    since, blocked = ask.memory.get(key, (instant, None))
    if response.status == 429:
        ask.memory[key] = (since, response)
        return response
    if blocked is not None and instant - since < timedelta(minutes=5, seconds=1):
        return blocked
    ask.memory[key] = (instant, None)
    return response


@defect("auth")
@wire.exchange(LOGIN)
async def a_block_is_for_everybody(request: Request, ask: Ask) -> Response:
    """Three wrong logins block every credential."""
    instant = await now(request, ask)
    response = await ask(request)
    wrong = ask.memory.setdefault("wrong", [])
    if len(wrong) >= 3 and instant < wrong[-1] + timedelta(minutes=5):
        body = {"error_code": 1003, "error_token": "TooManyRequests", "message": "3 logins in a row were refused"}
        return Response(429, {"retry-after": "300"}).with_json(body)
    ask.memory["wrong"] = [] if response.status == 200 else [*wrong, instant] if response.status == 401 else wrong
    return response
