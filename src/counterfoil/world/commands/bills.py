"""Commands about bills, payments and credit notes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from counterfoil.ledger.documents import CreditLine
from counterfoil.ledger.errors import BadValue
from counterfoil.ledger.payments import PaymentState
from counterfoil.world.commands.command import Command, Number, Text, check_amount

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState


class _OfBill(Command, frozen=True, kw_only=True):
    customer: Number
    bill: Number
    account: Annotated[int, Meta(ge=0, le=8)] = 0


class HoldBill(_OfBill, frozen=True, kw_only=True, tag="hold_bill"):
    """Put a bill on hold, so that it cannot be paid until it is released."""

    def apply(self, world: WorldState) -> Any:
        return world.ledger.hold_bill(self.customer, self.account, self.bill, world.now)


class ReleaseBill(_OfBill, frozen=True, kw_only=True, tag="release_bill"):
    """Take a bill off hold."""

    def apply(self, world: WorldState) -> Any:
        return world.ledger.release_bill(self.customer, self.account, self.bill, world.now)


class CancelBill(_OfBill, frozen=True, kw_only=True, tag="cancel_bill"):
    """Cancel an unpaid bill: issue a credit note over everything not credited yet."""

    def apply(self, world: WorldState) -> Any:
        return world.ledger.cancel_bill(self.customer, self.account, self.bill, world.now)


class RecordPayment(_OfBill, frozen=True, kw_only=True, tag="record_payment"):
    """Record a payment of ``amount``, or of what remains to be paid on the bill; more than that only with ``overpay``.

    It can pay ``further_bills`` of the account too: each, in that order, takes what remains to be paid on it. The rest
    is the customer's credit (``apply_credit``).
    """

    amount: Decimal | None = None
    method: Text | None = None
    state: PaymentState = PaymentState.SUCCEEDED
    overpay: bool = False
    further_bills: Annotated[tuple[Number, ...], Meta(max_length=100)] = ()

    def apply(self, world: WorldState) -> Any:
        return world.ledger.record_payment(
            self.customer,
            self.account,
            self.bill,
            None if self.amount is None else check_amount(self.amount, "amount"),
            now=world.now,
            method=self.method,
            state=self.state,
            overpay=self.overpay,
            further=tuple(self.further_bills),
        )


class ResolvePayment(Command, frozen=True, kw_only=True, tag="resolve_payment"):
    """Set a pending payment to succeeded or failed."""

    customer: Number
    payment: Number
    succeeded: bool = True

    def apply(self, world: WorldState) -> Any:
        state = PaymentState.SUCCEEDED if self.succeeded else PaymentState.FAILED
        return world.ledger.resolve_payment(self.customer, self.payment, state, world.now)


class RefundPayment(Command, frozen=True, kw_only=True, tag="refund_payment"):
    """Refund a payment, or ``amount`` of it: first the part not allocated to bills, then the part that covers them.

    Credit notes are issued for the second part, so that the customer does not owe it again (docs/vendors/flexprice.md#refund).
    """

    customer: Number
    payment: Number
    amount: Decimal | None = None

    def apply(self, world: WorldState) -> Any:
        amount = None if self.amount is None else check_amount(self.amount, "amount")
        return world.ledger.refund_payment(self.customer, self.payment, amount, world.now)


class CreditedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the bill, counted from 1, and the amount to credit, net of tax; all of the line if not given."""

    line: Number
    amount: Decimal | None = None


class IssueCreditNote(_OfBill, frozen=True, kw_only=True, tag="issue_credit_note"):
    """Credit a bill: everything not credited yet, ``amount`` (tax included), or some of its lines.

    The note covers what remains to be paid on the bill; what was paid already becomes the customer's credit. ``currency``,
    if given, must be the bill's.
    """

    amount: Decimal | None = None
    lines: Annotated[tuple[CreditedLine, ...], Meta(max_length=1000)] = ()
    currency: str | None = None
    reason: Text = "credit note"

    def apply(self, world: WorldState) -> Any:
        return world.ledger.issue_credit_note(
            self.customer,
            self.account,
            self.bill,
            now=world.now,
            amount=None if self.amount is None else check_amount(self.amount, "amount"),
            lines=tuple(_credit_line(line) for line in self.lines),
            currency=self.currency,
            reason=self.reason,
        )


class ApplyCredit(_OfBill, frozen=True, kw_only=True, tag="apply_credit"):
    """Pay a bill with what is left of the customer's credit notes and payments in the account; the result is the amount.

    Without ``amount``, as much as possible. The credit comes from one ``payment`` or ``credit_note``, or from all: credit
    notes first, oldest first. ``currency``, if given, must be the bill's.
    """

    amount: Decimal | None = None
    payment: Number | None = None
    credit_note: Number | None = None
    currency: str | None = None

    def apply(self, world: WorldState) -> Any:
        return world.ledger.apply_credit(
            self.customer,
            self.account,
            self.bill,
            now=world.now,
            amount=None if self.amount is None else check_amount(self.amount, "amount"),
            payment=self.payment,
            credit_note=self.credit_note,
            currency=self.currency,
        )


def _credit_line(line: CreditedLine) -> CreditLine:
    if line.amount is None:
        return CreditLine(Decimal(0), line.line)
    if line.amount <= 0:
        raise BadValue(f"{line.amount} cannot be credited: give an amount above zero", field="lines")
    return CreditLine(check_amount(line.amount, "lines"), line.line)
