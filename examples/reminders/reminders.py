"""A small real client: decides which customers to remind, and of what. It knows nothing of counterfoil.

It reads Flexprice for who is overdue, and Oracle BRM for which bills that is about. Both are reached over HTTP with a
base URL and a key, as in production.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

GRACE_DAYS = 7


@dataclass(frozen=True)
class Customer:
    """A customer as our own books have it: its ids in both systems."""

    name: str
    flexprice_id: str
    brm_account_id: str


@dataclass(frozen=True)
class Reminder:
    """Write to this customer about this bill."""

    customer: str
    bill: str
    amount: Decimal
    currency: str


class Reminders:
    """``whom_to_chase`` is what it is for."""

    def __init__(self, flexprice: httpx.Client, brm: httpx.Client, sleep: Callable[[float], None] = time.sleep) -> None:
        self._flexprice = flexprice
        self._brm = brm
        self._sleep = sleep

    def whom_to_chase(self, customers: Iterable[Customer], now: datetime) -> list[Reminder]:
        """One reminder for each bill more than a week late, of customers whom Flexprice calls overdue."""
        return [
            Reminder(customer.name, bill["billNo"], Decimal(str(owed["value"])), owed["unit"])
            for customer in customers
            if self._is_overdue(customer)
            for bill in self._late_bills(customer, now)
            for owed in [bill["remainingAmount"]]
        ]

    def _is_overdue(self, customer: Customer) -> bool:
        answer = self._get(self._flexprice, f"/customers/{customer.flexprice_id}/invoices/summary")
        return any(Decimal(summary["total_overdue_amount"]) > 0 for summary in answer["summaries"])

    def _late_bills(self, customer: Customer, now: datetime) -> list[dict[str, Any]]:
        latest = now.timestamp() - GRACE_DAYS * 86_400
        query = {
            "billingAccount.id": customer.brm_account_id,
            "paymentDueDate.lt": datetime.fromtimestamp(latest, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "remainingAmount.value.gt": "0",
            "fields": "billNo,remainingAmount,state",
        }
        bills: list[dict[str, Any]] = self._get(self._brm, "/customerBill", params=query)
        return [bill for bill in bills if bill["state"] in ("new", "partiallyPaid")]

    def _get(self, client: httpx.Client, path: str, **options: Any) -> Any:
        """The answer's JSON; a service that is busy is asked once more, after as long as it says."""
        for may_wait in (True, False):
            answer = client.get(path, **options)
            if answer.status_code in (429, 503) and may_wait:
                self._sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            answer.raise_for_status()
            return answer.json()
        return None
