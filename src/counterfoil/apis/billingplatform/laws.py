"""What must hold of billingplatform.uk's billing runs, over HTTP, at any implementation.

Clause ids are those of ``specs/billingplatform/clauses.yaml``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from counterfoil.contract.collection import DATE_TIME, INTEGER, Collection, Field, Offsets, above
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import Law, LawBook, says
from counterfoil.contract.laws import auth, comparing, errors, filtering, items, lifecycle, paging, reading, sorting
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.items import Mismatch
from counterfoil.contract.laws.lifecycle import Resource

LIST, CREATE = "GET /billingRuns/", "POST /billingRuns/"
FETCH, CHANGE = "GET /billingRuns/{id}", "PATCH /billingRuns/{id}"
CUSTOMERS, INVOICES = "GET /customers/", "GET /invoices/"
STATUSES = ("Pending", "Requested", "Running", "Complete")
DATES = ("invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate")
UNKNOWN_ID = {"id": "999999999999999999"}

ID = Field("id")
NUMBER_OF_ID = Field("id", INTEGER)
STATUS = Field("status")
COMMENCED = Field("commencedDate", DATE_TIME)
COMPLETED = Field("completedDate", DATE_TIME)
AFTER = above(NUMBER_OF_ID, "idAfter")

RUNS = Collection(
    LIST,
    identity=ID,
    pages=Offsets("offset", "limit", largest=1000),
    filters=(AFTER,),
    order=((NUMBER_OF_ID, False),),
)
_BRITISH_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)


def as_iso(value: Any) -> Any:
    """A date as requests have it: responses may write 01/02/2026 for 2026-02-01 (switch ``billingplatform.date_as``)."""
    match = _BRITISH_DATE.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else f"{match[3]}-{match[2]}-{match[1]}"


RUN = Resource(
    CREATE,
    FETCH,
    CHANGE,
    RUNS,
    as_sent=as_iso,
    # Any combination of these values is consistent: no due date is before an invoice date.
    values={
        "name": ("counterfoil", "Run for März – 1", None),
        "subrun": ("A", "B", None),
        "invoiceMessage": ("New year", "Other", None),
        "invoiceDate": ("2031-03-01", "2030-12-31", None),
        "cutoffDate": ("2031-03-01", "2028-02-29", None),
        "transactionCutoffDate": ("2031-03-31", "2031-01-01", None),
        "dueDate": ("2031-03-15", "2032-02-29", None),
    },
    owned={
        "status": "Complete",
        "id": "7777777",
        "invoiceAmount": "7777.77",
        "commencedDate": "2031-01-01T00:00:00Z",
        "completedDate": "2031-01-02T00:00:00Z",
    },
    locked=("invoiceMessage", *DATES),
    is_locked=lambda item: item["status"] != "Pending",
    conflict=(409, 422),
    presets=("subrun", "invoiceMessage"),
)
FRESH = {"status": "Pending", "commencedDate": None, "completedDate": None}
_INVALID_BODIES: tuple[Any, ...] = ([], 1, "text", {"name": 1})
ERROR = errors.members("error")
SAMPLES = (SampleRequest(LIST), SampleRequest(FETCH, path=UNKNOWN_ID))
WRITING_SAMPLES = (
    SampleRequest(CREATE, body={"name": "counterfoil"}),
    SampleRequest(CHANGE, path=UNKNOWN_ID, body={"name": "counterfoil"}),
)


# ---------------------------------------------------------------- one run


def id_is_text(item: Any) -> Mismatch:
    """A run's id is a string."""
    return None if isinstance(item.get("id"), str) else ("a text in id", item.get("id"))


def commenced_in_step(item: Any) -> Mismatch:
    """commencedDate is set if and only if the run is Running or Complete."""
    due = item["status"] in ("Running", "Complete")
    return None if (item.get("commencedDate") is not None) == due else ("commencedDate in step with status", item)


