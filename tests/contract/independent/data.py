"""The records that both applications start with; always the same.

It is independent of HTTP and of the format of responses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

CUSTOMERS = 60
BILLING_STATUSES = ("ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED")


@dataclass(frozen=True)
class Customer:
    """A customer and the value of its open and its previous bill run, in major units."""

    customer_id: int
    billing_status: str
    rating_status: str
    opened: Decimal
    previous: Decimal


# (open, previous): rises, falls, no change, pennies, thirds, a credit, an empty open run. Twelve pairs for sixty
# customers, so every value occurs several times and sorting has ties to keep stable.
_VALUES = tuple(
    (Decimal(opened), Decimal(previous))
    for opened, previous in (
        ("100", "60"), ("60", "100"), ("75.50", "75.50"), ("10.99", "9.99"), ("40", "30"), ("-12.50", "25"),
        ("0", "48.20"), ("1200", "150"), ("9", "8"), ("300.10", "400.20"), ("90", "50"), ("5.05", "20.20"),
    )
)  # fmt: skip


def customers() -> list[Customer]:
    """Sixty customers, ids 1 to 60, stored out of order so that nothing is sorted by accident."""
    return [_customer(place * 37 % (CUSTOMERS + 1)) for place in range(1, CUSTOMERS + 1)]


def _customer(customer_id: int) -> Customer:
    status = BILLING_STATUSES[customer_id % 5] if customer_id % 3 else "ACTIVE"
    opened, previous = _VALUES[customer_id * 7 % 12]
    if status in ("FIRST_INVOICE", "NEVER_BILLED"):  # no earlier bill run to compare with
        previous = Decimal(0)
    if status == "CEASED" and customer_id % 2:
        opened = Decimal(0)
    rating = "INCOMPLETE" if customer_id % 4 == 1 else "COMPLETE"
    return Customer(customer_id, status, rating, opened, previous)


@dataclass
class Run:
    """A billing run. Dates are kept as `YYYY-MM-DD` text, the other moments as aware datetimes."""

    id: int
    created: datetime
    updated: datetime
    status: str = "Pending"
    amount: Decimal = Decimal(0)
    commenced: datetime | None = None
    completed: datetime | None = None
    written: dict[str, str | None] = field(default_factory=dict)


# Ids of one, two and three digits, with gaps: compared as text, "9" would come after "10" and "101".
_RUNS = (
    (1, "Complete"), (2, "Complete"), (3, "Complete"), (5, "Complete"), (8, "Complete"), (9, "Running"),
    (10, "Requested"), (11, "Running"), (12, "Requested"), (99, "Pending"), (100, "Pending"), (101, "Pending"),
)  # fmt: skip


def runs() -> dict[int, Run]:
    """Twelve runs by id, created a month apart from January 2025; the finished ones were updated when they finished."""
    return {run_id: _run(month, run_id, status) for month, (run_id, status) in enumerate(_RUNS, start=1)}


def _run(month: int, run_id: int, status: str) -> Run:
    created = datetime(2025, month, 3, 9, 30, tzinfo=UTC)
    run = Run(run_id, created, created, status)
    run.written = {
        "name": f"Run of {created:%B %Y}",
        "subrun": "North" if month % 2 else None,
        "invoiceMessage": "Season's greetings" if month % 3 == 0 else "Standard",
        "invoiceDate": f"2025-{month:02}-05",
        "cutoffDate": f"2025-{month:02}-01",
        "transactionCutoffDate": f"2025-{month:02}-28" if month % 2 else None,
        "dueDate": f"2025-{month:02}-19",
    }
    if status in ("Running", "Complete"):
        run.commenced = run.updated = created + timedelta(hours=6)
    if status == "Complete":
        run.completed = run.updated = created + timedelta(hours=8, minutes=12)
        run.amount = Decimal("1043.75") * month
    if status == "Pending" and run_id == 101:  # nothing decided yet
        run.written.update(invoiceDate=None, cutoffDate=None, dueDate=None, invoiceMessage=None)
    return run
