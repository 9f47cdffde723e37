"""Payments of bills, and refunds of payments."""

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
    """A succeeded, pending or failed payment of a bill, and of ``further`` bills of the same account after that one.

    ``ordinal`` counts the customer's payments from 1. What is more than the bills need is the customer's credit.
    ``refunded`` is how much of the amount was paid back. ``method`` is free text.
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
    further: tuple[int, ...] = ()

    @property
    def invoices(self) -> tuple[int, ...]:
        """The bills it was paid for, in the order in which it covers them."""
        return (self.invoice, *self.further)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money paid back to the customer, out of a payment. ``ordinal`` counts the customer's refunds from 1."""

    ordinal: int
    account: int
    payment: int
    amount: Decimal
    refunded_at: datetime
