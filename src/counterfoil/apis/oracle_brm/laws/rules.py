"""Laws about a bill that TM Forum does not state, and about the parts of the list that only Oracle has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from counterfoil.apis.oracle_brm.laws.bills import (
    BILLS,
    EXTENDED,
    FETCH,
    LIST,
    OK_STATUSES,
    REQUIRED,
    UNKNOWN_ID,
    UNNUMBERED,
    WHOLE,
    charset,
)
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import sample_items
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.customer_bills import ACCOUNT, BILL_DATE, DUE, NET, STARTS, TOTAL
from counterfoil.contract.laws.items import Mismatch

ODD_QUERIES = (
    {"billNo.like": "%" * 500}, {"billNo.like": "%1" * 60}, {"billNo": "B1-1\x00"}, {"id": "ä€𝄞" * 200}, {"fields": "," * 500},
    {"offset": "9" * 30}, {"limit": "9" * 30, "id": UNKNOWN_ID}, {"amountDue.value.gt": "9" * 400}, {"amountDue.value": "1e400"},
    {"remainingAmount.value.gt": "9" * 400}, {"billDate.lt": "9999-12-31T23:59:59-23:59"},
    {"billDate.gt": "0001-01-01T00:00:00+23:59"},
    {"billDate": "2016-12-31T23:59:60Z"}, {"lastUpdate": "2026-01-01T00:00:00.123456789Z"},
    {"billDate": "0000-01-01T00:00:00Z"}, {"id": ""}, {"@type": ""}, {"state": "new\nsettled"}, {"counterfoil": "1"},
)  # fmt: skip


def required_are_there(bill: Any) -> Mismatch:
    """id, href, billDate, paymentDueDate, amountDue and state are in every bill, and are not null."""
    lacking = [name for name in REQUIRED if bill.get(name) is None]
    return (", ".join(REQUIRED), f"no {', '.join(lacking)}: {bill}") if lacking else None


def number_in_step(bill: Any) -> Mismatch:
    """Bills in progress have no number, and all others have one."""
    numbered = bool(bill.get("billNo"))
    return None if numbered == (bill["state"] != "inProgress") else ("billNo in step with state", bill)


def balances_and_payments(bill: Any) -> Iterator[tuple[Any, Any]]:
    """Facts that other bills state too: an account's balance, and the amounts of payments."""
    account = bill.get("financialAccount") or {}
    if account.get("accountBalance"):
        yield account["id"], account["accountBalance"]["amount"]
    for each in bill.get("appliedPayment") or ():
        if (each.get("payment") or {}).get("amount"):
            yield each["payment"]["id"], each["payment"]["amount"]


def names(bill: Any) -> Iterator[tuple[Any, Any]]:
    """The names of accounts, payments, payment methods and parties, which other bills state too."""
    account, method = bill.get("billingAccount") or {}, bill.get("paymentMethod") or {}
    if account.get("id"):
        yield ("account", account["id"]), (account.get("accountNumber"), account.get("name"))
    if method.get("id"):
        yield ("payment method", method["id"]), method.get("name")
    if (receivables := bill.get("financialAccount") or {}).get("id"):
        yield ("financial account", receivables["id"]), receivables.get("name")
    for payment in (each.get("payment") or {} for each in bill.get("appliedPayment") or ()):
        if payment.get("id"):
            yield ("payment", payment["id"]), payment.get("name")
    for party in bill.get("relatedParty") or ():
        yield ("party", party["id"]), party.get("name")


def net_within_total(bill: Any) -> Mismatch:
    """taxExcludedAmount is at most taxIncludedAmount, and equal to it where the bill lists no tax."""
    net, total = NET.value(bill), TOTAL.value(bill)
    if net > total:
        return f"taxExcludedAmount of at most {total}", net
    return None if bill.get("taxItem") != [] or net == total else (f"taxExcludedAmount {total}, without a tax", net)


def parties_are_named(bill: Any) -> Mismatch:
    """If a bill has relatedParty, it lists at least one party, and none twice in the same role."""
    keys = [(party["id"], party.get("role")) for party in bill["relatedParty"]]
    return (
        None if keys and len(set(keys)) == len(keys) else ("at least one party, each role once", bill["relatedParty"])
    )


def payments(bill: Any) -> Iterator[tuple[Any, Decimal, Decimal]]:
    """The payments applied to the bill: their ids, the amounts applied, and their whole amounts."""
    for each in bill.get("appliedPayment") or ():
        payment = each.get("payment") or {}
        part = each.get("appliedAmount")
        if part and payment.get("amount") and payment["amount"]["unit"] == part["unit"]:
            yield payment["id"], Decimal(part["value"]), Decimal(payment["amount"]["value"])


