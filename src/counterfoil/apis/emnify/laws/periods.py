"""Laws about the list of billing periods, and about requests for other periods and unknown organisations."""

from __future__ import annotations

import re
from calendar import month_name

from counterfoil.apis.emnify.laws.requests import (
    BILL,
    MAX_ORGANISATIONS,
    OWN,
    PERIODS,
    SAMPLES,
    UNKNOWN_ID,
    api_error,
    bills,
    either,
    periods_of,
)
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import quoted
from counterfoil.contract.laws import auth
from counterfoil.contract.laws.arithmetic import amount_at


def periods_resolve(ctx: LawContext) -> None:
    """Each period is listed once, its description names its month, and it has a bill."""
    for org in ctx.known_ids("org_id")[:MAX_ORGANISATIONS]:
        ctx.cases += 1
        found = periods_of(ctx, org)
        ids = [period["id"] for period in found]
        ctx.expect(len(set(ids)) == len(ids), f"each period of organisation {org} once", ids)
        for period in found:
            year, month = divmod(int(period["id"]), 100)
            ctx.expect(1 <= month <= 12, f"a month in every id of organisation {org}", period)
            want = f"{month_name[month]} {year}"
            ctx.expect(period["description"] == want, f"description {quoted(want)}", period)
    for name, fetched in bills(ctx):
        ctx.expect(isinstance(fetched.bill, dict), f"a bill ({name})", fetched.bill)


def others_have_none(ctx: LawContext) -> None:
    """A month that is not listed has no bill (404) or a bill of zeros; a future month has no bill."""

    def none_or_zero(org: str) -> None:
        listed = {int(period["id"]) for period in periods_of(ctx, org)}
        ctx.require(listed, "no period is listed")
        around = {_next(max(listed)), _next(min(listed), -1), *(_next(month) for month in listed)} - listed
        for month in (*sorted(around), 999912):
            response = ctx.request(BILL, path={"org_id": org, "billing_period": f"{month:06d}"})
            if response.status == 200 and month != 999912:
                cost = amount_at(ctx.json_body(response), "total.cost")
                ctx.expect(cost == 0, f"nothing to pay in {month}, which is not listed", cost)
            else:
                auth.expect_error(ctx, response, 404, api_error(1401, 1201))

    ctx.for_each(ctx.known_ids("org_id")[:8], none_or_zero)


