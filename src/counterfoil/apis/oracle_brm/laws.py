"""What must hold of Oracle BRM's customer bills (TMF678), over HTTP, at any implementation.

Clause ids are those of ``specs/oracle-brm/clauses.yaml``. Nothing here knows the stand-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from counterfoil.contract.collection import MOMENT, Collection, Field, Filter, Offsets, equal, observed
from counterfoil.contract.law import Book, Law, Trial, says
from counterfoil.contract.laws import (
    auth,
    beside,
    comparing,
    counting,
    errors,
    filtering,
    items,
    paging,
    patterns,
    reading,
    selecting,
    shapes,
)
from counterfoil.contract.laws.auth import Way
from counterfoil.contract.laws.customer_bills import (
    ACCOUNT,
    BILL_DATE,
    DUE,
    ENDS,
    ID,
    NET,
    NUMBER_OF,
    PAY_BY,
    REMAINING,
    STARTS,
    STATE,
    TOTAL,
    UPDATED,
    applied,
    as_written,
    due_not_before_bill,
    nothing_left_is_settled,
    one_currency,
    periods_are_whole,
    remaining_is_total_less_payments,
    shows_taxes,
    state_agrees_with_amounts,
    tax_is_rate_of_net,
    total_is_net_and_tax,
)
from counterfoil.contract.laws.items import Complaint
from counterfoil.contract.laws.shapes import Shapes
from counterfoil.contract.probe import Reply

LIST, FETCH = "GET /customerBill", "GET /customerBill/{id}"
STATES = ("new", "partiallyPaid", "settled", "inProgress")
BASE, EXTENDED = "CustomerBill", "CustomerBillOracle"
REQUIRED = ("id", "href", "billDate", "paymentDueDate", "amountDue", "state")
UNNUMBERED = "bill in progress"
NOBODY = "0.0.0.1+-bill+999999999999"
GOOD = (200, 206)
"""Oracle names only 200; TMF630 allows 206 for a part of a list."""

BY_FIELD = {
    field.name: comparing.compared(field) for field in (DUE, BILL_DATE, ENDS, STARTS, UPDATED, PAY_BY, REMAINING)
}
INSTANTS = (BILL_DATE, ENDS, STARTS, UPDATED, PAY_BY)
BY_NUMBER, BY_ID, BY_ACCOUNT, BY_STATE = equal(NUMBER_OF), equal(ID), equal(ACCOUNT), equal(STATE)
BY_ACCOUNT_NUMBER = equal(Field("billingAccount.accountNumber"), "billingAccount.id")
NUMBER_LIKE = patterns.percent("billNo", "billNo.like", NUMBER_OF.raw)
REMAINING_LIKE = patterns.percent("remainingAmount.value", "remainingAmount.value.like", as_written)
NAMED = (BY_ACCOUNT, BY_NUMBER, NUMBER_LIKE, BY_ID, REMAINING_LIKE)
# `state` is no equality here: bills on hold are listed, and cannot be asked for.
STATE_ASKED = Filter(
    Field("state", at=lambda bill: bill["state"] if bill["state"] in STATES else None),
    "state", "equal to", BY_STATE.keeps, BY_STATE.write, BY_STATE.draw,
)  # fmt: skip
FILTERS = (STATE_ASKED, *NAMED, *(f for five in BY_FIELD.values() for f in five.all))
PARTNERS = (
    STATE_ASKED,
    BY_ACCOUNT,
    NUMBER_LIKE,
    BY_FIELD["billDate"].at_least,
    BY_FIELD["remainingAmount.value"].above,
)


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


# ---------------------------------------------------------------- what a bill says


def required_are_there(bill: Any) -> Complaint:
    """id, href, billDate, paymentDueDate, amountDue and state are in every bill, and are not null."""
    lacking = [name for name in REQUIRED if bill.get(name) is None]
    return (", ".join(REQUIRED), f"no {', '.join(lacking)}: {bill}") if lacking else None


def number_in_step(bill: Any) -> Complaint:
    """Exactly the bills in progress have no number."""
    numbered = bool(bill.get("billNo"))
    return None if numbered == (bill["state"] != "inProgress") else ("billNo in step with state", bill)


def shown(bill: Any) -> Iterator[tuple[Any, Any]]:
    """What the bill shows of things that other bills show too: an account's balance, and payments."""
    account = bill.get("financialAccount") or {}
    if account.get("accountBalance"):
        yield account["id"], account["accountBalance"]["amount"]
    for each in bill.get("appliedPayment") or ():
        if (each.get("payment") or {}).get("amount"):
            yield each["payment"]["id"], each["payment"]["amount"]


