"""Laws about logins: what each kind returns, what is refused, and when further attempts are blocked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.apis.emnify.laws.requests import BLOCK, LOGIN, SAMPLES, SHA1, api_error, gateway_error, no_body
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import NotApplicable, NotTried
from counterfoil.contract.laws import auth
from counterfoil.contract.response import Response


def token_by_kind(ctx: LawContext) -> None:
    """A login with an application token returns only an auth_token; a user's login returns a refresh_token too."""
    body = ctx.client.target.login
    if not isinstance(body, Mapping):
        raise NotTried("no login was given: set COUNTERFOIL_LOGIN")
    ctx.require("username" in body or "application_token" in body, "the login is neither an application's nor a user's")
    _tokens(ctx, body)


def _tokens(ctx: LawContext, body: Mapping[str, Any]) -> Any:
    answer = ctx.request_json(LOGIN.operation, body=body, token=None)
    for name in ("auth_token", "refresh_token"):
        ctx.client.secrets.add(answer.get(name) if isinstance(answer.get(name), str) else None, "$COUNTERFOIL_TOKEN")
    ctx.expect(str(answer.get("auth_token", "")).count(".") == 2, "an auth_token in three parts, a JWT", answer)
    refreshing = isinstance(answer.get("refresh_token"), str)
    ctx.expect(
        refreshing == ("username" in body), f"{'a' if 'username' in body else 'no'} refresh_token", sorted(answer)
    )
    return answer


def every_kind_opens(ctx: LawContext) -> None:
    """Each kind of login returns a token that the API accepts, and so does a login with the refresh token it returned."""
    for kind, body in ctx.perform("logins").items():
        ctx.cases += 1
        ctx.client.secrets.add_all(body)
        answer = _tokens(ctx, body)
        ctx.expect(SAMPLES[0].send(ctx, answer["auth_token"]).status == 200, f"200 with the token of {kind}")
        if "refresh_token" in answer:
            again = _tokens(ctx, {"refresh_token": answer["refresh_token"]})
            ctx.expect(SAMPLES[0].send(ctx, again["auth_token"]).status == 200, "200 with the token of a refresh")
            response = SAMPLES[0].send(ctx, answer["refresh_token"])
            ctx.expect(response.status == 401, "401: a refresh token is not a credential", response.status)


def authorization_ignored(ctx: LawContext) -> None:
    """A login with a meaningless Authorization header succeeds like one without."""
    body = ctx.client.target.login
    if body is None:
        raise NotTried("no login was given: set COUNTERFOIL_LOGIN")
    response = ctx.request(LOGIN.operation, body=body, token=None, headers={"Authorization": "Bearer None"})
    ctx.expect(response.status == 200, "200", f"{response.status}: {response.brief(120)}")


def _attempt(ctx: LawContext, body: Mapping[str, Any]) -> Response:
    """One login attempt, which is not repeated after 429."""
    return ctx.client.send("POST", "/authenticate", body=body, token=None, retry_429=False)


def _unused_credential(ctx: LawContext) -> str:
    """A credential that was not tried before, so that repeated attempts with it block no other law."""
    try:
        return f"nobody-{ctx.law.id}-{ctx.now():%Y%m%d%H%M%S}-{ctx.client.sent}"
    except NotApplicable:
        return f"nobody-{ctx.law.id}-{ctx.client.sent}"


def wrong_logins(ctx: LawContext) -> None:
    """A login with an unknown credential of any kind gives 401 without a body."""
    unknown_name = _unused_credential(ctx)
    wrong = (
        {"application_token": unknown_name},
        {"refresh_token": unknown_name},
        {"username": f"{unknown_name}@example.com", "password": SHA1},
    )
    ctx.for_each(
        wrong, lambda body: auth.expect_error(ctx, ctx.request(LOGIN.operation, body=body, token=None), 401, no_body)
    )


def blocked_after_three(ctx: LawContext) -> None:
    """After three refused logins in a row the response is 429 for five minutes, and 401 again after that."""
    unknown_name = _unused_credential(ctx)
    wrong, other = {"application_token": unknown_name}, {"application_token": f"{unknown_name}-other"}
    for turn in ("first", "second", "third"):
        response = _attempt(ctx, wrong)
        ctx.expect(response.status == 401, f"401 for the {turn} attempt", response.status)
    auth.expect_error(ctx, _attempt(ctx, wrong), 429, api_error(1105))
    ctx.perform("advance", BLOCK - 1)
    auth.expect_error(ctx, _attempt(ctx, wrong), 429, api_error(1105))
    ctx.expect(_attempt(ctx, other).status != 429, "another credential not blocked", 429)
    ctx.perform("advance", 1)
    response = _attempt(ctx, wrong)
    ctx.expect(response.status == 401, f"401 again after {BLOCK} s", response.status)


INCOMPLETE_LOGINS: tuple[Any, ...] = (
    {}, [], "token", {"username": "nobody@example.com"}, {"password": SHA1}, {"application_token": 1},
    {"username": "nobody@example.com", "password": "no SHA-1"}, {"application_token": "nobody", "refresh_token": "nobody"},
    {"application_token": "nobody", "username": "nobody@example.com", "password": SHA1},
)  # fmt: skip


def broken_tokens(ctx: LawContext) -> None:
    """An unknown token, with three parts or not, gives 401 with the gateway's message and no API error."""
    tokens = (ctx.wrong_token, "None", "a.b.c", "eyJhbGciOiJub25lIn0.e30.")
    for sample in SAMPLES:
        for token in tokens:
            ctx.cases += 1
            auth.expect_error(ctx, sample.send(ctx, token), 401, gateway_error)
        for header in ("Basic abc", "Bearer", ""):
            ctx.cases += 1
            auth.expect_error(ctx, sample.send(ctx, None, {"Authorization": header}), 401, gateway_error)
