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
    """A billing run: which charges it collects, the dates of its invoices, and its status.

    Usage before ``cutoff_date`` and other charges through ``transaction_cutoff_date`` are collected.
    ``subrun`` limits the run to accounts of that group. Dates are UTC dates, ``…_at`` are UTC times; ``planned_at`` is when
    the dates or the subrun last changed.
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
    planned_at: datetime | None = None
