"""Sums over a whole world, for plots: what each run billed, revenue by month, and the age of unpaid bills.

Every figure is a sum over the unique account states, weighted by their customers, and cached for the world's version.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from counterfoil.api import Json
from counterfoil.control import serializers
from counterfoil.control.timeline import run_step
from counterfoil.ledger.billing import open_charges
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import Bill, bills_of
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.world import World

AGES = ((0, "1 to 30 days"), (30, "31 to 60 days"), (60, "61 to 90 days"), (90, "over 90 days"))
NOT_DUE = "not due"

Tally = dict[str, dict[str, tuple[int, Decimal]]]
"""By currency, then by category (a month, an age): how many bills, and their sum."""


def runs(world: World, offset: int, limit: int) -> dict[str, Json]:
    """Billing runs, newest first, each with what it billed."""
    numbers = sorted(world.ledger.runs, reverse=True)
    shown = [run(world, number) for number in numbers[offset : offset + limit]]
    return {"total": len(numbers), "offset": offset, "limit": limit, "runs": shown}


def run(world: World, number: int) -> dict[str, Json]:
    """One billing run. Raises ``UnknownRecord``."""
    billing_run = world.ledger.run(number)
    billed = _billed(world).get(number, {})
    step = run_step(billing_run)
    open_run = world.ledger.open_run()
    return {
        **serializers.run(billing_run),
        "is_open": open_run is not None and open_run.number == number,
        "bills": sum(count for count, _ in billed.values()),
        "totals": {currency: serializers.money(total, currency) for currency, (_, total) in sorted(billed.items())},
        "next": step[1] if step else None,
    }


def figures(world: World) -> dict[str, Json]:
    """Revenue by month, ageing of unpaid amounts, and the open charges, each by currency."""
    return world.cached("control.figures", lambda: _figures(world))


def _figures(world: World) -> dict[str, Json]:
    revenue: Tally = {}
    ageing: Tally = {}
    for bill, customers in _bills(world):
        currency = bill.invoice.currency
        _add(revenue, currency, f"{bill.invoice.issued_on:%Y-%m}", customers, bill.total)
        if bill.remaining:
            _add(ageing, currency, _age(world, bill), customers, bill.remaining)
    open_net: dict[str, Decimal] = {}
    cutoffs = world.ledger.open_cutoffs(world.today)
    for state, customers in world.ledger.store.unique_states():
        for index, account in enumerate(state.accounts):
            net = open_charges(state, index, cutoffs).net
            open_net[account.currency] = open_net.get(account.currency, ZERO) + customers * net
    order = [NOT_DUE, *(label for _, label in AGES)]
    return {
        "now": format_timestamp(world.now),
        "version": world.version,
        "currencies": [
            {
                "currency": currency,
                "open_net": serializers.money(open_net.get(currency, ZERO), currency),
                "revenue": [
                    {"month": month, "bills": count, "total": serializers.money(total, currency)}
                    for month, (count, total) in sorted(revenue.get(currency, {}).items())
                ],
                "ageing": [
                    {"age": label, "bills": count, "remaining": serializers.money(total, currency)}
                    for label in order
                    for count, total in [ageing.get(currency, {}).get(label, (0, ZERO))]
                ],
            }
            for currency in sorted(open_net)
        ],
    }


def _billed(world: World) -> dict[int, dict[str, tuple[int, Decimal]]]:
    """How many bills each run issued and their sum, by currency."""

    def count() -> dict[int, dict[str, tuple[int, Decimal]]]:
        billed: dict[int, dict[str, tuple[int, Decimal]]] = {}
        for bill, customers in _bills(world):
            of_run = billed.setdefault(bill.invoice.run or 0, {})  # 0: bills on demand, which no run has
            bills, total = of_run.get(bill.invoice.currency, (0, ZERO))
            of_run[bill.invoice.currency] = (bills + customers, total + customers * bill.total)
        return billed

    return world.cached("control.billed", count)


def _bills(world: World) -> Iterator[tuple[Bill, int]]:
    return ((bill, customers) for state, customers in world.ledger.store.unique_states() for bill in bills_of(state))


def _add(tally: Tally, currency: str, category: str, customers: int, amount: Decimal) -> None:
    count, total = tally.setdefault(currency, {}).get(category, (0, ZERO))
    tally[currency][category] = (count + customers, total + customers * amount)


def _age(world: World, bill: Bill) -> str:
    """How long a bill is overdue: the first day counts from the instant its due date began."""
    if not bill.is_overdue(world.now):
        return NOT_DUE
    days = (world.now - start_of(bill.invoice.due_on)).days
    return next(label for over, label in reversed(AGES) if days >= over)
