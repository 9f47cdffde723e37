"""The four operations on billing runs: read the request, call one ledger verb, render the run.

What may change, and when, is the ledger's to say; here its refusals are only
turned into the vendor's names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import ge, gt

from counterfoil.api import ApiError, Json, Request, Response
from counterfoil.apis.billingplatform.serializers import FIELDS, LOCKED, STATUS, VENDOR_NAMES, run_document
from counterfoil.ledger.errors import BadValue, LedgerError, RuleBroken, UnknownRecord
from counterfoil.ledger.records import BillingRun, RunStatus
from counterfoil.world.commands import Command, RequestBills, read_command
from counterfoil.world.world import World

REQUESTED = STATUS[RunStatus.REQUESTED]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATES = ("invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate")


def list_runs(request: Request, world: World) -> Response:
    """All runs by ascending id, narrowed by what was sent; a bare array (docs/vendors/billingplatform.md#parameters)."""
    query = request.query
    runs = sorted(world.ledger.runs.values(), key=lambda run: run.number)
    if "idAfter" in query:
        runs = [run for run in runs if run.number > query["idAfter"]]
    reaches = ge if world.switches["billingplatform.since"] == "inclusive" else gt
    if "createdSince" in query:
        since = _instant("createdSince", query["createdSince"])
        runs = [run for run in runs if reaches(run.created_at, since)]
    if "updatedSince" in query:
        since = _instant("updatedSince", query["updatedSince"])
        runs = [run for run in runs if reaches(run.updated_at, since)]
    first = query.get("offset", 0)
    runs = runs[first : first + query["limit"]] if "limit" in query else runs[first:]
    return Response(200, [run_document(run, world) for run in runs])


def get_run(request: Request, world: World) -> Response:
    return Response(200, run_document(_run(request, world), world))


def create_run(request: Request, world: World) -> Response:
    """A new run, Pending whatever the body says; no member is required (docs/vendors/billingplatform.md#writing)."""
    members = _members(request.body, world)
    try:
        run = world.execute(_command("create_run", members))
    except LedgerError as error:
        raise _refusal(error, world) from None
    status = 201 if world.switches["billingplatform.create_status"] == 201 else 200
    return Response(status, run_document(run, world))


def update_run(request: Request, world: World) -> Response:
    """Change the members sent, leave the others (docs/vendors/billingplatform.md#partial-update); all of it, or nothing
    (docs/vendors/billingplatform.md#locked-response)."""
    run = _run(request, world)
    members = _members(request.body, world)
    status = request.body.get("status", STATUS[run.status])
    requests = status != STATUS[run.status]
    if requests:
        members = _with_what_a_request_needs(run, members, status, world)
    run = _change(run, members, world)
    if requests:
        try:
            run = world.execute(RequestBills(run=run.number))
        except LedgerError as error:
            raise _refusal(error, world) from None
    return Response(200, run_document(run, world))


# --- changing a run ------------------------------------------------------------------------------


def _change(run: BillingRun, members: Mapping[str, Json], world: World) -> BillingRun:
    """The run after one command changed the members; a locked one is left out, if the switch says so."""
    kept = dict(members)
    while True:
        try:
            changed: BillingRun = world.execute(_command("update_run", kept, run=run.number))
        except LedgerError as error:
            if not _is_lock(error) or world.switches["billingplatform.locked_field"] != "ignore":
                raise _refusal(error, world) from None
            # The ledger names one locked member at a time; asking it again leaves no gap for another writer.
            del kept[VENDOR_NAMES[error.field or ""]]
        else:
            return changed


def _with_what_a_request_needs(run: BillingRun, members: dict[str, Json], status: str, world: World) -> dict[str, Json]:
    """The members to change when ``status`` asks for bills; raises ``conflict`` before anything changed if it may not.

    The request is the button's, not the API's, unless switched (docs/vendors/billingplatform.md#status-writable). It
    needs an invoice date (docs/vendors/billingplatform.md#request-needs-invoice-date).
    """
    if not world.switches["billingplatform.status_writable"]:
        raise ApiError("conflict", "status cannot be changed through the API", where="status")
    if run.status is not RunStatus.PENDING or status != REQUESTED:
        raise ApiError("conflict", f"status cannot go from {STATUS[run.status]} to {status}", where="status")
    invoice_date = members.get("invoiceDate", run.invoice_date)
    if invoice_date is not None:
        return members
    if world.switches["billingplatform.request_needs_invoice_date"]:
        raise ApiError("conflict", "invoiceDate must be set before bills are requested", where="invoiceDate")
    return {**members, "invoiceDate": world.today.isoformat()}


def _members(body: Json, world: World) -> dict[str, Json]:
    """The members of the body that a client may write. Others count for nothing, or are refused if so switched
    (docs/vendors/billingplatform.md#unknown-field)."""
    if world.switches["billingplatform.unknown_field"] == "400":
        for name in body:
            if name not in FIELDS and name != "status":
                shown = name[:80] if name.isprintable() else ascii(name[:80])
                raise ApiError("malformed", f"{shown} is not a member that can be written", where=shown)
    for name in _DATES:
        value = body.get(name)
        if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
            raise ApiError("malformed", f"{name} must be a date written YYYY-MM-DD, or null", where=name)
    return {name: value for name, value in body.items() if name in FIELDS}


def _command(name: str, members: Mapping[str, Json], **more: int) -> Command:
    """The command that writes those members; raises ``malformed`` naming the one that is no text or date."""
    ours = {FIELDS[member]: value for member, value in members.items()}
    try:
        return read_command({"command": name, **more, **ours})
    except BadValue as error:
        member = VENDOR_NAMES.get(error.field or "", "body")
        raise ApiError("malformed", f"{member}: {error.message}", where=member) from None


# --- reading what was sent -----------------------------------------------------------------------


def _run(request: Request, world: World) -> BillingRun:
    """The run the path names. Ids are digits without leading zeros: ``06`` names nothing."""
    given: str = request.path["id"]
    if given.isascii() and given.isdecimal() and given[0] != "0" and len(given) <= 18:
        try:
            return world.ledger.run(int(given))
        except UnknownRecord:
            pass
    raise ApiError("unknown_resource", f"there is no billing run {given[:80]}", where="id")


def _instant(name: str, text: str) -> datetime:
    """An RFC 3339 date-time. Python's reads neither year 0 nor second 60, which the format has."""
    year_zero, leap = text.startswith("0000-"), text[16:19] == ":60"
    readable = ("0004-" + text[5:] if year_zero else text).upper()
    if leap:
        readable = f"{readable[:16]}:59{readable[19:]}"
    try:
        instant = datetime.fromisoformat(readable)
        if instant.tzinfo is None:
            raise ValueError
        return instant + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        raise ApiError(
            "malformed", f"{name} must be a date-time with an offset, such as 2026-01-01T00:00:00Z"
        ) from None


# --- refusals ------------------------------------------------------------------------------------


def _is_lock(error: LedgerError) -> bool:
    return isinstance(error, RuleBroken) and VENDOR_NAMES.get(error.field or "") in LOCKED


def _refusal(error: LedgerError, world: World) -> ApiError:
    """What the ledger refused, with the vendor's name for the member."""
    name = VENDOR_NAMES.get(error.field or "")
    if isinstance(error, UnknownRecord):
        return ApiError("unknown_resource", error.message, where="id")
    if _is_lock(error):
        status = 422 if world.switches["billingplatform.locked_field"] == "422" else 409
        message = f"{name} is locked: bills are requested for this billing run; nothing was changed"
        return ApiError("conflict", message, where=name, status=status)
    # Also where dates contradict each other: the request is well-formed, and it may be the stored one that is in the way.
    return ApiError("conflict", f"{name}: {error.message}" if name else error.message, where=name)
