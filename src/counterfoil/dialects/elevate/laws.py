"""What must hold of Elevate's customer billing summaries, over HTTP, at any implementation.

Clause ids are those of ``specs/elevate/clauses.yaml``. Nothing here knows the stand-in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from counterfoil.contract.collection import INTEGER, NUMBER, Collection, Field, Pages, Sort, equal, like, one_of
from counterfoil.contract.law import Book, Law, Login, Trial, says
from counterfoil.contract.laws import auth, errors, filtering, items, paging, reading, selecting, sorting
from counterfoil.contract.laws.auth import Way
from counterfoil.contract.laws.items import Complaint, close

LIST = "GET /customer-billing-summaries"
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

SUMMARIES = Collection(
    LIST,
    identity=CUSTOMER,
    pages=Pages("page", "pageSize", first=1, largest=1000),
    filters=(*(equal(f) for f in FILTERED), one_of(BILLING_STATUS), one_of(CUSTOMER), like(BILLING_STATUS)),
    sorts=MEMBERS,
    sort=Sort("sort", descending="{}:desc"),
    order=((CUSTOMER, False),),
)
LOGIN = Login("POST /authenticate", "token")
TOKEN_LIFE = 15 * 60
ERROR = errors.members("error", "message")
HEAD = Way(LIST, query={"page": 1, "pageSize": 1})


def _asking(**query: Any) -> Way:
    return Way(LIST, query={name: value for name, value in {**PAGE, **query}.items() if value is not None})


def _spellings(number: Decimal) -> list[str]:
    text = format(number, "f")
    return [f"{text}0", f"{text}00"] if "." in text else [f"{text}.0", f"{text}.00"]


# ---------------------------------------------------------------- one summary


def difference(item: Any) -> Complaint:
    """valueDifference is openBillRunValue less previousBillRunValue, to the cent."""
    want = OPEN.value(item) - PREVIOUS.value(item)
    return None if close(DIFFERENCE.value(item), want) else (f"valueDifference {want}", item)


def percentage(item: Any) -> Complaint:
    """percentageDifference is valueDifference as a percentage of previousBillRunValue, within rounding."""
    want = (OPEN.value(item) - PREVIOUS.value(item)) / PREVIOUS.value(item) * 100
    return None if close(PERCENTAGE.value(item), want) else (f"percentageDifference {want:.2f}", item)


def percentage_without_base(item: Any) -> Complaint:
    """Without a previous value, of which no percentage can be taken, percentageDifference is zero or null."""
    value = PERCENTAGE.value(item)
    return None if not value else ("percentageDifference 0 or null", item)


def never_billed(item: Any) -> Complaint:
    """A customer who was never billed has nothing in the previous run."""
    return None if PREVIOUS.value(item) == 0 else ("previousBillRunValue 0", item)


def customer_is_integer(item: Any) -> Complaint:
    """customerId is an integer."""
    return None if isinstance(item.get("customerId"), int) else ("an integer in customerId", item.get("customerId"))


# ---------------------------------------------------------------- over time


def open_becomes_previous(trial: Trial) -> None:
    """When the open run completes, what was open becomes the previous value."""
    before = {
        CUSTOMER.value(item): OPEN.value(item) for item in SUMMARIES.some(trial) if item["ratingStatus"] == "COMPLETE"
    }
    trial.act("complete_run")
    for item in SUMMARIES.all(trial):
        was = before.get(CUSTOMER.value(item))
        if was is not None and item["ratingStatus"] == "COMPLETE":
            trial.cases += 1
            trial.expect(close(PREVIOUS.value(item), was), f"previousBillRunValue {was}, what was open", item)
    trial.need(trial.cases, "no customer's usage is rated completely")


LAWS: tuple[Law, ...] = (
    # pages
    paging.slices("elevate.paging.slice", SUMMARIES, "elevate.c05", "elevate.c06", "elevate.v01"),
    paging.concatenation("elevate.paging.concatenation", SUMMARIES, "elevate.c01", "elevate.c05"),
    paging.size_respected("elevate.paging.size", SUMMARIES, "elevate.c06", "elevate.v02"),
    paging.past_the_end("elevate.paging.past-the-end", SUMMARIES, "elevate.c05"),
    errors.bad_requests(
        "elevate.paging.page-bounds",
        [_asking(page=value) for value in (0, -1, "x", "1.5", "", None)],
        "elevate.c05", "elevate.c28", "elevate.v01", "elevate.v09",
        text="A page that is missing, below 1 or no number gives 400 and is named.",
        shape=ERROR, names=("page",),
    ),
    errors.bad_requests(
        "elevate.paging.size-bounds",
        [_asking(pageSize=value) for value in (1001, 0, -1, "x", "", None)],
        "elevate.c06", "elevate.c28", "elevate.v02", "elevate.v09",
        text="A pageSize that is missing, below 1, above 1000 or no number gives 400 and is named.",
        shape=ERROR, names=("pageSize",),
    ),
    # sorting
    sorting.by_one("elevate.sort.asc", SUMMARIES, "elevate.c07", "elevate.c08"),
    sorting.by_one("elevate.sort.desc", SUMMARIES, "elevate.c07", "elevate.c09", falling=True),
    sorting.by_several("elevate.sort.several", SUMMARIES, "elevate.c07"),
    sorting.reversed_up_to_ties("elevate.sort.reversed", SUMMARIES, "elevate.c09"),
    sorting.by_default("elevate.sort.default", SUMMARIES, "elevate.c01"),
    errors.bad_requests(
        "elevate.sort.unknown",
        [_asking(sort=value) for value in ("counterfoilKnowsNoSuchField", "customerId,counterfoilKnowsNoSuchField:desc")],
        "elevate.c28",
        text="A sort by a field that summaries have not gives 400.",
        shape=ERROR,
    ),
    # filters
    filtering.selects("elevate.filter.customer", SUMMARIES, equal(CUSTOMER), "elevate.c11", "elevate.c16"),
    filtering.selects("elevate.filter.billing-status", SUMMARIES, equal(BILLING_STATUS), "elevate.c15", "elevate.c16"),
    filtering.selects("elevate.filter.rating-status", SUMMARIES, equal(RATING_STATUS), "elevate.c14", "elevate.c16"),
    filtering.selects("elevate.filter.difference", SUMMARIES, equal(DIFFERENCE), "elevate.c12", "elevate.c16"),
    filtering.selects("elevate.filter.percentage", SUMMARIES, equal(PERCENTAGE), "elevate.c13", "elevate.c16"),
    filtering.same_value("elevate.filter.difference-by-value", SUMMARIES, equal(DIFFERENCE), _spellings, "elevate.c12"),
    filtering.same_value("elevate.filter.percentage-by-value", SUMMARIES, equal(PERCENTAGE), _spellings, "elevate.c13"),
    filtering.selects("elevate.filter.in-billing-status", SUMMARIES, one_of(BILLING_STATUS), "elevate.c15", "elevate.c17"),
    filtering.selects("elevate.filter.in-rating-status", SUMMARIES, one_of(RATING_STATUS), "elevate.c14", "elevate.c17"),
    filtering.selects("elevate.filter.in-customer", SUMMARIES, one_of(CUSTOMER), "elevate.c11", "elevate.c17"),
    filtering.selects("elevate.filter.in-difference", SUMMARIES, one_of(DIFFERENCE), "elevate.c12", "elevate.c17"),
    filtering.union(
        "elevate.filter.in-is-union", SUMMARIES, one_of(BILLING_STATUS), equal(BILLING_STATUS), "elevate.c17"
    ),
    filtering.selects("elevate.filter.like-billing-status", SUMMARIES, like(BILLING_STATUS), "elevate.c15", "elevate.c18"),
    filtering.selects("elevate.filter.like-rating-status", SUMMARIES, like(RATING_STATUS), "elevate.c14", "elevate.c18"),
    filtering.selects("elevate.filter.like-customer", SUMMARIES, like(CUSTOMER), "elevate.c11", "elevate.c18"),
    filtering.both("elevate.filter.and", SUMMARIES, "elevate.c11", "elevate.c12", "elevate.c14", "elevate.c15"),
    filtering.finds_nothing(
        "elevate.filter.nothing",
        SUMMARIES,
        ({"billingStatus": "DOZING"}, {"ratingStatus": "in:HALF,NEITHER"}, {"customerId": "-1"}, {"valueDifference": "xyz"}),
        "elevate.c16",
        text="A filter value that no summary has finds nothing, with status 200.",
    ),
    # fields
    selecting.only_these("elevate.fields.only", SUMMARIES, [member.name for member in MEMBERS], "elevate.c10"),
    selecting.unknown_passed_over("elevate.fields.unknown", SUMMARIES, "customerId", "elevate.c10"),
    # each summary
    items.unique("elevate.summary.unique", SUMMARIES, "elevate.c01", "elevate.c20"),
    items.each("elevate.summary.id-is-integer", SUMMARIES, customer_is_integer, "elevate.c20", family="identity"),
    items.one_of("elevate.summary.billing-status", SUMMARIES, BILLING_STATUS, BILLING, "elevate.c21"),
    items.one_of("elevate.summary.rating-status", SUMMARIES, RATING_STATUS, RATING, "elevate.c22"),
    items.each("elevate.summary.difference", SUMMARIES, difference, "elevate.c26"),
    items.each(
        "elevate.summary.percentage", SUMMARIES, percentage, "elevate.c27",
        only=lambda item: PREVIOUS.value(item) != 0, lacking="nobody has a previous value",
    ),
    items.each(
        "elevate.summary.percentage-without-base", SUMMARIES, percentage_without_base, "elevate.c27",
        only=lambda item: PREVIOUS.value(item) == 0, lacking="everybody has a previous value",
    ),
    items.each(
        "elevate.summary.never-billed", SUMMARIES, never_billed, "elevate.c21",
        only=lambda item: item["billingStatus"] == "NEVER_BILLED", lacking="everybody was billed",
    ),
    reading.twice_the_same("elevate.reading.idempotent", LIST, "elevate.c01", query=PAGE),
    # who gets in
    auth.without_credential("elevate.auth.none", (HEAD,), "elevate.c04", "elevate.c29", "elevate.v09", shape=ERROR),
    auth.wrong_credential("elevate.auth.wrong", (HEAD,), "elevate.c04", "elevate.c29", "elevate.v09", shape=ERROR),
    auth.forbidden("elevate.auth.forbidden", (HEAD,), "elevate.c30", "elevate.v08"),
    auth.login_opens("elevate.auth.login", LOGIN, HEAD, "elevate.v04"),
    auth.wrong_login(
        "elevate.auth.wrong-login",
        LOGIN,
        ({"username": "counterfoil", "password": "nobody has this"}, {"clientId": "nobody", "clientSecret": "nothing"}),
        "elevate.v04", "elevate.v09",
        shape=ERROR,
    ),
    errors.bad_requests(
        "elevate.auth.malformed-login",
        [Way(LOGIN.operation, body=body) for body in ({}, {"username": "counterfoil"}, [])],
        "elevate.v09",
        text="A login without a whole pair of credentials gives 400.",
        shape=ERROR, writes=False,
    ),
    auth.token_expires("elevate.auth.expiry", LOGIN, HEAD, TOKEN_LIFE, "elevate.v05", "elevate.c29", shape=ERROR),
    # other refusals
    errors.wrong_method("elevate.errors.method", "DELETE /customer-billing-summaries", "elevate.v10", shape=ERROR),
    errors.unacceptable("elevate.errors.accept", HEAD, "elevate.v11", shape=ERROR),
    errors.wrong_media_type("elevate.errors.media-type", LOGIN.operation, "elevate.v12", shape=ERROR),
    # over time
    Law(
        "elevate.runs.open-becomes-previous", LIST, "lifecycle", ("elevate.c01", "elevate.c24", "elevate.c25"),
        says(open_becomes_previous), open_becomes_previous, acts=("complete_run",),
    ),
)  # fmt: skip

BOOK = Book("elevate", LAWS, greeting=LIST, greeting_query={"page": 1, "pageSize": 1}, login=LOGIN)