def unnumbered_are_in_progress(ctx: LawContext) -> None:
    """billNo=bill in progress finds the bills in progress, which are those without a number."""
    bills = BILLS.require_items(ctx)
    for query in ({"billNo": UNNUMBERED}, {"billNo": UNNUMBERED, "state": "inProgress"}, {"state": "inProgress"}):
        got = BILLS.fetch_all(ctx, query)
        BILLS.same_items(ctx, got, [b for b in bills if not b.get("billNo")], f"{query}: the bills without a number")


def plus_may_be_a_space(ctx: LawContext) -> None:
    """A plus sign in an id may be sent as %2B, and a space is read as a plus sign."""
    with_plus = [bill for bill in BILLS.require_items(ctx) if "+" in bill["id"]]
    ctx.require(with_plus, "no id has a plus sign")

    def found(bill: Any) -> None:
        for text in (bill["id"], bill["id"].replace("+", " ")):
            BILLS.same_items(ctx, BILLS.fetch_all(ctx, {"id": text}), [bill], f"id={text} finds the bill")
        account = ACCOUNT.raw(bill)
        want = [each for each in BILLS.whole_list(ctx) if ACCOUNT.raw(each) == account]
        if account and "+" in account:
            got = BILLS.fetch_all(ctx, {"billingAccount.id": account.replace("+", " ")})
            BILLS.same_items(ctx, got, want, f"billingAccount.id={account} with spaces finds the account's bills")

    ctx.for_each(ctx.sample(sample_items(with_plus), 1), found)


def issued_for_good(ctx: LawContext) -> None:
    """When a run completes, bills in progress get a number and keep their id and bill date; existing numbers stay. A bill that a
    run issues is onCycle, unless its account requested a bill on demand."""
    before = {bill["id"]: bill for bill in BILLS.require_items(ctx)}
    asked = _asked_on_demand(ctx, before.values())
    ctx.perform("complete_run")
    after = {bill["id"]: bill for bill in WHOLE.fetch_all(ctx)}
    for id_, bill in before.items():
        ctx.cases += 1
        ctx.expect(id_ in after, f"bill {id_} still exists", "it is gone")
        number = bill.get("billNo")
        ctx.expect(number in (None, after[id_].get("billNo")), f"bill {id_} still numbered {number}", after[id_])
        if number is not None:
            ctx.expect(_money(after[id_]) == _money(bill), f"the amounts {id_} had: {_money(bill)}", after[id_])
    numbered = [
        bill for bill in after.values() if bill.get("billNo") and not before.get(bill["id"], bill).get("billNo")
    ]
    ctx.require(numbered, "the run numbered none of these bills")
    for bill in numbered:
        mismatch = number_in_step(bill)
        ctx.expect(mismatch is None, "a numbered bill that is no longer in progress", bill)
        first = before.get(bill["id"], bill)
        ctx.expect(STARTS.raw(first) == STARTS.raw(bill), f"the period from {STARTS.raw(first)} on", bill)
        ctx.expect(BILL_DATE.value(first) == BILL_DATE.value(bill), f"the bill date {BILL_DATE.raw(first)}", bill)
        if ACCOUNT.raw(bill) not in asked:
            ctx.expect(bill.get("runType") in (None, "onCycle"), "runType onCycle of a bill that a run issued", bill)


def _asked_on_demand(ctx: LawContext, before: Iterable[Any]) -> set[Any]:
    """The accounts that requested a bill on demand; if the target does not list those, the accounts with an offCycle bill in
    progress."""
    response = ctx.request("GET /customerBillOnDemand", query={"limit": 1000})
    if response.status in OK_STATUSES:
        return {ACCOUNT.raw(each) for each in response.body}
    return {ACCOUNT.raw(bill) for bill in before if bill["state"] == "inProgress" and bill.get("runType") == "offCycle"}


def _money(bill: Any) -> list[Any]:
    return [field.value(bill) for field in (DUE, NET, TOTAL)]


def never_fails(ctx: LawContext) -> None:
    """No request gets a 5xx response."""

    def answered(query: Mapping[str, str]) -> None:
        response = ctx.request(LIST, query={"limit": 1, **query})
        ctx.expect(response.status < 500, "a status below 500", f"{response.status}: {response.brief(120)}")

    ctx.for_each(ctx.sample(ODD_QUERIES, 8), answered)


def answers_are_utf8_json(ctx: LawContext) -> None:
    """The Content-Type of every response, errors too, is application/json with charset utf-8."""
    queries: tuple[dict[str, Any], ...] = ({"limit": 2}, {"limit": 1, "@type": EXTENDED}, {"limit": "x"})
    samples = [*(SampleRequest(LIST, query=query) for query in queries), SampleRequest(FETCH, path={"id": UNKNOWN_ID})]
    samples += [SampleRequest(FETCH, path={"id": bill["id"]}) for bill in BILLS.whole_list(ctx)[:1]]
    for sample in samples:
        ctx.cases += 1
        mismatch = charset(sample.send(ctx))
        ctx.expect(mismatch is None, "Content-Type application/json;charset=utf-8", mismatch)
