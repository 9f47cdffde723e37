"""What must hold of billingplatform.uk's billing runs, over HTTP, at any implementation.

Clause ids are those of ``specs/billingplatform/clauses.yaml``. Nothing here knows the stand-in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from counterfoil.contract.collection import INTEGER, MOMENT, Collection, Field, Offsets, above
from counterfoil.contract.law import Book, Law, Trial, says
from counterfoil.contract.laws import auth, comparing, errors, filtering, items, lifecycle, paging, reading, sorting
from counterfoil.contract.laws.auth import Way
from counterfoil.contract.laws.items import Complaint
from counterfoil.contract.laws.lifecycle import Resource

LIST, CREATE = "GET /billingRuns/", "POST /billingRuns/"
FETCH, CHANGE = "GET /billingRuns/{id}", "PATCH /billingRuns/{id}"
STATUSES = ("Pending", "Requested", "Running", "Complete")
DATES = ("invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate")
NOBODY = {"id": "999999999999999999"}

ID = Field("id")
NUMBER_OF_ID = Field("id", INTEGER)
STATUS = Field("status")
COMMENCED = Field("commencedDate", MOMENT)
COMPLETED = Field("completedDate", MOMENT)
AFTER = above(NUMBER_OF_ID, "idAfter")

RUNS = Collection(
    LIST,
    identity=ID,
    pages=Offsets("offset", "limit", largest=1000),
    filters=(AFTER,),
    order=((NUMBER_OF_ID, False),),
)
RUN = Resource(
    CREATE,
    FETCH,
    CHANGE,
    RUNS,
    # Whatever is sent together makes sense: no due date is before an invoice date.
    values={
        "name": ("counterfoil", "Run for März – 1", None),
        "subrun": ("A", "B", None),
        "invoiceMessage": ("New year", "Other", None),
        "invoiceDate": ("2031-03-01", "2030-12-31", None),
        "cutoffDate": ("2031-03-01", "2028-02-29", None),
        "transactionCutoffDate": ("2031-03-31", "2031-01-01", None),
        "dueDate": ("2031-03-15", "2032-02-29", None),
    },
    owned={
        "status": "Complete",
        "id": "7777777",
        "invoiceAmount": "7777.77",
        "commencedDate": "2031-01-01T00:00:00Z",
        "completedDate": "2031-01-02T00:00:00Z",
    },
    locked=("invoiceMessage", *DATES),
    is_locked=lambda item: item["status"] != "Pending",
    conflict=(409, 422),
)
FRESH = {"status": "Pending", "commencedDate": None, "completedDate": None}
_NO_BODIES: tuple[Any, ...] = ([], 1, "text", {"name": 1})
ERROR = errors.members("error")
WAYS = (Way(LIST), Way(FETCH, path=NOBODY))
WRITING_WAYS = (Way(CREATE, body={"name": "counterfoil"}), Way(CHANGE, path=NOBODY, body={"name": "counterfoil"}))


# ---------------------------------------------------------------- one run


def id_is_text(item: Any) -> Complaint:
    """A run's id is text."""
    return None if isinstance(item.get("id"), str) else ("a text in id", item.get("id"))


def commenced_in_step(item: Any) -> Complaint:
    """commencedDate is set exactly when the run is Running or Complete."""
    due = item["status"] in ("Running", "Complete")
    return None if (item.get("commencedDate") is not None) == due else ("commencedDate in step with status", item)


def completed_in_step(item: Any) -> Complaint:
    """completedDate is set exactly when the run is Complete, and is not before commencedDate."""
    completed, commenced = COMPLETED.value(item), COMMENCED.value(item)
    if (completed is not None) != (item["status"] == "Complete"):
        return "completedDate in step with status", item
    if completed is not None and commenced is not None and completed < commenced:
        return "completedDate not before commencedDate", item
    return None


def amount_in_step(item: Any) -> Complaint:
    """A run that is Complete has an amount, one that is Pending has none yet."""
    amount = item.get("invoiceAmount")
    if item["status"] == "Complete":
        return None if amount is not None else ("an invoiceAmount", item)
    return (
        None if item["status"] != "Pending" or amount is None or float(amount) == 0 else ("no invoiceAmount yet", item)
    )


# ---------------------------------------------------------------- since


FAR_PAST, FAR_FUTURE = "1990-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def _since_ends(param: str) -> Any:
    def check(trial: Trial) -> None:
        whole = RUNS.some(trial)
        RUNS.same_items(trial, RUNS.all(trial, {param: FAR_PAST}), whole, f"{param} long ago leaves every run")
        found = RUNS.all(trial, {param: FAR_FUTURE})
        trial.expect(found == [], f"no run with {param} in the far future", RUNS.ids(found))

    return check


