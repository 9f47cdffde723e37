"""Laws about how payments, billing runs, due dates and subscriptions change the summaries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from counterfoil.apis.flexprice.laws.requests import AMOUNTS, COUNTS, MAX_CUSTOMERS, answers, by_currency, fetch
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import NotApplicable
from counterfoil.contract.laws.arithmetic import amount


def after(
    capability: str, check: Callable[[LawContext, str, Any, Any, Any], None], *args: str, limit: int = 4
) -> Callable[[LawContext], None]:
    """A check that calls ``check(ctx, who, fact, before, after)`` for the first customers on which ``capability`` succeeds."""

    def law(ctx: LawContext) -> None:
        last = "no customer is known"
        for who in ctx.known_ids("id")[:MAX_CUSTOMERS]:
            before = fetch(ctx, who)
            try:
                fact = ctx.perform(capability, who, *args)
            except NotApplicable as reason:
                last = str(reason)
                continue
            if (
                isinstance(fact, dict)
                and fact["currency"].lower() not in by_currency(before)
                and capability != "subscribe"
            ):
                continue
            ctx.cases += 1
            check(ctx, who, fact, before, fetch(ctx, who))
            if ctx.cases == limit:
                return
        ctx.require(ctx.cases, last)

    return law


def _moved(
    ctx: LawContext, who: str, fact: Any, before: Any, after: Any, what: str, **changes: Decimal | int | None
) -> tuple[Any, Any]:
    """Checks that in the currency of ``fact`` the ``changes`` members changed by these amounts (``None``: any), and no others."""
    currency = fact["currency"].lower()
    old, new = by_currency(before), by_currency(after)
    ctx.expect(list(old) == list(new), f"the currencies {list(old)} after {what} ({who})", list(new))
    for each, summary in old.items():
        for name in (*AMOUNTS, *COUNTS):
            by = changes.get(name, 0) if each == currency else 0
            if by is not None:
                got = amount(new[each][name]) - amount(summary[name])
                ctx.expect(got == by, f"{name} in {each} to change by {by} through {what} ({who})", got)
    return old[currency], new[currency]


def part_paid(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    overdue = None if before["summaries"] else 0
    old, new = _moved(
        ctx, who, fact, before, after, f"a part payment of {fact['amount']}",
        total_unpaid_amount=-fact["amount"], total_overdue_amount=overdue,
    )  # fmt: skip
    fell = amount(old["total_overdue_amount"]) - amount(new["total_overdue_amount"])
    ctx.expect(fell in (0, fact["amount"]), f"total_overdue_amount to fall by {fact['amount']} or not at all", fell)


def paid(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    old, new = _moved(
        ctx, who, fact, before, after, f"a payment of all {fact['amount']}",
        total_unpaid_amount=-fact["amount"], unpaid_invoice_count=-1, total_overdue_amount=None,
        overdue_invoice_count=None, unpaid_usage_charges=None, unpaid_fixed_charges=None,
    )  # fmt: skip
    charges = [amount(new[name]) - amount(old[name]) for name in AMOUNTS[3:]]
    ctx.expect(sum(charges) < 0 or not fact["amount"], f"unpaid charges of {who} to fall with the invoice", charges)


def overpaid(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    _, new = _moved(
        ctx, who, fact, before, after, "an overpayment",
        total_unpaid_amount=None, total_overdue_amount=None,
    )  # fmt: skip
    ctx.expect(amount(new["total_unpaid_amount"]) >= 0, "no negative unpaid amount", new)


def payment_pending(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    _moved(ctx, who, fact, before, after, "a payment that is only pending")


def refunded(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    _moved(
        ctx, who, fact, before, after, f"a refund of {fact['amount']}",
        unpaid_invoice_count=1, overdue_invoice_count=None, unpaid_usage_charges=None, unpaid_fixed_charges=None,
    )  # fmt: skip


def voided(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    _moved(
        ctx, who, fact, before, after, f"a void invoice of {fact['amount']}",
        total_revenue_amount=-fact["amount"], total_unpaid_amount=-fact["amount"], total_invoice_count=-1,
        unpaid_invoice_count=-1, total_overdue_amount=None, overdue_invoice_count=None, unpaid_usage_charges=None,
        unpaid_fixed_charges=None,
    )  # fmt: skip


def paused(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    gone = fact["currency"].lower()
    want = [summary for summary in before["summaries"] if summary["currency"] != gone]
    ctx.expect(after["summaries"] == want, f"the summaries of {who} without {gone}", after)


def subscribed(ctx: LawContext, who: str, fact: Any, before: Any, after: Any) -> None:
    new, old, now = fact["currency"].lower(), list(by_currency(before)), list(by_currency(after))
    want = [new, *(currency for currency in old if currency != new)]
    ctx.expect(now == want, f"the currencies of {who} newest subscription first: {want}", now)
    ctx.expect(after["default_currency"] == new, f"default_currency {new}", after["default_currency"])
    for currency, summary in by_currency(before).items():
        ctx.expect(
            by_currency(after)[currency] == summary, f"{currency} as it was: {summary}", by_currency(after)[currency]
        )


def due_strictly(ctx: LawContext) -> None:
    """At the instant the due date begins nothing is overdue yet; one second later it is."""
    try:
        due = ctx.perform("next_due")
    except NotApplicable:
        ctx.perform("complete_run")
        due = ctx.perform("next_due")
    ahead = (due["at"] - ctx.now()).total_seconds()
    if ahead > 1:
        ctx.perform("advance", ahead - 1)
    before = fetch(ctx, due["who"])
    ctx.require(due["currency"].lower() in by_currency(before), "the invoice is in a currency that is not counted")
    ctx.perform("advance", (due["at"] - ctx.now()) / timedelta(seconds=1))
    at = fetch(ctx, due["who"])
    ctx.expect(at == before, f"nothing overdue yet at {due['at']:%Y-%m-%dT%H:%M:%SZ} for {due['who']}", at)
    ctx.perform("advance", 1)
    late = fetch(ctx, due["who"])
    old, new = by_currency(at)[due["currency"].lower()], by_currency(late)[due["currency"].lower()]
    want = old["overdue_invoice_count"] + 1
    ctx.expect(new["overdue_invoice_count"] >= want, f"{want} overdue one second later for {due['who']}", new)
    rose = amount(new["total_overdue_amount"]) > amount(old["total_overdue_amount"])
    ctx.expect(rose, f"more overdue than {old['total_overdue_amount']}", new["total_overdue_amount"])
    same = ("total_revenue_amount", "total_unpaid_amount", "total_invoice_count", "unpaid_invoice_count")
    ctx.expect(all(old[n] == new[n] for n in same), "revenue and what is unpaid as they were", new)


def issuing_adds(ctx: LawContext) -> None:
    """When a run completes, its invoices are added to counts and amounts, and no count decreases."""
    before = {name: by_currency(fetched.answer) for name, fetched in answers(ctx)}
    ctx.perform("complete_run")
    for name, fetched in answers(ctx):
        for currency, new in by_currency(fetched.answer).items():
            old = before[name].get(currency)
            if old is None:
                continue
            issued = new["total_invoice_count"] - old["total_invoice_count"]
            ctx.expect(issued >= 0, f"no fewer than {old['total_invoice_count']} invoices of {name}", new)
            moved = new["unpaid_invoice_count"] - old["unpaid_invoice_count"]
            if issued and moved == issued:
                ctx.cases += 1
                more = [amount(new[member]) - amount(old[member]) for member in AMOUNTS[:2]]
                ctx.expect(more[0] == more[1], f"revenue and unpaid of {name} in {currency} to rise alike", more)
    ctx.require(ctx.cases, "the run invoiced none of the customers in a currency that counts")


def one_off_is_fixed(ctx: LawContext) -> None:
    """An invoiced one-off charge is part of the unpaid fixed charges with its full amount, and not of the usage charges."""
    price, before = 100_000, {}
    for who in ctx.known_ids("id")[:3]:
        currency = ctx.perform("charge", who, price)["currency"].lower()
        before[who] = (currency, by_currency(fetch(ctx, who)).get(currency))
    ctx.perform("complete_run")
    for who, (currency, old) in before.items():
        new = by_currency(fetch(ctx, who)).get(currency)
        if old is None or new is None or new["total_invoice_count"] == old["total_invoice_count"]:
            continue
        ctx.cases += 1
        usage, fixed = (amount(new[name]) - amount(old[name]) for name in AMOUNTS[3:])
        ctx.expect(
            usage < price <= fixed < 2 * price,
            f"{price} more in unpaid_fixed_charges of {who}, and what its tariff costs",
            {"usage": usage, "fixed": fixed},
        )
    ctx.require(ctx.cases, "the run invoiced none of the charges in a currency that counts")


def payer_counts_once(ctx: LawContext) -> None:
    """An invoice that another customer pays counts once for each of the two: a part payment lowers both unpaid amounts."""
    pair = ctx.perform("payer")
    before = {who: fetch(ctx, who) for who in pair.values()}
    fact = ctx.perform("pay", pair["who"], "part")
    currency = fact["currency"].lower()
    for who in pair.values():
        old, new = by_currency(before[who]), by_currency(fetch(ctx, who))
        ctx.require(currency in old and currency in new, f"{currency} is not counted for {who}")
        ctx.cases += 1
        fell = amount(old[currency]["total_unpaid_amount"]) - amount(new[currency]["total_unpaid_amount"])
        ctx.expect(fell == fact["amount"], f"total_unpaid_amount of {who} to fall by {fact['amount']}", fell)
        same = all(old[currency][name] == new[currency][name] for name in COUNTS[:2])
        ctx.expect(same, f"the counts of {who} as they were", new[currency])
    owned, paid_for = (by_currency(before[who])[currency]["total_invoice_count"] for who in pair.values())
    ctx.expect(owned <= paid_for, f"at least {owned} invoices of {pair['payer']}, who pays for {pair['who']}", paid_for)
