"""Allocation: which payments and credit notes cover which bills and refunds, and how much of each is left.

A bill's state follows from what is allocated to it. An allocation is never undone: a refund of money that covers a
bill is balanced by a credit note, as in Flexprice (docs/vendors/flexprice.md#refund).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from counterfoil.ledger.documents import CreditNote, Invoice
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.payments import Payment, PaymentState, Refund

if TYPE_CHECKING:
    from counterfoil.ledger.receivables import Bill

Source = Payment | CreditNote
"""A payment or credit note that can be allocated. It belongs to one account, and so has one currency."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """``amount`` of a payment or of a credit note (one of the two, by ordinal), allocated to a bill or a refund."""

    amount: Decimal
    allocated_at: datetime
    payment: int | None = None
    credit_note: int | None = None
    invoice: int | None = None
    refund: int | None = None

    def is_from(self, source: Source) -> bool:
        if isinstance(source, Payment):
            return self.payment == source.ordinal
        return self.credit_note == source.ordinal


@dataclass(frozen=True, slots=True)
class Receivables:
    """A customer's invoices, credit notes, payments and refunds, and how they are allocated.

    Bills are computed from these fields alone, so this object caches them.
    """

    invoices: tuple[Invoice, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    bills: list[tuple[Bill, ...]] = field(default_factory=list, compare=False, repr=False, init=False)

    __hash__ = object.__hash__

    def unallocated(self, source: Source) -> Decimal:
        """The part of a credit note, or of a succeeded payment, that is not allocated yet."""
        if isinstance(source, Payment):
            amount = source.amount if source.state is PaymentState.SUCCEEDED else ZERO
        else:
            amount = source.total
        return amount - sum((allocation.amount for allocation in self.allocations if allocation.is_from(source)), ZERO)

    def credits(self, account: int) -> list[tuple[Source, Decimal]]:
        """The account's payments and credit notes that are not fully allocated, with what is left; credit notes first."""
        sources: Iterable[Source] = (*self.credit_notes, *self.payments)
        left = ((source, self.unallocated(source)) for source in sources if source.account == account)
        return [(source, amount) for source, amount in left if amount]

    def remaining(self, invoice: Invoice) -> Decimal:
        """How much of an invoice is not covered yet."""
        covered = (
            allocation.amount
            for allocation in self.allocations
            if allocation.invoice == invoice.ordinal and self._account_of(allocation) == invoice.account
        )
        return invoice.total - sum(covered, ZERO)

    def source_of(self, allocation: Allocation) -> Source:
        """The payment or credit note that the allocation is from."""
        if allocation.payment is not None:
            return self.payments[allocation.payment - 1]
        assert allocation.credit_note is not None
        return self.credit_notes[allocation.credit_note - 1]

    def allocate(self, source: Source, invoice: Invoice, amount: Decimal, at: datetime) -> Receivables:
        """Allocate ``amount`` of what is left of ``source`` to the invoice."""
        return self._with_allocation(source, Allocation(amount, at, invoice=invoice.ordinal))

    def pay_out(self, source: Source, refund: Refund, amount: Decimal) -> Receivables:
        """Allocate ``amount`` of what is left of ``source`` to the refund."""
        return self._with_allocation(source, Allocation(amount, refund.refunded_at, refund=refund.ordinal))

    def settle(self, payment: Payment, at: datetime) -> Receivables:
        """Add a payment, or replace the one with its ordinal; if it succeeded, allocate it to its bills in order.

        Each bill takes what remains to be paid on it; the rest of the payment stays unallocated.
        """
        number = payment.ordinal
        after = replace(self, payments=(*self.payments[: number - 1], payment, *self.payments[number:]))
        for ordinal in payment.invoices:
            invoice = after.invoice(payment.account, ordinal)
            amount = min(after.unallocated(payment), after.remaining(invoice)) if invoice else ZERO
            if invoice and amount:
                after = after.allocate(payment, invoice, amount, at)
        return after

    def invoice(self, account: int, ordinal: int) -> Invoice | None:
        """The account's invoice number ``ordinal``; None if there is none."""
        invoices = (invoice for invoice in self.invoices if invoice.account == account)
        return next((invoice for invoice in invoices if invoice.ordinal == ordinal), None)

    def _account_of(self, allocation: Allocation) -> int:
        return self.source_of(allocation).account

    def _with_allocation(self, source: Source, allocation: Allocation) -> Receivables:
        if isinstance(source, Payment):
            allocation = replace(allocation, payment=source.ordinal)
        else:
            allocation = replace(allocation, credit_note=source.ordinal)
        return replace(self, allocations=(*self.allocations, allocation))