def _since_narrows(param: str) -> Any:
    def check(trial: Trial) -> None:
        RUNS.some(trial)
        wider: set[str] | None = None
        for moment in (f"{year}-{month:02}-01T00:00:00Z" for year in (2024, 2025, 2026) for month in (1, 4, 7, 10)):
            trial.cases += 1
            found = set(RUNS.ids(RUNS.all(trial, {param: moment})))
            trial.expect(
                wider is None or found <= wider,
                f"{param}={moment} to leave no run that an earlier moment removed",
                found,
            )
            wider = found

    return check


def created_now_is_found(trial: Trial) -> None:
    """A run just created is found since the instant before, and is not since the instant after."""
    RUNS.whole(trial)
    made = RUN.make(trial, {})
    now = trial.moment()
    before, after = (MOMENT_TEXT(now + timedelta(seconds=s)) for s in (-5, 5))
    trial.expect(
        made["id"] in RUNS.ids(RUNS.all(trial, {"createdSince": before})),
        f"run {made['id']} among those since {before}",
    )
    trial.expect(
        made["id"] not in RUNS.ids(RUNS.all(trial, {"createdSince": after})),
        f"run {made['id']} not among those since {after}",
    )


def since_includes_the_instant(trial: Trial) -> None:
    """createdSince and updatedSince include the very instant given."""
    trial.need("now" in trial.probe.target.acts, "the target's clock does not stand still for us")
    instant = MOMENT_TEXT(trial.moment())
    made = RUN.make(trial, {})
    for param in ("createdSince", "updatedSince"):
        found = RUNS.ids(RUNS.all(trial, {param: instant}))
        trial.expect(
            made["id"] in found, f"run {made['id']}, created at {instant}, among those with {param}={instant}", found
        )


def since_knows_offsets(trial: Trial) -> None:
    """createdSince and updatedSince take one instant with any offset, or with a fraction, for the same."""
    made, now = RUN.make(trial, {}), trial.moment()
    for param in ("createdSince", "updatedSince"):
        for seconds, is_in in ((-5, True), (5, False)):
            for text in comparing.spellings(now + timedelta(seconds=seconds)):
                trial.cases += 1
                found = RUNS.ids(RUNS.all(trial, {param: text}))
                told = f"run {made['id']} {'' if is_in else 'not '}among those with {param}={text}"
                trial.expect((made["id"] in found) == is_in, told, found)


def update_is_seen(trial: Trial) -> None:
    """updatedSince finds a run after it was changed, which it did not before; createdSince still does not."""
    RUNS.whole(trial)
    made = RUN.make(trial, {})
    since = MOMENT_TEXT(trial.moment() + timedelta(seconds=1))
    trial.expect(
        made["id"] not in RUNS.ids(RUNS.all(trial, {"updatedSince": since})),
        f"run {made['id']} not yet updated since {since}",
    )
    trial.pause(2.1)
    RUN.patch(trial, made["id"], {"name": "changed later"})
    trial.expect(
        made["id"] in RUNS.ids(RUNS.all(trial, {"updatedSince": since})), f"run {made['id']} updated since {since}"
    )
    trial.expect(
        made["id"] not in RUNS.ids(RUNS.all(trial, {"createdSince": since})),
        f"run {made['id']} not created since {since}",
    )


MOMENT_TEXT = COMMENCED.write


# ---------------------------------------------------------------- the rest


def slash_or_none(trial: Trial) -> None:
    """The collection answers alike with and without the slash at its end, and redirects neither."""
    with_, without = trial.ask(LIST), trial.ask("GET /billingRuns")
    trial.expect(with_ == without, "the same list without the slash", without)


def slash_or_none_posting(trial: Trial) -> None:
    """A run is created with and without the slash at the collection's end."""
    made = trial.ask("POST /billingRuns", body={"name": "no slash"}, status=RUN.created)
    trial.leaves(f"/billingRuns/{made['id']}")
    trial.expect(made["name"] == "no slash", "a new run named as sent", made)


def list_comes_whole(trial: Trial) -> None:
    """Without limit the list comes whole."""
    whole = RUNS.some(trial)
    RUNS.same_items(trial, RUNS.fetch(trial, {}), whole, "the whole list without limit")