def completed_in_step(item: Any) -> Mismatch:
    """completedDate is set if and only if the run is Complete, and is not before commencedDate."""
    completed, commenced = COMPLETED.value(item), COMMENCED.value(item)
    if (completed is not None) != (item["status"] == "Complete"):
        return "completedDate in step with status", item
    if completed is not None and commenced is not None and completed < commenced:
        return "completedDate not before commencedDate", item
    return None


def amount_in_step(item: Any) -> Mismatch:
    """A Complete run has an amount, a Pending run has none yet."""
    amount = item.get("invoiceAmount")
    if item["status"] == "Complete":
        return None if amount is not None else ("an invoiceAmount", item)
    return (
        None if item["status"] != "Pending" or amount is None or float(amount) == 0 else ("no invoiceAmount yet", item)
    )


# ---------------------------------------------------------------- since


FAR_PAST, FAR_FUTURE = "1990-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
SLACK = timedelta(seconds=5)
"""Between the response to a creation and the instant that the target recorded for it."""


def _since_ends(param: str) -> Any:
    def check(ctx: LawContext) -> None:
        whole = RUNS.require_items(ctx)
        RUNS.same_items(ctx, RUNS.fetch_all(ctx, {param: FAR_PAST}), whole, f"{param} long ago leaves every run")
        found = RUNS.fetch_all(ctx, {param: FAR_FUTURE})
        ctx.expect(found == [], f"no run with {param} in the far future", RUNS.ids(found))

    return check


def _since_narrows(param: str) -> Any:
    def check(ctx: LawContext) -> None:
        RUNS.require_items(ctx)
        wider: set[str] | None = None
        for moment in (f"{year}-{month:02}-01T00:00:00Z" for year in (2024, 2025, 2026) for month in (1, 4, 7, 10)):
            ctx.cases += 1
            found = set(RUNS.ids(RUNS.fetch_all(ctx, {param: moment})))
            ctx.expect(
                wider is None or found <= wider,
                f"{param}={moment} to leave no run that an earlier moment removed",
                found,
            )
            wider = found

    return check


def created_at(ctx: LawContext, made: Any) -> datetime:
    """When a run was created by the target's own clock, to the second.

    The capability ``now`` says it, or the Date header where that agrees with createdSince; otherwise (a target whose clock
    differs from its Date header) it is the last instant for which createdSince finds the run.
    """
    low, high = datetime.fromisoformat(FAR_PAST), datetime.fromisoformat(FAR_FUTURE)
    near = ctx.now()
    if "now" in ctx.client.target.capabilities:
        return near
    if _is_created_since(ctx, made, near - SLACK) and not _is_created_since(ctx, made, near + SLACK):
        return near
    ctx.expect(_is_created_since(ctx, made, low), f"run {made['id']} among those created since {FAR_PAST}")
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _is_created_since(ctx, made, middle) else (low, middle)
    return low


def _is_created_since(ctx: LawContext, made: Any, instant: datetime) -> bool:
    query = {"createdSince": INSTANT_TEXT(instant), "idAfter": str(int(made["id"]) - 1)}
    return made["id"] in RUNS.ids(RUNS.fetch_all(ctx, query))


def created_now_is_found(ctx: LawContext) -> None:
    """A new run is found with createdSince just before its creation, and not with createdSince just after it."""
    RUNS.whole_list(ctx)
    first = created_at(ctx, RUN.make(ctx, {}))
    made = RUN.make(ctx, {})
    now = created_at(ctx, made)
    ctx.expect(now >= first - SLACK, f"run {made['id']} created no earlier than the one before, {first}", now)
    before, after = (INSTANT_TEXT(now + timedelta(seconds=s)) for s in (-5, 5))
    ctx.expect(
        made["id"] in RUNS.ids(RUNS.fetch_all(ctx, {"createdSince": before})),
        f"run {made['id']} among those since {before}",
    )
    ctx.expect(
        made["id"] not in RUNS.ids(RUNS.fetch_all(ctx, {"createdSince": after})),
        f"run {made['id']} not among those since {after}",
    )


