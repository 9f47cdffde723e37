"""Laws about the amounts in a bill and its account, a bill's category, run type and state, and the effect of a payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from counterfoil.apis.oracle_brm.laws.bills import BY_ACCOUNT, FETCH, LIST, WHOLE
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field, sample_items
from counterfoil.contract.law import Law, NotApplicable, says
from counterfoil.contract.laws import items
from counterfoil.contract.laws.customer_bills import (
    ACCOUNT,
    BILL_DATE,
    CURRENCIES,
    NEXT,
    REMAINING,
    STATE,
    UPDATED,
    applied,
    decimals_of,
)
from counterfoil.contract.laws.items import Mismatch

CATEGORIES = ("normal", "duplicate", "interim", "last", "trial customer", "credit note")
"""Those that the document gives as examples; Oracle's own first."""
RUN_TYPES = ("onCycle", "offCycle")
ALL_STATES = ("new", "partiallyPaid", "settled", "onHold", "inProgress")
MAX_CYCLE = timedelta(days=400)
"""No billing cycle is much longer than a year."""
MAX_ACCOUNTS, MAX_TRIES = 4, 12
BALANCE = Field("financialAccount.accountBalance")
CATEGORY, RUN_TYPE = Field("category"), Field("runType")


def _money_in(value: Any) -> Iterator[Any]:
    """Every Money in a bill, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from _money_in(each)
    elif isinstance(value, dict):
        if "unit" in value and "value" in value:
            yield value
        for each in value.values():
            yield from _money_in(each)


def money_is_well_formed(bill: Any) -> Mismatch:
    """Every amount is positive or 0, in a currency of ISO 4217 and with no more decimals than that currency has."""
    for money in _money_in(bill):
        if money["unit"] not in CURRENCIES:
            return "a currency of ISO 4217", money
        value = Decimal(str(money["value"]))
        places = Decimal(1).scaleb(-decimals_of(money["unit"]))
        if value < 0 or abs(value - value.quantize(places)) > Decimal("0.000001"):
            return f"an amount of 0 or more, in steps of {places}", money
    return None


def payments_are_applied_once(bill: Any) -> Mismatch:
    """Every payment applied to a bill is listed once, with an amount above 0 and at most the payment's amount."""
    ids = []
    for each in bill["appliedPayment"]:
        part: Any = each.get("appliedAmount")
        payment: Any = each.get("payment") or {}
        whole: Any = payment.get("amount")
        ids.append(payment.get("id"))
        if part is not None and Decimal(str(part["value"])) <= 0:
            return "an appliedAmount above 0", each
        comparable = part is not None and whole is not None and part["unit"] == whole["unit"]
        if comparable and Decimal(str(part["value"])) > Decimal(str(whole["value"])):
            return "an appliedAmount of at most the payment's amount", each
    known = [id for id in ids if id is not None]
    return None if len(set(known)) == len(known) else ("each payment once", known)


def taxes_are_named(bill: Any) -> Mismatch:
    """Each tax of a bill names its category and has a rate from 0 to 100 percent; none is listed twice at one rate."""
    seen = set()
    for tax in bill["taxItem"]:
        category, rate = tax.get("taxCategory"), tax.get("taxRate")
        if category is not None and not (isinstance(category, str) and category.strip()):
            return "the tax's name in taxCategory", tax
        if rate is not None and not 0 <= Decimal(str(rate)) <= 100:
            return "a taxRate from 0 to 100", tax
        if category is not None and rate is not None and (category, rate) in seen:
            return f"{category} at {rate} once", bill["taxItem"]
        seen.add((category, rate))
    return None


def next_bill_is_within_a_cycle(bill: Any) -> Mismatch:
    """nextBillDate is no more than 400 days after billDate: no billing cycle is longer."""
    latest = BILL_DATE.value(bill) + MAX_CYCLE
    return None if NEXT.value(bill) <= latest else (f"nextBillDate up to {latest.isoformat()}", NEXT.raw(bill))


def balance_is_what_remains(ctx: LawContext) -> None:
    """An account that owes something (a receivable) owes no more than remains on its issued bills."""
    showing = [bill for bill in WHOLE.whole_list(ctx) if BALANCE.raw(bill) and ACCOUNT.raw(bill)]
    ctx.require(showing, "no bill shows its account's balance")
    accounts = dict.fromkeys(ACCOUNT.raw(bill) for bill in showing)
    if WHOLE.is_large(ctx):
        found = {one: WHOLE.fetch_all(ctx, BY_ACCOUNT.query(one)) for one in sample_items(list(accounts), MAX_ACCOUNTS)}
    else:
        found = {one: [bill for bill in WHOLE.whole_list(ctx) if ACCOUNT.raw(bill) == one] for one in accounts}
    for account, bills in found.items():
        issued = [bill for bill in bills if STATE.raw(bill) != "inProgress"]
        balance = BALANCE.raw(next(bill for bill in bills if BALANCE.raw(bill)))
        if balance.get("balanceType") != "receivable" or any(REMAINING.value(bill) is None for bill in issued):
            continue
        ctx.cases += 1
        most = sum((REMAINING.value(bill) for bill in issued), Decimal())
        owed = Decimal(str(balance["amount"]["value"]))
        ctx.expect(owed <= most, f"a receivable of at most {most}, what remains on the bills of {account}", balance)
    ctx.require(ctx.cases, "no account has a receivable")


