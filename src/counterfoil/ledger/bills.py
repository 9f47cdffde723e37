"""Changes to issued bills: holds, payments, refunds and cancellation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from counterfoil.ledger.base import LedgerBase, check_minor_unit
from counterfoil.ledger.documents import Invoice
from counterfoil.ledger.errors import BadValue, RuleBroken
from counterfoil.ledger.payments import CREDIT_NOTE, Payment, PaymentState
from counterfoil.ledger.receivables import Bill


class BillChanges(LedgerBase):
    """Each method checks first and then writes everything; after a ``LedgerError`` nothing has changed."""

    def hold_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> Invoice:
        """Put an unsettled bill on hold: it cannot be paid until it is released."""
        bill = self.bill(customer, account, ordinal)
        if bill.is_held:
            raise RuleBroken(f"bill {ordinal} is already on hold", field="bill")
        if not bill.remaining:
            raise RuleBroken(f"bill {ordinal} is settled and cannot be held", field="bill")
        return self._put_invoice(customer, replace(bill.invoice, held_at=now, released_at=None))

    def release_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> Invoice:
        """End a bill's hold."""
        bill = self.bill(customer, account, ordinal)
        if not bill.is_held:
            raise RuleBroken(f"bill {ordinal} is not on hold", field="bill")
        return self._put_invoice(customer, replace(bill.invoice, released_at=now))

    def record_payment(
        self,
        customer: int,
        account: int,
        ordinal: int,
        amount: Decimal | None,
        *,
        now: datetime,
        method: str | None = None,
        state: PaymentState = PaymentState.SUCCEEDED,
        overpay: bool = False,
    ) -> Payment:
        """Record money for a bill: what remains of it, or ``amount``; more than remains only with ``overpay``."""
        bill = self.bill(customer, account, ordinal)
        amount = bill.remaining if amount is None else amount
        _check_payable(bill, amount, overpay=overpay)
        customer_state = self.state_of(customer)
        payment = Payment(
            ordinal=len(customer_state.payments) + 1,
            account=account,
            invoice=ordinal,
            amount=amount,
            method=method or customer_state.accounts[account].payment_method,
            state=state,
            received_at=now,
            changed_at=now,
        )
        self.store.put(customer, customer_state.replace(payments=(*customer_state.payments, payment)))
        return payment

    def resolve_payment(self, customer: int, ordinal: int, state: PaymentState, now: datetime) -> Payment:
        """Set a pending payment to succeeded or failed."""
        payment = self.payment(customer, ordinal)
        if payment.state is not PaymentState.PENDING:
            raise RuleBroken(f"payment {ordinal} is {payment.state}, not pending", field="payment")
        return self._put_payment(customer, replace(payment, state=state, changed_at=now))

    def refund_payment(self, customer: int, ordinal: int, amount: Decimal | None, now: datetime) -> Payment:
        """Refund a payment, or ``amount`` of it; that much of the bill is owed again."""
        payment = self.payment(customer, ordinal)
        left = payment.amount - payment.refunded
        amount = left if amount is None else amount
        if payment.state is not PaymentState.SUCCEEDED or payment.method == CREDIT_NOTE:
            raise RuleBroken(f"payment {ordinal} brought no money that could be given back", field="payment")
        if not 0 < amount <= left:
            raise BadValue(f"{amount} cannot be refunded: {left} of payment {ordinal} is left", field="amount")
        check_minor_unit(amount, self.state_of(customer).accounts[payment.account].currency)
        return self._put_payment(customer, replace(payment, refunded=payment.refunded + amount, changed_at=now))

    def cancel_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> Payment:
        """Cancel an unpaid bill by a credit note over its whole amount."""
        bill = self.bill(customer, account, ordinal)
        if bill.paid or bill.is_cancelled:
            raise RuleBroken(
                f"bill {ordinal} is {bill.settlement}: only a bill nothing was paid on can be cancelled", field="bill"
            )
        return self.record_payment(customer, account, ordinal, None, now=now, method=CREDIT_NOTE)

    # --- writing one record back -----------------------------------------------------------------

    def _put_invoice(self, customer: int, changed: Invoice) -> Invoice:
        state = self.state_of(customer)
        key = (changed.account, changed.ordinal)
        kept = tuple(changed if (i.account, i.ordinal) == key else i for i in state.invoices)
        self.store.put(customer, state.replace(invoices=kept))
        return changed

    def _put_payment(self, customer: int, changed: Payment) -> Payment:
        state = self.state_of(customer)
        kept = tuple(changed if p.ordinal == changed.ordinal else p for p in state.payments)
        self.store.put(customer, state.replace(payments=kept))
        return changed


def _check_payable(bill: Bill, amount: Decimal, *, overpay: bool) -> None:
    """Raise ``LedgerError`` unless ``amount`` can be paid on the bill."""
    ordinal = bill.invoice.ordinal
    if bill.is_held:
        raise RuleBroken(f"bill {ordinal} is on hold: release it before it is paid", field="bill")
    if bill.is_cancelled:
        raise RuleBroken(f"bill {ordinal} was cancelled", field="bill")
    if amount <= 0:
        raise BadValue(f"nothing to pay: {amount} on bill {ordinal}, of which {bill.remaining} remains", field="amount")
    check_minor_unit(amount, bill.invoice.currency)
    if amount > bill.remaining and not overpay:
        raise RuleBroken(f"{amount} is more than the {bill.remaining} that remains on bill {ordinal}", field="amount")