def since_includes_the_instant(ctx: LawContext) -> None:
    """createdSince and updatedSince include the given instant itself."""
    ctx.require("now" in ctx.client.target.capabilities, "this target's clock cannot be read exactly")
    instant = INSTANT_TEXT(ctx.now())
    made = RUN.make(ctx, {})
    for param in ("createdSince", "updatedSince"):
        found = RUNS.ids(RUNS.fetch_all(ctx, {param: instant}))
        ctx.expect(
            made["id"] in found, f"run {made['id']}, created at {instant}, among those with {param}={instant}", found
        )


def since_knows_offsets(ctx: LawContext) -> None:
    """createdSince and updatedSince accept one instant with any offset, or with a fraction, as the same."""
    made = RUN.make(ctx, {})
    now = created_at(ctx, made)
    for param in ("createdSince", "updatedSince"):
        for seconds, is_in in ((-5, True), (5, False)):
            for text in comparing.spellings(now + timedelta(seconds=seconds)):
                ctx.cases += 1
                found = RUNS.ids(RUNS.fetch_all(ctx, {param: text}))
                description = f"run {made['id']} {'' if is_in else 'not '}among those with {param}={text}"
                ctx.expect((made["id"] in found) == is_in, description, found)


def update_is_seen(ctx: LawContext) -> None:
    """updatedSince finds a run after it was changed, which it did not before; createdSince still does not."""
    RUNS.whole_list(ctx)
    made = RUN.make(ctx, {})
    created = created_at(ctx, made)
    since = INSTANT_TEXT(created + timedelta(seconds=1))
    ctx.expect(
        made["id"] not in RUNS.ids(RUNS.fetch_all(ctx, {"updatedSince": since})),
        f"run {made['id']} not yet updated since {since}",
    )
    ctx.pause(2.1)
    if "advance" not in ctx.client.target.capabilities:
        later = created_at(ctx, RUN.make(ctx, {}))
        ctx.require(later > created, "the target's clock does not move")
    RUN.patch(ctx, made["id"], {"name": "changed later"})
    ctx.expect(
        made["id"] in RUNS.ids(RUNS.fetch_all(ctx, {"updatedSince": since})), f"run {made['id']} updated since {since}"
    )
    ctx.expect(
        made["id"] not in RUNS.ids(RUNS.fetch_all(ctx, {"createdSince": since})),
        f"run {made['id']} not created since {since}",
    )


INSTANT_TEXT = COMMENCED.write


def dates_are_when_it_moved(ctx: LawContext) -> None:
    """commencedDate and completedDate are when the run became Running and Complete, by the target's clock."""
    made = RUN.make(ctx, {name: values[0] for name, values in RUN.values_at(ctx).items()})
    for _ in STATUSES:
        before = ctx.now() - timedelta(seconds=1)
        if not ctx.perform("move_run", made["id"]):
            break
        after, run = ctx.now() + timedelta(seconds=1), RUN.read(ctx, made["id"])
        for status, member in (("Running", COMMENCED), ("Complete", COMPLETED)):
            if run["status"] == status:
                ctx.cases += 1
                moment = member.value(run)
                holds = moment is not None and before <= moment <= after
                ctx.expect(holds, f"{member.name} between {before} and {after}", moment)
    ctx.require(ctx.cases, "the new run became neither Running nor Complete")


# ---------------------------------------------------------------- the rest


def slash_or_none(ctx: LawContext) -> None:
    """The list is the same with and without a trailing slash, and neither address redirects."""
    with_, without = ctx.request_json(LIST), ctx.request_json("GET /billingRuns")
    ctx.expect(with_ == without, "the same list without the slash", without)


def slash_or_none_posting(ctx: LawContext) -> None:
    """A run is created with and without a trailing slash."""
    made = ctx.request_json("POST /billingRuns", body={"name": "no slash"}, status=RUN.created)
    ctx.expect(made["name"] == "no slash", "a new run named as sent", made)


def list_comes_whole(ctx: LawContext) -> None:
    """Without limit the response is the whole list."""
    whole = RUNS.require_items(ctx)
    RUNS.same_items(ctx, RUNS.fetch(ctx, {}), whole, "the whole list without limit")


