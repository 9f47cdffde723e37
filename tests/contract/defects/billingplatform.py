"""Defects of the billingplatform stand-in: the list and its parts, runs created and changed, locks, who gets in, errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from counterfoil.ledger.records import RunStatus

from counterfoil.api import ApiError, Response
from counterfoil.apis.billingplatform import api, handlers, serializers
from counterfoil.ledger import ledger
from counterfoil.server.routing import PathTable
from counterfoil.world.world import World

from . import ways
from .plant import Plant, defects_of
from .ways import replace

LIST, CREATE = "GET /billingRuns/", "POST /billingRuns/"
FETCH, CHANGE = "GET /billingRuns/{id}", "PATCH /billingRuns/{id}"
defect = defects_of("billingplatform")


def _asked(plant: Plant, change: Any) -> None:
    """The list is asked for with ``change(query)``."""
    plant.around(
        api.routes,
        LIST,
        lambda listed: lambda request, world: listed(replace(request, query=change(dict(request.query))), world),
    )


def _documents(plant: Plant, change: Any) -> None:
    """Every run is shown as ``change(document, run)``."""
    plant.after(handlers, "run_document", lambda document, run, world: change(document, run))


def _writes(plant: Plant, change: Any) -> None:
    """The members written are ``change(members)``."""
    plant.after(handlers, "_members", lambda members, *_: change(members))


def _requests(plant: Plant, operation: str, change: Any) -> None:
    plant.around(
        api.routes,
        operation,
        lambda run: lambda request, world: run(replace(request, body=change(dict(request.body))), world),
    )


# --- the list and its parts ----------------------------------------------------------------------


@defect("identity")
def the_newest_run_is_listed_twice(plant: Plant) -> None:
    """The list ends with its last run again."""
    ways.lists(plant, api, LIST, lambda runs: runs + runs[-1:])


@defect("identity")
def id_is_a_number(plant: Plant) -> None:
    """A run's id is a JSON number."""
    _documents(plant, lambda document, run: {**document, "id": run.number})


@defect("sorting")
def newest_comes_first(plant: Plant) -> None:
    """The list falls by id."""
    ways.lists(plant, api, LIST, lambda runs: runs[::-1])


@defect("sorting", scenario="late-payer")
def order_is_that_of_texts(plant: Plant) -> None:
    """Only with ten runs or more: 10 comes before 2."""
    _more_runs(plant)
    ways.lists(plant, api, LIST, lambda runs: sorted(runs, key=lambda run: run["id"]))


def _more_runs(plant: Plant) -> None:
    """A world with a dozen more pending runs: they are there when the stand-in starts."""
    from counterfoil.world import worlds
    from counterfoil.world.commands import CreateRun

    def grown(world: Any, *_: Any, **__: Any) -> Any:
        for number in range(12):
            world.execute(CreateRun(name=f"Run {number}"))
        return world

    plant.after(worlds.Worlds, "create", grown)


@defect("paging")
def offset_is_a_page_number(plant: Plant) -> None:
    """offset counts pages of limit runs."""
    _asked(plant, lambda query: {**query, "offset": query.get("offset", 0) * query.get("limit", 1)})


@defect("paging")
def offset_counts_from_one(plant: Plant) -> None:
    """offset=1 is taken for the first run."""
    _asked(plant, lambda query: {**query, "offset": max(0, query.get("offset", 0) - 1)})


@defect("paging")
def offset_counts_only_with_a_limit_above_one(plant: Plant) -> None:
    """Only in pages of one: the offset is passed over."""
    _asked(plant, lambda query: {**query, "offset": 0} if query.get("limit") == 1 else query)


@defect("paging")
def limit_counts_from_zero(plant: Plant) -> None:
    """One run more than limit comes."""
    _asked(plant, lambda query: {**query, "limit": query["limit"] + 1} if "limit" in query else query)


@defect("paging")
def the_list_stops_at_two_without_limit(plant: Plant) -> None:
    """Without limit no more than two runs come."""
    _asked(plant, lambda query: {"limit": 2, **query})


@defect("paging")
def past_the_end_is_the_last_run(plant: Plant) -> None:
    """An offset past the end finds the last run again."""

    def listed(answer: Response, request: Any, world: World) -> Response:
        last = max(world.ledger.runs.values(), key=lambda run: run.number, default=None)
        if answer.body or last is None or not request.query.get("offset"):
            return answer
        return replace(answer, body=[serializers.run_document(last, world)])

    ways.answers(plant, api, LIST, listed)


