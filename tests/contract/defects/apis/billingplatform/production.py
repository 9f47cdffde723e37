"""Defects of billingplatform in what runs produce: cutoffs, dates, amounts, and in parts of the list that are combined."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import CHANGE, CREATE, LIST, RUN, SINCE, defect

INVOICES, OF_CUSTOMER = "GET /invoices/", "GET /customers/{id}/invoices/"


def _kept_as(member: str, days: int) -> Callable[[Callable[[], None]], wire.Defect]:
    """The date in ``member`` is stored so many days later than it was sent, and shown as it was sent."""

    def moved(run: Row, by: int) -> Row:
        text = run.get(member)
        try:
            return {**run, member: (date.fromisoformat(text) + timedelta(days=by)).isoformat()} if text else run
        except (TypeError, ValueError):  # not a date: refused as it is
            return run

    def made(function: Callable[[], None]) -> wire.Defect:
        @wire.exchange(*RUN)
        @functools.wraps(function)
        async def defect(request: Request, ask: Ask) -> Response:
            if request.is_for(CREATE, CHANGE) and isinstance(request.json, dict):
                request = request.with_json(moved(request.json, days))
            response = await ask(request)
            found = response.json if response.status < 300 else None
            if isinstance(found, list):
                return response.with_json([moved(run, -days) for run in found])
            return response.with_json(moved(found, -days)) if isinstance(found, dict) else response

        return defect

    return made


@defect("lifecycle")
@_kept_as("cutoffDate", 1)
def the_cutoff_day_is_included() -> None:
    """A run bills what is dated on the day of its cutoff, too."""


@defect("lifecycle")
@_kept_as("cutoffDate", -1)
def the_day_before_the_cutoff_is_left_out() -> None:
    """A run does not bill what is dated on the day before its cutoff."""


@defect("lifecycle")
@_kept_as("transactionCutoffDate", -1)
def the_transaction_cutoff_day_is_left_out() -> None:
    """A run does not bill the charges dated on the day of its transaction cutoff."""


@defect("lifecycle")
@_kept_as("transactionCutoffDate", 1)
def the_transaction_cutoff_is_a_day_generous() -> None:
    """A run bills the charges dated on the day after its transaction cutoff."""


@defect("lifecycle")
@wire.exchange(OF_CUSTOMER, INVOICES)
async def charges_are_billed_by_every_run(request: Request, ask: Ask) -> Response:
    """What a run billed stays on the account, and the next run of the day bills it again."""
    response = await ask(request)
    if response.status != 200:
        return response
    runs = (await ask(Request("GET", request.path[: request.path.index("/backend/")] + "/backend/api/v1/billingRuns/",
                              headers=request.headers))).json  # fmt: skip
    invoices = response.json
    last = runs[-1]
    same_day = [
        each for each in invoices if each["invoiceDate"] == last["invoiceDate"] and each["billingRun"] != last["id"]
    ]
    if last["status"] != "Complete" or not same_day:
        return response
    again = [
        {**each, "invoiceNumber": f"{each['invoiceNumber']}-{last['id']}", "billingRun": last["id"]}
        for each in same_day
    ]
    return response.with_json([*invoices, *again])


@defect("lifecycle")
@wire.row(*RUN)
def a_run_is_requested_without_an_invoice_date(run: Row) -> Row:
    """Only without an invoice date: the run counts as requested as soon as it has a cutoff."""
    is_meant = run["status"] == "Pending" and run["cutoffDate"] and not run["invoiceDate"]
    return {**run, "status": "Requested"} if is_meant else run


@defect("lifecycle")
@wire.row(*RUN)
def without_a_cutoff_a_run_stays_pending(run: Row) -> Row:
    """Only without a cutoff: requesting bills leaves the run Pending."""
    return {**run, "status": "Pending"} if run["status"] == "Requested" and not run["cutoffDate"] else run


@defect("agreement")
@wire.row(INVOICES)
def invoices_are_dated_a_day_later(invoice: Row) -> Row:
    """An invoice is dated when it was produced, not as its run says."""
    return {**invoice, "invoiceDate": (date.fromisoformat(invoice["invoiceDate"]) + timedelta(days=1)).isoformat()}


@defect("agreement")
@wire.row(INVOICES)
def invoices_are_due_in_a_month(invoice: Row) -> Row:
    """An invoice is due 30 days after its date, whatever its run says."""
    return {**invoice, "dueDate": (date.fromisoformat(invoice["invoiceDate"]) + timedelta(days=30)).isoformat()}


@defect("agreement")
@wire.row(INVOICES)
def invoices_name_the_next_run(invoice: Row) -> Row:
    """An invoice names the run after the one that produced it."""
    return {**invoice, "billingRun": invoice["billingRun"] and str(int(invoice["billingRun"]) + 1)}


@defect("arithmetic")
@wire.row(*RUN)
def every_complete_run_has_one_amount(run: Row) -> Row:
    """invoiceAmount of a complete run is 123456.78."""
    amount = run["invoiceAmount"]
    return {**run, "invoiceAmount": type(amount)("123456.78")} if run["status"] == "Complete" and amount else run


@defect("arithmetic")
@wire.row(*RUN)
def amounts_are_in_pence(run: Row) -> Row:
    """invoiceAmount is a hundred times the total."""
    amount = run["invoiceAmount"]
    return {**run, "invoiceAmount": type(amount)(Decimal(str(amount)) * 100)} if amount else run


@defect("lifecycle")
@wire.row(*RUN)
def runs_commenced_in_1990(run: Row) -> Row:
    """commencedDate is the first instant that the server knows."""
    return {**run, "commencedDate": run["commencedDate"] and "1990-01-01T00:00:00Z"}


# --- the list, several parts at once ----------------------------------------------------------------


@defect("filtering")
@wire.changes_request(LIST)
def later_pages_forget_id_after(request: Request) -> Request:
    """Only past the first page: idAfter is ignored."""
    return request.without("idAfter") if request.query.get("offset", "0") not in ("0", "-1") else request


@defect("paging")
@wire.changes_request(LIST)
def an_offset_is_ignored_with_two_filters(request: Request) -> Request:
    """Only with idAfter and an instant at once: every page is the first."""
    is_meant = "idAfter" in request.query and set(SINCE) & set(request.query)
    return request.without("offset") if is_meant else request


@defect("filtering")
@wire.changes_request(LIST)
def an_instant_replaces_id_after(request: Request) -> Request:
    """Only with createdSince: idAfter is ignored."""
    return request.without("idAfter") if "createdSince" in request.query else request
