"""The data of counterfoil's world at the start of a run, read over HTTP: loaded into the peers, and used to check responses.

Whole lists are read without filter or sort, so that filtered and sorted responses can be compared with lists filtered
and sorted here, by other code.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from benchmarks.calls import Call, posted

ELEVATE = "/elevate/v1/customer-billing-summaries"
ORACLE = "/oracle-brm/brm/customerBillManagement/v4/customerBill"
RUNS = "/billingplatform/backend/api/v1/billingRuns/"
EMNIFY = "/emnify/api/v1/organisation/{}/billing/202512"
FLEXPRICE = "/flexprice/v1/customers/cust_{:08}/invoices/summary"
EMNIFY_ROUTE = EMNIFY.format("{id}")
FLEXPRICE_ROUTE = FLEXPRICE.replace("cust_{:08}", "{id}")
BILL_FIELDS = "billNo,state,amountDue,remainingAmount"
NEW_RUN = {"name": "Spring", "invoiceDate": "2026-03-01", "cutoffDate": "2026-03-01", "dueDate": "2026-03-15"}

Row = dict[str, Any]


class Client:
    """A persistent connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, call: Call) -> tuple[int, bytes]:
        """Status and body. Raises ``OSError`` or ``http.client.HTTPException``."""
        self._connection.request(call.method, call.path, call.body.encode() or None, dict(call.headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def json(self, call: Call) -> Any:
        """The decoded JSON body. Raises ``ValueError`` for anything but a 2xx with JSON."""
        status, body = self.send(call)
        if not 200 <= status < 300:
            raise ValueError(f"{call.path}: {status} {body[:200]!r}")
        return json.loads(body)


@dataclass
class Dataset:
    """``rows``: Elevate's summaries by customer number. ``bills``: Oracle's, in its own order, a few members of each.

    ``examples``: for each operation (``"METHOD /path"``) the response that canned peers give.
    """

    rows: list[Row]
    bills: list[Row]
    runs: list[Row]
    examples: dict[str, Any]
    orders: dict[Any, list[Row]] = field(default_factory=dict)


def read_dataset(port: int, customers: int) -> Dataset:
    """Read everything from a freshly started counterfoil; creates one billing run in it."""
    client = Client(port)
    rows: list[Row] = []
    while chunk := client.json(Call(f"{ELEVATE}?page={len(rows) // 1000 + 1}&pageSize=1000")):
        rows += chunk
    if len(rows) != customers:
        raise ValueError(f"{len(rows)} summaries for {customers} customers")
    bills: list[Row] = []
    while chunk := client.json(
        Call(f"{ORACLE}?{urlencode({'limit': 1000, 'offset': len(bills), 'fields': BILL_FIELDS})}")
    ):
        bills += [{name: value for name, value in bill.items() if name != "href"} for bill in chunk]
    runs = client.json(Call(RUNS))
    examples = {
        f"GET {ELEVATE}": rows[:100],
        f"GET {ORACLE}": client.json(Call(f"{ORACLE}?limit=100&fields={BILL_FIELDS}")),
        f"GET {EMNIFY_ROUTE}": client.json(Call(EMNIFY.format(20))),
        f"GET {FLEXPRICE_ROUTE}": client.json(Call(FLEXPRICE.format(7))),
        f"GET {RUNS}{{id}}": runs[2],
        f"POST {RUNS}": client.json(posted(RUNS, NEW_RUN)),
    }
    return Dataset(rows, bills, runs, examples)