@defect("paging")
def the_last_run_is_missing_from_pages(plant: Plant) -> None:
    """Only past the first page: the newest run is left out."""

    def listed(answer: Response, request: Any, world: World) -> Response:
        newest = str(max(world.ledger.runs, default=0))
        if not request.query.get("offset"):
            return answer
        return replace(answer, body=[run for run in answer.body if run["id"] != newest])

    ways.answers(plant, api, LIST, listed)


@defect("filtering")
def id_after_includes_the_id(plant: Plant) -> None:
    """Only at the boundary: idAfter=2 finds run 2."""
    _asked(plant, lambda query: {**query, "idAfter": query["idAfter"] - 1} if "idAfter" in query else query)


@defect("filtering")
def id_after_is_ignored(plant: Plant) -> None:
    """idAfter is passed over."""
    _asked(plant, lambda query: {name: value for name, value in query.items() if name != "idAfter"})


@defect("paging")
def id_after_skips_one_with_a_limit(plant: Plant) -> None:
    """Only with a limit: the first run after the id is left out."""
    _asked(plant, lambda query: {**query, "offset": 1} if {"idAfter", "limit"} <= query.keys() else query)


@defect("filtering")
def created_since_is_ignored(plant: Plant) -> None:
    """createdSince is passed over."""
    _asked(plant, lambda query: {name: value for name, value in query.items() if name != "createdSince"})


@defect("filtering")
def updated_since_is_ignored(plant: Plant) -> None:
    """updatedSince is passed over."""
    _asked(plant, lambda query: {name: value for name, value in query.items() if name != "updatedSince"})


@defect("filtering")
def created_since_is_created_before(plant: Plant) -> None:
    """createdSince finds the runs that are older."""

    def listed(answer: Response, request: Any, world: World) -> Response:
        if "createdSince" not in request.query:
            return answer
        found = {run["id"] for run in answer.body}
        older = [run for run in world.ledger.runs.values() if str(run.number) not in found]
        return replace(answer, body=[serializers.run_document(run, world) for run in older])

    ways.answers(plant, api, LIST, listed)


@defect("filtering")
def updated_since_looks_at_one_year(plant: Plant) -> None:
    """updatedSince compares the month and forgets the year."""

    def listed(answer: Response, request: Any, world: World) -> Response:
        if "updatedSince" not in request.query:
            return answer
        month = int(request.query["updatedSince"][5:7])
        kept = [run for run in world.ledger.runs.values() if run.updated_at.month >= month]
        return replace(answer, body=[serializers.run_document(run, world) for run in kept])

    ways.answers(plant, api, LIST, listed)


@defect("filtering")
def created_since_looks_at_one_year(plant: Plant) -> None:
    """createdSince compares the month and forgets the year."""

    def listed(answer: Response, request: Any, world: World) -> Response:
        if "createdSince" not in request.query:
            return answer
        month = int(request.query["createdSince"][5:7])
        kept = [run for run in world.ledger.runs.values() if run.created_at.month >= month]
        return replace(answer, body=[serializers.run_document(run, world) for run in kept])

    ways.answers(plant, api, LIST, listed)


@defect("filtering")
def created_since_looks_at_the_day(plant: Plant) -> None:
    """createdSince compares days: a run of the same day, but earlier, is found."""

    def rounded(query: dict[str, Any]) -> dict[str, Any]:
        given = query.get("createdSince")
        return query if given is None else {**query, "createdSince": f"{given[:10]}T00:00:00Z"}

    _asked(plant, rounded)


@defect("filtering")
def since_leaves_the_instant_out(plant: Plant) -> None:
    """Only at the boundary instant: a run of that very instant is not found."""
    plant.after(handlers, "_instant", lambda instant, *_: instant + timedelta(microseconds=1))


@defect("filtering")
def since_ignores_the_offset(plant: Plant) -> None:
    """Only with offset timestamps: 10:00+02:00 is taken for 10:00Z."""
    plant.after(handlers, "_instant", lambda instant, *_: instant.replace(tzinfo=UTC))


@defect("filtering")
def updated_since_is_created_since(plant: Plant) -> None:
    """updatedSince looks at when a run was created."""

    def swapped(query: dict[str, Any]) -> dict[str, Any]:
        return {("createdSince" if name == "updatedSince" else name): value for name, value in query.items()}

    _asked(plant, swapped)


# --- a run ---------------------------------------------------------------------------------------


