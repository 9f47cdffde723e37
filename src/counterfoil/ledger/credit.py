"""Creates credit notes, with their share of the tax, and refunds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.allocation import Receivables, Source
from counterfoil.ledger.documents import CreditLine, CreditNote, tax_on
from counterfoil.ledger.errors import BadValue, RuleBroken
from counterfoil.ledger.money import ZERO, minor_unit, to_minor_unit
from counterfoil.ledger.payments import Payment, Refund
from counterfoil.ledger.receivables import Bill, bill_of


def with_credit_note(
    state: AccountState,
    bill: Bill,
    *,
    amount: Decimal | None,
    lines: tuple[CreditLine, ...],
    reason: str,
    now: datetime,
) -> tuple[AccountState, CreditNote]:
    """The state with a new credit note over a bill, and the note; it covers what remains to be paid on the bill.

    It is over everything not credited yet, ``amount`` (tax included), or ``lines``. Raises ``LedgerError``.
    """
    ordinal = bill.invoice.ordinal
    if amount is not None and lines:
        raise BadValue("give an amount or lines, not both", field="lines")
    if not bill.creditable:
        raise RuleBroken(f"all of bill {ordinal} was credited", field="bill")
    if len({line.line for line in lines}) < len(lines):
        raise BadValue("a line is listed twice", field="lines")
    lines = tuple(_checked_line(bill, line) for line in lines)
    net, tax = (
        _split_lines(bill, lines) if lines else _split_amount(bill, bill.creditable if amount is None else amount)
    )
    note = CreditNote(
        ordinal=len(state.credit_notes) + 1,
        account=bill.invoice.account,
        invoice=ordinal,
        currency=bill.invoice.currency,
        tax_rate=bill.invoice.tax_rate,
        lines=lines or (CreditLine(net),),
        net=net,
        tax=tax,
        reason=reason,
        issued_at=now,
    )
    receivables = replace(state.receivables, credit_notes=(*state.credit_notes, note))
    covered = min(note.total, bill.remaining)
    if covered:
        receivables = receivables.allocate(note, bill.invoice, covered, now)
    return state.replace(receivables=receivables), note


def refundable(state: AccountState, payment: Payment) -> Decimal:
    """How much of a payment can be refunded: what is not allocated, and what covers bills and was not credited yet."""
    sources = [state.receivables.unallocated(payment)]
    sources += [amount for _, amount in _covered(state, payment)]
    return sum(sources, ZERO)


def refund(state: AccountState, payment: Payment, amount: Decimal, now: datetime) -> Receivables:
    """The receivables after ``amount`` of a payment, at most ``refundable``, was paid back."""
    new_refund = Refund(len(state.refunds) + 1, payment.account, payment.ordinal, amount, now)
    changed = replace(payment, refunded=payment.refunded + amount, changed_at=now)
    receivables = state.receivables
    payments = tuple(changed if paid.ordinal == changed.ordinal else paid for paid in receivables.payments)
    state = state.replace(
        receivables=replace(receivables, refunds=(*receivables.refunds, new_refund), payments=payments)
    )
    state, amount = _pay_out(state, changed, new_refund, amount)
    for ordinal, limit in list(_covered(state, changed)):
        share = min(limit, amount)
        amount -= share
        for note in [note for note in state.credit_notes if _is_note_of(note, payment.account, ordinal)]:
            state, share = _pay_out(state, note, new_refund, share)
        bill = bill_of(state, payment.account, ordinal)
        if share and bill:
            # This note takes back what was paid, so it must not cover what remains to be paid.
            state, note = _refund_note(state, bill, share, now)
            state, _ = _pay_out(state, note, new_refund, share)
    return state.receivables


def _pay_out(state: AccountState, source: Source, new_refund: Refund, amount: Decimal) -> tuple[AccountState, Decimal]:
    """Pay out of what is left of a source, at most ``amount``; returns what is still to be paid out."""
    share = min(state.receivables.unallocated(source), amount)
    if not share:
        return state, amount
    return state.replace(receivables=state.receivables.pay_out(source, new_refund, share)), amount - share


def _covered(state: AccountState, payment: Payment) -> Iterator[tuple[int, Decimal]]:
    """The ordinals of the bills that a payment covers, newest allocation first, with how much of each can be refunded.

    That is the covered amount not refunded yet, up to the paid amount not credited yet plus the bill's unused credit.
    """
    receivables = state.receivables
    covered: dict[int, Decimal] = {}
    for allocation in reversed(receivables.allocations):
        if allocation.is_from(payment) and allocation.invoice is not None:
            covered[allocation.invoice] = covered.get(allocation.invoice, ZERO) + allocation.amount
    refunds = {refund.ordinal for refund in receivables.refunds if refund.payment == payment.ordinal}
    for ordinal, amount in covered.items():
        bill = bill_of(state, payment.account, ordinal)
        assert bill is not None
        notes = {note.ordinal for note in bill.credit_notes}
        refunded = sum(
            (part.amount for part in receivables.allocations if part.refund in refunds and part.credit_note in notes),
            ZERO,
        )
        left = sum((receivables.unallocated(note) for note in bill.credit_notes), ZERO)
        # A credit note over what remains unpaid is not a refund: it would cover that part of the bill.
        limit = min(amount - refunded, left + max(bill.creditable - bill.remaining, ZERO))
        if limit > 0:
            yield ordinal, limit


def _refund_note(state: AccountState, bill: Bill, amount: Decimal, now: datetime) -> tuple[AccountState, CreditNote]:
    """The state with a new, unallocated credit note that takes back ``amount`` of what was paid on a bill."""
    before = state.receivables.allocations
    state, note = with_credit_note(state, bill, amount=amount, lines=(), reason="refund", now=now)
    return state.replace(receivables=replace(state.receivables, allocations=before)), note


def _is_note_of(note: CreditNote, account: int, ordinal: int) -> bool:
    return note.account == account and note.invoice == ordinal


# --- net and tax ---------------------------------------------------------------------------------


def _split_amount(bill: Bill, amount: Decimal) -> tuple[Decimal, Decimal]:
    """The net and tax of ``amount``, at the bill's rate; the last credit note of a bill takes what is left of both."""
    _check_amount(bill, amount, "amount")
    net_left, tax_left = _not_credited(bill)
    rate = bill.invoice.tax_rate
    tax = to_minor_unit(amount * rate / (100 + rate), bill.invoice.currency)
    tax = max(min(tax, tax_left), amount - net_left)
    return amount - tax, tax


