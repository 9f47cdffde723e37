"""The laws of billingplatform.uk's billing runs, which must hold over HTTP at any implementation.

Clause ids are those of ``specs/billingplatform/clauses.yaml``."""

from __future__ import annotations

from typing import Any

from counterfoil.apis.billingplatform.laws.production import (
    calls_count_by_their_start,
    customer_is_found_by_account_number,
    cutoff_excludes_its_day,
    dates_are_when_it_moved,
    invoice_filters_select,
    invoices_have_the_dates_of_their_run,
    requesting_needs_an_invoice_date,
    run_is_the_sum_of_its_invoices,
    status_never_goes_back,
    transaction_cutoff_includes_its_day,
)
from counterfoil.apis.billingplatform.laws.resources import (
    AFTER,
    CHANGE,
    CREATE,
    CUSTOMERS,
    DATES,
    ERROR,
    FETCH,
    FRESH,
    INVALID_BODIES,
    INVOICES,
    LIST,
    RUN,
    RUNS,
    SAMPLES,
    STATUS,
    STATUSES,
    UNKNOWN_ID,
    WRITING_SAMPLES,
)
from counterfoil.apis.billingplatform.laws.runs import (
    FAR_PAST,
    amount_in_step,
    commenced_in_step,
    completed_in_step,
    created_now_is_found,
    id_is_text,
    list_comes_whole,
    since_ends,
    since_includes_the_instant,
    since_knows_offsets,
    since_narrows,
    slash_or_none,
    slash_or_none_posting,
    update_is_seen,
)
from counterfoil.contract.finding import SHAPE
from counterfoil.contract.law import Law, LawBook, says
from counterfoil.contract.laws import auth, combining, errors, filtering, items, lifecycle, paging, reading, sorting
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.combining import Combined


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
    items.unique("billingplatform.runs.unique", RUNS, "c06", "c26", "v07"),
    items.each("billingplatform.runs.id-is-text", RUNS, id_is_text, "c26", family=SHAPE),
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
    _law("paging.no-limit", LIST, "paging", list_comes_whole, "c06", "c10", "v16"),
    combining.together(
        "billingplatform.list.together", Combined(RUNS, extras=({}, {"createdSince": FAR_PAST}, {"updatedSince": FAR_PAST})),
        "c07", "c08", "c09", "v16",
        says_="With idAfter, createdSince and updatedSince together, pages are slices of the filtered list.",
    ),
    _law("since.created-ends", LIST, "filtering", since_ends("createdSince"), "c08",
         text="createdSince long ago finds every run, in the far future none."),
    _law("since.updated-ends", LIST, "filtering", since_ends("updatedSince"), "c09",
         text="updatedSince long ago finds every run, in the far future none."),
    _law("since.created-narrows", LIST, "filtering", since_narrows("createdSince"), "c08",
         text="A later createdSince only ever removes runs."),
    _law("since.updated-narrows", LIST, "filtering", since_narrows("updatedSince"), "c09",
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
    reading.list_item_is_single("billingplatform.run.as-listed", RUNS, FETCH, "c05", "v07"),
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
        [SampleRequest(CREATE, body=body) for body in INVALID_BODIES],
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
    _law("runs.needs-date", FETCH, "lifecycle", requesting_needs_an_invoice_date, "v09", writes=True, needs=("move_run",)),
    _law("cutoff.charges", FETCH, "lifecycle", cutoff_excludes_its_day, "c23", "v12", writes=True,
         needs=("advance", "charge", "move_run", "now")),
    _law("cutoff.calls", FETCH, "lifecycle", calls_count_by_their_start, "c02", "c23", "v12", writes=True,
         needs=("advance", "move_run", "now", "use")),
    _law("cutoff.transactions", FETCH, "lifecycle", transaction_cutoff_includes_its_day, "c03", "c24", "v13", writes=True,
         needs=("advance", "charge", "move_run", "now")),
    _law("slash.reading", LIST, "reading", slash_or_none, "v06"),
    _law("slash.creating", CREATE, "lifecycle", slash_or_none_posting, "v06", writes=True),
    # customers and invoices
    _law("invoices.total", INVOICES, "agreement", run_is_the_sum_of_its_invoices, "c01", "c21", "v14", "v17"),
    _law("invoices.dates", INVOICES, "agreement", invoices_have_the_dates_of_their_run, "c01", "c04", "c22", "c25"),
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