@defect("enums")
def complete_is_called_completed(plant: Plant) -> None:
    """A status that the document does not know."""
    _documents(plant, lambda d, run: {**d, "status": "Completed"} if d["status"] == "Complete" else d)


@defect("agreement")
def commenced_date_waits_for_the_end(plant: Plant) -> None:
    """A running run has no commencedDate yet."""
    _documents(plant, lambda d, run: {**d, "commencedDate": d["commencedDate"] if d["completedDate"] else None})


@defect("agreement")
def completed_date_is_set_while_running(plant: Plant) -> None:
    """Only while a run is running: completedDate is there already."""
    _documents(plant, lambda d, run: {**d, "completedDate": d["completedDate"] or d["commencedDate"]})


@defect("agreement")
def dates_of_a_run_are_exchanged(plant: Plant) -> None:
    """completedDate is before commencedDate."""
    _documents(
        plant,
        lambda d, run: (
            {**d, "commencedDate": d["completedDate"], "completedDate": d["commencedDate"]} if d["completedDate"] else d
        ),
    )


@defect("agreement")
def a_pending_run_has_an_amount(plant: Plant) -> None:
    """A run that billed nothing yet shows 1.00."""
    _documents(plant, lambda d, run: {**d, "invoiceAmount": "1.00"} if d["status"] == "Pending" else d)


@defect("arithmetic")
def a_complete_run_has_no_amount(plant: Plant) -> None:
    """A complete run shows no amount at all."""
    _documents(plant, lambda d, run: {**d, "invoiceAmount": None} if d["status"] == "Complete" else d)


@defect("reading")
def single_fetch_forgets_the_message(plant: Plant) -> None:
    """A run fetched alone has no invoiceMessage."""
    ways.body_of(plant, api, FETCH, lambda run: {**run, "invoiceMessage": None})


@defect("reading")
def reading_renames_the_first_run(plant: Plant) -> None:
    """Every reading of the list counts itself in the first run's name."""
    count = [0]

    def counted(runs: list[Any]) -> list[Any]:
        count[0] += 1
        return [{**run, "name": f"{run['name']} {count[0]}"} if place == 0 else run for place, run in enumerate(runs)]

    ways.lists(plant, api, LIST, counted)


@defect("lifecycle")
def a_complete_run_is_pending_again(plant: Plant) -> None:
    """When a further run completes, the ones before it go back to Pending."""

    def shown(document: Any, run: Any, world: World) -> Any:
        newest = max((r.number for r in world.ledger.runs.values() if r.status is RunStatus.COMPLETE), default=0)
        return (
            {**document, "status": "Pending"} if document["status"] == "Complete" and run.number < newest else document
        )

    plant.after(handlers, "run_document", shown)


@defect("errors")
def an_unknown_run_is_empty(plant: Plant) -> None:
    """A run that nobody has is answered 200 with null members."""

    def around(fetched: Any) -> Any:
        def fetch(request: Any, world: World) -> Response:
            try:
                found: Response = fetched(request, world)
            except ApiError:
                return Response(200, {"id": request.path["id"], "status": "Pending"})
            return found

        return fetch

    plant.around(api.routes, FETCH, around)


@defect("errors")
def changing_an_unknown_run_creates_it(plant: Plant) -> None:
    """PATCH of a run that nobody has creates one."""

    def around(changed: Any) -> Any:
        def change(request: Any, world: World) -> Response:
            try:
                found: Response = changed(request, world)
            except ApiError as refusal:
                if refusal.reason != "unknown_resource":
                    raise
                return handlers.create_run(request, world)
            return found

        return change

    plant.around(api.routes, CHANGE, around)


# --- creating and changing -----------------------------------------------------------------------


@defect("lifecycle")
def creating_forgets_the_subrun(plant: Plant) -> None:
    """A run is created without the subrun that was sent."""
    _requests(plant, CREATE, lambda body: {name: value for name, value in body.items() if name != "subrun"})


@defect("lifecycle")
def created_runs_are_not_listed(plant: Plant) -> None:
    """The list shows the runs that had an invoice date from the start."""
    ways.lists(plant, api, LIST, lambda runs: [run for run in runs if run["invoiceDate"]])


