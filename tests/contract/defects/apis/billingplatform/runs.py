"""Defects of billingplatform in one run as it is shown."""

from __future__ import annotations

from dataclasses import replace

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import CHANGE, FETCH, LIST, RUN, defect, list_path


@defect("enums")
@wire.row(*RUN)
def complete_is_called_completed(run: Row) -> Row:
    """A status that the document does not know."""
    return {**run, "status": "Completed"} if run["status"] == "Complete" else run


@defect("agreement")
@wire.row(*RUN)
def commenced_date_waits_for_the_end(run: Row) -> Row:
    """A running run has no commencedDate yet."""
    return {**run, "commencedDate": run["commencedDate"] if run["completedDate"] else None}


@defect("agreement")
@wire.row(*RUN)
def completed_date_is_set_while_running(run: Row) -> Row:
    """Only while a run is running: completedDate is there already."""
    return {**run, "completedDate": run["completedDate"] or run["commencedDate"]}


@defect("agreement")
@wire.row(*RUN)
def dates_of_a_run_are_exchanged(run: Row) -> Row:
    """completedDate is before commencedDate."""
    if not run["completedDate"]:
        return run
    return {**run, "commencedDate": run["completedDate"], "completedDate": run["commencedDate"]}


@defect("agreement")
@wire.row(*RUN)
def a_pending_run_has_an_amount(run: Row) -> Row:
    """A run that billed nothing yet shows 1.00."""
    return {**run, "invoiceAmount": "1.00"} if run["status"] == "Pending" else run


@defect("arithmetic")
@wire.row(*RUN)
def a_complete_run_has_no_amount(run: Row) -> Row:
    """A complete run shows no amount at all."""
    return {**run, "invoiceAmount": None} if run["status"] == "Complete" else run


@defect("reading")
@wire.body(FETCH)
def single_fetch_forgets_the_message(run: Row) -> Row:
    """A run fetched alone has no invoiceMessage."""
    return {**run, "invoiceMessage": None}


@defect("reading")
@wire.exchange(LIST)
async def reading_renames_the_first_run(request: Request, ask: Ask) -> Response:
    """Every reading of the list counts itself in the first run's name."""
    response = await ask(request)
    if response.status != 200:
        return response
    count = ask.memory["read"] = ask.memory.get("read", 0) + 1
    first = [{**run, "name": f"{run['name']} {count}"} for run in response.json[:1]]
    return response.with_json(first + response.json[1:])


@defect("lifecycle")
@wire.exchange(LIST, FETCH)
async def a_complete_run_is_pending_again(request: Request, ask: Ask) -> Response:
    """When a further run completes, the ones before it go back to Pending."""
    response = await ask(request)
    if response.status != 200:
        return response
    base = request.path[: request.path.index("/billingRuns")] + "/billingRuns/"
    everything = (await ask(replace(request, path=base, query_string=""))).json
    newest = max((int(run["id"]) for run in everything if run["status"] == "Complete"), default=0)

    def shown(run: Row) -> Row:
        return {**run, "status": "Pending"} if run["status"] == "Complete" and int(run["id"]) < newest else run

    found = response.json
    return response.with_json([shown(run) for run in found] if isinstance(found, list) else shown(found))


@defect("errors")
@wire.exchange(FETCH)
async def an_unknown_run_is_empty(request: Request, ask: Ask) -> Response:
    """A run that does not exist is answered 200 with null members."""
    response = await ask(request)
    return (
        response.with_json({"id": request.segment(), "status": "Pending"}, 200) if response.status == 404 else response
    )


@defect("errors")
@wire.exchange(CHANGE)
async def changing_an_unknown_run_creates_it(request: Request, ask: Ask) -> Response:
    """PATCH of a run that does not exist creates one."""
    response = await ask(request)
    return await ask(replace(request, method="POST", path=list_path(request))) if response.status == 404 else response
