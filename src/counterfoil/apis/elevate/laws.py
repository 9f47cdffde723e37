"""What must hold of Elevate's customer billing summaries, over HTTP, at any implementation.

Clause ids are those of ``specs/elevate/clauses.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import (
    INTEGER,
    NUMBER,
    Collection,
    Field,
    Filter,
    Pages,
    Sort,
    equal,
    like,
    observed,
    one_of,
)
from counterfoil.contract.context import LawContext
from counterfoil.contract.http_client import Response
from counterfoil.contract.law import Law, LawBook, Login, says
from counterfoil.contract.laws import auth, errors, filtering, items, paging, reading, selecting, sorting
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.items import Mismatch, close
from counterfoil.contract.laws.planning import moves_nothing

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

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


def _like(field: Field) -> Filter:
    return like(field, switch=("elevate.like", "contains", "case_sensitive"))


SUMMARIES = Collection(
    LIST,
    identity=CUSTOMER,
    pages=Pages("page", "pageSize", first=1, largest=1000),
    filters=(*(equal(f) for f in FILTERED), one_of(BILLING_STATUS), one_of(CUSTOMER), _like(BILLING_STATUS)),
    sorts=MEMBERS,
    sort=Sort("sort", descending="{}:desc"),
    order=((CUSTOMER, False),),
)
LOGIN = Login("POST /authenticate", "token")
TOKEN_LIFE = 15 * 60
ERROR = errors.members("error", "message")
_INCOMPLETE_LOGINS: tuple[Any, ...] = ({}, {"username": "counterfoil"}, [])
SMALLEST_READ = SampleRequest(LIST, query={"page": 1, "pageSize": 1})


def _list_request(**query: Any) -> SampleRequest:
    return SampleRequest(LIST, query={name: value for name, value in {**PAGE, **query}.items() if value is not None})


def _spellings(number: Decimal) -> list[str]:
    text = format(number, "f")
    return [f"{text}0", f"{text}00"] if "." in text else [f"{text}.0", f"{text}.00"]


def _opposites(filter_: Filter, items: Sequence[Any]) -> SearchStrategy[Any]:
    """The observed values with the opposite sign: a filter that ignores the sign finds items it should not."""
    from hypothesis import strategies as st

    return st.sampled_from([-value for value in observed(filter_.field, items)])


def _sort_ignored(ctx: LawContext, response: Response) -> bool:
    """Whether a page came in the default order, as if there were no sort."""
    allowed = ctx.switch("elevate.unknown_sort_field") in (None, "ignore")
    return allowed and response.status == 200 and response.body == SUMMARIES.page(ctx, 0, PAGE["pageSize"])


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
    told = ctx.switch("elevate.difference_sign")
    if told is not None and signs:
        unsigned = told == "absolute"
        ctx.expect(signs == {(unsigned, unsigned)}, f"differences that are {told}", falling[:2])


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
    return None if isinstance(item.get("customerId"), int) else ("an integer in customerId", item.get("customerId"))


# ---------------------------------------------------------------- over time


def open_becomes_previous(ctx: LawContext) -> None:
    """When the open run completes, openBillRunValue becomes previousBillRunValue; below zero nothing is invoiced."""
    ctx.perform("advance", 600)  # runs that are under way complete first
    before = {
        CUSTOMER.value(item): OPEN.value(item)
        for item in SUMMARIES.require_items(ctx)
        if item["ratingStatus"] == "COMPLETE" and OPEN.value(item) >= 0
    }
    ctx.perform("complete_run")
    for item in SUMMARIES.fetch_all(ctx):
        was = before.get(CUSTOMER.value(item))
        if was is not None and item["ratingStatus"] == "COMPLETE":
            ctx.cases += 1
            ctx.expect(close(PREVIOUS.value(item), was), f"previousBillRunValue {was}, what was open", item)
    ctx.require(ctx.cases, "no customer's usage is rated completely")


def planning_moves_no_value(ctx: LawContext) -> None:
    """Planning a billing run, whatever day it bills up to, changes no openBillRunValue."""
    moves_nothing(ctx, lambda: {CUSTOMER.value(item): OPEN.value(item) for item in SUMMARIES.fetch_all(ctx)})


# ---------------------------------------------------------------- lists beside the summaries


def _served(ctx: LawContext, operation: str, **query: Any) -> list[Any]:
    """The first page of a list; the law does not apply where the target has no such operation."""
    answer = ctx.request(operation, query={**PAGE, **query})
    ctx.require(answer.status not in (404, 501), f"this target does not serve {operation}")
    found = ctx.json_body(answer)
    ctx.require(found or query, f"{operation} lists nothing")
    return list(found)


def customers_have_summaries(ctx: LawContext) -> None:
    """GET /customers lists the customers that the summaries are of."""
    listed = [item["id"] for item in _served(ctx, CUSTOMERS)]
    summed = [CUSTOMER.value(item) for item in SUMMARIES.fetch_all(ctx)]
    ctx.expect(set(listed) <= set(summed), "a summary for each customer listed", listed)
    ctx.expect(len(set(listed)) == len(listed), "each customer once", listed)


def customer_filters_select(ctx: LawContext) -> None:
    """customerAccountNumber selects one customer; pageSize and page cut the same list; fields leaves the id."""
    listed = _served(ctx, CUSTOMERS)
    for position in {0, len(listed) - 1}:
        wanted = listed[position]
        found = _served(ctx, CUSTOMERS, customerAccountNumber=wanted["customerAccountNumber"])
        ctx.expect(found == [wanted], f"customer {wanted['id']} alone", found)
        page = _served(ctx, CUSTOMERS, page=position + 1, pageSize=1)
        ctx.expect(page == [wanted], f"customer {wanted['id']} on page {position + 1}", page)
    found = _served(ctx, CUSTOMERS, fields="id")
    ctx.expect(found == [{"id": item["id"]} for item in listed], "the ids alone", found)


def run_statuses_select(ctx: LawContext) -> None:
    """billRunStatus is OPEN, CLOSED or FINALIZED, and as a filter selects the runs with that status."""
    listed = _served(ctx, BILL_RUNS)
    for status in ("OPEN", "CLOSED", "FINALIZED"):
        wanted = [item for item in listed if item["billRunStatus"] == status]
        found = ctx.request_json(BILL_RUNS, query={**PAGE, "billRunStatus": status})
        ctx.expect(found == wanted, f"the {len(wanted)} runs that are {status}", found)
    others = [item for item in listed if item["billRunStatus"] not in ("OPEN", "CLOSED", "FINALIZED")]
    ctx.expect(not others, "a status that is documented", others)


LAWS: tuple[Law, ...] = (
    # pages
    paging.slices("elevate.paging.slice", SUMMARIES, "c05", "c06", "v01"),
    paging.concatenation("elevate.paging.concatenation", SUMMARIES, "c01", "c05"),
    paging.size_respected("elevate.paging.size", SUMMARIES, "c06", "v02"),
    paging.past_the_end("elevate.paging.past-the-end", SUMMARIES, "c05"),
    errors.bad_requests(
        "elevate.paging.page-bounds",
        [_list_request(page=value) for value in (0, -1, "x", "1.5", "", None)],
        "c05", "c28", "v01", "v09",
        text="A page that is missing, below 1 or not a number gives 400 and a message that names it.",
        error_body=ERROR, names=("page",),
    ),
    errors.bad_requests(
        "elevate.paging.size-bounds",
        [_list_request(pageSize=value) for value in (1001, 0, -1, "x", "", None)],
        "c06", "c28", "v02", "v09",
        text="A pageSize that is missing, below 1, above 1000 or not a number gives 400 and a message that names it.",
        error_body=ERROR, names=("pageSize",),
    ),
    # sorting
    sorting.by_one("elevate.sort.asc", SUMMARIES, "c07", "c08"),
    sorting.by_one("elevate.sort.desc", SUMMARIES, "c07", "c09", descending=True),
    sorting.by_several("elevate.sort.several", SUMMARIES, "c07"),
    sorting.reversed_up_to_ties("elevate.sort.reversed", SUMMARIES, "c09"),
    sorting.by_default("elevate.sort.default", SUMMARIES, "c01"),
    errors.bad_requests(
        "elevate.sort.unknown",
        [_list_request(sort=value) for value in ("counterfoilKnowsNoSuchField", "customerId,counterfoilKnowsNoSuchField:desc")],
        "c28",
        text="A sort by an unknown field gives 400, or is ignored.",
        error_body=ERROR, unless=_sort_ignored,
    ),
    # filters
    filtering.selects("elevate.filter.customer", SUMMARIES, equal(CUSTOMER), "c11", "c16"),
    filtering.selects("elevate.filter.billing-status", SUMMARIES, equal(BILLING_STATUS), "c15", "c16"),
    filtering.selects("elevate.filter.rating-status", SUMMARIES, equal(RATING_STATUS), "c14", "c16"),
    filtering.selects("elevate.filter.difference", SUMMARIES, equal(DIFFERENCE), "c12", "c16"),
    filtering.selects("elevate.filter.difference-sign", SUMMARIES, equal(DIFFERENCE, draw=_opposites), "c12", "c16"),
    filtering.selects("elevate.filter.percentage", SUMMARIES, equal(PERCENTAGE), "c13", "c16"),
    filtering.same_value("elevate.filter.difference-by-value", SUMMARIES, equal(DIFFERENCE), _spellings, "c12"),
    filtering.same_value("elevate.filter.percentage-by-value", SUMMARIES, equal(PERCENTAGE), _spellings, "c13"),
    filtering.selects("elevate.filter.in-billing-status", SUMMARIES, one_of(BILLING_STATUS), "c15", "c17"),
    filtering.selects("elevate.filter.in-rating-status", SUMMARIES, one_of(RATING_STATUS), "c14", "c17"),
    filtering.selects("elevate.filter.in-customer", SUMMARIES, one_of(CUSTOMER), "c11", "c17"),
    filtering.selects("elevate.filter.in-difference", SUMMARIES, one_of(DIFFERENCE), "c12", "c17"),
    filtering.union(
        "elevate.filter.in-is-union", SUMMARIES, one_of(BILLING_STATUS), equal(BILLING_STATUS), "c17"
    ),
    filtering.selects("elevate.filter.like-billing-status", SUMMARIES, _like(BILLING_STATUS), "c15", "c18"),
    filtering.selects("elevate.filter.like-rating-status", SUMMARIES, _like(RATING_STATUS), "c14", "c18"),
    filtering.selects("elevate.filter.like-customer", SUMMARIES, _like(CUSTOMER), "c11", "c18"),
    filtering.both("elevate.filter.and", SUMMARIES, "c11", "c12", "c14", "c15"),
    filtering.finds_nothing(
        "elevate.filter.nothing",
        SUMMARIES,
        ({"billingStatus": "DOZING"}, {"ratingStatus": "in:HALF,NEITHER"}, {"customerId": "-1"}, {"valueDifference": "xyz"}),
        "c16",
        text="A filter value that no summary has finds nothing, with status 200; one that is no status may give 400.",
        refused=("billingStatus", "ratingStatus"), switch="elevate.enum_filter_outside",
    ),
    # fields
    selecting.only_selected("elevate.fields.only", SUMMARIES, [member.name for member in MEMBERS], "c10"),
    selecting.unknown_ignored("elevate.fields.unknown", SUMMARIES, "customerId", "c10", switch="elevate.unknown_fields_name"),
    # each summary
    items.unique("elevate.summary.unique", SUMMARIES, "c01", "c20"),
    items.each("elevate.summary.id-is-integer", SUMMARIES, customer_is_integer, "c20", family="identity"),
    items.one_of("elevate.summary.billing-status", SUMMARIES, BILLING_STATUS, BILLING, "c21"),
    items.one_of("elevate.summary.rating-status", SUMMARIES, RATING_STATUS, RATING, "c22"),
    items.each("elevate.summary.difference", SUMMARIES, difference, "c26"),
    items.each(
        "elevate.summary.percentage", SUMMARIES, percentage, "c27",
        only=lambda item: PREVIOUS.value(item) != 0, lacking="no customer has a previous value",
    ),
    items.each(
        "elevate.summary.percentage-without-base", SUMMARIES, percentage_without_base, "c27",
        only=lambda item: PREVIOUS.value(item) == 0, lacking="every customer has a previous value",
    ),
    items.each("elevate.summary.previous-not-negative", SUMMARIES, previous_is_not_negative, "c25"),
    items.each(
        "elevate.summary.never-billed", SUMMARIES, never_billed, "c21",
        only=lambda item: item["billingStatus"] == "NEVER_BILLED", lacking="every customer was billed",
    ),
    Law(
        "elevate.summary.sign", LIST, "agreement", ("c26", "c27"), says(signed_or_absolute), signed_or_absolute,
    ),
    reading.twice_the_same("elevate.reading.idempotent", LIST, "c01", query=PAGE),
    # authentication
    auth.without_credential("elevate.auth.none", (SMALLEST_READ,), "c04", "c29", "v09", error_body=ERROR),
    auth.wrong_credential("elevate.auth.wrong", (SMALLEST_READ,), "c04", "c29", "v09", error_body=ERROR),
    auth.forbidden("elevate.auth.forbidden", (SMALLEST_READ,), "c30", "v08"),
    auth.login_works("elevate.auth.login", LOGIN, SMALLEST_READ, "v04"),
    auth.wrong_login(
        "elevate.auth.wrong-login",
        LOGIN,
        ({"username": "counterfoil", "password": "not the password"}, {"clientId": "nobody", "clientSecret": "nothing"}),
        "v04", "v09",
        error_body=ERROR,
    ),
    errors.bad_requests(
        "elevate.auth.malformed-login",
        [SampleRequest(LOGIN.operation, body=body) for body in _INCOMPLETE_LOGINS],
        "v09",
        text="A login without a whole pair of credentials gives 400.",
        error_body=ERROR, writes=False,
    ),
    auth.token_expires("elevate.auth.expiry", LOGIN, SMALLEST_READ, TOKEN_LIFE, "v05", "c29", error_body=ERROR),
    # other error responses
    errors.wrong_method("elevate.errors.method", "DELETE /customer-billing-summaries", "v10", error_body=ERROR),
    errors.unacceptable("elevate.errors.accept", SMALLEST_READ, "v11", error_body=ERROR),
    errors.wrong_media_type("elevate.errors.media-type", LOGIN.operation, "v12", error_body=ERROR),
    # over time; first what needs an open amount, which a run may take away
    Law("elevate.runs.planned", LIST, "lifecycle", ("c24",), says(planning_moves_no_value), planning_moves_no_value,
        needs=("plan_run",)),
    Law(
        "elevate.runs.open-becomes-previous", LIST, "lifecycle", ("c01", "c24", "c25"),
        says(open_becomes_previous), open_becomes_previous, needs=("advance", "complete_run"),
    ),
    # lists beside the summaries
    Law("elevate.customers.summaries", CUSTOMERS, "agreement", ("v13",), says(customers_have_summaries),
        customers_have_summaries),
    Law("elevate.customers.selects", CUSTOMERS, "filtering", ("v13",), says(customer_filters_select), customer_filters_select),
    Law("elevate.bill-runs.status", BILL_RUNS, "filtering", ("v14",), says(run_statuses_select), run_statuses_select),
)  # fmt: skip

LAW_BOOK = LawBook("elevate", LAWS, health_check=LIST, health_check_query={"page": 1, "pageSize": 1}, login=LOGIN)
