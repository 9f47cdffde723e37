"""The laws of Oracle BRM's customer bills (TMF678), which must hold over HTTP at any implementation.

Clause ids are those of ``specs/oracle-brm/clauses.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from counterfoil.apis.oracle_brm.laws.amounts import LAWS as AMOUNTS
from counterfoil.apis.oracle_brm.laws.bills import (
    BASE,
    BILLS,
    BY_ACCOUNT,
    BY_ACCOUNT_NUMBER,
    BY_FIELD,
    BY_ID,
    BY_NUMBER,
    EXTENDED,
    FETCH,
    INSTANTS,
    LIST,
    NUMBER_LIKE,
    OK_STATUSES,
    PARTNERS,
    REMAINING_LIKE,
    STATE_FILTER,
    STATES,
    UNKNOWN_ID,
    UNNUMBERED,
    WHOLE,
    tmf_error,
    tries,
)
from counterfoil.apis.oracle_brm.laws.objects import LAWS as OBJECTS
from counterfoil.apis.oracle_brm.laws.related import LAWS as RELATED
from counterfoil.apis.oracle_brm.laws.related import planning_changes_no_amount
from counterfoil.apis.oracle_brm.laws.rules import (
    answers_are_utf8_json,
    balances_and_payments,
    issued_for_good,
    names,
    net_within_total,
    never_fails,
    number_in_step,
    parties_are_named,
    payments,
    plus_may_be_a_space,
    required_are_there,
    unnumbered_are_in_progress,
)
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import DATE_TIME, Field
from counterfoil.contract.law import Law, LawBook, says
from counterfoil.contract.laws import (
    auth,
    combining,
    comparing,
    counting,
    cross_item,
    errors,
    filtering,
    items,
    paging,
    patterns,
    reading,
    representations,
    selecting,
)
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.combining import Combined
from counterfoil.contract.laws.customer_bills import (
    ACCOUNT,
    BILL_DATE,
    DUE,
    ENDS,
    NET,
    NUMBER_OF,
    PAY_BY,
    REMAINING,
    STARTS,
    STATE,
    TOTAL,
    UPDATED,
    applied,
    due_not_before_bill,
    lists_payments,
    nothing_left_is_settled,
    one_currency,
    periods_are_whole,
    remaining_is_total_less_payments,
    shows_taxes,
    state_agrees_with_amounts,
    tax_is_rate_of_net,
    total_is_net_and_tax,
)
from counterfoil.contract.laws.representations import Representations

REPRESENTATIONS = Representations(WHOLE, FETCH, "@type", BASE, EXTENDED, always=("id", "href"))
COUNTS = {"in_body": "X-Result-Count", "in_all": "X-Total-Count"}
MEMBERS = (
    "billNo", "billDate", "paymentDueDate", "lastUpdate", "nextBillDate", "category", "runType", "state", "amountDue",
    "remainingAmount", "taxExcludedAmount", "taxIncludedAmount", "taxItem", "appliedPayment", "billDocument", "billingPeriod",
    "billingAccount", "financialAccount", "paymentMethod", "relatedParty", "id", "href", "@type", "@baseType",
)  # fmt: skip
QUERIES_WITHOUT_MATCH = (
    {"billNo": "B0-0-counterfoil"}, {"id": UNKNOWN_ID}, {"billNo.like": "counterfoil%"}, {"billingAccount.id": "nobody"},
    {"billDate": "1990-01-01T00:00:00Z"}, {"lastUpdate.gt": "9000-01-01T00:00:00Z"}, {"amountDue.value.lt": "-1"},
    {"remainingAmount.value.like": "x%"}, {"billNo": UNNUMBERED, "state": "settled"},
)  # fmt: skip
INVALID_TIMES = ("yesterday", "", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T24:30:00Z")
INVALID_NUMBERS = ("x", "", "1,5", "nan", "1_000", "0x10")
SAMPLES = (SampleRequest(LIST, query={"limit": 1}), SampleRequest(FETCH, path={"id": UNKNOWN_ID}))
METHODS = ("POST", "PUT", "PATCH", "DELETE")


def _cases(names: Iterable[str], values: Iterable[str]) -> list[SampleRequest]:
    return [SampleRequest(LIST, query={name: value}) for name in names for value in values]


def _params(fields: Iterable[Field]) -> list[str]:
    return [f.param for field in fields for f in BY_FIELD[field.name].all]


def _has_amounts(bill: Any) -> bool:
    return None not in (REMAINING.value(bill), TOTAL.value(bill))


def _comparing(name: str, field: Field, first: int) -> Iterator[Law]:
    """Five laws of one field, for the clauses from ``first`` on."""
    for offset, (operator, filter_) in enumerate(
        zip(("is", "gt", "gte", "lt", "lte"), BY_FIELD[field.name].all, strict=True)
    ):
        # The clause of the remaining amount's pattern is between those of its comparators.
        clause = first + offset + (field is REMAINING and offset > 2)
        yield filtering.selects(
            f"oracle-brm.{name}.{operator}", BILLS, filter_, f"c{clause:02}", least=1 if field.kind == DATE_TIME else 2
        )


def _offsets(name: str, field: Field, first: int) -> Law:
    clauses = [f"c{number:02}" for number in range(first, first + 5)]
    return comparing.by_instant(f"oracle-brm.{name}.offsets", BILLS, BY_FIELD[field.name], *clauses, "v10")


COMPARED = (
    ("amount-due", DUE, 3), ("bill-date", BILL_DATE, 8), ("period-end", ENDS, 16), ("period-start", STARTS, 21),
    ("last-update", UPDATED, 28), ("payment-due", PAY_BY, 35), ("remaining", REMAINING, 40),
)  # fmt: skip


def _law(id: str, operation: str, family: str, check: Callable[[LawContext], None], *clauses: str) -> Law:
    return Law(f"oracle-brm.{id}", operation, family, clauses, says(check), check)


def _refused(id: str, samples: Sequence[SampleRequest], text: str, *clauses: str) -> Law:
    return errors.bad_requests(f"oracle-brm.errors.{id}", samples, "c170", *clauses, text=text, error_body=tmf_error)


def _spelled(number: Decimal) -> list[str]:
    text = format(number, "f")
    return [f"{text}0", f"{text}000"] if "." in text else [f"{text}.0", f"{text}.00"]


LAWS: tuple[Law, ...] = (
    # filters
    *(law for name, field, first in COMPARED for law in _comparing(name, field, first)),
    *(_offsets(name, field, first) for name, field, first in COMPARED if field.kind == DATE_TIME),
    comparing.parts("oracle-brm.filter.parts", BILLS, tuple(BY_FIELD.values()), "c04", "c09", "c17", "c22", "c29", "c36", "c41"),
    filtering.same_value("oracle-brm.amount-due.spelling", BILLS, BY_FIELD["amountDue.value"].same, _spelled, "c03"),
    filtering.same_value("oracle-brm.remaining.spelling", BILLS, BY_FIELD["remainingAmount.value"].same, _spelled, "c40"),
    filtering.selects("oracle-brm.number.is", BILLS, BY_NUMBER, "c13", least=1),
    _law("number.in-progress", LIST, "filtering", unnumbered_are_in_progress, "v05"),
    patterns.matches("oracle-brm.number.like", BILLS, NUMBER_LIKE, "c14", "v06"),
    patterns.matches("oracle-brm.remaining.like", BILLS, REMAINING_LIKE, "c43"),
    filtering.selects("oracle-brm.account.id", BILLS, BY_ACCOUNT, "c15", least=1),
    filtering.selects("oracle-brm.account.number", BILLS, BY_ACCOUNT_NUMBER, "v08", least=1),
    filtering.selects("oracle-brm.id.is", BILLS, BY_ID, "c27", least=1),
    _law("id.plus", LIST, "filtering", plus_may_be_a_space, "c15", "c27"),
    filtering.selects("oracle-brm.state.is", BILLS, STATE_FILTER, "c46", least=1),
    cross_item.values_partition("oracle-brm.state.parts", BILLS, STATE, STATES, "c46"),
    filtering.both("oracle-brm.filter.and", BILLS, "c01", least=1),
    comparing.each_with_another("oracle-brm.filter.each-and", BILLS, PARTNERS, "c01", tries=tries),
    counting.none_match("oracle-brm.filter.nothing", BILLS, QUERIES_WITHOUT_MATCH, "c13", "c27", "v12", **COUNTS),
    # pages and counts
    paging.slices("oracle-brm.paging.slice", BILLS, "c33", "c34", least=3),
    paging.concatenation("oracle-brm.paging.concatenation", BILLS, "c34"),
    comparing.pages_under_each("oracle-brm.paging.filtered", BILLS, PARTNERS, "c01", "c34", tries=tries),
    paging.any_offset("oracle-brm.paging.window", BILLS, "c33", "c34", "v07"),
    paging.size_respected("oracle-brm.paging.size", BILLS, "c33"),
    paging.past_the_end("oracle-brm.paging.past-the-end", BILLS, "c34"),
    counting.without_limit("oracle-brm.paging.no-limit", BILLS, "c34", "v07"),
    counting.headers(
        "oracle-brm.counts", BILLS, "c50", "c51", **COUNTS, good=OK_STATUSES,
        extras=({}, {"fields": "none"}, {"@type": EXTENDED}),
    ),
    combining.together(
        "oracle-brm.list.together",
        Combined(WHOLE, MEMBERS, always=REPRESENTATIONS.always, extras=REPRESENTATIONS.queries,
                 counts=("X-Result-Count", "X-Total-Count"), good=OK_STATUSES),
        "c01", "c02", "c26", "c33", "c34", "c50", "c51",
    ),
    # types and fields
    representations.complete("oracle-brm.type.extended", REPRESENTATIONS, "c02", "v04"),
    representations.same_values("oracle-brm.type.same-values", REPRESENTATIONS, "c02", "v03"),
    representations.single_equals_listed("oracle-brm.type.alone", REPRESENTATIONS, "v01", "v03"),
    selecting.only_selected("oracle-brm.fields.only", WHOLE, MEMBERS, "c26", "v09", always=REPRESENTATIONS.always),
    representations.unknown_fields_ignored(
        "oracle-brm.fields.always", REPRESENTATIONS,
        {"none": (), "counterfoilKnowsNone": (), "state,counterfoilKnowsNone": ("state",)},
        "c26",
    ),
    representations.fields_of_single(
        "oracle-brm.fields.one", REPRESENTATIONS,
        ("billDate,paymentDueDate", "state,billNo,taxItem", "none", "billDocument,amountDue"),
        "c26", "v09",
    ),
    # each bill
    items.unique("oracle-brm.bill.unique", BILLS, "c49", "c66"),
    cross_item.unique_member("oracle-brm.bill.number-unique", BILLS, NUMBER_OF, "c60"),
    items.each("oracle-brm.bill.required", BILLS, required_are_there, "c52", family="shape"),
    items.each("oracle-brm.bill.numbered", BILLS, number_in_step, "c60", "c74", family="agreement"),
    items.each("oracle-brm.bill.currency", BILLS, one_currency, "c56"),
    items.each(
        "oracle-brm.bill.total", BILLS, total_is_net_and_tax, "c76", "c77",
        only=lambda bill: shows_taxes(bill) and None not in (TOTAL.value(bill), NET.value(bill)),
        lacking="no bill shows its taxes",
    ),
    items.each(
        "oracle-brm.bill.tax-rate", BILLS, tax_is_rate_of_net, "c156", "c158",
        only=lambda bill: shows_taxes(bill) and len(bill["taxItem"]) == 1 and NET.value(bill) is not None,
        lacking="no bill shows a single tax with its rate",
    ),
    items.each(
        "oracle-brm.bill.remaining", BILLS, remaining_is_total_less_payments, "c72", "c57",
        only=lambda bill: _has_amounts(bill) and lists_payments(bill), lacking="no bill shows what remains and its payments",
    ),
    items.each(
        "oracle-brm.bill.state", BILLS, state_agrees_with_amounts, "c74", "c57",
        only=_has_amounts, lacking="no bill shows what remains", family="agreement",
    ),
    items.each(
        "oracle-brm.bill.settled", BILLS, nothing_left_is_settled, "c74",
        only=lambda bill: _has_amounts(bill) and applied(bill) > 0 and REMAINING.value(bill) == 0,
        lacking="no bill is paid", family="agreement",
    ),
    items.each("oracle-brm.bill.dates", BILLS, due_not_before_bill, "c68", "c69", family="agreement"),
    items.each(
        "oracle-brm.bill.periods", BILLS, periods_are_whole, "c118", "c119", "c62", "c117", "c108", "c135", family="agreement"
    ),
    cross_item.no_overlap("oracle-brm.bill.overlap", BILLS, ACCOUNT, STARTS, ENDS, "c62"),
    cross_item.shares_within_total(
        "oracle-brm.bill.payments", BILLS, payments, "c84", "c85", "c93", "c57",
        text="Over all bills, no more of a payment is applied than its amount.",
        lacking="no bill shows a payment with its amount",
    ),
    cross_item.consistent_facts(
        "oracle-brm.bill.one-story", BILLS, balances_and_payments, "c91", "c125",
        text="An account's balance and a payment's amount are the same in all bills that show them.",
        lacking="no bill shows a balance or a payment",
    ),
    cross_item.consistent_facts(
        "oracle-brm.bill.names", BILLS, names, "c61", "c64", "c70", "c94", "c113", "c115", "c116", "c128", "c142", "c143", "c150",
        "c151",
        text="An account, a payment, a payment method and a party have the same number and name in all bills that name them.",
        lacking="no bill names an account, a payment, a payment method or a party",
    ),
    items.each(
        "oracle-brm.bill.net", BILLS, net_within_total, "c75", "c76",
        only=lambda bill: None not in (TOTAL.value(bill), NET.value(bill)), lacking="no bill shows both amounts",
    ),
    items.each(
        "oracle-brm.bill.parties", BILLS, parties_are_named, "c71", "c152",
        only=lambda bill: bill.get("relatedParty") is not None, lacking="no bill lists its parties", family="agreement",
    ),
    # one bill alone
    reading.list_item_is_single("oracle-brm.bill.as-listed", BILLS, FETCH, "v01", "c52"),
    representations.found_by_other_key("oracle-brm.bill.by-number", REPRESENTATIONS, "billNo", "v02"),
    reading.href_resolves("oracle-brm.bill.href", BILLS, "c65"),
    reading.twice_the_same("oracle-brm.reading.idempotent", LIST, "c01", query={"limit": 100}, status=OK_STATUSES),
    # first, because after a run nothing may be open
    Law("oracle-brm.open.planned", LIST, "lifecycle", ("v28",), says(planning_changes_no_amount), planning_changes_no_amount,
        needs=("plan_run",)),
    Law(
        "oracle-brm.runs.issue", LIST, "lifecycle", ("c58", "c60", "c73", "c74"), says(issued_for_good), issued_for_good,
        needs=("complete_run",),
    ),
    # authentication
    auth.without_credential(
        "oracle-brm.auth.none", SAMPLES, "c171", "v11", error_body=tmf_error, optional="oracle-brm.token"
    ),
    auth.wrong_credential("oracle-brm.auth.wrong", SAMPLES, "c171", "v11", error_body=tmf_error),
    auth.forbidden("oracle-brm.auth.forbidden", SAMPLES, "c172", error_body=tmf_error),
    # error responses
    _refused("moments", _cases(_params(INSTANTS), INVALID_TIMES), "An invalid timestamp gives 400 with an Error.", "c08"),
    _refused("numbers", _cases(_params((DUE, REMAINING)), INVALID_NUMBERS), "An invalid number gives 400 with an Error.", "c03"),
    _refused("paging", _cases(["limit"], ("0", "-1", "x", "1.5", "")) + _cases(["offset"], ("-1", "x", "1.5", "")),
             "A limit below 1, an offset below 0, or one that is not a whole number gives 400 with an Error.", "c33", "c34"),
    _refused("words",
             _cases(["state"], ("onHold", "NEW", "", "new,settled")) + _cases(["@type"], ("Bill", "", "customerbill")),
             "An undocumented state or @type gives 400 with an Error.", "c46", "c02"),
    _refused("words-of-one", [SampleRequest(FETCH, path={"id": UNKNOWN_ID}, query={"@type": "Bill"})],
             "An undocumented @type gives 400 for a single bill, too.", "v03"),
    errors.bad_requests(
        "oracle-brm.errors.not-found",
        [SampleRequest(FETCH, path={"id": text})
         for text in (UNKNOWN_ID, "B0-0-counterfoil", "nobody", "0.0.0.1 -bill 0", UNNUMBERED)]
        + [SampleRequest("GET /counterfoilKnowsNoSuchPlace")],
        "c161", "c162", "c163", "c164", "c165", "c166", "c167", "c168", "v13", "c173", "v12", status=404,
        text="An unknown id or path gives 404 with an Error.", error_body=tmf_error,
    ),
    *(errors.wrong_method(f"oracle-brm.errors.{m.lower()}", f"{m} /customerBill", "c174", error_body=tmf_error) for m in METHODS),
    *(errors.wrong_method(
        f"oracle-brm.errors.{m.lower()}-one", f"{m} /customerBill/{{id}}", "c174", error_body=tmf_error, path={"id": UNKNOWN_ID}
      ) for m in METHODS),
    errors.unacceptable("oracle-brm.errors.accept", SAMPLES[0], "c48", error_body=tmf_error),
    *AMOUNTS,
    *OBJECTS,
    *RELATED,
    _law("errors.never-500", LIST, "errors", never_fails, "c176"),
    _law("errors.media-type", LIST, "errors", answers_are_utf8_json, "c48", "c169"),
)  # fmt: skip

LAW_BOOK = LawBook(
    "oracle-brm",
    LAWS,
    health_check=LIST,
    health_check_query={"limit": 1},
    health_check_statuses=OK_STATUSES,
    unknown_ids=frozenset({UNKNOWN_ID}),
    acts_on_existing=frozenset({"POST /customerBillOnDemand"}),
)
