"""Authentication: requests without a credential, with an unknown, an unpermitted or an expired one are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil.contract.context import LawContext
from counterfoil.contract.finding import ERROR_BODY
from counterfoil.contract.http_client import UNSET
from counterfoil.contract.law import Law, Login, NotTried, brief, says
from counterfoil.contract.response import Response

BodyCheck = Callable[[Response], str | None]
"""Returns what is wrong with an error response (one line), or ``None``."""


@dataclass(frozen=True)
class SampleRequest:
    """A request that a valid credential may make, and that changes nothing when it is refused."""

    operation: str
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    def __str__(self) -> str:
        given = {"path": self.path, "query": self.query, "body": self.body}
        return " ".join([self.operation, *(f"{name} {brief(value)}" for name, value in given.items() if value)])

    def send(self, ctx: LawContext, token: str | None = UNSET, headers: Mapping[str, str] | None = None) -> Response:
        options: dict[str, Any] = {} if self.body is None else {"body": self.body}
        return ctx.request(self.operation, path=self.path, query=self.query, token=token, headers=headers, **options)


def expect_error(ctx: LawContext, response: Response, status: int, error_body: BodyCheck | None = None) -> None:
    """The response must have this status and the vendor's error body."""
    ctx.expect(response.status == status, f"status {status}", f"{response.status}: {response.brief(120)}")
    mismatch = error_body(response) if error_body else None
    ctx.expect(mismatch is None, ERROR_BODY, mismatch)


def without_credential(
    id: str,
    samples: tuple[SampleRequest, ...],
    *clauses: str,
    error_body: BodyCheck | None = None,
    optional: str = "",
) -> Law:
    """Without a credential the response is 401 with an error body.

    ``optional`` names the switch with which a target that needs no credential is checked (``--switch NAME=optional``).
    """

    def check(ctx: LawContext) -> None:
        ctx.require(ctx.switch(optional) != "optional", f"with --switch {optional}=optional no credential is needed")
        ctx.for_each(samples, lambda sample: expect_error(ctx, sample.send(ctx, None), 401, error_body))

    return _law(id, samples, clauses, says(without_credential), check)


def wrong_credential(
    id: str, samples: tuple[SampleRequest, ...], *clauses: str, error_body: BodyCheck | None = None
) -> Law:
    """An unknown credential gives 401 with an error body."""

    def check(ctx: LawContext) -> None:
        ctx.for_each(samples, lambda sample: expect_error(ctx, sample.send(ctx, ctx.wrong_token), 401, error_body))

    return _law(id, samples, clauses, says(wrong_credential), check)


def forbidden(id: str, samples: tuple[SampleRequest, ...], *clauses: str, error_body: BodyCheck | None = None) -> Law:
    """A known credential without permission gives 403 with an error body."""

    def check(ctx: LawContext) -> None:
        token = ctx.forbidden_token
        ctx.for_each(samples, lambda sample: expect_error(ctx, sample.send(ctx, token), 403, error_body))

    return _law(id, samples, clauses, says(forbidden), check)


def login_works(id: str, login: Login, sample: SampleRequest, *clauses: str) -> Law:
    """A token fetched with valid credentials is accepted by the API."""

    def check(ctx: LawContext) -> None:
        ctx.json_body(sample.send(ctx, fresh_token(ctx, login)))

    return Law(id, login.operation, "auth", clauses, says(login_works), check)


def wrong_login(
    id: str, login: Login, bodies: tuple[Any, ...], *clauses: str, error_body: BodyCheck | None = None
) -> Law:
    """A login with unknown credentials gives 401 and no token."""

    def check(ctx: LawContext) -> None:
        ctx.for_each(
            bodies, lambda body: expect_error(ctx, ctx.request(login.operation, body=body, token=None), 401, error_body)
        )

    return Law(id, login.operation, "auth", clauses, says(wrong_login), check)


def token_expires(
    id: str, login: Login, sample: SampleRequest, seconds: int, *clauses: str, error_body: BodyCheck | None = None
) -> Law:
    """A token works for ``seconds`` seconds and no longer. Needs the capability ``advance``."""

    def check(ctx: LawContext) -> None:
        ctx.require("advance" in ctx.client.target.capabilities, "this target's clock cannot be moved")
        token = fresh_token(ctx, login)
        ctx.perform("advance", seconds - 1)
        response = sample.send(ctx, token)
        ctx.expect(response.status == 200, f"200 after {seconds - 1} s", f"{response.status}: {response.brief(120)}")
        ctx.perform("advance", 1)
        expect_error(ctx, sample.send(ctx, token), 401, error_body)

    text = f"A token works for {seconds // 60} minutes; after that the response is 401."
    return Law(id, sample.operation, "auth", clauses, text, check, needs=("advance",))


def fresh_token(ctx: LawContext, login: Login) -> str:
    """A newly fetched token; without a login the law is not tried."""
    body = ctx.client.target.login
    if body is None:
        raise NotTried("no login was given: set COUNTERFOIL_LOGIN")
    answer = ctx.request_json(login.operation, body=body, token=None, status=(200, 201))
    token = answer.get(login.member) if isinstance(answer, dict) else None
    ctx.expect(isinstance(token, str) and token != "", f"a token in {login.member}", answer)
    ctx.client.secrets.add(token, "$COUNTERFOIL_TOKEN")
    return str(token)


def _law(
    id: str,
    samples: tuple[SampleRequest, ...],
    clauses: tuple[str, ...],
    text: str,
    check: Callable[[LawContext], None],
) -> Law:
    # A server that fails to refuse the request may carry it out: with a writing method the law counts as writing.
    writes = any(not sample.operation.startswith(("GET ", "HEAD ", "OPTIONS ")) for sample in samples)
    return Law(id, samples[0].operation, "auth", clauses, text, check, writes=writes)