@defect("lifecycle")
def ids_fall(plant: Plant) -> None:
    """A new run's id is below that of the run created before it, once there are five."""

    def around(create_run: Any) -> Any:
        def create(self: Any, fields: Any, now: datetime) -> Any:
            made = create_run(self, fields, now)
            if made.number <= 5:
                return made
            del self.runs[made.number]
            number = 1_000_000 - len(self.runs)
            self.runs[number] = replace(made, number=number)
            return self.runs[number]

        return create

    plant.around(ledger.Ledger, "create_run", around)


@defect("lifecycle")
def a_client_may_create_a_requested_run(plant: Plant) -> None:
    """POST takes status."""

    def created(answer: Response, request: Any, world: World) -> Response:
        return replace(answer, body={**answer.body, "status": request.body.get("status", "Pending")})

    ways.answers(plant, api, CREATE, created)


@defect("lifecycle")
def patch_is_put(plant: Plant) -> None:
    """PATCH clears every member that was not sent."""
    _requests(plant, CHANGE, lambda body: {**dict.fromkeys(serializers.FIELDS), **body})


@defect("lifecycle")
def patch_cannot_clear(plant: Plant) -> None:
    """A member sent as null stays as it was."""
    _requests(plant, CHANGE, lambda body: {name: value for name, value in body.items() if value is not None})


@defect("lifecycle")
def patch_forgets_all_but_one_member(plant: Plant) -> None:
    """Only with several members: the first alone is changed."""
    _requests(plant, CHANGE, lambda body: dict(list(body.items())[:1]))


@defect("lifecycle")
def changing_the_name_clears_the_subrun(plant: Plant) -> None:
    """A new name costs a run its subrun."""
    _requests(plant, CHANGE, lambda body: {**body, "subrun": None} if "name" in body else body)


@defect("lifecycle")
def transaction_cutoff_is_the_cutoff(plant: Plant) -> None:
    """transactionCutoffDate is written over cutoffDate."""
    _requests(
        plant,
        CHANGE,
        lambda body: {("cutoffDate" if n == "transactionCutoffDate" else n): v for n, v in body.items()},
    )


@defect("lifecycle")
def the_message_loses_its_capitals(plant: Plant) -> None:
    """invoiceMessage is stored in small letters."""
    _requests(
        plant,
        CHANGE,
        lambda body: {n: v.lower() if n == "invoiceMessage" and v else v for n, v in body.items()},
    )


@defect("lifecycle")
def an_empty_patch_stamps_the_name(plant: Plant) -> None:
    """A PATCH that names no member changes the name."""
    _requests(plant, CHANGE, lambda body: body or {"name": "changed"})


@defect("lifecycle")
def the_answer_to_a_patch_is_the_old_run(plant: Plant) -> None:
    """PATCH answers with the run as it was before."""

    def around(changed: Any) -> Any:
        def change(request: Any, world: World) -> Response:
            before = world.ledger.runs.get(int(request.path["id"])) if request.path["id"].isdecimal() else None
            answer: Response = changed(request, world)
            return answer if before is None else replace(answer, body=serializers.run_document(before, world))

        return change

    plant.around(api.routes, CHANGE, around)


@defect("lifecycle")
def a_client_may_set_the_amount(plant: Plant) -> None:
    """invoiceAmount takes what is sent when a run is created."""

    def created(answer: Response, request: Any, world: World) -> Response:
        amount = request.body.get("invoiceAmount", answer.body["invoiceAmount"])
        return replace(answer, body={**answer.body, "invoiceAmount": amount})

    ways.answers(plant, api, CREATE, created)


@defect("lifecycle")
def updates_are_not_stamped(plant: Plant) -> None:
    """updatedSince does not see a change."""
    plant.around(
        ledger.Ledger,
        "update_run",
        lambda update: lambda self, number, fields, now: update(self, number, fields, self.run(number).updated_at),
    )


@defect("lifecycle")
def a_change_counts_as_creation(plant: Plant) -> None:
    """createdSince finds an old run after it was changed."""

    def around(update: Any) -> Any:
        def changed(self: Any, number: int, fields: Any, now: datetime) -> Any:
            run = update(self, number, fields, now)
            self.runs[number] = replace(run, created_at=now)
            return self.runs[number]

        return changed

    plant.around(ledger.Ledger, "update_run", around)


# --- locks ---------------------------------------------------------------------------------------


@defect("lifecycle")
def lock_ignores_due_date(plant: Plant) -> None:
    """dueDate can be changed after bills were requested."""
    plant.put(ledger, "LOCKED_FIELDS", tuple(name for name in ledger.LOCKED_FIELDS if name != "due_date"))


