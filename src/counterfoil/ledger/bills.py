"""Changes to issued bills: holds, payments, refunds, credit notes and cancellation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from counterfoil.ledger.allocation import Receivables, Source
from counterfoil.ledger.base import LedgerBase, check_minor_unit
from counterfoil.ledger.credit import refund, refundable, with_credit_note
from counterfoil.ledger.documents import CreditLine, CreditNote, Invoice
from counterfoil.ledger.errors import BadValue, RuleBroken, UnknownRecord
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.payments import Payment, PaymentState
from counterfoil.ledger.receivables import Bill


class BillChanges(LedgerBase):
    """Each method checks first and then writes everything; after a ``LedgerError`` nothing has changed."""

    def hold_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> Invoice:
        """Put a bill that is not settled on hold: it cannot be paid until it is released."""
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

    # --- payments --------------------------------------------------------------------------------

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
        further: tuple[int, ...] = (),
    ) -> Payment:
        """Record a payment of ``amount`` (None: all that remains to be paid) for a bill and then for ``further`` bills.

        A larger amount needs ``overpay``; the excess becomes the customer's credit.
        """
        if len({ordinal, *further}) <= len(further):
            raise BadValue("a bill is listed twice", field="further_bills")
        bills = [self.bill(customer, account, ordinal)]
        bills += [self._further_bill(customer, account, number) for number in further]
        remaining = sum((bill.remaining for bill in bills), ZERO)
        amount = remaining if amount is None else amount
        for bill, field in zip(bills, ("bill", *("further_bills" for _ in further)), strict=True):
            _check_open(bill, field)
        _check_payable(bills, amount, remaining, overpay=overpay)
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
            further=further,
        )
        self._put_receivables(customer, customer_state.receivables.settle(payment, now))
        return payment

    def resolve_payment(self, customer: int, ordinal: int, state: PaymentState, now: datetime) -> Payment:
        """Set a pending payment to succeeded or failed."""
        payment = self.payment(customer, ordinal)
        if payment.state is not PaymentState.PENDING:
            raise RuleBroken(f"payment {ordinal} is {payment.state}, not pending", field="payment")
        payment = replace(payment, state=state, changed_at=now)
        self._put_receivables(customer, self.state_of(customer).receivables.settle(payment, now))
        return payment

    def refund_payment(self, customer: int, ordinal: int, amount: Decimal | None, now: datetime) -> Payment:
        """Refund a payment, or ``amount`` of it: first the part not allocated to bills, then the part that covers them.

        Credit notes are issued for the second part, so that the customer does not owe it again.
        """
        payment = self.payment(customer, ordinal)
        if payment.state is not PaymentState.SUCCEEDED:
            raise RuleBroken(f"payment {ordinal} is {payment.state}: there is nothing to refund", field="payment")
        customer_state = self.state_of(customer)
        left = refundable(customer_state, payment)
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise BadValue(
                f"{amount} cannot be refunded: {left} of payment {ordinal} was neither refunded nor credited before",
                field="amount",
            )
        check_minor_unit(amount, customer_state.accounts[payment.account].currency)
        self._put_receivables(customer, refund(customer_state, payment, amount, now))
        return self.payment(customer, ordinal)

    # --- credit ----------------------------------------------------------------------------------

    def issue_credit_note(
        self,
        customer: int,
        account: int,
        ordinal: int,
        *,
        now: datetime,
        amount: Decimal | None = None,
        lines: tuple[CreditLine, ...] = (),
        currency: str | None = None,
        reason: str = "credit note",
    ) -> CreditNote:
        """Credit a bill: everything not credited yet, ``amount`` (tax included), or some of its lines (net).

        The note covers what remains to be paid on the bill; what was paid already becomes the customer's credit.
        """
        bill = self.bill(customer, account, ordinal)
        _check_currency(bill, currency)
        if bill.is_held:
            raise RuleBroken(f"bill {ordinal} is on hold: release it before it is credited", field="bill")
        state, note = with_credit_note(
            self.state_of(customer), bill, amount=amount, lines=lines, reason=reason, now=now
        )
        self.store.put(customer, state)
        return note

    def apply_credit(
        self,
        customer: int,
        account: int,
        ordinal: int,
        *,
        now: datetime,
        amount: Decimal | None = None,
        payment: int | None = None,
        credit_note: int | None = None,
        currency: str | None = None,
    ) -> Decimal:
        """Allocate what is left of the customer's credit notes and payments to a bill; returns the amount allocated.

        Without ``amount``, as much as the bill needs and the customer has. The credit comes from one ``payment`` or
        ``credit_note``, or from all of the account: credit notes first, oldest first.
        """
        bill = self.bill(customer, account, ordinal)
        _check_currency(bill, currency)
        _check_open(bill, "bill")
        if not bill.remaining:
            raise RuleBroken(f"bill {ordinal} is settled: it needs no credit", field="bill")
        receivables = self.state_of(customer).receivables
        sources = self._credits(customer, account, payment, credit_note)
        left = sum((available for _, available in sources), ZERO)
        if not left:
            raise RuleBroken("the customer has no credit on this account", field="customer")
        amount = min(left, bill.remaining) if amount is None else amount
        if amount <= 0:
            raise BadValue(f"{amount} cannot be applied: give an amount above zero", field="amount")
        check_minor_unit(amount, bill.invoice.currency)
        if amount > bill.remaining:
            raise RuleBroken(
                f"{amount} is more than the {bill.remaining} that remains on bill {ordinal}", field="amount"
            )
        if amount > left:
            raise RuleBroken(f"{amount} is more than the credit of {left}", field="amount")
        needed = amount
        for source, available in sources:
            if needed:
                receivables = receivables.allocate(source, bill.invoice, min(available, needed), now)
                needed -= min(available, needed)
        self._put_receivables(customer, receivables)
        return amount

    def cancel_bill(self, customer: int, account: int, ordinal: int, now: datetime) -> CreditNote:
        """Cancel an unpaid bill: issue a credit note over everything not credited yet."""
        bill = self.bill(customer, account, ordinal)
        if bill.is_cancelled or bill.total - bill.remaining > bill.reduced:
            raise RuleBroken(f"bill {ordinal} is {bill.settlement}: only an unpaid bill can be cancelled", field="bill")
        return self.issue_credit_note(customer, account, ordinal, now=now, reason="cancelled")

    def _further_bill(self, customer: int, account: int, ordinal: int) -> Bill:
        try:
            return self.bill(customer, account, ordinal)
        except UnknownRecord as error:
            raise UnknownRecord(error.message, field="further_bills") from None

    def _credits(
        self, customer: int, account: int, payment: int | None, credit_note: int | None
    ) -> list[tuple[Source, Decimal]]:
        """The credits that can be applied in the account. Raises ``LedgerError`` for a source of another account."""
        if payment is not None and credit_note is not None:
            raise BadValue("give a payment or a credit note, not both", field="credit_note")
        customer_state = self.state_of(customer)
        source: Source | None = None
        if payment is not None:
            source = self.payment(customer, payment)
        elif credit_note is not None:
            source = self.credit_note(customer, credit_note)
        if source is None:
            return customer_state.receivables.credits(account)
        field = "payment" if payment is not None else "credit_note"
        if source.account != account:
            currency, owed = (customer_state.accounts[index].currency for index in (source.account, account))
            raise RuleBroken(f"the {field.replace('_', ' ')} is in {currency}, and the bill is in {owed}", field=field)
        left = customer_state.receivables.unallocated(source)
        if not left:
            raise RuleBroken(f"nothing is left of {field.replace('_', ' ')} {source.ordinal}", field=field)
        return [(source, left)]

    # --- writing one record back -----------------------------------------------------------------

    def _put_invoice(self, customer: int, changed: Invoice) -> Invoice:
        receivables = self.state_of(customer).receivables
        key = (changed.account, changed.ordinal)
        invoices = tuple(changed if (i.account, i.ordinal) == key else i for i in receivables.invoices)
        self._put_receivables(customer, replace(receivables, invoices=invoices))
        return changed

    def _put_receivables(self, customer: int, changed: Receivables) -> None:
        self.store.put(customer, self.state_of(customer).replace(receivables=changed))


def _check_open(bill: Bill, field: str) -> None:
    """Raise ``RuleBroken`` if the bill is on hold or cancelled."""
    if bill.is_held:
        raise RuleBroken(f"bill {bill.invoice.ordinal} is on hold: release it before it is paid", field=field)
    if bill.is_cancelled:
        raise RuleBroken(f"bill {bill.invoice.ordinal} was cancelled", field=field)


def _check_payable(bills: list[Bill], amount: Decimal, remaining: Decimal, *, overpay: bool) -> None:
    """Raise ``LedgerError`` unless ``amount`` can be paid on the bills, which have ``remaining`` left to pay."""
    ordinals = ", ".join(str(bill.invoice.ordinal) for bill in bills)
    if amount <= 0:
        raise BadValue(f"cannot pay {amount} on bill {ordinals}: {remaining} remains", field="amount")
    check_minor_unit(amount, bills[0].invoice.currency)
    if amount > remaining and not overpay:
        raise RuleBroken(f"{amount} is more than the {remaining} that remains on bill {ordinals}", field="amount")


def _check_currency(bill: Bill, currency: str | None) -> None:
    if currency is not None and currency != bill.invoice.currency:
        raise BadValue(
            f"bill {bill.invoice.ordinal} is in {bill.invoice.currency}, not in {currency}", field="currency"
        )
