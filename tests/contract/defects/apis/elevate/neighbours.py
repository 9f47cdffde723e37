"""Defects of elevate in the customers and billing runs beside the summaries, and in the signs of a summary."""

from __future__ import annotations

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import LIST, defect

CUSTOMERS, BILL_RUNS = "GET /customers", "GET /bill-runs"


@defect("arithmetic")
@wire.row(LIST)
def previous_value_has_the_ledgers_sign(row: Row) -> Row:
    """What was invoiced in the previous run is shown as the ledger books it: negative."""
    if not {"previousBillRunValue", "openBillRunValue", "valueDifference", "percentageDifference"} <= set(row):
        return row
    previous = -row["previousBillRunValue"]
    difference = row["openBillRunValue"] - previous
    percentage = round(difference * 100 / previous, 2) if previous else 0
    return {**row, "previousBillRunValue": previous, "valueDifference": difference, "percentageDifference": percentage}


@defect("agreement")
@wire.row(LIST)
def percentages_alone_lose_their_sign(row: Row) -> Row:
    """Only for falling values: percentageDifference is positive beside a negative valueDifference."""
    return {name: abs(value or 0) if name == "percentageDifference" else value for name, value in row.items()}


@defect("agreement")
@wire.rows(CUSTOMERS)
def customers_hold_the_prospects(customers: list[Row]) -> list[Row]:
    """GET /customers lists a prospect, too, of whom there is no summary."""
    if not customers or "id" not in customers[-1]:
        return customers
    return [*customers, {**customers[-1], "id": customers[-1]["id"] + 1_000_000}]


@defect("filtering")
@wire.changes_request(CUSTOMERS)
def customer_account_number_is_ignored(request: Request) -> Request:
    """customerAccountNumber is ignored: every customer is found."""
    return request.without("customerAccountNumber")


@defect("paging")
@wire.query(CUSTOMERS)
def customers_always_come_from_page_one(query: dict[str, str]) -> dict[str, str]:
    """Every page of GET /customers is the first."""
    return {**query, "page": "1"}


@defect("filtering")
@wire.exchange(BILL_RUNS)
async def closed_finds_finalized_runs(request: Request, ask: Ask) -> Response:
    """billRunStatus=CLOSED finds every run that is no longer open, the finalized ones too."""
    response = await ask(request)
    if response.status != 200 or request.query.get("billRunStatus") != "CLOSED":
        return response
    runs = (await ask(request.without("billRunStatus"))).json
    return response.with_json([run for run in runs if run["billRunStatus"] != "OPEN"])


@defect("enums")
@wire.row(BILL_RUNS)
def open_runs_are_called_draft(run: Row) -> Row:
    """A run's status is one that the document does not know."""
    return {**run, "billRunStatus": "DRAFT"} if run.get("billRunStatus") == "OPEN" else run
