"""What must hold of Oracle BRM's customer bills (TMF678), over HTTP, at any implementation.

Clause ids are those of ``specs/oracle-brm/clauses.yaml``. Nothing here knows the stand-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from counterfoil.contract.collection import MOMENT, NUMBER, Collection, Field, Filter, Offsets, equal, observed
from counterfoil.contract.law import Book, Law, Trial, says
from counterfoil.contract.laws import auth, comparing, counting, errors, filtering, items, paging, patterns, reading
from counterfoil.contract.laws import selecting
from counterfoil.contract.laws.auth import Way
from counterfoil.contract.laws.items import Complaint, close
from counterfoil.contract.probe import Reply

LIST, FETCH = "GET /customerBill", "GET /customerBill/{id}"
STATES = ("new", "partiallyPaid", "settled", "inProgress")
BASE, EXTENDED = "CustomerBill", "CustomerBillOracle"
REQUIRED = ("id", "href", "billDate", "paymentDueDate", "amountDue", "state")
UNNUMBERED = "bill in progress"
NOBODY = "0.0.0.1+-bill+999999999999"
GOOD = (200, 206)
"""Oracle names only 200; TMF630 allows 206 for a part of a list."""

ID = Field("id")
NUMBER_OF = Field("billNo")
STATE = Field("state")
ACCOUNT = Field("billingAccount.id")
DUE = Field("amountDue.value", NUMBER)
REMAINING = Field("remainingAmount.value", NUMBER)
BILL_DATE = Field("billDate", MOMENT)
ENDS = Field("billingPeriod.endDateTime", MOMENT)
STARTS = Field("billingPeriod.startDateTime", MOMENT)
UPDATED = Field("lastUpdate", MOMENT)
PAY_BY = Field("paymentDueDate", MOMENT)
NEXT = Field("nextBillDate", MOMENT)
NET = Field("taxExcludedAmount.value", NUMBER)
TOTAL = Field("taxIncludedAmount.value", NUMBER)

DECIMALS = dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"), 0) | dict.fromkeys(
    ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3
)
"""ISO 4217: the currencies that have not two decimals."""


def _as_written(bill: Any) -> str | None:
    """The remaining amount with all decimals of its currency."""
    amount = REMAINING.value(bill)
    return None if amount is None else f"{amount:.{_decimals(bill)}f}"


def _decimals(bill: Any) -> int:
    return DECIMALS.get(bill["amountDue"]["unit"], 2)


BY_FIELD = {field.name: comparing.compared(field) for field in (DUE, BILL_DATE, ENDS, STARTS, UPDATED, PAY_BY, REMAINING)}
INSTANTS = (BILL_DATE, ENDS, STARTS, UPDATED, PAY_BY)
BY_NUMBER, BY_ID, BY_ACCOUNT, BY_STATE = equal(NUMBER_OF), equal(ID), equal(ACCOUNT), equal(STATE)
BY_ACCOUNT_NUMBER = equal(Field("billingAccount.accountNumber"), "billingAccount.id")
NUMBER_LIKE = patterns.percent("billNo", "billNo.like", NUMBER_OF.raw)
REMAINING_LIKE = patterns.percent("remainingAmount.value", "remainingAmount.value.like", _as_written)
NAMED = (BY_ACCOUNT, BY_NUMBER, NUMBER_LIKE, BY_ID, REMAINING_LIKE)
# `state` is no equality here: bills on hold are listed, and cannot be asked for.
STATE_ASKED = Filter(
    Field("state", at=lambda bill: bill["state"] if bill["state"] in STATES else None),
    "state", "equal to", BY_STATE.keeps, BY_STATE.write, BY_STATE.draw,
)  # fmt: skip
FILTERS = (STATE_ASKED, *NAMED, *(f for five in BY_FIELD.values() for f in five.all))
PARTNERS = (STATE_ASKED, BY_ACCOUNT, NUMBER_LIKE, BY_FIELD["billDate"].at_least, BY_FIELD["remainingAmount.value"].above)


class Bills(Collection):
    """The list with whole bills; a part of it may be 206."""

    def fetch(self, trial: Trial, query: Mapping[str, Any]) -> list[Any]:
        body = trial.ask(self.operation, query={**self.base, **query}, status=GOOD)
        trial.expect(isinstance(body, list) and all(isinstance(b, dict) for b in body), "an array of bills", body)
        return list(body)


class Names(Bills):
    """The list of which only the ids matter, asked for with ``fields`` where that works; what is observed is whole."""

    def fetch(self, trial: Trial, query: Mapping[str, Any]) -> list[Any]:
        lean = {"fields": "id"} if trial.observe("oracle-brm fields=id", lambda: _can_select(trial)) else {}
        return super().fetch(trial, {**lean, **query})

    def whole(self, trial: Trial) -> list[Any]:
        return WHOLE.whole(trial)


def _can_select(trial: Trial) -> bool:
    reply = trial.call(LIST, query={"fields": "id", "limit": 1})
    return reply.status in GOOD and all(bill.get("id") for bill in reply.body)


_PAGES = Offsets("offset", "limit", largest=1000)
WHOLE = Bills(LIST, identity=ID, pages=_PAGES)
BILLS = Names(LIST, identity=ID, pages=_PAGES, filters=FILTERS)


def _tries(filter_: Filter, bills: Sequence[Any]) -> Sequence[Any]:
    if filter_.how == patterns.LIKE:
        return patterns.plain_patterns(filter_, bills)
    values = observed(filter_.field, bills)
    return [*values[2:5], *values[:2]]


def tmf_error(reply: Reply) -> str | None:
    """The TMF ``Error``: code and reason, the status as a text, in JSON of charset utf-8."""
    complaint = errors.members("code", "reason")(reply) or _charset(reply)
    if complaint:
        return complaint
    status = reply.body.get("status")
    return None if status in (None, str(reply.status)) else f"status {status!r} in the body of a {reply.status}"


def _charset(reply: Reply) -> str | None:
    said = str(reply.headers.get("content-type", "")).lower().replace(" ", "").replace('"', "")
    return None if said == "application/json;charset=utf-8" else f"Content-Type {said or 'missing'}"


# ---------------------------------------------------------------- one bill


def required_are_there(bill: Any) -> Complaint:
    """id, href, billDate, paymentDueDate, amountDue and state are in every bill, and are not null."""
    lacking = [name for name in REQUIRED if bill.get(name) is None]
    return (", ".join(REQUIRED), f"no {', '.join(lacking)}: {bill}") if lacking else None


def number_in_step(bill: Any) -> Complaint:
    """Exactly the bills in progress have no number."""
    numbered = bool(bill.get("billNo"))
    return None if numbered == (bill["state"] != "inProgress") else ("billNo in step with state", bill)


def one_currency(bill: Any) -> Complaint:
    """All amounts of a bill are in one currency."""
    units = {money["unit"] for money in _amounts(bill)}
    return None if len(units) == 1 else ("one currency", sorted(units))


def _amounts(bill: Any) -> Iterator[Any]:
    names = ("amountDue", "remainingAmount", "taxExcludedAmount", "taxIncludedAmount")
    yield from (bill[name] for name in names if bill.get(name))
    yield from (each["taxAmount"] for each in bill.get("taxItem") or () if each.get("taxAmount"))
    yield from (each["appliedAmount"] for each in bill.get("appliedPayment") or () if each.get("appliedAmount"))


def _applied(bill: Any) -> Decimal:
    return sum((Decimal(each["appliedAmount"]["value"]) for each in bill.get("appliedPayment") or ()), Decimal())


def _taxes(bill: Any) -> Decimal:
    return sum((Decimal(each["taxAmount"]["value"]) for each in bill.get("taxItem") or ()), Decimal())


def _same(left: Any, right: Any, bill: Any) -> bool:
    """Equal in the currency's least unit."""
    return close(left, right, str(Decimal(1).scaleb(-_decimals(bill)) / 2))


