"""Describes the list of Elevate's customer billing summaries for the laws, and checks single summaries."""

from __future__ import annotations

from typing import Any

from counterfoil.contract.collection import ItemList, Pages, Sort
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import INTEGER, NUMBER, Field
from counterfoil.contract.filters import Filter, equal, like, one_of
from counterfoil.contract.law import Login, quoted
from counterfoil.contract.laws import errors
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.items import Mismatch, close

LIST = "GET /customer-billing-summaries"
CUSTOMERS, BILL_RUNS = "GET /customers", "GET /bill-runs"
PAGE = {"page": 1, "pageSize": 100}
BILLING = ("ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED")
RATING = ("COMPLETE", "INCOMPLETE")

CUSTOMER = Field("customerId", INTEGER)
BILLING_STATUS = Field("billingStatus")
RATING_STATUS = Field("ratingStatus")
OPEN = Field("openBillRunValue", NUMBER)
PREVIOUS = Field("previousBillRunValue", NUMBER)
DIFFERENCE = Field("valueDifference", NUMBER)
PERCENTAGE = Field("percentageDifference", NUMBER)
MEMBERS = (CUSTOMER, BILLING_STATUS, RATING_STATUS, OPEN, PREVIOUS, DIFFERENCE, PERCENTAGE)
FILTERED = (CUSTOMER, DIFFERENCE, PERCENTAGE, RATING_STATUS, BILLING_STATUS)


def filter_like(field: Field) -> Filter:
    return like(field, switch=("elevate.like", "contains", "case_sensitive"))


SUMMARIES = ItemList(
    LIST,
    identity=CUSTOMER,
    pages=Pages("page", "pageSize", first=1, largest=1000),
    filters=(*(equal(f) for f in FILTERED), one_of(BILLING_STATUS), one_of(CUSTOMER), filter_like(BILLING_STATUS)),
    sorts=MEMBERS,
    sort=Sort("sort", descending="{}:desc"),
    order=((CUSTOMER, False),),
)
LOGIN = Login("POST /authenticate", "token")
TOKEN_LIFE = 15 * 60
ERROR = errors.members("error", "message")
INCOMPLETE_LOGINS: tuple[Any, ...] = ({}, {"username": "counterfoil"}, [])
SMALLEST_READ = SampleRequest(LIST, query={"page": 1, "pageSize": 1})


# ---------------------------------------------------------------- one summary


def signed_or_absolute(ctx: LawContext) -> None:
    """valueDifference and percentageDifference have a sign in every summary, or in none (elevate.difference_sign)."""
    falling = [item for item in SUMMARIES.require_items(ctx) if OPEN.value(item) < PREVIOUS.value(item)]
    ctx.require(falling, "no customer's open value is below the previous one")
    shown = [item for item in falling if DIFFERENCE.value(item) and PERCENTAGE.value(item)]
    signs = {(DIFFERENCE.value(item) > 0, PERCENTAGE.value(item) > 0) for item in shown}
    ctx.cases += len(falling)
    alike = signs <= {(False, False)} or signs <= {(True, True)}
    ctx.expect(alike, "both with a sign in every summary, or in none", falling[:2])
    switch = ctx.switch("elevate.difference_sign")
    if switch is not None and signs:
        unsigned = switch == "absolute"
        ctx.expect(signs == {(unsigned, unsigned)}, f"differences that are {switch}", falling[:2])


def difference(item: Any) -> Mismatch:
    """valueDifference is openBillRunValue less previousBillRunValue to the cent, with or without its sign."""
    want = OPEN.value(item) - PREVIOUS.value(item)
    holds = any(close(DIFFERENCE.value(item), value) for value in (want, abs(want)))
    return None if holds else (f"valueDifference {want}", item)


def percentage(item: Any) -> Mismatch:
    """percentageDifference is valueDifference in percent of previousBillRunValue, with or without its sign."""
    want = (OPEN.value(item) - PREVIOUS.value(item)) / PREVIOUS.value(item) * 100
    holds = any(close(PERCENTAGE.value(item), value) for value in (want, abs(want)))
    return None if holds else (f"percentageDifference {want:.2f}", item)


def percentage_without_base(item: Any) -> Mismatch:
    """Without a previous value percentageDifference is zero or null."""
    value = PERCENTAGE.value(item)
    return None if not value else ("percentageDifference 0 or null", item)


def never_billed(item: Any) -> Mismatch:
    """A customer who was never billed has nothing in the previous run."""
    return None if PREVIOUS.value(item) == 0 else ("previousBillRunValue 0", item)


def previous_is_not_negative(item: Any) -> Mismatch:
    """previousBillRunValue is not negative: credits above the charges are not invoiced."""
    return None if PREVIOUS.value(item) >= 0 else ("previousBillRunValue 0 or more", item)


def customer_is_integer(item: Any) -> Mismatch:
    """customerId is an integer."""
    got = item.get("customerId")
    return None if isinstance(got, int) else ("an integer in customerId", quoted(got))