def status_never_goes_back(ctx: LawContext) -> None:
    """No run's status goes back to an earlier one."""
    before = {item["id"]: STATUSES.index(item["status"]) for item in RUNS.require_items(ctx)}
    ctx.perform("complete_run")
    for item in RUNS.fetch_all(ctx):
        ctx.cases += 1
        was = before.get(item["id"], 0)
        ctx.expect(
            STATUSES.index(item["status"]) >= was, f"run {item['id']} not before {STATUSES[was]}", item["status"]
        )


def _served(ctx: LawContext, operation: str, **query: Any) -> list[Any]:
    """A whole list; the law does not apply where the target has no such operation."""
    answer = ctx.request(operation, query={"limit": 1000, **query})
    ctx.require(answer.status not in (404, 501), f"this target does not serve {operation}")
    found = ctx.json_body(answer)
    ctx.require(found or query, f"{operation} lists nothing")
    return list(found)


def run_is_the_sum_of_its_invoices(ctx: LawContext) -> None:
    """A Complete run's invoiceAmount is the sum of its invoices in one currency."""
    invoices = _served(ctx, INVOICES)
    ctx.require(len(invoices) < 1000, "there are 1000 invoices or more")
    told = ctx.switch("billingplatform.credit_notes")
    may_subtract = told == "subtract" or (told is None and not ctx.client.target.disposable)
    for run in RUNS.require_items(ctx):
        if run["status"] == "Complete":
            ctx.cases += 1
            sums: dict[str, Decimal] = {}
            for each in invoices:
                if each["billingRun"] == run["id"]:
                    sums[each["currency"]] = sums.get(each["currency"], Decimal(0)) + Decimal(str(each["amount"]))
            shown = ", ".join(f"{total} {currency}" for currency, total in sums.items()) or "0"
            amounts = set(sums.values()) or {Decimal(0)}
            amount = Decimal(str(run["invoiceAmount"]))
            # whether credit notes lower a run's amount is open (docs/vendors/billingplatform.md#credit-notes)
            holds = amount in amounts or (may_subtract and 0 <= amount < max(amounts))
            ctx.expect(holds, f"invoiceAmount {shown} of run {run['id']}", run)


def invoice_filters_select(ctx: LawContext) -> None:
    """invoiceNumber finds one invoice; minDate and maxDate, minDueDate and maxDueDate include the day itself."""
    invoices = _served(ctx, INVOICES)
    for wanted in (invoices[0], invoices[-1]):
        found = _served(ctx, INVOICES, invoiceNumber=wanted["invoiceNumber"])
        ctx.expect(found == [wanted], f"invoice {wanted['invoiceNumber']} alone", found)
        for member, low, high in (("invoiceDate", "minDate", "maxDate"), ("dueDate", "minDueDate", "maxDueDate")):
            day = wanted[member]
            found = _served(ctx, INVOICES, **{low: as_iso(day), high: as_iso(day)})
            ctx.expect(
                found == [each for each in invoices if each[member] == day], f"the invoices with {member} {day}", found
            )


def customer_is_found_by_account_number(ctx: LawContext) -> None:
    """accountNumber finds one customer or none, and ID fetches the same customer."""
    customers = _served(ctx, CUSTOMERS)
    for wanted in (customers[0], customers[-1]):
        found = _served(ctx, CUSTOMERS, accountNumber=wanted["accountNumber"])
        ctx.expect(found == [wanted], f"customer {wanted['id']} alone", found)
        one = ctx.request_json("GET /customers/{id}", path={"id": wanted["id"]})
        ctx.expect(one == wanted, f"customer {wanted['id']} as listed", one)
    none = ctx.request_json(CUSTOMERS, query={"accountNumber": "counterfoil-has-none"})
    ctx.expect(none == [], "an empty list for an unknown account number", none)


def _law(
    id: str,
    operation: str,
    family: str,
    check: Any,
    *clauses: str,
    writes: bool = False,
    text: str = "",
    needs: tuple[str, ...] = (),
) -> Law:
    return Law(
        f"billingplatform.{id}",
        operation,
        family,
        clauses,
        text or says(check),
        check,
        writes,
        needs,
    )