def total_is_net_and_tax(bill: Any) -> Complaint:
    """taxIncludedAmount is taxExcludedAmount and the tax amounts of taxItem."""
    want = NET.value(bill) + _taxes(bill)
    return None if _same(TOTAL.value(bill), want, bill) else (f"taxIncludedAmount {want}", bill)


def tax_is_rate_of_net(bill: Any) -> Complaint:
    """The only tax of a bill is taxExcludedAmount times its rate, in percent, rounded."""
    tax = bill["taxItem"][0]
    want = NET.value(bill) * Decimal(tax["taxRate"]) / 100
    return None if _same(tax["taxAmount"]["value"], want, bill) else (f"taxAmount {want}", bill)


def remaining_is_total_less_payments(bill: Any) -> Complaint:
    """remainingAmount is taxIncludedAmount less what was applied, and never negative."""
    want = TOTAL.value(bill) - _applied(bill)
    holds = _same(REMAINING.value(bill), want, bill) and REMAINING.value(bill) >= 0
    return None if holds else (f"remainingAmount {want}", bill)


def state_agrees_with_amounts(bill: Any) -> Complaint:
    """new: nothing is paid; partiallyPaid: something, and something remains; settled: nothing remains."""
    paid, remaining = _applied(bill), REMAINING.value(bill)
    agrees = {
        "new": paid == 0,
        "partiallyPaid": paid > 0 and remaining > 0,
        "settled": remaining == 0,
        "inProgress": paid == 0,
    }.get(bill["state"], True)
    return None if agrees else (f"amounts that make a bill {bill['state']}", bill)


