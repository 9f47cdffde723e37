"""Defects of elevate in one summary: its values, their sums, and what a billing run does to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ... import wire
from ...common import plans_the_past
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import LIST, MEMBERS, defect


def _replaced(row: Row, member: str, change: Any) -> Row:
    return {**row, member: change(row[member])} if member in row else row


@defect("identity")
@wire.rows(LIST)
def the_last_customer_comes_twice(rows: list[Row]) -> list[Row]:
    """The list ends with its last item again."""
    return rows + rows[-1:]


@defect("identity")
@wire.row(LIST)
def customer_id_is_text(row: Row) -> Row:
    """customerId is a string."""
    return _replaced(row, "customerId", str)


@defect("enums")
@wire.row(LIST)
def ceased_is_called_terminated(row: Row) -> Row:
    """A billing status that the document does not know."""
    return _replaced(row, "billingStatus", lambda status: "TERMINATED" if status == "CEASED" else status)


@defect("enums")
@wire.row(LIST)
def incomplete_is_called_partial(row: Row) -> Row:
    """A rating status that the document does not know."""
    return _replaced(row, "ratingStatus", lambda status: "COMPLETE" if status == "COMPLETE" else "PARTIAL")


@defect("arithmetic")
@wire.row(LIST)
def difference_is_the_wrong_way_round(row: Row) -> Row:
    """valueDifference is previous less open."""
    return _replaced(row, "valueDifference", lambda value: -value)


@defect("arithmetic")
@wire.row(LIST)
def difference_is_never_negative(row: Row) -> Row:
    """Only for negative differences: the sign is lost."""
    return _replaced(row, "valueDifference", abs)


@defect("arithmetic")
@wire.row(LIST)
def difference_is_rounded_to_whole_units(row: Row) -> Row:
    """valueDifference has no cents."""
    return _replaced(row, "valueDifference", round)


@defect("arithmetic", scenario="late-payer")
@wire.row(LIST)
def percentage_is_of_the_open_value(row: Row) -> Row:
    """percentageDifference is a share of the open value."""
    if not {"valueDifference", "openBillRunValue"} <= set(row) or not row["openBillRunValue"]:
        return row
    share = Decimal(row["valueDifference"]) * 100 / row["openBillRunValue"]
    return _replaced(row, "percentageDifference", lambda _: round(share, 2))


@defect("arithmetic")
@wire.row(LIST)
def percentage_is_a_fraction(row: Row) -> Row:
    """percentageDifference is 0.5 where it should be 50."""
    return _replaced(row, "percentageDifference", lambda value: value and Decimal(value) / 100)


@defect("arithmetic")
@wire.row(LIST)
def percentage_stops_at_minus_fifty(row: Row) -> Row:
    """Only for negative percentages: none is below -50."""
    return _replaced(row, "percentageDifference", lambda value: max(value, -50))


@defect("arithmetic")
@wire.row(LIST)
def percentage_without_base_is_a_hundred(row: Row) -> Row:
    """A customer with nothing in the previous run is up by 100 %."""
    is_without = row.get("previousBillRunValue", 1) == 0
    return _replaced(row, "percentageDifference", lambda value: 100 if is_without else value)


@defect("agreement")
@wire.row(LIST)
def billed_customers_are_never_billed(row: Row) -> Row:
    """A customer with one invoice counts as never billed."""
    return _replaced(row, "billingStatus", lambda status: "NEVER_BILLED" if status == "FIRST_INVOICE" else status)


def _with_previous(row: Row, previous: Any) -> Row:
    """Another previous value, and what follows from it."""
    difference = row["openBillRunValue"] - previous
    percentage = round(Decimal(difference) * 100 / previous, 2) if previous else 0
    return {**row, "previousBillRunValue": previous, "valueDifference": difference, "percentageDifference": percentage}


@defect("lifecycle")
@wire.exchange(LIST)
async def previous_is_the_first_run(request: Request, ask: Ask) -> Response:
    """The previous value stays that of the first run seen, however many complete."""
    response = await ask(request)
    if response.status != 200 or "fields" in request.query:
        return response
    first = {row["customerId"]: row["previousBillRunValue"] for row in response.json}
    ask.memory.update({customer: value for customer, value in first.items() if customer not in ask.memory})
    return response.with_json([_with_previous(row, ask.memory[row["customerId"]]) for row in response.json])


@defect("lifecycle")
@wire.exchange(LIST)
async def a_planned_run_says_what_is_open(request: Request, ask: Ask) -> Response:
    """Nothing is open while a run is planned that bills up to a day that has passed."""
    response = await ask(request)
    if response.status != 200 or "fields" in request.query or not await plans_the_past(request, ask):
        return response
    return response.with_json(
        [_with_previous({**row, "openBillRunValue": 0}, row["previousBillRunValue"]) for row in response.json]
    )


@defect("lifecycle")
@wire.row(LIST)
def previous_value_holds_the_tax(row: Row) -> Row:
    """What was open without tax becomes the previous value with it."""
    if not set(MEMBERS) <= set(row):
        return row
    return _with_previous(row, round(row["previousBillRunValue"] * Decimal("1.19"), 2))


@defect("reading")
@wire.exchange(LIST)
async def reading_turns_the_list_round(request: Request, ask: Ask) -> Response:
    """Every second answer comes backwards."""
    response = await ask(request)
    ask.memory["read"] = not ask.memory.get("read", False)
    return response.with_json(response.json[::-1]) if response.status == 200 and ask.memory["read"] else response
