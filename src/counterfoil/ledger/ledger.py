"""The ledger of one world: everything its APIs show, and the methods that change it.

Every change checks first and then writes everything; a ``LedgerError`` means that nothing has changed. The caller passes
the time (``now``, in UTC). What becomes due as time passes is in ``scheduler``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from counterfoil.ledger.bills import BillChanges
from counterfoil.ledger.customers import CustomerChanges
from counterfoil.ledger.errors import BadValue, RuleBroken
from counterfoil.ledger.on_demand import BillRequests
from counterfoil.ledger.runs import BillingRun, RunStatus

LOCKED_FIELDS = ("invoice_date", "cutoff_date", "transaction_cutoff_date", "due_date", "message")
"""The fields of a run that are locked once its bills are requested (docs/vendors/billingplatform.md#locked-fields)."""


class Ledger(CustomerChanges, BillChanges, BillRequests):
    """Who owes what in one world."""

    def create_run(self, fields: Mapping[str, Any], now: datetime) -> BillingRun:
        """Create a pending run. ``fields``: any of name, subrun, message and the four dates."""
        number = self.runs.last() + 1
        values = {"name": None, **fields}
        run = BillingRun(
            number=number, status=RunStatus.PENDING, created_at=now, updated_at=now, planned_at=now, **values
        )
        _check_dates(run)
        self.runs[number] = run
        return run

    def update_run(self, number: int, fields: Mapping[str, Any], now: datetime) -> BillingRun:
        """Change the given fields. The dates and the message are locked once bills were requested.

        Repeating the current value of a locked field is allowed.
        """
        run = self.run(number)
        changes = {name: value for name, value in fields.items() if getattr(run, name) != value}
        locked = [name for name in LOCKED_FIELDS if name in changes]
        if locked and run.status is not RunStatus.PENDING:
            raise RuleBroken(
                f"{locked[0]} is locked: bills were requested for run {number}, which is {run.status}", field=locked[0]
            )
        if not changes:
            return run
        planned_at = run.planned_at if changes.keys() <= {"name", "message"} else now
        changed = replace(run, **changes, updated_at=now, planned_at=planned_at)
        _check_dates(changed)
        self.runs[number] = changed
        return changed

    def request_bills(self, number: int, now: datetime) -> BillingRun:
        """Request the run's bills. It must be pending and have an invoice date
        (docs/vendors/billingplatform.md#request-needs-invoice-date)."""
        run = self.run(number)
        if run.status is not RunStatus.PENDING:
            raise RuleBroken(f"bills were already requested for run {number}, which is {run.status}", field="run")
        if run.invoice_date is None:
            raise RuleBroken(
                f"run {number} needs an invoice date before its bills can be requested", field="invoice_date"
            )
        self.runs[number] = replace(run, status=RunStatus.REQUESTED, requested_at=now, updated_at=now)
        return self.runs[number]


def _check_dates(run: BillingRun) -> None:
    if run.due_date and run.invoice_date and run.due_date < run.invoice_date:
        raise BadValue(f"the due date {run.due_date} is before the invoice date {run.invoice_date}", field="due_date")
