"""Billing runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RunStatus(StrEnum):
    PENDING = "pending"
    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class BillingRun:
    """An order to bill: which charges, with which dates on the invoices, and how far it has got.

    ``cutoff_date`` is exclusive and bounds calls; ``transaction_cutoff_date`` is inclusive and bounds other charges.
    ``subrun`` limits it to accounts of that group. Dates are local dates, ``…_at`` UTC instants.
    """

    number: int
    name: str | None
    status: RunStatus
    created_at: datetime
    updated_at: datetime
    subrun: str | None = None
    message: str | None = None
    invoice_date: date | None = None
    cutoff_date: date | None = None
    transaction_cutoff_date: date | None = None
    due_date: date | None = None
    requested_at: datetime | None = None
    commenced_at: datetime | None = None
    completed_at: datetime | None = None
