"""Commands about bills and payments."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

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
    """Cancel an unpaid bill by a credit note over its whole amount."""

    def apply(self, world: WorldState) -> Any:
        return world.ledger.cancel_bill(self.customer, self.account, self.bill, world.now)


class RecordPayment(_OfBill, frozen=True, kw_only=True, tag="record_payment"):
    """Record a payment of ``amount``, or of what remains of the bill; more than remains only with ``overpay``."""

    amount: Decimal | None = None
    method: Text | None = None
    state: PaymentState = PaymentState.SUCCEEDED
    overpay: bool = False

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
    """Refund a payment, or ``amount`` of it; that much of the bill is owed again."""

    customer: Number
    payment: Number
    amount: Decimal | None = None

    def apply(self, world: WorldState) -> Any:
        amount = None if self.amount is None else check_amount(self.amount, "amount")
        return world.ledger.refund_payment(self.customer, self.payment, amount, world.now)
