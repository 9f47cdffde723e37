"""Payments of bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from counterfoil.ledger.money import ZERO


class PaymentState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Payment:
    """A succeeded, pending or failed payment of one bill; ``method`` ``credit note`` cancels the bill without money.

    ``ordinal`` counts the customer's payments from 1. ``refunded`` is how much of the amount was refunded.
    """

    ordinal: int
    account: int
    invoice: int
    amount: Decimal
    method: str
    state: PaymentState
    received_at: datetime
    changed_at: datetime
    refunded: Decimal = ZERO


CREDIT_NOTE = "credit note"
