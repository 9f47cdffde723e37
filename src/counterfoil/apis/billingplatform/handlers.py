"""Handlers for the four operations on billing runs.

The ledger decides what may change and when (docs/vendors/billingplatform.md#states).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from counterfoil.api import ApiError, Json, Request, Response
from counterfoil.apis.billingplatform.errors import from_ledger, is_lock
from counterfoil.apis.billingplatform.query import select_runs
from counterfoil.apis.billingplatform.serializers import FIELDS, STATUS, VENDOR_NAMES, run_document
from counterfoil.ledger.errors import BadValue, LedgerError, UnknownRecord
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.world.commands import Command, RequestBills, read_command
from counterfoil.world.world import World

REQUESTED = STATUS[RunStatus.REQUESTED]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATES = ("invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate")


def list_runs(request: Request, world: World) -> Response:
    """The runs that match, as a bare array (docs/vendors/billingplatform.md#id-after)."""
    return Response(200, [run_document(run, world) for run in select_runs(request, world)])


def get_run(request: Request, world: World) -> Response:
    return Response(200, run_document(_run(request, world), world))


def create_run(request: Request, world: World) -> Response:
    """Create a run. It is Pending whatever the body says; no member is required (docs/vendors/billingplatform.md#writing)."""
    members = _members(request.body, world)
    try:
        run = world.execute(_command("create_run", members))
    except LedgerError as error:
        raise from_ledger(error, world) from None
    status = 201 if world.switches["billingplatform.create_status"] == 201 else 200
    return Response(status, run_document(run, world))


def update_run(request: Request, world: World) -> Response:
    """Change the members that were sent and leave the others (docs/vendors/billingplatform.md#partial-update); change
    all or nothing (docs/vendors/billingplatform.md#locked-response)."""
    run = _run(request, world)
    members = _members(request.body, world)
    status = request.body.get("status", STATUS[run.status])
    requests_bills = status != STATUS[run.status]
    if requests_bills:
        members = _prepare_request(run, members, status, world)
    run = _change(run, members, world)
    if requests_bills:
        try:
            run = world.execute(RequestBills(run=run.number))
        except LedgerError as error:
            raise from_ledger(error, world) from None
    return Response(200, run_document(run, world))


# --- changing a run ------------------------------------------------------------------------------


def _change(run: BillingRun, members: Mapping[str, Json], world: World) -> BillingRun:
    """Change the members by one command; leave locked ones out if ``billingplatform.locked_field`` says so."""
    changes = dict(members)
    while True:
        try:
            changed: BillingRun = world.execute(_command("update_run", changes, run=run.number))
        except LedgerError as error:
            if not is_lock(error) or world.switches["billingplatform.locked_field"] != "ignore":
                raise from_ledger(error, world) from None
            # The ledger names one locked member at a time, so ask again without it; checking first would leave a gap in
            # which another request could lock more.
            del changes[VENDOR_NAMES[error.field or ""]]
        else:
            return changed


def _prepare_request(run: BillingRun, members: dict[str, Json], status: str, world: World) -> dict[str, Json]:
    """The members to change when ``status`` requests bills. Raises ``ApiError`` (conflict) before anything changes.

    By docs/vendors/billingplatform.md#status-writable only the vendor's web page requests bills, unless
    ``billingplatform.status_writable`` allows it here. By
    docs/vendors/billingplatform.md#request-needs-invoice-date the run needs an invoice date.
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
    """The writable members of the body; others are ignored, or refused if ``unknown_field`` says so
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
    _check_presets(body, world)
    return {name: value for name, value in body.items() if name in FIELDS}


def _check_presets(body: Json, world: World) -> None:
    """Raise ``ApiError`` (malformed) for a preset name that is not in use, if ``preset_values`` says so
    (docs/vendors/billingplatform.md#preset-value)."""
    if world.switches["billingplatform.preset_values"] == "any":
        return
    runs = world.ledger.runs.values()
    known = {
        "subrun": {run.subrun for run in runs}
        | {account.group for state, _ in world.ledger.store.unique_states() for account in state.accounts},
        "invoiceMessage": {run.message for run in runs},
    }
    for name, names in known.items():
        value = body.get(name)
        if value is not None and value not in names:
            raise ApiError("malformed", f"{name}: there is no preset value {ascii(value)[:80]}", where=name)


def _command(name: str, members: Mapping[str, Json], **more: int) -> Command:
    """The command that writes those members. Raises ``ApiError`` (malformed) naming a member of the wrong type."""
    fields = {FIELDS[member]: value for member, value in members.items()}
    try:
        return read_command({"command": name, **more, **fields})
    except BadValue as error:
        member = VENDOR_NAMES.get(error.field or "", "body")
        raise ApiError("malformed", f"{member}: {error.message}", where=member) from None


# --- reading what was sent -----------------------------------------------------------------------


def _run(request: Request, world: World) -> BillingRun:
    """The run in the path. Ids are digits without leading zeros, so ``06`` is unknown."""
    given: str = request.path["id"]
    if given.isascii() and given.isdecimal() and given[0] != "0" and len(given) <= 18:
        try:
            return world.ledger.run(int(given))
        except UnknownRecord:
            pass
    raise ApiError("unknown_resource", f"there is no billing run {given[:80]}", where="id")
