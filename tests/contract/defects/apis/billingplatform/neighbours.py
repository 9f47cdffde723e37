"""Defects of billingplatform in customers and invoices, and in the instants at which a run moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import RUN, defect

CUSTOMERS, INVOICES = "GET /customers/", "GET /invoices/"


@defect("agreement")
@wire.row(INVOICES)
def invoices_are_listed_without_their_tax(invoice: Row) -> Row:
    """An invoice's amount is net, while its run's holds the tax."""
    net = round(Decimal(str(invoice["amount"])) / Decimal("1.2"), 2)
    return {**invoice, "amount": type(invoice["amount"])(net)}


@defect("filtering")
@wire.changes_request(INVOICES)
def max_date_is_ignored(request: Request) -> Request:
    """maxDate is ignored: later invoices are found, too."""
    return request.without("maxDate")


@defect("filtering")
@wire.changes_request(INVOICES)
def min_due_date_is_ignored(request: Request) -> Request:
    """minDueDate is ignored: invoices that were due before are found, too."""
    return request.without("minDueDate")


@defect("filtering")
@wire.changes_request(INVOICES)
def invoice_number_is_ignored(request: Request) -> Request:
    """invoiceNumber is ignored: every invoice is found."""
    return request.without("invoiceNumber")


@defect("filtering")
@wire.exchange(CUSTOMERS)
async def an_unknown_account_number_finds_everyone(request: Request, ask: Ask) -> Response:
    """Only for an accountNumber that no customer has: the whole list comes."""
    response = await ask(request)
    return await ask(request.without("accountNumber")) if response.json == [] else response


@defect("lifecycle")
@wire.row(*RUN)
def runs_move_in_summer_time(run: Row) -> Row:
    """commencedDate and completedDate are in British Summer Time, an hour ahead, but marked as UTC."""

    def ahead(moment: str | None) -> str | None:
        return moment and (datetime.fromisoformat(moment) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")

    return {**run, **{name: ahead(run[name]) for name in ("commencedDate", "completedDate")}}
