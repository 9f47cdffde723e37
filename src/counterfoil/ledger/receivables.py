"""Computes from its allocations what is paid, credited and remaining on each bill, and its settlement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.allocation import Allocation, Receivables, Source
from counterfoil.ledger.documents import CreditNote, Invoice, tax_on
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.payments import Payment, PaymentState
from counterfoil.ledger.periods import start_of

__all__ = ["Bill", "Settlement", "balance", "bill_of", "bills_of", "tax_on"]

P = TypeVar("P", Payment, CreditNote)


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
    """An invoice with its totals, the payments for it, its credit notes, and what is allocated to it, in its currency.

    ``net_exact`` and ``tax_exact`` are unrounded. ``net`` and ``tax`` are rounded to the currency's minor unit, and
    ``total = net + tax``. ``applied`` pairs each payment that covers part of the bill with the amount covered, and
    ``credits`` each credit note (its own, or of another bill). ``remaining = total - paid - credited``, never negative.
    ``overpaid`` is what is left of the payments for it.
    """

    invoice: Invoice
    net_exact: Decimal
    tax_exact: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal
    payments: tuple[Payment, ...]
    credit_notes: tuple[CreditNote, ...]
    applied: tuple[tuple[Payment, Decimal], ...]
    credits: tuple[tuple[CreditNote, Decimal], ...]
    remaining: Decimal
    overpaid: Decimal
    changed_at: datetime

    @property
    def paid(self) -> Decimal:
        """How much of the bill payments cover."""
        return sum((amount for _, amount in self.applied), ZERO)

    @property
    def credited(self) -> Decimal:
        """How much of the bill credit notes cover."""
        return sum((amount for _, amount in self.credits), ZERO)

    @property
    def reduced(self) -> Decimal:
        """How much of the bill its own credit notes cover; that amount is not owed."""
        return sum((amount for note, amount in self.credits if self._is_own(note)), ZERO)

    @property
    def refunded(self) -> Decimal:
        """The paid amount that its credit notes took back, as a refund or as the customer's credit."""
        return sum((note.total for note in self.credit_notes), ZERO) - self.reduced

    @property
    def creditable(self) -> Decimal:
        """How much of the bill can still be credited."""
        return self.total - sum((note.total for note in self.credit_notes), ZERO)

    @property
    def is_held(self) -> bool:
        return self.invoice.held_at is not None and self.invoice.released_at is None

    @property
    def is_cancelled(self) -> bool:
        """Whether its own credit notes cover all of it."""
        return self.reduced == self.total

    @property
    def updated_at(self) -> datetime:
        """When the bill, its hold, a payment or credit note of it, or what is allocated to it last changed."""
        moments = [moment for moment in (self.invoice.held_at, self.invoice.released_at) if moment]
        return max(self.changed_at, *moments) if moments else self.changed_at

    @property
    def settlement(self) -> Settlement:
        """How far the bill is paid. A refund leaves nothing to be paid again (docs/vendors/flexprice.md#refund)."""
        if self.is_cancelled:
            return Settlement.CANCELLED
        if self.overpaid:
            return Settlement.OVERPAID
        if self.refunded:
            covered = self.total - self.remaining - self.reduced
            return Settlement.REFUNDED if self.refunded == covered else Settlement.PART_REFUNDED
        if not self.remaining:
            return Settlement.PAID
        if self.applied or self.credits:
            return Settlement.PART_PAID
        if not self.payments:
            return Settlement.UNPAID
        return Settlement.FAILED if self.payments[-1].state is PaymentState.FAILED else Settlement.AWAITED

    def is_overdue(self, now: datetime) -> bool:
        """Whether something remains to be paid after the start of the due date."""
        return self.remaining > 0 and start_of(self.invoice.due_on) < now

    def _is_own(self, note: CreditNote) -> bool:
        return note.invoice == self.invoice.ordinal


