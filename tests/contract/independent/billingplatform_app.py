"""billingplatform.uk: billing runs, listed, fetched, created and changed.

Written from docs/vendors/billingplatform.md and the documents it names. It does not use counterfoil. The API has no operation
to request and produce a run, since the documents have none.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from . import common
from .data import Run, runs

BUGS = frozenset(
    {
        "array_in_envelope",
        "conflict_writes_the_rest",
        "created_since_exclusive",
        "id_after_inclusive",
        "ids_are_numbers",
        "ids_compared_as_text",
        "lock_missing",
        "lock_only_when_complete",
        "message_not_locked",
        "newest_first",
        "patch_not_stored",
        "patch_resets_omitted",
        "post_keeps_status",
        "status_writable",
        "unknown_id_is_empty_object",
        "updated_since_ignores_update",
    }
)
BASE = "/backend/api/v1/billingRuns/"
DATES = ("invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate")
LOCKED = ("invoiceMessage", *DATES)  # docs/vendors/billingplatform.md#locked-fields
WRITABLE = ("name", "subrun", *LOCKED)
STATUSES = ("Pending", "Requested", "Running", "Complete")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def create_app(*, bugs: frozenset[str] = frozenset()) -> Flask:
    """Make the application with its own copy of the runs; `bugs` switches planted defects on (see `BUGS`).

    Raises:
        ValueError: a bug is named that is not in `BUGS`.
    """
    app = common.new_app("independent.billingplatform", bugs, BUGS)
    common.answer_errors_with(app, lambda error: {"error": error.description or error.name})
    stored = runs()
    writing = Lock()

    def find(run_id: str) -> Run:
        # A copy, as another thread may be adding a run; ids are text (5.3), so "05" is not "5".
        run = next((run for run in list(stored.values()) if str(run.id) == run_id), None)
        if run is None:
            abort(404, f"there is no billing run {run_id[:40]!r}")
        return run

    @app.get(BASE, strict_slashes=False)
    def list_runs() -> Response:
        _admit_caller()
        shown = [_as_json(run, bugs) for run in _selected(list(stored.values()), bugs)]
        return jsonify({"items": shown} if "array_in_envelope" in bugs else shown)

    @app.get(f"{BASE}<run_id>")
    def fetch_run(run_id: str) -> Response:
        _admit_caller()
        if "unknown_id_is_empty_object" in bugs and run_id not in map(str, list(stored)):
            return jsonify({})
        return jsonify(_as_json(find(run_id), bugs))

    @app.post(BASE, strict_slashes=False)
    def create_run() -> Response:
        _admit_caller()
        body = common.json_object()
        written = _written(body)
        with writing:
            moment = common.now(app)
            run = Run(max(stored) + 1, moment, moment, written=written)
            if "post_keeps_status" in bugs:
                run.status = str(body.get("status", run.status))
            stored[run.id] = run
        return jsonify(_as_json(run, bugs))

    @app.patch(f"{BASE}<run_id>")
    def change_run(run_id: str) -> Response:
        _admit_caller()
        run = find(run_id)
        body = common.json_object()
        changes = _written(body)
        with writing:
            _refuse_locked(run, body, changes, bugs)
            return jsonify(_changed(run, body, changes, common.now(app), bugs))

    def move_run(run_id: str) -> bool:
        """Move a run to its next status, for which the documents have no operation; False if it has the last one.

        Bills cannot be requested without an invoice date (docs/vendors/billingplatform.md#request-needs-invoice-date).
        """
        run = stored[int(run_id)]
        if not run.written.get("invoiceDate"):
            raise LookupError(f"run {run_id} has no invoice date")
        place = STATUSES.index(run.status)
        if place + 1 == len(STATUSES):
            return False
        run.status = STATUSES[place + 1]
        run.commenced = common.now(app) if run.status == "Running" else run.commenced
        run.completed = common.now(app) if run.status == "Complete" else run.completed
        return True

    app.config["MOVE_RUN"] = move_run
    return app


def _admit_caller() -> None:
    key = common.bearer()
    if key == common.FORBIDDEN_KEY:
        abort(403, "the API permission is missing")
    if key != common.KEY:
        common.refuse_unauthenticated("an API key is needed as bearer token")


def _selected(found: list[Run], bugs: frozenset[str]) -> list[Run]:
    """docs/vendors/billingplatform.md#parameters, and the limit and offset of the sibling endpoints."""
    args = request.args
    as_text = "ids_compared_as_text" in bugs
    found.sort(key=lambda run: run.id, reverse="newest_first" in bugs)
    if as_text:
        found.sort(key=lambda run: str(run.id))
    if "idAfter" in args:
        after = common.whole_number("idAfter", args["idAfter"]) - ("id_after_inclusive" in bugs)
        found = [run for run in found if (str(run.id) > str(after) if as_text else run.id > after)]
    if "createdSince" in args:
        since = _moment("createdSince", args["createdSince"])
        exclusive = "created_since_exclusive" in bugs
        found = [run for run in found if (run.created > since if exclusive else run.created >= since)]
    if "updatedSince" in args:
        since = _moment("updatedSince", args["updatedSince"])
        stale = "updated_since_ignores_update" in bugs
        found = [run for run in found if (run.created if stale else run.updated) >= since]
    offset = common.whole_number("offset", args.get("offset", "0"), 0)
    limit = common.whole_number("limit", args["limit"], 0) if "limit" in args else len(found)
    return found[offset : offset + limit]


def _moment(name: str, text: str) -> datetime:
    """Read an ISO 8601 date-time, in UTC without an offset; answers 400 if it is invalid."""
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        abort(400, f"{name} must be a date and time such as 2025-01-31T09:30:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _written(body: dict[str, Any]) -> dict[str, str | None]:
    """The writable members of a body, others left out (docs/vendors/billingplatform.md#unknown-field); answers 400 to a
    value of the wrong type."""
    written = {name: body[name] for name in WRITABLE if name in body}
    for name, value in written.items():
        if value is None:
            continue
        if not isinstance(value, str):
            abort(400, f"{name} must be a string")
        if name in DATES and not _is_day(value):
            abort(400, f"{name} must be a date such as 2025-01-31")
    return written


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _refuse_locked(run: Run, body: dict[str, Any], changes: dict[str, str | None], bugs: frozenset[str]) -> None:
    """docs/vendors/billingplatform.md#states: answer 409, with nothing written, to a new status or a new value for a
    locked field."""
    if "status" in body and body["status"] != run.status and "status_writable" not in bugs:
        abort(409, "status cannot be written")
    open_states = ("Pending", "Requested", "Running") if "lock_only_when_complete" in bugs else ("Pending",)
    if run.status in open_states or "lock_missing" in bugs:
        return
    locked = DATES if "message_not_locked" in bugs else LOCKED
    for name in locked:
        if name in changes and changes[name] != run.written.get(name):
            if "conflict_writes_the_rest" in bugs:
                run.written.update({other: value for other, value in changes.items() if other not in LOCKED})
            abort(409, f"{name} is locked: bills have been requested for this run")


def _changed(
    run: Run, body: dict[str, Any], changes: dict[str, str | None], moment: datetime, bugs: frozenset[str]
) -> dict[str, Any]:
    """Write the changes and leave the rest as it was (docs/vendors/billingplatform.md#partial-update); the run as it
    then is (docs/vendors/billingplatform.md#create-status)."""
    before = dict(run.written)
    run.written = changes if "patch_resets_omitted" in bugs else before | changes
    if "status_writable" in bugs:
        run.status = str(body.get("status", run.status))
    if changes:
        run.updated = moment
    answer = _as_json(run, bugs)
    if "patch_not_stored" in bugs:
        run.written = before
    return answer


def _as_json(run: Run, bugs: frozenset[str]) -> dict[str, Any]:
    """The full run: unset members are null; money is text with two decimals (docs/vendors/billingplatform.md#serialisation)."""
    written = {name: run.written.get(name) for name in WRITABLE}
    return {
        "id": run.id if "ids_are_numbers" in bugs else str(run.id),
        "name": written.pop("name"),
        "status": run.status,
        **written,
        "invoiceAmount": f"{run.amount:.2f}",
        "commencedDate": _utc(run.commenced),
        "completedDate": _utc(run.completed),
    }


def _utc(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None
