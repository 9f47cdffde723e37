"""The operations of billingplatform.uk's API, how its runs are listed and changed, and sample requests."""

from __future__ import annotations

import re
from typing import Any

from counterfoil.contract.collection import ItemList, Offsets
from counterfoil.contract.fields import DATE_TIME, INTEGER, Field
from counterfoil.contract.filters import above
from counterfoil.contract.laws import errors
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.lifecycle import Resource

LIST, CREATE = "GET /billingRuns/", "POST /billingRuns/"
FETCH, CHANGE = "GET /billingRuns/{id}", "PATCH /billingRuns/{id}"
CUSTOMERS, INVOICES = "GET /customers/", "GET /invoices/"
STATUSES = ("Pending", "Requested", "Running", "Complete")
DATES = ("invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate")
UNKNOWN_ID = {"id": "999999999999999999"}

ID = Field("id")
NUMBER_OF_ID = Field("id", INTEGER)
STATUS = Field("status")
COMMENCED = Field("commencedDate", DATE_TIME)
COMPLETED = Field("completedDate", DATE_TIME)
AFTER = above(NUMBER_OF_ID, "idAfter")

RUNS = ItemList(
    LIST,
    identity=ID,
    pages=Offsets("offset", "limit", largest=1000),
    filters=(AFTER,),
    order=((NUMBER_OF_ID, False),),
)
_BRITISH_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)


def as_iso(value: Any) -> Any:
    """A date as requests write it: responses may write 01/02/2026 for 2026-02-01 (switch ``billingplatform.date_as``)."""
    match = _BRITISH_DATE.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else f"{match[3]}-{match[2]}-{match[1]}"


RUN = Resource(
    CREATE,
    FETCH,
    CHANGE,
    RUNS,
    as_sent=as_iso,
    # Any combination of these values is consistent: no due date is before an invoice date.
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
    presets=("subrun", "invoiceMessage"),
)
FRESH = {"status": "Pending", "commencedDate": None, "completedDate": None}
INVALID_BODIES: tuple[Any, ...] = ([], 1, "text", {"name": 1})
ERROR = errors.members("error")
SAMPLES = (SampleRequest(LIST), SampleRequest(FETCH, path=UNKNOWN_ID))
WRITING_SAMPLES = (
    SampleRequest(CREATE, body={"name": "counterfoil"}),
    SampleRequest(CHANGE, path=UNKNOWN_ID, body={"name": "counterfoil"}),
)
