"""Defects of billingplatform in creating and changing a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ... import wire
from ...common import now
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import CHANGE, CREATE, FIELDS, LIST, LOCKED, RUN, RUNS, defect, list_path

# --- creating and changing --------------------------------------------------------------------------


@defect("lifecycle")
@wire.sent(CREATE)
def creating_forgets_the_subrun(body: Row) -> Row:
    """A run is created without the subrun that was sent."""
    return {name: value for name, value in body.items() if name != "subrun"}


@defect("lifecycle")
@wire.rows(LIST)
def created_runs_are_not_listed(runs: list[Row]) -> list[Row]:
    """The list shows the runs that had an invoice date from the start."""
    return [run for run in runs if run["invoiceDate"]]


@defect("lifecycle")
@wire.exchange(*RUN)
async def ids_fall(request: Request, ask: Ask) -> Response:
    """A new run's id is below that of the run created before it, once there are five."""
    given = request.segment()
    if given.isdecimal() and int(given) > 500_000:
        request = replace(request, path=list_path(request) + str(1_000_000 - int(given)))
    response = await ask(request)
    if response.status >= 300:
        return response

    def shown(run: Row) -> Row:
        return {**run, "id": str(1_000_000 - int(run["id"]))} if int(run["id"]) > 5 else run

    found = response.json
    if isinstance(found, dict):
        return response.with_json(shown(found))
    return response.with_json(sorted(map(shown, found), key=lambda run: int(run["id"])))


def _creates(function: Callable[[Row, Row], Row]) -> wire.Defect:
    """``f(run, sent) -> run``: how a created run is answered."""

    async def changed(request: Request, ask: Ask) -> Response:
        response = await ask(request)
        return response.with_json(function(response.json, request.json)) if response.status < 300 else response

    changed.__name__, changed.__doc__ = function.__name__, function.__doc__
    return wire.exchange(CREATE)(changed)


@defect("lifecycle")
@_creates
def a_client_may_create_a_requested_run(run: Row, sent: Row) -> Row:
    """POST takes status."""
    return {**run, "status": sent.get("status", "Pending")}


@defect("lifecycle")
@_creates
def a_client_may_set_the_amount(run: Row, sent: Row) -> Row:
    """invoiceAmount takes what is sent when a run is created."""
    return {**run, "invoiceAmount": sent.get("invoiceAmount", run["invoiceAmount"])}


@defect("lifecycle")
@wire.sent(CHANGE)
def patch_is_put(body: Row) -> Row:
    """PATCH clears every member that was not sent."""
    return {**dict.fromkeys(FIELDS), **body}


@defect("lifecycle")
@wire.sent(CHANGE)
def patch_cannot_clear(body: Row) -> Row:
    """A member sent as null stays as it was."""
    return {name: value for name, value in body.items() if value is not None}


@defect("lifecycle")
@wire.sent(CHANGE)
def patch_forgets_all_but_one_member(body: Row) -> Row:
    """Only with several members: the first alone is changed."""
    return dict(list(body.items())[:1])


@defect("lifecycle")
@wire.sent(CHANGE)
def changing_the_name_clears_the_subrun(body: Row) -> Row:
    """A new name costs a run its subrun."""
    return {**body, "subrun": None} if "name" in body else body


@defect("lifecycle")
@wire.sent(CHANGE)
def transaction_cutoff_is_the_cutoff(body: Row) -> Row:
    """transactionCutoffDate is written over cutoffDate."""
    return {("cutoffDate" if name == "transactionCutoffDate" else name): value for name, value in body.items()}


@defect("lifecycle")
@wire.sent(CHANGE)
def the_message_loses_its_capitals(body: Row) -> Row:
    """invoiceMessage is stored in lower case."""
    message = body.get("invoiceMessage")
    return {**body, "invoiceMessage": message.lower()} if isinstance(message, str) else body


@defect("lifecycle")
@wire.sent(CHANGE)
def an_empty_patch_stamps_the_name(body: Row) -> Row:
    """A PATCH that names no member changes the name."""
    return body or {"name": "changed"}


@defect("lifecycle")
@wire.exchange(CHANGE)
async def the_answer_to_a_patch_is_the_old_run(request: Request, ask: Ask) -> Response:
    """PATCH answers with the run as it was before."""
    before = await ask(replace(request, method="GET", body=b""))
    response = await ask(request)
    return response.with_json(before.json) if response.status == 200 else response


