"""Sums up a customer's invoices by currency, as the vendor's code does.

Source: docs/vendors/flexprice.md#summary.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

import msgspec

from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.documents import Line, UsageLine
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import Bill, Settlement, bills_of

if TYPE_CHECKING:
    from counterfoil.world.world import World

_STORED = Decimal("0.00000001")  # amounts are stored with eight places (docs/vendors/flexprice.md#decimal-strings)
_WIDE = Context(prec=60)

_SWITCHES = ("subscription_status", "invoice_cap", "overpaid_status")
"""The switches that a summary depends on."""


class Summary(msgspec.Struct, frozen=True):
    """Counts, and amounts in ``currency`` (lower case).

    ``usage`` and ``fixed`` are line amounts of unpaid invoices before tax, credits and payments, so their sum may differ
    from ``unpaid`` (docs/vendors/flexprice.md#unpaid-charges).
    """

    currency: str
    revenue: Decimal
    unpaid: Decimal
    overdue: Decimal
    count: int
    unpaid_count: int
    overdue_count: int
    usage: Decimal
    fixed: Decimal


def summaries(world: World, customer: int) -> Sequence[Summary]:
    """One summary per currency of the counted subscriptions, newest first; none without a counted subscription
    (docs/vendors/flexprice.md#no-subscription)."""
    state = world.ledger.state_of(customer)
    inputs = (world.now, *(world.switches[f"flexprice.{name}"] for name in _SWITCHES))
    if state.billed_to is None and not world.ledger.payees_of(customer):  # it depends on this account state alone
        return state.cached("flexprice.summaries", inputs, lambda: _summaries(world, customer, state))
    return _summaries(world, customer, state)


def _summaries(world: World, customer: int, state: AccountState) -> tuple[Summary, ...]:
    currencies = _currencies(world, state)
    if not currencies:
        return ()
    bills = _counted_bills(world, customer, state)
    paid = {Settlement.PAID}
    if world.switches["flexprice.overpaid_status"] == "SUCCEEDED":
        paid.add(Settlement.OVERPAID)
    return tuple(
        _sum_up(currency, [b for b in bills if b.invoice.currency.lower() == currency], paid, world.now)
        for currency in currencies
    )


def _currencies(world: World, state: AccountState) -> list[str]:
    """The currencies of the counted subscriptions, in lower case, newest first (docs/vendors/flexprice.md#currencies)."""
    only_active = world.switches["flexprice.subscription_status"] == "active"
    states = ((each, each.state_on(world.today)) for each in reversed(state.subscriptions))
    counted = (each for each, state in states if state == "active" or not (only_active or state == "cancelled"))
    return list(dict.fromkeys(each.tariff.currency.lower() for each in counted))


def _counted_bills(world: World, customer: int, state: AccountState) -> list[Bill]:
    """The invoices of two look-ups, each capped at the newest, and each invoice once: those billed to the customer (its own
    unless another customer pays them, and those it pays for others), and those of its own subscriptions
    (docs/vendors/flexprice.md#fifty)."""
    cap = world.switches["flexprice.invoice_cap"]
    newest = cap if isinstance(cap, int) else None
    own = [(customer, bill) for bill in _not_void(state)]
    paid_for = [
        (payee, bill) for payee in world.ledger.payees_of(customer) for bill in _not_void(world.ledger.state_of(payee))
    ]
    billed_to_it = [*(own if state.billed_to is None else ()), *paid_for]
    counted = {
        (owner, bill.invoice.account, bill.invoice.ordinal): bill
        for found in (billed_to_it, own)
        for owner, bill in sorted(found, key=lambda pair: _issued(pair[1]), reverse=True)[:newest]
    }
    return list(counted.values())


def _not_void(state: AccountState) -> list[Bill]:
    """Finalized invoices and drafts (bills on hold), but not void ones (cancelled bills)."""
    return [bill for bill in bills_of(state) if not bill.is_cancelled]


def _issued(bill: Bill) -> tuple[datetime, int]:
    return (bill.invoice.issued_at, bill.invoice.ordinal)


def _sum_up(currency: str, counted: list[Bill], paid: Collection[Settlement], now: datetime) -> Summary:
    """Sum up the bills; those whose settlement is not in ``paid`` count as unpaid.

    A credit note over what is unpaid lowers the amount due; one over what was paid is a refund, after which nothing
    remains (docs/vendors/flexprice.md#amounts)."""
    unpaid = [bill for bill in counted if bill.settlement not in paid]
    overdue = [bill for bill in unpaid if start_of(bill.invoice.due_on) < now]
    lines = [line for bill in unpaid for line in bill.invoice.lines]
    return Summary(
        currency=currency,
        revenue=sum((bill.total - bill.reduced for bill in counted), ZERO),
        unpaid=sum((bill.remaining for bill in unpaid), ZERO),
        overdue=sum((bill.remaining for bill in overdue), ZERO),
        count=len(counted),
        unpaid_count=len(unpaid),
        overdue_count=len(overdue),
        usage=sum((_stored(line.amount) for line in lines if isinstance(line, UsageLine)), ZERO),
        fixed=sum((_stored(line.amount) for line in lines if _is_fixed_charge(line)), ZERO),
    )


def _is_fixed_charge(line: Line) -> bool:
    """Whether the line is a charge other than usage. A negative line is a coupon or a credit: it lowers what is due, and no
    charge (docs/vendors/flexprice.md#coupons-and-credits)."""
    return not isinstance(line, UsageLine) and line.amount > 0


def _stored(amount: Decimal) -> Decimal:
    return amount.quantize(_STORED, ROUND_HALF_UP, _WIDE)
