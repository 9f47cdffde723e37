"""Computes what is owed on each bill: totals, what payments cover, what remains, and whether it is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.documents import Invoice
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.payments import CREDIT_NOTE, Payment, PaymentState
from counterfoil.ledger.periods import start_of


class Settlement(StrEnum):
    """How far a bill is paid."""

    UNPAID = "unpaid"
    AWAITED = "awaited"
    FAILED = "failed"
    PART_PAID = "part paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    PART_REFUNDED = "part refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice with its totals and payments. Amounts are in ``invoice.currency``.

    ``net_exact`` and ``tax_exact`` are unrounded. ``net`` and ``tax`` are rounded to the currency's minor unit, and
    ``total = net + tax``. ``applied`` pairs each payment that covers part of the bill with the amount covered;
    ``remaining = total - sum of applied``, never negative. ``overpaid`` is what was received beyond the total.
    """

    invoice: Invoice
    net_exact: Decimal
    tax_exact: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal
    payments: tuple[Payment, ...]
    applied: tuple[tuple[Payment, Decimal], ...]
    remaining: Decimal
    overpaid: Decimal

    @property
    def paid(self) -> Decimal:
        return self.total - self.remaining

    @property
    def is_held(self) -> bool:
        return self.invoice.held_at is not None and self.invoice.released_at is None

    @property
    def is_cancelled(self) -> bool:
        return any(payment.method == CREDIT_NOTE for payment in self.payments)

    @property
    def updated_at(self) -> datetime:
        """When the bill, its hold or one of its payments last changed."""
        moments = [self.invoice.issued_at, *(payment.changed_at for payment in self.payments)]
        moments += [moment for moment in (self.invoice.held_at, self.invoice.released_at) if moment]
        return max(moments)

    @property
    def settlement(self) -> Settlement:
        """How far the bill is paid. What is refunded is owed again."""
        if self.is_cancelled:
            return Settlement.CANCELLED
        if self.overpaid:
            return Settlement.OVERPAID
        if not self.remaining:
            return Settlement.PAID
        if any(payment.refunded for payment in self.payments):
            return Settlement.PART_REFUNDED if self.paid else Settlement.REFUNDED
        if self.paid:
            return Settlement.PART_PAID
        if not self.payments:
            return Settlement.UNPAID
        return Settlement.FAILED if self.payments[-1].state is PaymentState.FAILED else Settlement.AWAITED

    def is_overdue(self, now: datetime) -> bool:
        """Whether something remains to be paid, later than the start of the due date."""
        return self.remaining > 0 and start_of(self.invoice.due_on) < now


def bills_of(state: AccountState) -> tuple[Bill, ...]:
    """All issued bills, oldest first."""
    return state.cached("bills", None, lambda: tuple(_bill(state, invoice) for invoice in state.invoices))


def bill_of(state: AccountState, account: int, ordinal: int) -> Bill | None:
    """The account's bill number ``ordinal``, counted from 1; None if there is none."""
    for bill in bills_of(state):
        if bill.invoice.account == account and bill.invoice.ordinal == ordinal:
            return bill
    return None


def balance(state: AccountState, account: int) -> Decimal:
    """What the account owes: its invoices less what was received and not refunded. A credit is negative."""
    return sum((b.remaining - b.overpaid for b in bills_of(state) if b.invoice.account == account), ZERO)


def tax_on(net: Decimal, rate: Decimal) -> Decimal:
    """The exact tax on ``net`` at ``rate`` percent."""
    return net * rate / 100


def _bill(state: AccountState, invoice: Invoice) -> Bill:
    net_exact = sum((line.amount for line in invoice.lines), ZERO)
    net = to_minor_unit(net_exact, invoice.currency)
    tax = to_minor_unit(tax_on(net, invoice.tax_rate), invoice.currency)
    payments = tuple(
        payment
        for payment in state.payments
        if payment.invoice == invoice.ordinal and payment.account == invoice.account
    )
    remaining = net + tax
    received = ZERO
    applied = []
    for payment in payments:
        kept = payment.amount - payment.refunded if payment.state is PaymentState.SUCCEEDED else ZERO
        received += kept
        covers = min(kept, remaining)
        if covers:
            applied.append((payment, covers))
            remaining -= covers
    return Bill(
        invoice=invoice,
        net_exact=net_exact,
        tax_exact=tax_on(net_exact, invoice.tax_rate),
        net=net,
        tax=tax,
        total=net + tax,
        payments=payments,
        applied=tuple(applied),
        remaining=remaining,
        overpaid=max(received - net - tax, ZERO),
    )
