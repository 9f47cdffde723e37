"""The laws of Elevate's customer billing summaries, which must hold over HTTP at any implementation.

Clause ids are those of ``specs/elevate/clauses.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from counterfoil.apis.elevate.laws.over_time import (
    customer_filters_select,
    customers_have_summaries,
    open_becomes_previous,
    planning_changes_no_value,
    rating_again_moves_only_incomplete,
    run_statuses_select,
)
from counterfoil.apis.elevate.laws.summaries import (
    BILL_RUNS,
    BILLING,
    BILLING_STATUS,
    CUSTOMER,
    CUSTOMERS,
    DIFFERENCE,
    ERROR,
    INCOMPLETE_LOGINS,
    LIST,
    LOGIN,
    MEMBERS,
    PAGE,
    PERCENTAGE,
    PREVIOUS,
    RATING,
    RATING_STATUS,
    SMALLEST_READ,
    SUMMARIES,
    TOKEN_LIFE,
    customer_is_integer,
    difference,
    filter_like,
    never_billed,
    percentage,
    percentage_without_base,
    previous_is_not_negative,
    signed_or_absolute,
)
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import observed
from counterfoil.contract.filters import Filter, equal, one_of
from counterfoil.contract.finding import SHAPE
from counterfoil.contract.law import Law, LawBook, says
from counterfoil.contract.laws import auth, combining, errors, filtering, items, paging, reading, selecting, sorting
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.combining import Combined
from counterfoil.contract.response import Response

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


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
    filtering.selects("elevate.filter.like-billing-status", SUMMARIES, filter_like(BILLING_STATUS), "c15", "c18"),
    filtering.selects("elevate.filter.like-rating-status", SUMMARIES, filter_like(RATING_STATUS), "c14", "c18"),
    filtering.selects("elevate.filter.like-customer", SUMMARIES, filter_like(CUSTOMER), "c11", "c18"),
    filtering.both("elevate.filter.and", SUMMARIES, "c11", "c12", "c14", "c15"),
    filtering.finds_nothing(
        "elevate.filter.nothing",
        SUMMARIES,
        ({"billingStatus": "DOZING"}, {"ratingStatus": "in:HALF,NEITHER"}, {"customerId": "-1"}, {"valueDifference": "xyz"}),
        "c16",
        text="A filter value that no summary has finds nothing, with status 200; one that is not a status may give 400.",
        refused=("billingStatus", "ratingStatus"), switch="elevate.enum_filter_outside",
    ),
    combining.together(
        "elevate.list.together", Combined(SUMMARIES, [member.name for member in MEMBERS]),
        "c05", "c06", "c07", "c09", "c10", "c16", "c17",
    ),
    # fields
    selecting.only_selected("elevate.fields.only", SUMMARIES, [member.name for member in MEMBERS], "c10"),
    selecting.unknown_ignored("elevate.fields.unknown", SUMMARIES, "customerId", "c10", switch="elevate.unknown_fields_name"),
    # each summary
    items.unique("elevate.summary.unique", SUMMARIES, "c01", "c02", "c20", "v03"),
    items.each("elevate.summary.id-is-integer", SUMMARIES, customer_is_integer, "c20", family=SHAPE),
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
        [SampleRequest(LOGIN.operation, body=body) for body in INCOMPLETE_LOGINS],
        "v09",
        text="A login that lacks either part of a credential gives 400.",
        error_body=ERROR, writes=False,
    ),
    auth.token_expires("elevate.auth.expiry", LOGIN, SMALLEST_READ, TOKEN_LIFE, "v05", "c29", error_body=ERROR),
    # other error responses
    errors.wrong_method("elevate.errors.method", "DELETE /customer-billing-summaries", "v10", error_body=ERROR),
    errors.unacceptable("elevate.errors.accept", SMALLEST_READ, "v11", error_body=ERROR),
    errors.wrong_media_type("elevate.errors.media-type", LOGIN.operation, "v12", error_body=ERROR),
    # over time; first the law that needs an open amount, which a run may bill
    Law("elevate.runs.planned", LIST, "lifecycle", ("c24",), says(planning_changes_no_value), planning_changes_no_value,
        needs=("plan_run",)),
    Law(
        "elevate.runs.open-becomes-previous", LIST, "lifecycle", ("c01", "c24", "c25"),
        says(open_becomes_previous), open_becomes_previous, needs=("advance", "complete_run"),
    ),
    Law(
        "elevate.runs.re-rating", LIST, "lifecycle", ("c22", "c23", "c24"), says(rating_again_moves_only_incomplete),
        rating_again_moves_only_incomplete, needs=("rate_again", "use"),
    ),
    # customers and runs
    Law("elevate.customers.summaries", CUSTOMERS, "agreement", ("v13",), says(customers_have_summaries),
        customers_have_summaries),
    Law("elevate.customers.selects", CUSTOMERS, "filtering", ("v13",), says(customer_filters_select), customer_filters_select),
    Law("elevate.bill-runs.status", BILL_RUNS, "filtering", ("v14",), says(run_statuses_select), run_statuses_select),
)  # fmt: skip

LAW_BOOK = LawBook("elevate", LAWS, health_check=LIST, health_check_query={"page": 1, "pageSize": 1}, login=LOGIN)