def payments(bill: Any) -> Iterator[tuple[Any, Decimal, Decimal]]:
    """What the bill takes of which payments."""
    for each in bill.get("appliedPayment") or ():
        payment = each.get("payment") or {}
        part = each.get("appliedAmount")
        if part and payment.get("amount") and payment["amount"]["unit"] == part["unit"]:
            yield payment["id"], Decimal(part["value"]), Decimal(payment["amount"]["value"])


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


def issued_for_good(trial: Trial) -> None:
    """When a run completes, bills in progress are numbered under the id they had; numbers given before stay."""
    before = {bill["id"]: bill for bill in BILLS.some(trial)}
    trial.act("complete_run")
    after = {bill["id"]: bill for bill in WHOLE.all(trial)}
    for id_, bill in before.items():
        trial.cases += 1
        trial.expect(id_ in after, f"bill {id_} still there", "it is gone")
        number = bill.get("billNo")
        trial.expect(number in (None, after[id_].get("billNo")), f"bill {id_} still numbered {number}", after[id_])
        if number is not None:
            trial.expect(_money(after[id_]) == _money(bill), f"the amounts {id_} had: {_money(bill)}", after[id_])
    numbered = [
        bill for bill in after.values() if bill.get("billNo") and not before.get(bill["id"], bill).get("billNo")
    ]
    trial.need(numbered, "the run numbered none of these bills")
    for bill in numbered:
        complaint = number_in_step(bill)
        trial.expect(complaint is None, "a numbered bill that is no longer in progress", bill)
        first = before.get(bill["id"], bill)
        trial.expect(STARTS.raw(first) == STARTS.raw(bill), f"the period from {STARTS.raw(first)} on", bill)


def _money(bill: Any) -> list[Any]:
    return [field.value(bill) for field in (DUE, NET, TOTAL)]


def never_fails(trial: Trial) -> None:
    """Nothing that a client sends is answered by a 5xx."""

    def answered(query: Mapping[str, str]) -> None:
        reply = trial.call(LIST, query=query)
        trial.expect(reply.status < 500, "a status below 500", f"{reply.status}: {reply.brief(120)}")

    trial.each(ODDITIES, answered)


def answers_are_utf8_json(trial: Trial) -> None:
    """The Content-Type of every answer, errors too, is application/json with charset utf-8."""
    ways = [Way(LIST), Way(LIST, query={"limit": 1, "@type": EXTENDED}), Way(LIST, query={"limit": "x"}),
            Way(FETCH, path={"id": NOBODY})]  # fmt: skip
    ways += [Way(FETCH, path={"id": bill["id"]}) for bill in BILLS.whole(trial)[:1]]
    for way in ways:
        trial.cases += 1
        complaint = _charset(way.go(trial))
        trial.expect(complaint is None, "Content-Type application/json;charset=utf-8", complaint)


# ---------------------------------------------------------------- the book

