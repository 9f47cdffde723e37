"""Converts billing runs."""

from __future__ import annotations

from counterfoil.api import Json
from counterfoil.control.serializers.values import optional
from counterfoil.ledger.runs import BillingRun
from counterfoil.world.timestamps import format_timestamp


def run(record: BillingRun) -> dict[str, Json]:
    return {
        "run": record.number,
        "name": record.name,
        "status": str(record.status),
        "subrun": record.subrun,
        "message": record.message,
        "invoice_date": optional(record.invoice_date),
        "cutoff_date": optional(record.cutoff_date),
        "transaction_cutoff_date": optional(record.transaction_cutoff_date),
        "due_date": optional(record.due_date),
        "created_at": format_timestamp(record.created_at),
        "updated_at": format_timestamp(record.updated_at),
        "requested_at": optional(record.requested_at),
        "commenced_at": optional(record.commenced_at),
        "completed_at": optional(record.completed_at),
    }