def _split_lines(bill: Bill, lines: tuple[CreditLine, ...]) -> tuple[Decimal, Decimal]:
    """The net of the lines, rounded, and the tax on it."""
    net_left, tax_left = _not_credited(bill)
    currency = bill.invoice.currency
    net = min(to_minor_unit(sum((line.amount for line in lines), ZERO), currency), net_left)
    tax = tax_left if net == net_left else min(to_minor_unit(tax_on(net, bill.invoice.tax_rate), currency), tax_left)
    if net + tax <= 0:
        raise BadValue("the sum of the lines is zero", field="lines")
    return net, tax


def _not_credited(bill: Bill) -> tuple[Decimal, Decimal]:
    """The net and the tax of a bill that were not credited yet."""
    notes = bill.credit_notes
    return bill.net - sum((note.net for note in notes), ZERO), bill.tax - sum((note.tax for note in notes), ZERO)


def _check_amount(bill: Bill, amount: Decimal, field: str) -> None:
    ordinal, currency = bill.invoice.ordinal, bill.invoice.currency
    if amount <= 0:
        raise BadValue(f"{amount} cannot be credited: give an amount above zero", field=field)
    if amount % minor_unit(currency):
        raise BadValue(f"{amount} is finer than the smallest unit of {currency}", field=field)
    if amount > bill.creditable:
        raise RuleBroken(f"{amount} is more than the {bill.creditable} of bill {ordinal} not credited yet", field=field)


def _checked_line(bill: Bill, line: CreditLine) -> CreditLine:
    """The line with its amount; an amount of zero means what was not credited yet. Raises ``LedgerError``."""
    count, ordinal = len(bill.invoice.lines), bill.invoice.ordinal
    if line.line is None or not 1 <= line.line <= count:
        raise BadValue(f"bill {ordinal} has lines 1 to {count}, not {line.line}", field="lines")
    credited = (other.amount for note in bill.credit_notes for other in note.lines if other.line == line.line)
    left = bill.invoice.lines[line.line - 1].amount - sum(credited, ZERO)
    if left <= 0:
        raise RuleBroken(f"nothing of line {line.line} of bill {ordinal} can be credited", field="lines")
    if line.amount < 0:
        raise BadValue(f"{line.amount} cannot be credited: give an amount above zero", field="lines")
    if line.amount > left:
        raise RuleBroken(f"{line.amount} is more than the {left} left of line {line.line}", field="lines")
    return replace(line, amount=line.amount or left)