def status_never_goes_back(trial: Trial) -> None:
    """Over successive reads no run's status goes back."""
    before = {item["id"]: STATUSES.index(item["status"]) for item in RUNS.some(trial)}
    trial.act("complete_run")
    for item in RUNS.all(trial):
        trial.cases += 1
        was = before.get(item["id"], 0)
        trial.expect(
            STATUSES.index(item["status"]) >= was, f"run {item['id']} not before {STATUSES[was]}", item["status"]
        )


def _law(
    id: str,
    operation: str,
    family: str,
    check: Any,
    *clauses: str,
    writes: bool = False,
    text: str = "",
    acts: tuple[str, ...] = (),
) -> Law:
    return Law(
        f"billingplatform.{id}",
        operation,
        family,
        clauses,
        text or says(check),
        check,
        writes,
        acts,
    )


def _bad(**query: Any) -> Way:
    return Way(LIST, query=query)


LAWS: tuple[Law, ...] = (
    # the list
    items.unique("billingplatform.runs.unique", RUNS, "c06", "c26"),
    items.each("billingplatform.runs.id-is-text", RUNS, id_is_text, "c26", family="identity"),
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
    _law("paging.no-limit", LIST, "paging", list_comes_whole, "c06", "v16"),
    _law("since.created-ends", LIST, "filtering", _since_ends("createdSince"), "c08",
         text="createdSince long ago leaves every run, in the far future none."),
    _law("since.updated-ends", LIST, "filtering", _since_ends("updatedSince"), "c09",
         text="updatedSince long ago leaves every run, in the far future none."),
    _law("since.created-narrows", LIST, "filtering", _since_narrows("createdSince"), "c08",
         text="A later createdSince only ever removes runs."),
    _law("since.updated-narrows", LIST, "filtering", _since_narrows("updatedSince"), "c09",
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
        text="A list parameter that is no number or no moment gives 400, with an error's body.",
        shape=ERROR,
    ),
    # one run
    reading.list_item_is_single("billingplatform.run.as-listed", RUNS, FETCH, "c05"),
    reading.unknown_is_not_found("billingplatform.run.unknown", FETCH, NOBODY, "c05"),
    reading.unknown_is_not_found("billingplatform.change.unknown", CHANGE, NOBODY, "c13", body={"name": "x"}),
    reading.twice_the_same("billingplatform.reading.idempotent", LIST, "c06"),
    # who gets in
    auth.without_credential("billingplatform.auth.none", WAYS, "v01", shape=ERROR),
    auth.wrong_credential("billingplatform.auth.wrong", WAYS, "v01", shape=ERROR),
    auth.forbidden("billingplatform.auth.forbidden", WAYS, "v04", shape=ERROR),
    auth.without_credential("billingplatform.auth.none-writing", WRITING_WAYS, "v01", shape=ERROR),
    auth.wrong_credential("billingplatform.auth.wrong-writing", WRITING_WAYS, "v01", shape=ERROR),
    auth.forbidden("billingplatform.auth.forbidden-writing", WRITING_WAYS, "v04", shape=ERROR),
    # refusals
    errors.wrong_method("billingplatform.errors.method", "DELETE /billingRuns/", shape=ERROR),
    errors.wrong_method("billingplatform.errors.method-of-one", "DELETE /billingRuns/{id}", shape=ERROR, path=NOBODY),
    errors.bad_requests(
        "billingplatform.errors.dates",
        [Way(CREATE, body={name: value}) for name in DATES for value in ("2026-02-30", "soon", 20260201)],
        "c22", "c23", "c24", "c25",
        text="A date that is none gives 400 and is named; nothing is created.",
        shape=ERROR, names=DATES,
    ),
    errors.bad_requests(
        "billingplatform.errors.body",
        [Way(CREATE, body=body) for body in _NO_BODIES],
        "c17",
        text="A body that is no object, or holds the wrong type, gives 400.",
        shape=ERROR,
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
                             text="Past Pending no date can be changed: the refusal names it, and nothing of the body is done."),
    lifecycle.locked_members("billingplatform.lock.message", RUN, ("invoiceMessage",), "v10",
                             text="Past Pending the invoice message cannot be changed: it is named, and nothing is done."),
    # as they come
    _law("slash.reading", LIST, "reading", slash_or_none, "v06"),
    _law("slash.creating", CREATE, "lifecycle", slash_or_none_posting, "v06", writes=True),
    _law("runs.forward", LIST, "lifecycle", status_never_goes_back, "v08", acts=("complete_run",)),
)  # fmt: skip

BOOK = Book("billingplatform", LAWS, greeting=LIST, greeting_query={"limit": 1})
