"""Converts billing runs to billingplatform.uk's JSON: member names, dates, times and amounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from counterfoil.api import Json
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.ledger import LOCKED_FIELDS
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import bills_of
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.world.cache import AccountsKey
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.world import World

FIELDS: Mapping[str, str] = {
    "name": "name",
    "subrun": "subrun",
    "invoiceMessage": "message",
    "invoiceDate": "invoice_date",
    "cutoffDate": "cutoff_date",
    "transactionCutoffDate": "transaction_cutoff_date",
    "dueDate": "due_date",
}
"""The members a client may write (docs/vendors/billingplatform.md#run), with the ledger's names for them."""

VENDOR_NAMES: Mapping[str, str] = {field: name for name, field in FIELDS.items()}
LOCKED = frozenset(VENDOR_NAMES[name] for name in LOCKED_FIELDS)

STATUS: Mapping[RunStatus, str] = {
    RunStatus.PENDING: "Pending",
    RunStatus.REQUESTED: "Requested",
    RunStatus.RUNNING: "Running",
    RunStatus.COMPLETE: "Complete",
}

HUNDREDTH = Decimal("0.01")


def run_document(run: BillingRun, world: World) -> Json:
    """The whole run, as every operation returns it; members that were never set are null.

    Cached for each version of the world: half of the members are dates, and formatting one takes a microsecond.
    """
    cached_run, document = world.cached(("billingplatform.run", run.number), lambda: (run, _run_document(run, world)))
    return document.copy() if cached_run is run else _run_document(run, world)


def _run_document(run: BillingRun, world: World) -> dict[str, Json]:
    return {
        "id": str(run.number),
        "name": run.name,
        "status": STATUS[run.status],
        "subrun": run.subrun,
        "invoiceMessage": run.message,
        "invoiceAmount": currency_text(_invoiced(run, world), world),
        "invoiceDate": day_text(run.invoice_date, world),
        "cutoffDate": day_text(run.cutoff_date, world),
        "transactionCutoffDate": day_text(run.transaction_cutoff_date, world),
        "dueDate": day_text(run.due_date, world),
        "commencedDate": _timestamp(run.commenced_at),
        "completedDate": _timestamp(run.completed_at),
    }


# --- amounts, dates and times --------------------------------------------------------------------


def _invoiced(run: BillingRun, world: World) -> Decimal:
    """The sum of the run's invoices in the seller's currency; zero before the run is complete.

    All runs are summed in one pass, because a list shows them all, and only again when an account has changed.
    """
    if run.status is not RunStatus.COMPLETE:
        return ZERO
    subtract = world.switches["billingplatform.credit_notes"] == "subtract"
    totals = world.cached(AccountsKey("billingplatform.totals", subtract), lambda: _totals(world, subtract))
    return totals.get(run.number, ZERO)


def _totals(world: World, subtract: bool) -> dict[int, Decimal]:
    currency = world.scenario.seller.currency
    totals: dict[int, Decimal] = {}
    for state, refcount in world.ledger.store.unique_states():
        for number, total in _billed(state, currency, subtract).items():
            totals[number] = totals.get(number, ZERO) + refcount * total
    return totals


def _billed(state: AccountState, currency: str, subtract: bool) -> dict[int, Decimal]:
    """What each run billed to one customer, by run number; ``subtract``: less the credit notes of its bills
    (docs/vendors/billingplatform.md#credit-notes)."""

    def compute() -> dict[int, Decimal]:
        billed: dict[int, Decimal] = {}
        for bill in bills_of(state):
            if bill.invoice.currency == currency:
                run = bill.invoice.run or 0  # 0: bills on demand, which no run has
                billed[run] = billed.get(run, ZERO) + (bill.creditable if subtract else bill.total)
        return billed

    return state.cached("billingplatform.billed", (currency, subtract), compute)


def currency_text(amount: Decimal, world: World) -> Any:
    """Two decimals, or three in a currency that has three, because a sum of invoices is never rounded."""
    shown = amount if amount.as_tuple().exponent == -3 else amount.quantize(HUNDREDTH)
    return shown if world.switches["billingplatform.currency_as"] == "number" else str(shown)


def day_text(day: date | None, world: World) -> str | None:
    """``2026-02-01``, or ``01/02/2026`` by ``billingplatform.date_as`` (docs/vendors/billingplatform.md#serialisation)."""
    if day is None:
        return None
    return day.isoformat() if world.switches["billingplatform.date_as"] == "iso" else f"{day:%d/%m/%Y}"


def _timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)