def _signed(bill: Any) -> Decimal | None:
    """What the account owes; negative for a deposit."""
    balance: Any = BALANCE.raw(bill) or {}
    sign = {"receivable": 1, "deposit": -1}.get(str(balance.get("balanceType")))
    return None if sign is None else sign * Decimal(str(balance["amount"]["value"]))


def payment_is_applied(ctx: LawContext) -> None:
    """A payment lowers one bill's remaining amount by its amount, is listed there with that amount, makes the bill settled or
    partiallyPaid, updates lastUpdate, and lowers the account's balance as much; the account's other bills keep their amounts."""
    last = "no account is known"
    for account in ctx.known_ids("billingAccount.id")[:MAX_TRIES]:
        before = {bill["id"]: bill for bill in WHOLE.fetch_all(ctx, BY_ACCOUNT.query(account))}
        now = ctx.now()
        try:
            fact = ctx.perform("pay", account, "part")
        except NotApplicable as reason:
            last = str(reason)
            continue
        after = {bill["id"]: bill for bill in WHOLE.fetch_all(ctx, BY_ACCOUNT.query(account))}
        changed = [
            id for id, bill in before.items() if id in after and REMAINING.value(after[id]) != REMAINING.value(bill)
        ]
        if not changed:  # the payment was for a bill of another account
            continue
        ctx.cases += 1
        ctx.expect(len(changed) == 1, "what remains to change on one bill alone", changed)
        _one_bill_was_paid(ctx, before[changed[0]], after[changed[0]], fact["amount"], now)
        if ctx.cases == 3:
            return
    ctx.require(ctx.cases, last)


def _one_bill_was_paid(ctx: LawContext, old: Any, new: Any, amount: Decimal, now: Any) -> None:
    fell = REMAINING.value(old) - REMAINING.value(new)
    ctx.expect(fell == amount, f"remainingAmount of {new['id']} to fall by {amount}", fell)
    ctx.expect(STATE.raw(new) in ("partiallyPaid", "settled", "onHold"), f"{new['id']} partiallyPaid", STATE.raw(new))
    if new.get("appliedPayment") is not None:
        rose = applied(new) - applied(old)
        ctx.expect(rose == amount, f"{amount} more in appliedPayment of {new['id']}", rose)
    if UPDATED.value(new) is not None:
        ctx.expect(UPDATED.value(new) >= now, f"lastUpdate of {new['id']} from {now.isoformat()} on", UPDATED.raw(new))
    was, owes = _signed(old), _signed(new)
    if was is not None and owes is not None:
        ctx.expect(was - owes == amount, f"the balance of its account to fall by {amount}", was - owes)


def _law(id: str, operation: str, family: str, check: Any, *clauses: str, needs: tuple[str, ...] = ()) -> Law:
    return Law(f"oracle-brm.{id}", operation, family, clauses, says(check), check, needs=needs)


LAWS = (
    items.each("oracle-brm.bill.money", WHOLE, money_is_well_formed, "c56", "c79", "c80", "c133", "v27"),
    items.one_of("oracle-brm.bill.category", WHOLE, CATEGORY, CATEGORIES, "c63", optional=True),
    items.one_of("oracle-brm.bill.run-type", WHOLE, RUN_TYPE, RUN_TYPES, "c73", optional=True),
    items.one_of("oracle-brm.bill.states", WHOLE, STATE, ALL_STATES, "c78", "c74"),
    items.each(
        "oracle-brm.bill.applied", WHOLE, payments_are_applied_once, "c84", "c86", "c93",
        only=lambda bill: bool(bill.get("appliedPayment")), lacking="no bill shows a payment",
    ),
    items.each(
        "oracle-brm.bill.taxes", WHOLE, taxes_are_named, "c157", "c158",
        only=lambda bill: bool(bill.get("taxItem")), lacking="no bill shows its taxes", family="form",
    ),
    items.each(
        "oracle-brm.bill.next", WHOLE, next_bill_is_within_a_cycle, "c68",
        only=lambda bill: None not in (NEXT.value(bill), BILL_DATE.value(bill)), lacking="no bill says when the next is made",
        family="agreement",
    ),
    _law("account.balance", LIST, "arithmetic", balance_is_what_remains, "c64", "c133", "c134"),
    _law("payment.applied", FETCH, "lifecycle", payment_is_applied, "c57", "c64", "c67", "c72", "c74", "c133", "c134",
         needs=("pay", "now")),
)  # fmt: skip
