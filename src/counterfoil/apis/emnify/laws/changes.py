"""Laws about how a refresh, a billing run and the passing of time change a bill."""

from __future__ import annotations

from typing import Any

from counterfoil.apis.emnify.laws.amounts import sub_total_adds_up, total_adds_up
from counterfoil.apis.emnify.laws.bill import period_in_words
from counterfoil.apis.emnify.laws.requests import BILL, FetchedBill, bill_of, bills
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import NotApplicable
from counterfoil.contract.laws import auth, errors
from counterfoil.contract.laws.arithmetic import amount_at, at, first
from counterfoil.contract.response import Response


def _amounts(bill: Any) -> Any:
    return {
        name: bill.get(name) for name in ("total", "sub_total", "vat", "mrc", "sim_items", "traffic", "invoice_items")
    }


def _bills_by_refresh(ctx: LawContext, *, allowed: bool, limit: int = 6) -> list[FetchedBill]:
    found = [fetched for _, fetched in bills(ctx) if bool(fetched.bill.get("refresh_allowed")) is allowed]
    ctx.require(found, f"no bill whose refresh_allowed is {str(allowed).lower()}")
    return found[:limit]


def _refresh(ctx: LawContext, fetched: FetchedBill) -> Response:
    path = {"org_id": fetched.org, "billing_period": f"{fetched.month:06d}"}
    return ctx.request(BILL, path=path, query={"force_refresh": True})


def refresh_leaves_final(ctx: LawContext) -> None:
    """With refresh_allowed false, force_refresh changes nothing, or is refused with 409."""
    for fetched in _bills_by_refresh(ctx, allowed=False):
        ctx.cases += 1
        response = _refresh(ctx, fetched)
        if response.status == 409:
            auth.expect_error(ctx, response, 409, errors.members("error_token", "message"))
        else:
            ctx.expect(ctx.json_body(response) == fetched.bill, "the bill as it was", response.brief(200))
        again = ctx.request_json(BILL, path={"org_id": fetched.org, "billing_period": f"{fetched.month:06d}"})
        ctx.expect(again == fetched.bill, "the bill as it was, afterwards", again)


def refresh_recalculates(ctx: LawContext) -> None:
    """With refresh_allowed true, force_refresh returns the bill of that month, and it adds up; a preview stays a preview."""
    for fetched in _bills_by_refresh(ctx, allowed=True):
        ctx.cases += 1
        bill = ctx.json_body(_refresh(ctx, fetched))
        fresh = FetchedBill(fetched.org, fetched.month, bill)
        mismatch = first(check(fresh) for check in (period_in_words, total_adds_up, sub_total_adds_up))
        ctx.expect(mismatch is None, f"a bill that adds up: {mismatch and mismatch[0]}", mismatch and mismatch[1])
        if fetched.bill.get("invoice") is None:
            ctx.expect(bill.get("invoice") is None, "no invoice: a refresh issues none", bill.get("invoice"))


def final_stays(ctx: LawContext) -> None:
    """A bill with an invoice keeps its invoice number, its id and all amounts when time passes and another month is billed."""
    before = [fetched for _, fetched in bills(ctx) if fetched.bill.get("invoice") is not None][:12]
    ctx.require(before, "no bill has an invoice")
    ctx.perform("complete_run")
    ctx.perform("advance", 40 * 86400)
    for fetched in before:
        ctx.cases += 1
        after = bill_of(ctx, fetched.org, fetched.month)
        number = at(fetched.bill, "invoice.invoice_number")
        ctx.expect(after.get("invoice") is not None, f"the invoice {number}", after.get("invoice"))
        if at(after, "invoice.invoice_number") == number:  # else another invoice was added to the month
            same = at(after, "invoice.id") == at(fetched.bill, "invoice.id")
            ctx.expect(same, f"the id {at(fetched.bill, 'invoice.id')} of {number}", at(after, "invoice.id"))
            ctx.expect(
                _amounts(after) == _amounts(fetched.bill), f"the amounts of {number} as they were", _amounts(after)
            )


def preview_becomes_invoice(ctx: LawContext) -> None:
    """When a run bills a month, its preview becomes an invoice with the same amounts."""
    before = {(fetched.org, fetched.month): fetched for _, fetched in bills(ctx) if fetched.bill.get("invoice") is None}
    months = [org for org, _ in before]
    before = {key: fetched for key, fetched in before.items() if months.count(key[0]) == 1}
    ctx.require(before, "no organisation has exactly one preview")
    ctx.perform("complete_run")
    for (org, month), fetched in before.items():
        response = ctx.request(BILL, path={"org_id": org, "billing_period": f"{month:06d}"})
        bill = ctx.json_body(response) if response.status == 200 else {}
        if bill.get("invoice") is None:
            continue
        ctx.cases += 1
        was, now = _amounts(fetched.bill), _amounts(bill)
        ctx.expect(now == was, f"amounts of {month} for organisation {org} as previewed: {was}", now)
    ctx.require(ctx.cases, "the run billed none of the previews")


PRICE = 70_000
"""The amount of a test charge; no other item of a bill is nearly as large."""


def _refreshable_preview(ctx: LawContext, org: str) -> FetchedBill | None:
    """The organisation's newest bill, if it is a preview that may be refreshed."""
    months = [fetched for _, fetched in bills(ctx) if fetched.org == org][:1]
    return next((b for b in months if b.bill.get("invoice") is None and b.bill.get("refresh_allowed")), None)


def refresh_shows_what_is_new(ctx: LawContext) -> None:
    """A refreshed preview includes what was charged since, and includes it once."""
    for org in ctx.known_ids("org_id")[:8]:
        fetched = _refreshable_preview(ctx, org)
        if fetched is None:
            continue
        before = amount_at(ctx.json_body(_refresh(ctx, fetched)), "sub_total.cost")
        ctx.perform("charge", org, PRICE)
        for _ in range(2):
            fresh = ctx.json_body(_refresh(ctx, fetched))
            rose = amount_at(fresh, "sub_total.cost") - before
            ctx.expect(abs(rose - PRICE) < 1, f"{PRICE} more in sub_total.cost of organisation {org}, refreshed", rose)
        ctx.cases += 1
        if ctx.cases == 2:
            return
    ctx.require(ctx.cases, "no organisation has a preview that may be refreshed")


def split_is_of_its_time(ctx: LawContext) -> None:
    """A new tariff does not change the organisation's invoices or their profiles; its preview includes the new tariff."""
    for org in ctx.known_ids("org_id")[:12]:
        final = [
            fetched for _, fetched in bills(ctx) if fetched.org == org and fetched.bill.get("invoice") is not None
        ][:2]
        preview = _refreshable_preview(ctx, org)
        if not final or preview is None:
            continue
        try:
            ctx.perform("subscribe", org, "same")
        except NotApplicable:
            continue
        ctx.cases += 1
        for fetched in final:
            after = bill_of(ctx, fetched.org, fetched.month)
            ctx.expect(
                _amounts(after) == _amounts(fetched.bill),
                f"the amounts of {fetched.month} as they were",
                _amounts(after),
            )
        fresh = ctx.json_body(_refresh(ctx, preview))
        ctx.expect(_amounts(fresh) != _amounts(preview.bill), "the new tariff in the preview", _amounts(fresh))
        if ctx.cases == 2:
            return
    ctx.require(ctx.cases, "no organisation has an invoice and a preview, and can have a further tariff")