@defect("lifecycle")
def lock_ignores_the_message(plant: Plant) -> None:
    """invoiceMessage can be changed after bills were requested."""
    plant.put(ledger, "LOCKED_FIELDS", tuple(name for name in ledger.LOCKED_FIELDS if name != "message"))


@defect("lifecycle")
def lock_opens_when_complete(plant: Plant) -> None:
    """Only when a run is complete: its dates can be changed again."""

    def around(update: Any) -> Any:
        def changed(self: Any, number: int, fields: Any, now: datetime) -> Any:
            run = self.run(number)
            if run.status is not RunStatus.COMPLETE:
                return update(self, number, fields, now)
            self.runs[number] = replace(run, **fields, updated_at=now)
            return self.runs[number]

        return changed

    plant.around(ledger.Ledger, "update_run", around)


@defect("lifecycle")
def a_refused_change_is_half_done(plant: Plant) -> None:
    """A PATCH that is refused for a locked date has changed the name."""

    def around(update: Any) -> Any:
        def changed(self: Any, number: int, fields: Any, now: datetime) -> Any:
            free = {name: value for name, value in fields.items() if name not in ledger.LOCKED_FIELDS}
            update(self, number, free, now)
            return update(self, number, fields, now)

        return changed

    plant.around(ledger.Ledger, "update_run", around)


@defect("lifecycle")
def lock_is_silent(plant: Plant) -> None:
    """A locked member is left as it was, with status 200."""

    def around(update: Any) -> Any:
        def changed(self: Any, number: int, fields: Any, now: datetime) -> Any:
            if self.run(number).status is not RunStatus.PENDING:
                fields = {name: value for name, value in fields.items() if name not in ledger.LOCKED_FIELDS}
            return update(self, number, fields, now)

        return changed

    plant.around(ledger.Ledger, "update_run", around)


@defect("errors")
def a_conflict_does_not_name_the_member(plant: Plant) -> None:
    """The refusal of a locked member does not say which it was."""
    ways.error_says(
        plant,
        api,
        lambda answer, refusal: replace(answer, body={"error": "locked"}) if answer.status == 409 else answer,
    )


# --- who gets in, and other errors ---------------------------------------------------------------


@defect("auth")
def anybody_may_read(plant: Plant) -> None:
    """A request without a credential is answered."""
    ways.lets_in(plant, api, ways.without_credential)


@defect("auth")
def any_key_will_do(plant: Plant) -> None:
    """A key that nobody has is taken."""
    ways.lets_in(plant, api, ways.with_wrong_one)


@defect("auth")
def the_forbidden_may(plant: Plant) -> None:
    """A user without permission is answered."""
    ways.lets_in(plant, api, ways.forbidden)


@defect("errors")
def a_date_that_does_not_exist_is_taken(plant: Plant) -> None:
    """30 February is taken for null, silently."""
    plant.around(
        handlers,
        "_members",
        lambda members: lambda body, world: members({n: v for n, v in body.items() if v != "2026-02-30"}, world),
    )
    ways.any_body(plant)


@defect("errors")
def bodies_are_not_held_against_the_spec(plant: Plant) -> None:
    """A body of the wrong shape is not refused as such."""
    ways.any_body(plant)


@defect("errors")
def a_wrong_parameter_is_ignored(plant: Plant) -> None:
    """limit=-1 is taken for 1."""
    ways.reads(plant, ("limit",), lambda texts, read: read([texts[0].lstrip("-")]))


@defect("errors")
def an_unreadable_moment_is_long_ago(plant: Plant) -> None:
    """createdSince=yesterday finds everything."""

    def read(texts: list[str], value: Any) -> Any:
        try:
            return value(texts)
        except ApiError:
            return "1970-01-01T00:00:00Z"

    ways.reads(plant, ("createdSince", "updatedSince"), read)


@defect("errors")
def a_wrong_method_is_not_found(plant: Plant) -> None:
    """DELETE gets 404."""
    ways.refuses_as(plant, "method_not_allowed", 404)


@defect("errors")
def errors_are_texts(plant: Plant) -> None:
    """The error body is a JSON string."""
    ways.error_says(plant, api, lambda answer, refusal: replace(answer, body=answer.body["error"]))


@defect("reading")
def without_its_slash_the_list_is_not_found(plant: Plant) -> None:
    """GET /billingRuns gets 404."""
    plant.around(
        PathTable, "find", lambda find: lambda self, path: None if path == "/billingRuns" else find(self, path)
    )
