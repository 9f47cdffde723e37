"""The laws of Flexprice's summaries of a customer's invoices, which must hold over HTTP at any implementation.

Clause ids are those of ``specs/flexprice/clauses.yaml``. ``Target.known["id"]`` says which customers the laws look at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.apis.flexprice.laws.changes import (
    after,
    due_strictly,
    issuing_adds,
    one_off_is_fixed,
    overpaid,
    paid,
    part_paid,
    paused,
    payer_counts_once,
    payment_pending,
    refunded,
    subscribed,
    voided,
)
from counterfoil.apis.flexprice.laws.customers import (
    COMBINED,
    CUSTOMER,
    LIST,
    SEARCH,
    filters_select,
    found_by_either_id,
    pages_are_slices,
    search_is_the_list,
    unknown_is_not_found,
)
from counterfoil.apis.flexprice.laws.requests import OPTIONS, SMALLEST_READ, SUMMARY, UNKNOWN_ID, answers, summaries
from counterfoil.apis.flexprice.laws.responses import (
    INVALID,
    UNAUTHORIZED,
    accept_is_ignored,
    any_id_is_accepted,
    authorization_refused,
    exact_body,
    forbidden_body,
    isolated,
    options_open,
    refusals_agree,
    request_id_echoed,
    security_headers,
    unknown_id_is_empty,
    unknown_paths,
    wrong_methods,
)
from counterfoil.apis.flexprice.laws.summary import (
    all_overdue,
    amounts_nested,
    amounts_trimmed,
    charges_gross,
    counts_nested,
    currencies_once,
    customer_ids_match,
    default_is_first,
    members,
    nothing_invoiced,
    nothing_overdue,
    nothing_unpaid,
)
from counterfoil.contract.law import Law, LawBook, says
from counterfoil.contract.laws import auth, combining, items, reading


def _answers(id: str, check: Any, *clauses: str, family: str = "agreement") -> Law:
    return items.documents(
        f"flexprice.{id}", SUMMARY, answers, check, *clauses, family=family, lacking="no customer is known"
    )


def _summaries(
    id: str,
    check: Any,
    *clauses: str,
    family: str = "arithmetic",
    only: Callable[[Any], bool] = lambda summary: True,
    lacking: str = "no customer has a summary",
) -> Law:
    return items.documents(
        f"flexprice.{id}", SUMMARY, summaries, check, *clauses, family=family, only=only, lacking=lacking
    )


def _without(count: str) -> Callable[[Any], bool]:
    return lambda summary: summary[count] == 0


def _law(id: str, family: str, check: Any, *clauses: str, operation: str = SUMMARY, text: str = "", writes: bool = False,
         needs: tuple[str, ...] = ()) -> Law:  # fmt: skip
    return Law(f"flexprice.{id}", operation, family, clauses, text or says(check), check, writes, needs)


def _does(id: str, capability: str, check: Any, *clauses: str, text: str, how: tuple[str, ...] = ()) -> Law:
    return _law(id, "lifecycle", after(capability, check, *how), *clauses, text=text, needs=(capability,))


LAWS: tuple[Law, ...] = (
    # one answer
    _answers("answer.members", members, "c21", "v20", family="form"),
    _answers("answer.whose", customer_ids_match, "c05", "c09"),
    _answers("answer.default", default_is_first, "c10", "v03"),
    _answers("answer.currencies", currencies_once, "c11", "c12", "v16", family="identity"),
    # one summary
    _summaries("summary.decimals", amounts_trimmed, "c21", "v15", family="form"),
    _summaries("summary.counts", counts_nested, "c13", "c14", "c15"),
    _summaries("summary.amounts", amounts_nested, "c16", "c17", "c18"),
    _summaries("summary.all-overdue", all_overdue, "c16",
               only=lambda each: 0 < each["overdue_invoice_count"] == each["unpaid_invoice_count"],
               lacking="no summary has its unpaid invoices all overdue"),
    _summaries("summary.no-invoice", nothing_invoiced, "c13", "v17",
               only=_without("total_invoice_count"), lacking="every summary has an invoice"),
    _summaries("summary.none-unpaid", nothing_unpaid, "c14", "c18", "c19", "c20",
               only=_without("unpaid_invoice_count"), lacking="every summary has an unpaid invoice"),
    _summaries("summary.none-overdue", nothing_overdue, "c15", "c16",
               only=_without("overdue_invoice_count"), lacking="every summary has an overdue invoice"),
    _summaries("summary.charges", charges_gross, "c19", "c20", "v14", "v37"),
    # any id
    _law("id.nobody", "reading", unknown_id_is_empty, "v04"),
    _law("id.any", "reading", any_id_is_accepted, "c09", "v19"),
    reading.twice_the_same(
        "flexprice.reading.idempotent", SUMMARY, "c01", "c06", path=lambda ctx: {"id": ctx.known_ids("id")[0]}
    ),
    # headers
    _law("headers.security", "headers", security_headers, "v26"),
    _law("headers.request-id", "headers", request_id_echoed, "v25"),
    _law("options.open", "headers", options_open, "v27", operation=OPTIONS),
    _law("headers.accept", "headers", accept_is_ignored, "v32"),
    # customers
    _law("customers.read", "reading", found_by_either_id, "v33", operation=CUSTOMER),
    _law("customers.unknown", "errors", unknown_is_not_found, "v34", operation=CUSTOMER),
    _law("customers.pages", "paging", pages_are_slices, "v35", operation=LIST),
    _law("customers.filters", "filtering", filters_select, "v36", operation=LIST),
    combining.together(
        "flexprice.customers.together", COMBINED, "v35", "v36",
        says_="With filters and an order together, pages are slices of the filtered and sorted list, each with its total.",
    ),
    _law("customers.search", "combining", search_is_the_list, "v35", "v36", operation=SEARCH),
    # authentication
    auth.without_credential("flexprice.auth.none", (SMALLEST_READ,), "c04", "v21", error_body=exact_body(401, UNAUTHORIZED)),
    auth.wrong_credential("flexprice.auth.wrong", (SMALLEST_READ,), "c04", "v21",
                          error_body=exact_body(401, UNAUTHORIZED, *INVALID)),
    _law("auth.authorization", "auth", authorization_refused, "v21", "v28"),
    auth.forbidden("flexprice.auth.forbidden", (SMALLEST_READ,), "v22", error_body=forbidden_body),
    # error responses
    _law("errors.path", "errors", unknown_paths, "v23"),
    _law("errors.method", "errors", wrong_methods, "v23", writes=True),
    _law("errors.agree", "errors", refusals_agree, "c07", "c22"),
    # what payments, time and subscriptions do
    _law("auth.isolated", "auth", isolated, "v29", needs=("restricted_credential",)),
    _law("pay.for-another", "lifecycle", payer_counts_once, "v06", "v11", needs=("pay", "payer")),
    _does("pay.part", "pay", part_paid, "v09", "v11", "v14", how=("part",),
          text="A part payment lowers what is unpaid by its amount; counts, charges and other currencies do not change."),
    _does("pay.pending", "pay", payment_pending, "v10", how=("pending",),
          text="A payment that has not succeeded changes nothing."),
    _does("pay.all", "pay", paid, "v09", "v11", "v14",
          text="A full payment makes one invoice fewer unpaid, with its charges, and leaves revenue and total count."),
    _does("pay.refund", "refund", refunded, "v10", "v38",
          text="A refund makes the invoice count as unpaid, with nothing left to pay."),
    _does("pay.over", "pay", overpaid, "v10", "v11", how=("over",),
          text="An overpaid invoice still counts as unpaid, with its charges."),
    _does("pay.void", "cancel_bill", voided, "v06",
          text="A void invoice is not counted, and its amount is not part of the revenue."),
    _law("run.issues", "lifecycle", issuing_adds, "c13", "v06", "v09", needs=("complete_run",)),
    _law("run.charged", "lifecycle", one_off_is_fixed, "c19", "c20", "v14", needs=("charge", "complete_run")),
    _law("due.strictly", "lifecycle", due_strictly, "v12", needs=("advance", "complete_run", "next_due")),
    _does("subscription.newest", "subscribe", subscribed, "v01", "v03", "v17",
          text="The currency of the newest subscription comes first and is the default; the others do not change."),
    _does("subscription.paused", "pause", paused, "v01", "v02",
          text="The currency of a paused subscription is left out, even if it has invoices."),
    _does("subscription.cancelled", "pause", paused, "v01", "v02", how=("cancel",),
          text="The currency of a cancelled subscription is left out, even if it has invoices."),
)  # fmt: skip

LAW_BOOK = LawBook(
    "flexprice",
    LAWS,
    health_check=SUMMARY,
    health_check_path={"id": UNKNOWN_ID},
    health_check_uses_known_ids=True,
    known_parameters=("id",),
    shows_known_id=lambda body: bool(body.get("summaries")),
    unknown_ids=frozenset({UNKNOWN_ID}),
)