SHAPES = Shapes(WHOLE, FETCH, "@type", BASE, EXTENDED, always=("id", "href"))
COUNTS = {"in_body": "X-Result-Count", "in_all": "X-Total-Count"}
MEMBERS = (
    "billNo", "billDate", "paymentDueDate", "lastUpdate", "nextBillDate", "category", "runType", "state", "amountDue",
    "remainingAmount", "taxExcludedAmount", "taxIncludedAmount", "taxItem", "appliedPayment", "billDocument", "billingPeriod",
    "billingAccount", "financialAccount", "paymentMethod", "relatedParty", "id", "href", "@type", "@baseType",
)  # fmt: skip
NOTHING = (
    {"billNo": "B0-0-counterfoil"}, {"id": NOBODY}, {"billNo.like": "counterfoil%"}, {"billingAccount.id": "nobody"},
    {"billDate": "1990-01-01T00:00:00Z"}, {"lastUpdate.gt": "9000-01-01T00:00:00Z"}, {"amountDue.value.lt": "-1"},
    {"remainingAmount.value.like": "x%"}, {"billNo": UNNUMBERED, "state": "settled"},
)  # fmt: skip
NO_MOMENTS = ("yesterday", "", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T24:30:00Z")
NO_NUMBERS = ("x", "", "1,5", "nan", "1_000", "0x10")
ODDITIES = (
    {"billNo.like": "%" * 500}, {"billNo.like": "%1" * 60}, {"billNo": "B1-1\x00"}, {"id": "ä€𝄞" * 200}, {"fields": "," * 500},
    {"offset": "9" * 30}, {"limit": "9" * 30}, {"amountDue.value.gt": "9" * 400}, {"amountDue.value": "1e400"},
    {"remainingAmount.value.gt": "9" * 400}, {"billDate.lt": "9999-12-31T23:59:59-23:59"},
    {"billDate.gt": "0001-01-01T00:00:00+23:59"},
    {"billDate": "2016-12-31T23:59:60Z"}, {"lastUpdate": "2026-01-01T00:00:00.123456789Z"},
    {"billDate": "0000-01-01T00:00:00Z"}, {"id": ""}, {"@type": ""}, {"state": "new\nsettled"}, {"counterfoil": "1"},
)  # fmt: skip
WAYS = (Way(LIST, query={"limit": 1}), Way(FETCH, path={"id": NOBODY}))
METHODS = ("POST", "PUT", "PATCH", "DELETE")


def _asking(names: Iterable[str], values: Iterable[str]) -> list[Way]:
    return [Way(LIST, query={name: value}) for name in names for value in values]


def _params(fields: Iterable[Field]) -> list[str]:
    return [f.param for field in fields for f in BY_FIELD[field.name].all]


def _is_worked_out(bill: Any) -> bool:
    return None not in (REMAINING.value(bill), TOTAL.value(bill))


def _comparing(name: str, field: Field, first: int) -> Iterator[Law]:
    """Five laws of one field, for the clauses from ``first`` on."""
    for place, (operator, filter_) in enumerate(
        zip(("is", "gt", "gte", "lt", "lte"), BY_FIELD[field.name].all, strict=True)
    ):
        # The pattern for the remaining amount stands among its comparators.
        clause = first + place + (field is REMAINING and place > 2)
        yield filtering.selects(f"oracle-brm.{name}.{operator}", BILLS, filter_, f"c{clause:02}")


def _offsets(name: str, field: Field, first: int) -> Law:
    clauses = [f"c{number:02}" for number in range(first, first + 5)]
    return comparing.by_instant(f"oracle-brm.{name}.offsets", BILLS, BY_FIELD[field.name], *clauses, "v10")


COMPARED = (
    ("amount-due", DUE, 3), ("bill-date", BILL_DATE, 8), ("period-end", ENDS, 16), ("period-start", STARTS, 21),
    ("last-update", UPDATED, 28), ("payment-due", PAY_BY, 35), ("remaining", REMAINING, 40),
)  # fmt: skip


def _law(id: str, operation: str, family: str, check: Callable[[Trial], None], *clauses: str) -> Law:
    return Law(f"oracle-brm.{id}", operation, family, clauses, says(check), check)


def _refused(id: str, ways: Sequence[Way], text: str, *clauses: str) -> Law:
    return errors.bad_requests(f"oracle-brm.errors.{id}", ways, "c170", *clauses, text=text, shape=tmf_error)


def _spelled(number: Decimal) -> list[str]:
    text = format(number, "f")
    return [f"{text}0", f"{text}000"] if "." in text else [f"{text}.0", f"{text}.00"]


LAWS: tuple[Law, ...] = (
    # filters
    *(law for name, field, first in COMPARED for law in _comparing(name, field, first)),
    *(_offsets(name, field, first) for name, field, first in COMPARED if field.kind == MOMENT),
    comparing.parts("oracle-brm.filter.parts", BILLS, tuple(BY_FIELD.values()), "c04", "c09", "c17", "c22", "c29", "c36", "c41"),
    filtering.same_value("oracle-brm.amount-due.spelling", BILLS, BY_FIELD["amountDue.value"].same, _spelled, "c03"),
    filtering.same_value("oracle-brm.remaining.spelling", BILLS, BY_FIELD["remainingAmount.value"].same, _spelled, "c40"),
    filtering.selects("oracle-brm.number.is", BILLS, BY_NUMBER, "c13"),
    _law("number.in-progress", LIST, "filtering", unnumbered_are_in_progress, "v05"),
    patterns.matches("oracle-brm.number.like", BILLS, NUMBER_LIKE, "c14", "v06"),
    patterns.matches("oracle-brm.remaining.like", BILLS, REMAINING_LIKE, "c43"),
    filtering.selects("oracle-brm.account.id", BILLS, BY_ACCOUNT, "c15"),
    filtering.selects("oracle-brm.account.number", BILLS, BY_ACCOUNT_NUMBER, "v08"),
    filtering.selects("oracle-brm.id.is", BILLS, BY_ID, "c27"),
    _law("id.plus", LIST, "filtering", plus_may_be_a_space, "c15", "c27"),
    filtering.selects("oracle-brm.state.is", BILLS, STATE_ASKED, "c46"),
    beside.values_part("oracle-brm.state.parts", BILLS, STATE, STATES, "c46"),
    filtering.both("oracle-brm.filter.and", BILLS, "c01"),
    comparing.each_with_another("oracle-brm.filter.each-and", BILLS, PARTNERS, "c01", tries=_tries),
    counting.none_fits("oracle-brm.filter.nothing", BILLS, NOTHING, "c13", "c27", "v12", **COUNTS),
    # pages and counts
    paging.slices("oracle-brm.paging.slice", BILLS, "c33", "c34"),
    paging.concatenation("oracle-brm.paging.concatenation", BILLS, "c34"),
    comparing.pages_under_each("oracle-brm.paging.filtered", BILLS, PARTNERS, "c01", "c34", tries=_tries),
    paging.any_offset("oracle-brm.paging.window", BILLS, "c33", "c34", "v07"),
    paging.size_respected("oracle-brm.paging.size", BILLS, "c33"),
    paging.past_the_end("oracle-brm.paging.past-the-end", BILLS, "c34"),
    counting.without_limit("oracle-brm.paging.no-limit", BILLS, "c34", "v07"),
    counting.headers(
        "oracle-brm.counts", BILLS, "c50", "c51", **COUNTS, good=GOOD, extras=({}, {"fields": "none"}, {"@type": EXTENDED}),
    ),
    # types and fields
    shapes.complete("oracle-brm.type.extended", SHAPES, "c02", "v04"),
    shapes.same_values("oracle-brm.type.same-values", SHAPES, "c02", "v03"),
    shapes.alone("oracle-brm.type.alone", SHAPES, "v01", "v03"),
    selecting.only_these("oracle-brm.fields.only", WHOLE, MEMBERS, "c26", "v09", always=SHAPES.always),
    shapes.nothing_but(
        "oracle-brm.fields.always", SHAPES, {"none": (), "counterfoilKnowsNone": (), "state,counterfoilKnowsNone": ("state",)},
        "c26",
    ),
    shapes.part_of_one(
        "oracle-brm.fields.one", SHAPES, ("billDate,paymentDueDate", "state,billNo,taxItem", "none", "billDocument,amountDue"),
        "c26", "v09",
    ),
    # each bill
    items.unique("oracle-brm.bill.unique", BILLS, "c66"),
    beside.never_twice("oracle-brm.bill.number-unique", BILLS, NUMBER_OF, "c60"),
    items.each("oracle-brm.bill.required", BILLS, required_are_there, "c52", family="shape"),
    items.each("oracle-brm.bill.numbered", BILLS, number_in_step, "c60", "c74", family="agreement"),
    items.each("oracle-brm.bill.currency", BILLS, one_currency, "c56"),
    items.each(
        "oracle-brm.bill.total", BILLS, total_is_net_and_tax, "c76", "c77",
        only=lambda bill: shows_taxes(bill) and None not in (TOTAL.value(bill), NET.value(bill)),
        lacking="no bill shows its taxes",
    ),
    items.each(
        "oracle-brm.bill.tax-rate", BILLS, tax_is_rate_of_net, "c156",
        only=lambda bill: shows_taxes(bill) and len(bill["taxItem"]) == 1 and NET.value(bill) is not None,
        lacking="no bill shows a single tax with its rate",
    ),
    items.each(
        "oracle-brm.bill.remaining", BILLS, remaining_is_total_less_payments, "c72", "c57",
        only=_is_worked_out, lacking="no bill shows what remains",
    ),
    items.each(
        "oracle-brm.bill.state", BILLS, state_agrees_with_amounts, "c74", "c57",
        only=_is_worked_out, lacking="no bill shows what remains", family="agreement",
    ),
    items.each(
        "oracle-brm.bill.settled", BILLS, nothing_left_is_settled, "c74",
        only=lambda bill: _is_worked_out(bill) and applied(bill) > 0 and REMAINING.value(bill) == 0,
        lacking="no bill is paid", family="agreement",
    ),
    items.each("oracle-brm.bill.dates", BILLS, due_not_before_bill, "c68", "c69", family="agreement"),
    items.each("oracle-brm.bill.periods", BILLS, periods_are_whole, "c62", "c117", family="agreement"),
    beside.no_overlap("oracle-brm.bill.overlap", BILLS, ACCOUNT, STARTS, ENDS, "c62"),
    beside.not_overspent(
        "oracle-brm.bill.payments", BILLS, payments, "c57",
        text="No more of a payment is applied, over all bills, than there is.", lacking="no bill shows a payment with its amount",
    ),
    beside.one_story(
        "oracle-brm.bill.one-story", BILLS, shown, "c91", "c125",
        text="An account's balance and a payment's amount are the same in all bills that show them.",
        lacking="no bill shows a balance or a payment",
    ),
    # one bill alone
    reading.list_item_is_single("oracle-brm.bill.as-listed", BILLS, FETCH, "v01", "c52"),
    shapes.other_address("oracle-brm.bill.by-number", SHAPES, "billNo", "v02"),
    reading.href_resolves("oracle-brm.bill.href", BILLS, "c65"),
    reading.twice_the_same("oracle-brm.reading.idempotent", LIST, "c01", query={"limit": 100}),
    Law(
        "oracle-brm.runs.issue", LIST, "lifecycle", ("c60", "c74"), says(issued_for_good), issued_for_good,
        acts=("complete_run",),
    ),
    # who gets in
    auth.without_credential("oracle-brm.auth.none", WAYS, "c171", "v11", shape=tmf_error),
    auth.wrong_credential("oracle-brm.auth.wrong", WAYS, "c171", "v11", shape=tmf_error),
    auth.forbidden("oracle-brm.auth.forbidden", WAYS, "c172", shape=tmf_error),
    # refusals
    _refused("moments", _asking(_params(INSTANTS), NO_MOMENTS), "A timestamp that is none gives 400, with an Error.", "c08"),
    _refused("numbers", _asking(_params((DUE, REMAINING)), NO_NUMBERS), "A number that is none gives 400, with an Error.", "c03"),
    _refused("paging", _asking(["limit"], ("0", "-1", "x", "1.5", "")) + _asking(["offset"], ("-1", "x", "1.5", "")),
             "A limit below 1, an offset below 0, or one that is no whole number gives 400, with an Error.", "c33", "c34"),
    _refused("words",
             _asking(["state"], ("onHold", "NEW", "", "new,settled")) + _asking(["@type"], ("Bill", "", "customerbill")),
             "A state or @type that is none of the documented ones gives 400, with an Error.", "c46", "c02"),
    _refused("words-of-one", [Way(FETCH, path={"id": NOBODY}, query={"@type": "Bill"})],
             "A @type that is none of the documented ones gives 400 for a single bill, too.", "v03"),
    errors.bad_requests(
        "oracle-brm.errors.not-found",
        [Way(FETCH, path={"id": text}) for text in (NOBODY, "B0-0-counterfoil", "nobody", "0.0.0.1 -bill 0", UNNUMBERED)]
        + [Way("GET /counterfoilKnowsNoSuchPlace")],
        "c173", "v12", status=404, text="An address where nothing is gives 404, with an Error.", shape=tmf_error,
    ),
    *(errors.wrong_method(f"oracle-brm.errors.{m.lower()}", f"{m} /customerBill", "c174", shape=tmf_error) for m in METHODS),
    *(errors.wrong_method(
        f"oracle-brm.errors.{m.lower()}-one", f"{m} /customerBill/{{id}}", "c174", shape=tmf_error, path={"id": NOBODY}
      ) for m in METHODS),
    errors.unacceptable("oracle-brm.errors.accept", WAYS[0], "c48", shape=tmf_error),
    _law("errors.never-500", LIST, "errors", never_fails, "c176"),
    _law("errors.media-type", LIST, "errors", answers_are_utf8_json, "c48", "c169"),
)  # fmt: skip

BOOK = Book("oracle-brm", LAWS, greeting=LIST, greeting_query={"limit": 1})