def _bad(**query: Any) -> SampleRequest:
    return SampleRequest(LIST, query=query)


LAWS: tuple[Law, ...] = (
    # the list
    items.unique("billingplatform.runs.unique", RUNS, "c06", "c26"),
    items.each("billingplatform.runs.id-is-text", RUNS, id_is_text, "c26", family="identity"),
    sorting.by_default("billingplatform.runs.order", RUNS, "c06"),
    items.one_of("billingplatform.runs.status", RUNS, STATUS, STATUSES, "c18"),
    items.each("billingplatform.runs.commenced", RUNS, commenced_in_step, "c27", "v11", family="agreement"),
    items.each("billingplatform.runs.completed", RUNS, completed_in_step, "c28", "v11", family="agreement"),
    items.each("billingplatform.runs.amount", RUNS, amount_in_step, "c21", family="agreement"),
    # parts of the list
    filtering.selects("billingplatform.after.selects", RUNS, AFTER, "c07"),
    paging.cursor("billingplatform.after.cursor", RUNS, "idAfter", "c07"),
    paging.any_offset("billingplatform.paging.window", RUNS, "v16"),
    paging.slices("billingplatform.paging.slice", RUNS, "v16", "c07"),
    paging.concatenation("billingplatform.paging.concatenation", RUNS, "v16"),
    paging.past_the_end("billingplatform.paging.past-the-end", RUNS, "v16"),
    _law("paging.no-limit", LIST, "paging", list_comes_whole, "c06", "v16"),
    _law("since.created-ends", LIST, "filtering", _since_ends("createdSince"), "c08",
         text="createdSince long ago finds every run, in the far future none."),
    _law("since.updated-ends", LIST, "filtering", _since_ends("updatedSince"), "c09",
         text="updatedSince long ago finds every run, in the far future none."),
    _law("since.created-narrows", LIST, "filtering", _since_narrows("createdSince"), "c08",
         text="A later createdSince only ever removes runs."),
    _law("since.updated-narrows", LIST, "filtering", _since_narrows("updatedSince"), "c09",
         text="A later updatedSince only ever removes runs."),
    _law("since.created-now", LIST, "lifecycle", created_now_is_found, "c08", writes=True),
    _law("since.instant", LIST, "lifecycle", since_includes_the_instant, "c08", "c09", writes=True),
    _law("since.offsets", LIST, "lifecycle", since_knows_offsets, "c08", "c09", writes=True),
    _law("since.update-seen", LIST, "lifecycle", update_is_seen, "c09", writes=True),
    errors.bad_requests(
        "billingplatform.errors.parameters",
        [_bad(idAfter="x"), _bad(idAfter="1.5"), _bad(createdSince="yesterday"), _bad(createdSince="2025-13-01T00:00:00Z"),
         _bad(updatedSince="2025-01-01T25:00:00Z"), _bad(updatedSince=""), _bad(limit="x"), _bad(limit="-1"), _bad(offset="-1")],
        "c07", "c08", "c09",
        text="A list parameter that is not a number or not a time gives 400 with an error body.",
        error_body=ERROR,
    ),
    # one run
    reading.list_item_is_single("billingplatform.run.as-listed", RUNS, FETCH, "c05"),
    reading.unknown_is_not_found("billingplatform.run.unknown", FETCH, UNKNOWN_ID, "c05"),
    reading.unknown_is_not_found("billingplatform.change.unknown", CHANGE, UNKNOWN_ID, "c13", body={"name": "x"}),
    reading.twice_the_same("billingplatform.reading.idempotent", LIST, "c06"),
    # authentication
    auth.without_credential("billingplatform.auth.none", SAMPLES, "v01", error_body=ERROR),
    auth.wrong_credential("billingplatform.auth.wrong", SAMPLES, "v01", error_body=ERROR),
    auth.forbidden("billingplatform.auth.forbidden", SAMPLES, "v04", error_body=ERROR),
    auth.without_credential("billingplatform.auth.none-writing", WRITING_SAMPLES, "v01", error_body=ERROR),
    auth.wrong_credential("billingplatform.auth.wrong-writing", WRITING_SAMPLES, "v01", error_body=ERROR),
    auth.forbidden("billingplatform.auth.forbidden-writing", WRITING_SAMPLES, "v04", error_body=ERROR),
    # error responses
    errors.wrong_method("billingplatform.errors.method", "DELETE /billingRuns/", error_body=ERROR),
    errors.wrong_method("billingplatform.errors.method-of-one", "DELETE /billingRuns/{id}", error_body=ERROR, path=UNKNOWN_ID),
    errors.bad_requests(
        "billingplatform.errors.dates",
        [SampleRequest(CREATE, body={name: value}) for name in DATES for value in ("2026-02-30", "soon", 20260201)],
        "c22", "c23", "c24", "c25",
        text="An invalid date gives 400 and a message that names it.",
        error_body=ERROR, names=DATES,
    ),
    errors.bad_requests(
        "billingplatform.errors.body",
        [SampleRequest(CREATE, body=body) for body in _INVALID_BODIES],
        "c17",
        text="A body that is not an object, or has a member of the wrong type, gives 400.",
        error_body=ERROR,
    ),
    # writing
    lifecycle.created_is_read("billingplatform.create.read-back", RUN, "c11", "c12",
                              "c17", "c19", "c20"),
    lifecycle.created_is_listed("billingplatform.create.listed", RUN, "c11", "c06"),
    lifecycle.ids_grow("billingplatform.create.ids-grow", RUN, "c11", "c26"),
    lifecycle.starts_as("billingplatform.create.pending", RUN, FRESH,
                        "v08", "c18", sending={"status": "Requested"}),
    lifecycle.change_is_partial("billingplatform.change.partial", RUN, "c13", "c14",
                                "v15", "c19"),
    lifecycle.each_is_changed("billingplatform.change.dates", RUN, DATES, "c16", "c22", "c23",
                              "c24", "c25", text="Each date of a Pending run can be set, moved and cleared."),
    lifecycle.each_is_changed("billingplatform.change.texts", RUN, ("name", "subrun", "invoiceMessage"), "c17",
                              "c19", "c20", text="Each text of a Pending run can be set, changed and cleared."),
    lifecycle.nothing_changes_nothing("billingplatform.change.empty", RUN, "v15"),
    lifecycle.owned_by_server("billingplatform.change.server-owned", RUN, "c18", "c21", "c26"),
    lifecycle.locked_members("billingplatform.lock.dates", RUN, DATES, "c15",
                             text="After Pending no date can be changed: the refusal names it, and nothing is applied."),
    lifecycle.locked_members("billingplatform.lock.message", RUN, ("invoiceMessage",), "v10",
                             text="After Pending the message cannot be changed: the refusal names it, and nothing is applied."),
    # as a run moves on
    _law("runs.dates", FETCH, "lifecycle", dates_are_when_it_moved, "c27", "c28", writes=True, needs=("move_run", "now")),
    _law("slash.reading", LIST, "reading", slash_or_none, "v06"),
    _law("slash.creating", CREATE, "lifecycle", slash_or_none_posting, "v06", writes=True),
    # customers and invoices
    _law("invoices.total", INVOICES, "agreement", run_is_the_sum_of_its_invoices, "c21", "v17"),
    _law("invoices.selects", INVOICES, "filtering", invoice_filters_select, "v17"),
    _law("customers.account-number", CUSTOMERS, "filtering", customer_is_found_by_account_number, "v18"),
    _law("runs.forward", LIST, "lifecycle", status_never_goes_back, "v08", needs=("complete_run",)),
)  # fmt: skip

LAW_BOOK = LawBook(
    "billingplatform",
    LAWS,
    health_check=LIST,
    health_check_query={"limit": 1},
    unknown_ids=frozenset(UNKNOWN_ID.values()),
    clean_up="the API cannot delete billing runs: remove them in the vendor's web interface",
)