def _next(month: int, step: int = 1) -> int:
    year, position = divmod(month // 100 * 12 + month % 100 - 1 + step, 12)
    return year * 100 + position + 1


def counted_in_headers(ctx: LawContext) -> None:
    """The list is one page, and X-Total-Count is its length; a bill has no paging headers."""
    names = ("X-Total-Count", "X-Total-Pages", "X-Current-Page", "X-Count-Per-Page")
    for org in ctx.known_ids("org_id")[:MAX_ORGANISATIONS]:
        ctx.cases += 1
        response = ctx.request(PERIODS, path={"org_id": org})
        length = len(ctx.json_body(response))
        paging = {name: response.headers.get(name) for name in names}
        ctx.expect(paging["X-Total-Count"] == str(length), f"X-Total-Count {length}", paging)
        ctx.expect(paging["X-Total-Pages"] == "1" and paging["X-Current-Page"] == "1", "page 1 of 1", paging)
        per_page = paging["X-Count-Per-Page"] or ""
        ctx.expect(
            per_page.isdecimal() and int(per_page) >= length, "X-Count-Per-Page no shorter than the page", paging
        )
    response = SAMPLES[1].send(ctx)
    ctx.expect(
        not any(name in response.headers for name in names), "no paging headers on a bill", dict(response.headers)
    )


def unreadable_organisation(ctx: LawContext) -> None:
    """An org_id that is not a number gives 400 with error_code 1000, on both operations.

    The document gives its type as double, so 1.5 and 1e3 may be read as numbers.
    """
    for org in ("abc", "None", "１２", "0x10"):
        for operation in (PERIODS, BILL):
            ctx.cases += 1
            response = ctx.request(operation, path={"org_id": org, "billing_period": "202601"})
            auth.expect_error(ctx, response, 400, api_error(1000))


def double_organisation(ctx: LawContext) -> None:
    """An org_id written as a double (1.0) names the same organisation."""
    for org in ctx.known_ids("org_id")[:4]:
        ctx.cases += 1
        same = ctx.request_json(PERIODS, path={"org_id": f"{org}.0"})
        ctx.expect(same == periods_of(ctx, org), f"the periods of organisation {org}", same)


def own_organisation(ctx: LawContext) -> None:
    """GET /organisation/my always returns the same id and name, and the token may list that organisation's periods."""
    own, again = ctx.request_json(OWN), ctx.request_json(OWN)
    ctx.expect(own == again, f"the same organisation again: {own}", again)
    ctx.expect(isinstance(own.get("id"), int) and isinstance(own.get("name"), str), "a numerical id and a name", own)
    ctx.request_json(PERIODS, path={"org_id": own["id"]})


def malformed_period(ctx: LawContext) -> None:
    """A billing_period that is not six digits gives 400 (1000) or 422 (1403)."""
    from hypothesis import strategies as st

    org = ctx.known_ids("org_id")[0]
    digits = st.text("0123456789", min_size=1, max_size=9).filter(lambda text: len(text) != 6)
    others = ("2026-1", "2026-01", "202601x", "x202601", "２０２６０１", "20260a", "202601 ", "+20260", "2026.1")

    def refused(text: str) -> None:
        response = ctx.request(BILL, path={"org_id": org, "billing_period": text})
        auth.expect_error(
            ctx, response, 422 if response.status == 422 else 400, either(api_error(1000), api_error(1403, 1400))
        )

    ctx.for_each(others, refused)
    ctx.for_all(digits, refused, max_examples=12)


def no_such_month(ctx: LawContext) -> None:
    """A billing_period whose last two digits are not a month gives 422 with 1403 or 1400."""
    org = ctx.known_ids("org_id")[0]

    def refused(text: str) -> None:
        response = ctx.request(BILL, path={"org_id": org, "billing_period": text})
        auth.expect_error(ctx, response, 422, api_error(1403, 1400))

    ctx.for_each(("202600", "202613", "202699", "000000", "202620"), refused)


def unknown_organisation(ctx: LawContext) -> None:
    """An unknown organisation gives 404, on both operations."""

    def refused(operation: str) -> None:
        response = ctx.request(operation, path={"org_id": UNKNOWN_ID, "billing_period": "202601"})
        auth.expect_error(ctx, response, 404, api_error(1401, 1201))

    ctx.for_each((PERIODS, BILL), refused)


def foreign_organisation(ctx: LawContext) -> None:
    """A credential sees its own organisation; any other gives 403 with 1104, or 404 as if it did not exist."""
    restricted = ctx.perform("restricted_credential")
    for operation in (PERIODS, BILL):
        ctx.cases += 1
        month = {"billing_period": f"{max((int(p['id']) for p in periods_of(ctx, restricted['own'])), default=0):06d}"}
        own = ctx.request(operation, path={"org_id": restricted["own"], **month}, token=restricted["token"])
        ctx.expect(own.status == 200, "200 for its own organisation", f"{own.status}: {own.brief(120)}")
        response = ctx.request(operation, path={"org_id": restricted["foreign"], **month}, token=restricted["token"])
        shape = either(api_error(1104), api_error(1401, 1201))
        auth.expect_error(ctx, response, 404 if response.status == 404 else 403, shape)


def media_types(ctx: LawContext) -> None:
    """Every body is application/json in UTF-8, errors too."""
    org = ctx.known_ids("org_id")[0]
    responses = [sample.send(ctx) for sample in SAMPLES]
    responses += [ctx.request(PERIODS, path={"org_id": one}) for one in (UNKNOWN_ID, "abc")]
    responses += [ctx.request(PERIODS, path={"org_id": org}, token=None)]
    for response in responses:
        ctx.cases += 1
        content_type = response.headers.get("content-type", "")
        charset = re.search(r"charset=\"?([^\s;\"]*)", content_type.lower())
        good = response.media_type == "application/json" and (charset is None or charset[1] == "utf-8")
        ctx.expect(good, "application/json, in UTF-8", content_type)
        ctx.expect(b"\xef\xbf\xbd" not in response.content, "text without replacement characters", response.brief(80))
        response.content.decode("utf-8")