def bills_of(state: AccountState) -> tuple[Bill, ...]:
    """All issued bills, oldest first."""
    receivables = state.receivables
    if not receivables.bills:
        receivables.bills.append(tuple(_bills(receivables)))
    return receivables.bills[0]


def bill_of(state: AccountState, account: int, ordinal: int) -> Bill | None:
    """The account's bill number ``ordinal``, counted from 1; None if there is none."""
    for bill in bills_of(state):
        if bill.invoice.account == account and bill.invoice.ordinal == ordinal:
            return bill
    return None


def balance(state: AccountState, account: int) -> Decimal:
    """What the account owes: invoices less credit notes, less what was received and not refunded. A credit is negative."""
    owed = sum((bill.remaining for bill in bills_of(state) if bill.invoice.account == account), ZERO)
    return owed - sum((amount for _, amount in state.receivables.credits(account)), ZERO)


def _bills(receivables: Receivables) -> Iterator[Bill]:
    payments: dict[tuple[int, int], list[Payment]] = {}
    notes: dict[tuple[int, int], list[CreditNote]] = {}
    covering: dict[tuple[int, int], list[Allocation]] = {}
    left = {
        payment.ordinal: payment.amount if payment.state is PaymentState.SUCCEEDED else ZERO
        for payment in receivables.payments
    }
    for payment in receivables.payments:
        for ordinal in payment.invoices:
            payments.setdefault((payment.account, ordinal), []).append(payment)
    for note in receivables.credit_notes:
        notes.setdefault((note.account, note.invoice), []).append(note)
    for allocation in receivables.allocations:
        if allocation.payment is not None:
            left[allocation.payment] -= allocation.amount
        if allocation.invoice is not None:
            account = receivables.source_of(allocation).account
            covering.setdefault((account, allocation.invoice), []).append(allocation)
    for invoice in receivables.invoices:
        key = (invoice.account, invoice.ordinal)
        own_payments = tuple(payments.get(key, ()))
        # what is left of a payment for several bills counts for the last one
        overpaid = sum((left[paid.ordinal] for paid in own_payments if paid.invoices[-1] == invoice.ordinal), ZERO)
        covered = [(receivables.source_of(part), part) for part in covering.get(key, ())]
        yield _bill(invoice, own_payments, tuple(notes.get(key, ())), covered, overpaid)


def _bill(
    invoice: Invoice,
    payments: tuple[Payment, ...],
    notes: tuple[CreditNote, ...],
    covering: list[tuple[Source, Allocation]],
    overpaid: Decimal,
) -> Bill:
    net_exact = invoice.net_exact
    net = to_minor_unit(net_exact, invoice.currency)
    tax = invoice.tax_on(net)
    moments = [invoice.issued_at, *(payment.changed_at for payment in payments), *(note.issued_at for note in notes)]
    moments += [part.allocated_at for _, part in covering]
    return Bill(
        invoice=invoice,
        net_exact=net_exact,
        tax_exact=tax_on(net_exact, invoice.tax_rate),
        net=net,
        tax=tax,
        total=net + tax,
        payments=payments,
        credit_notes=notes,
        applied=_sum_by_source([(source, part.amount) for source, part in covering if isinstance(source, Payment)]),
        credits=_sum_by_source([(source, part.amount) for source, part in covering if isinstance(source, CreditNote)]),
        remaining=net + tax - sum((part.amount for _, part in covering), ZERO),
        overpaid=overpaid,
        changed_at=max(moments),
    )


def _sum_by_source(parts: list[tuple[P, Decimal]]) -> tuple[tuple[P, Decimal], ...]:
    """Each source once, with the sum of what it covers."""
    amounts: dict[int, tuple[P, Decimal]] = {}
    for source, amount in parts:
        amounts[source.ordinal] = (source, amounts.get(source.ordinal, (source, ZERO))[1] + amount)
    return tuple(amounts.values())
