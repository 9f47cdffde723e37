"""The operations of emnify's API, sample requests, the bills that laws look at, and the vendor's error bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from counterfoil.contract.context import LawContext
from counterfoil.contract.http_client import UNSET
from counterfoil.contract.law import Login, quoted
from counterfoil.contract.laws import auth, errors
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.response import Response

OWN = "GET /organisation/my"
PERIODS = "GET /organisation/{org_id}/billing"
BILL = "GET /organisation/{org_id}/billing/{billing_period}"
LOGIN = Login("POST /authenticate", "auth_token")
TOKEN_LIFE, BLOCK = 240 * 60, 5 * 60
MAX_ORGANISATIONS, MAX_BILLS = 24, 120
UNKNOWN_ID = "999999999999"
SHA1 = "a" * 40
MEMBERS = (
    "period", "total", "sub_total", "vat", "mrc", "sim_items", "traffic", "issuer_org", "customer_org", "invoice",
    "payment_option", "refresh_allowed", "invoice_items", "tariff_plan",
)  # fmt: skip
NEVER_NULL = ("sub_total", "customer_org", "issuer_org", "vat", "total", "period")
CODES = {
    1000: ("BadRequest", 400), 1101: ("InvalidCredentials", 401), 1102: ("InvalidToken", 401),
    1103: ("TokenExpired", 401), 1104: ("Forbidden", 403), 1105: ("TooManyRequests", 429), 1201: ("NotFound", 404),
    1301: ("InvalidQueryCriteria", 422), 1302: ("InvalidSortCriteria", 422), 1400: ("InputValidationFailed", 422),
    1401: ("InvalidReference", 404), 1402: ("Required", 422), 1403: ("InvalidFormat", 422),
}  # fmt: skip
"""The vendor's table of error codes; in recorded traffic 1401 had status 404."""


@dataclass(frozen=True)
class FetchedBill:
    """A bill, with the organisation and month that were requested."""

    org: str
    month: int
    bill: Any


def periods_of(ctx: LawContext, org: str) -> list[Any]:
    """The periods of one organisation as observed in this run."""

    def fetch() -> list[Any]:
        found = ctx.request_json(PERIODS, path={"org_id": org})
        ctx.expect(isinstance(found, list), "a bare array of periods", found)
        return list(found)

    return ctx.cached(("periods", org), fetch)


def bill_of(ctx: LawContext, org: str, month: int) -> Any:
    """One bill as observed in this run."""
    path = {"org_id": org, "billing_period": f"{month:06d}"}
    return ctx.cached(("bill", org, month), lambda: ctx.request_json(BILL, path=path))


def bills(ctx: LawContext) -> Iterator[tuple[str, FetchedBill]]:
    """The bills of the known organisations, newest first, fetched one by one, so that a failure's last request is its own."""
    count = 0
    for org in ctx.known_ids("org_id")[:MAX_ORGANISATIONS]:
        for period in sorted(periods_of(ctx, org), key=lambda each: -int(each["id"])):
            if count == MAX_BILLS:
                return
            count += 1
            month = int(period["id"])
            yield f"organisation {org}, {month}", FetchedBill(org, month, bill_of(ctx, org, month))


class OrganisationRequest(SampleRequest):
    """A request about the first known organisation, or about the newest of its bills."""

    def send(self, ctx: LawContext, token: str | None = UNSET, headers: Mapping[str, str] | None = None) -> Response:
        org = ctx.known_ids("org_id")[0]
        months = [int(period["id"]) for period in periods_of(ctx, org)]
        path = {"org_id": org, "billing_period": f"{max(months, default=202601):06d}"}
        return ctx.request(self.operation, path={**path, **self.path}, query=self.query, token=token, headers=headers)


SAMPLES = (OrganisationRequest(PERIODS), OrganisationRequest(BILL))


def api_error(*codes: int) -> auth.BodyCheck:
    """The API's error body, with one of ``codes`` (or any code of the table) and the token and status that belong to it."""

    def shape(response: Response) -> str | None:
        mismatch = errors.members("error_token", "message")(response)
        if mismatch:
            return mismatch
        code = response.body.get("error_code")
        if not isinstance(code, int) or (codes and code not in codes):
            return f"error_code {quoted(code)}, not {' or '.join(map(str, codes)) or 'a number'}: {response.brief(120)}"
        if code in CODES and (response.body["error_token"], response.status) != CODES[code]:
            token, status = CODES[code]
            return f"{code} belongs to {token} and {status}, not to {response.status}: {response.brief(120)}"
        return None

    return shape


def gateway_error(response: Response) -> str | None:
    """The gateway's error body: a message and no error code."""
    mismatch = errors.members("message")(response)
    return mismatch or (None if "error_code" not in response.body else f"an API error: {response.brief(120)}")


def no_body(response: Response) -> str | None:
    return None if not response.content else f"a body: {response.brief(80)}"


def either(*checks: auth.BodyCheck) -> auth.BodyCheck:
    return lambda response: None if any(shape(response) is None for shape in checks) else checks[0](response)