@defect("lifecycle")
@wire.exchange(CHANGE, LIST)
async def updates_are_not_stamped(request: Request, ask: Ask) -> Response:
    """updatedSince does not see a change."""
    response = await ask(request)
    if request.method == "PATCH" and response.status == 200:
        ask.memory[response.json["id"]] = True
    if response.status != 200 or "updatedSince" not in request.query:
        return response
    query = request.without("updatedSince").query | {"createdSince": request.query["updatedSince"]}
    new = await RUNS.keys(request.with_query(query), ask)
    return response.with_json([run for run in response.json if run["id"] not in ask.memory or run["id"] in new])


@defect("lifecycle")
@wire.exchange(CHANGE, LIST)
async def a_change_counts_as_creation(request: Request, ask: Ask) -> Response:
    """createdSince finds an old run after it was changed."""
    response = await ask(request)
    if request.method == "PATCH" and response.status == 200:
        ask.memory[response.json["id"]] = await now(request, ask)
    if response.status != 200 or "createdSince" not in request.query:
        return response
    since = datetime.fromisoformat(request.query["createdSince"])
    found = await RUNS.keys(request, ask)
    everything = await RUNS.all(request.without("createdSince"), ask)
    kept = [run for run, _ in everything if run["id"] in found or ask.memory.get(run["id"], since) > since]
    return RUNS.answer(response, request, kept)


# --- locks ------------------------------------------------------------------------------------------


def _unlocks(name: str, says: str, members: tuple[str, ...], statuses: tuple[str, ...] = ()) -> wire.Defect:
    """Where a PATCH is refused, it changes ``members`` all the same, of runs in one of ``statuses`` (any, if none)."""

    @wire.exchange(*RUN)
    async def changed(request: Request, ask: Ask) -> Response:
        response = await ask(request)
        if request.method == "PATCH" and response.status == 409:
            status = (await ask(replace(request, method="GET", body=b""))).json["status"]
            body = request.json
            rest = {member: value for member, value in body.items() if member not in members}
            if not statuses or status in statuses:
                again = await ask(request.with_json(rest))
                if again.status == 200:
                    response = again
                    run = ask.memory.setdefault(again.json["id"], {})
                    run.update({member: body[member] for member in members if member in body})
        found = response.json
        if response.status >= 300:
            return response
        if isinstance(found, dict):
            return response.with_json({**found, **ask.memory.get(found["id"], {})})
        return response.with_json([{**run, **ask.memory.get(run["id"], {})} for run in found])

    changed.__name__, changed.__doc__ = name, says  # type: ignore[attr-defined]
    return changed


defect("lifecycle")(
    _unlocks("lock_ignores_due_date", "dueDate can be changed after bills were requested.", ("dueDate",))
)
defect("lifecycle")(
    _unlocks(
        "lock_ignores_the_message", "invoiceMessage can be changed after bills were requested.", ("invoiceMessage",)
    )
)
defect("lifecycle")(
    _unlocks(
        "lock_opens_when_complete",
        "Only when a run is complete: its dates can be changed again.",
        LOCKED,
        ("Complete",),
    )
)


def _free(request: Request) -> Request:
    """The change without the members that are locked."""
    return request.with_json({name: value for name, value in request.json.items() if name not in LOCKED})


@defect("lifecycle")
@wire.exchange(CHANGE)
async def a_refused_change_is_half_done(request: Request, ask: Ask) -> Response:
    """A PATCH that is refused for a locked date has changed the name."""
    response = await ask(request)
    if response.status == 409:
        await ask(_free(request))
    return response


@defect("lifecycle")
@wire.exchange(CHANGE)
async def lock_is_silent(request: Request, ask: Ask) -> Response:
    """A locked member is left as it was, with status 200."""
    response = await ask(request)
    return await ask(_free(request)) if response.status == 409 else response


@defect("errors")
@wire.changes_response(CHANGE)
def a_conflict_does_not_name_the_member(response: Response) -> Response:
    """The refusal of a locked member does not say which it was."""
    return response.with_json({"error": "locked"}) if response.status == 409 else response
