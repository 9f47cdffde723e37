"""Defects of oracle-brm in bills on demand, in how bills change, and in whom and what bills name."""

from __future__ import annotations

from datetime import timedelta

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import BILLS, BOUNDS, FETCH, LIST, defect, instant_in

AHEAD = timedelta(hours=2)

# --- bills on demand --------------------------------------------------------------------------------


@defect("lifecycle")
@wire.row(LIST, FETCH)
def bills_on_demand_are_on_cycle(bill: Row) -> Row:
    """Only for bills that came of a request: their run type is onCycle, as that of all others."""
    return {**bill, "runType": "onCycle"} if bill.get("runType") == "offCycle" else bill


# --- when bills change ------------------------------------------------------------------------------


@defect("agreement")
@wire.exchange(LIST, FETCH)
async def last_update_is_local_time(request: Request, ask: Ask) -> Response:
    """lastUpdate, shown and asked for, is local time that is said to be UTC."""

    def bound(name: str, text: str) -> str:
        instant = instant_in(text) if name in {f"lastUpdate{bound}" for bound in BOUNDS} else None
        return (instant - AHEAD).isoformat() if instant else text

    response = await ask(request)
    if response.status != 200:
        return response
    try:
        asked = {name: bound(name, text) for name, text in request.query.items()}
    except OverflowError:  # a bound in the first hours of the year 1
        return response
    response = await ask(request.with_query(asked))

    def shown(bill: Row) -> Row:
        instant = instant_in(bill["lastUpdate"]) if bill.get("lastUpdate") else None
        return {**bill, "lastUpdate": f"{instant + AHEAD:%Y-%m-%dT%H:%M:%SZ}"} if instant else bill

    found = response.json
    return response.with_json([shown(bill) for bill in found] if isinstance(found, list) else shown(found))


@defect("lifecycle")
@wire.exchange(LIST)
async def last_update_is_indexed_once(request: Request, ask: Ask) -> Response:
    """Only for bills in progress that were charged again: lastUpdate.gte uses the first lastUpdate they had."""
    response = await ask(request)
    if response.status != 200:
        return response
    for full, _ in await BILLS.all(request.with_query({}), ask):
        if full["state"] == "inProgress":
            ask.memory.setdefault((request.path, full["id"]), full["lastUpdate"])
    limit = instant_in(request.query.get("lastUpdate.gte", ""))
    if limit is None:
        return response

    def is_found(bill: Row) -> bool:
        first = ask.memory.get((request.path, bill["id"])) if bill["state"] == "inProgress" else None
        instant = instant_in(first or bill["lastUpdate"])
        return instant is not None and instant >= limit

    kept = [shown for full, shown in await BILLS.all(request, ask) if is_found(full)]
    return BILLS.answer(response, request, kept)


# --- whom and what bills name -----------------------------------------------------------------------


@defect("agreement")
@wire.row(LIST, FETCH)
def first_bills_keep_an_older_party_name(bill: Row) -> Row:
    """Only in an account's first bill: a party has the name that it had before it was renamed."""
    if not bill["id"].endswith("001") or not bill.get("relatedParty"):
        return bill
    return {
        **bill,
        "relatedParty": [{**party, "name": f"{party['name']} i. G."} for party in bill["relatedParty"]],
    }


@defect("arithmetic")
@wire.row(LIST, FETCH)
def bills_leave_their_tax_items_out(bill: Row) -> Row:
    """A bill's total holds the tax, and its list of taxes is empty."""
    return {**bill, "taxItem": []} if bill.get("taxItem") else bill


@defect("agreement")
@wire.row(LIST, FETCH)
def the_customer_is_a_party_twice(bill: Row) -> Row:
    """The customer is listed once as the account's owner and once as the payer, both in the role customer."""
    return {**bill, "relatedParty": bill["relatedParty"] * 2} if bill.get("relatedParty") else bill