def nothing_left_is_settled(bill: Any) -> Complaint:
    """A bill that was paid, and of which nothing remains, is settled."""
    return None if bill["state"] == "settled" else ("state settled", bill)


def due_not_before_bill(bill: Any) -> Complaint:
    """paymentDueDate is not before billDate, and nextBillDate, where there is one, is after it."""
    following = NEXT.value(bill)
    if PAY_BY.value(bill) < BILL_DATE.value(bill):
        return "paymentDueDate not before billDate", bill
    return None if following is None or following > BILL_DATE.value(bill) else ("nextBillDate after billDate", bill)


def periods_are_whole(bill: Any) -> Complaint:
    """Every period has an end, and one that has a start starts before it ends."""
    for period in _periods(bill):
        starts, ends = STARTS.read(period.get("startDateTime") or period["endDateTime"]), period.get("endDateTime")
        if ends is None or (period.get("startDateTime") and not starts < ENDS.read(ends)):
            return "a period with an end, after its start", period
    return None


def _periods(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _periods(each)
    elif isinstance(value, Mapping):
        if "startDateTime" in value or "endDateTime" in value:
            yield value
        for each in value.values():
            yield from _periods(each)


# ---------------------------------------------------------------- bills beside each other


def balances(bill: Any) -> Iterator[tuple[Any, Any]]:
    """The balance of the bill's financial account."""
    account = bill.get("financialAccount") or {}
    if account.get("accountBalance"):
        yield account["id"], account["accountBalance"]["amount"]


def payments(bill: Any) -> Iterator[tuple[Any, Decimal, Decimal]]:
    """What the bill takes of which payments."""
    for each in bill.get("appliedPayment") or ():
        payment = each.get("payment") or {}
        if payment.get("amount"):
            yield payment["id"], Decimal(each["appliedAmount"]["value"]), Decimal(payment["amount"]["value"])


# ---------------------------------------------------------------- ways to ask


def _spread(bills: Sequence[Any]) -> list[Any]:
    places = dict.fromkeys((0, len(bills) - 1, len(bills) // 2, len(bills) // 3, 1))
    return [bills[place] for place in places if place < len(bills)]


def unnumbered_are_in_progress(trial: Trial) -> None:
    """billNo=bill in progress finds the bills in progress, that is those without a number."""
    bills = BILLS.some(trial)
    for query in ({"billNo": UNNUMBERED}, {"billNo": UNNUMBERED, "state": "inProgress"}, {"state": "inProgress"}):
        got = BILLS.all(trial, query)
        BILLS.same_items(trial, got, [b for b in bills if not b.get("billNo")], f"{query}: the bills without a number")


def plus_may_be_a_space(trial: Trial) -> None:
    """A plus sign in an id may be sent as %2B, and one that arrives as a space is taken for it."""
    with_plus = [bill for bill in BILLS.some(trial) if "+" in bill["id"]]
    trial.need(with_plus, "no id has a plus sign")

    def found(bill: Any) -> None:
        for text in (bill["id"], bill["id"].replace("+", " ")):
            BILLS.same_items(trial, BILLS.all(trial, {"id": text}), [bill], f"id={text} finds the bill")
        account = ACCOUNT.raw(bill)
        want = [each for each in BILLS.whole(trial) if ACCOUNT.raw(each) == account]
        if account and "+" in account:
            got = BILLS.all(trial, {"billingAccount.id": account.replace("+", " ")})
            BILLS.same_items(trial, got, want, f"billingAccount.id={account} with spaces finds the account's bills")

    trial.each(_spread(with_plus), found)


def answers_are_utf8_json(trial: Trial) -> None:
    """The Content-Type of every answer, errors too, is application/json with charset utf-8."""
    ways = [Way(LIST), Way(LIST, query={"limit": 1, "@type": EXTENDED}), Way(LIST, query={"limit": "x"}),
            Way(FETCH, path={"id": NOBODY})]  # fmt: skip
    ways += [Way(FETCH, path={"id": bill["id"]}) for bill in BILLS.whole(trial)[:1]]
    for way in ways:
        trial.cases += 1
        complaint = _charset(way.go(trial))
        trial.expect(complaint is None, "Content-Type application/json;charset=utf-8", complaint)


