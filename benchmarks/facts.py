"""What the stand-in holds when a run begins, read from it over HTTP: the peers' data, and what right answers are.

It asks for whole lists without filter or sort, so that filtered and sorted answers can be held against lists filtered
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


class Talk:
    """One kept connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, call: Call) -> tuple[int, bytes]:
        """Status and body. Raises ``OSError`` or ``http.client.HTTPException``."""
        self._connection.request(call.method, call.path, call.body.encode() or None, dict(call.headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def json(self, call: Call) -> Any:
        """The body, read. Raises ``ValueError`` for anything but a 2xx with JSON."""
        status, body = self.ask(call)
        if not 200 <= status < 300:
            raise ValueError(f"{call.path}: {status} {body[:200]!r}")
        return json.loads(body)


@dataclass
class Facts:
    """``rows``: Elevate's summaries by customer number. ``bills``: Oracle's, in its order, with a few members.

    ``examples``: for each operation the answer that canned peers give, by ``"METHOD /path"`` as the server has it.
    """

    rows: list[Row]
    bills: list[Row]
    runs: list[Row]
    examples: dict[str, Any]
    orders: dict[Any, list[Row]] = field(default_factory=dict)


def gather(port: int, customers: int) -> Facts:
    """Read everything from a fresh stand-in; one run is made in it."""
    talk = Talk(port)
    rows: list[Row] = []
    while chunk := talk.json(Call(f"{ELEVATE}?page={len(rows) // 1000 + 1}&pageSize=1000")):
        rows += chunk
    if len(rows) != customers:
        raise ValueError(f"{len(rows)} summaries for {customers} customers")
    bills: list[Row] = []
    while chunk := talk.json(
        Call(f"{ORACLE}?{urlencode({'limit': 1000, 'offset': len(bills), 'fields': BILL_FIELDS})}")
    ):
        bills += [{name: value for name, value in bill.items() if name != "href"} for bill in chunk]
    runs = talk.json(Call(RUNS))
    examples = {
        f"GET {ELEVATE}": rows[:100],
        f"GET {ORACLE}": talk.json(Call(f"{ORACLE}?limit=100&fields={BILL_FIELDS}")),
        f"GET {EMNIFY_ROUTE}": talk.json(Call(EMNIFY.format(7))),
        f"GET {FLEXPRICE_ROUTE}": talk.json(Call(FLEXPRICE.format(7))),
        f"GET {RUNS}{{id}}": runs[2],
        f"POST {RUNS}": talk.json(posted(RUNS, NEW_RUN)),
    }
    return Facts(rows, bills, runs, examples)
