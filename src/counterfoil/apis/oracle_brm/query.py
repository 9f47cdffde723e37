"""Parses the filters of the three lists, and selects the bills, rates and requests that pass them.

A filter tests either facts that all customers with one account state share (amounts, dates, state), or ids and numbers,
which contain the customer's number. Source: docs/vendors/oracle-brm.md#filters.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from counterfoil.api import ApiError
from counterfoil.api.list_query import Column, CustomerTest, RowTest, Selection, Table, list_items, select
from counterfoil.apis.oracle_brm import demands, rates
from counterfoil.apis.oracle_brm.bills import IN_PROGRESS, OpenBillTerms, ShownBill, open_bill_terms, shown_bills
from counterfoil.apis.oracle_brm.ids import (
    bill_number,
    from_account,
    from_bill,
    from_bill_id,
    from_bill_number,
)
from counterfoil.apis.oracle_brm.patterns import Patterns
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.bill_requests import BillRequest
from counterfoil.world.cache import AccountsKey
from counterfoil.world.timestamps import Timestamp, parse_timestamp

if TYPE_CHECKING:
    from counterfoil.world.world import World

Query = Mapping[str, Any]
Row = TypeVar("Row")
Compared = TypeVar("Compared", contravariant=True)


class Reference(Protocol[Compared]):
    """The target of an id: a row of a customer."""

    @property
    def customer(self) -> int: ...
    def matches(self, customer: int, row: Compared, /) -> bool: ...


NOT_YET_NUMBERED = "bill in progress"
"""The bill number that stands for all bills without one (docs/vendors/oracle-brm.md#bill-in-progress)."""


# --- rows ----------------------------------------------------------------------------------------


class BillIndex(msgspec.Struct):
    """All bills of all account states, under the ``terms`` that bills in progress depend on."""

    terms: OpenBillTerms
    table: Table[ShownBill]

    @property
    def weight(self) -> int:
        return self.table.weight


def bill_index(world: World) -> BillIndex:
    """The bills at the world's current time. The same index is returned until an account state or the terms change."""

    def cached_index() -> BillIndex:
        terms = open_bill_terms(world)
        table = _table(world, "bills", terms, lambda state: shown_bills(state, terms))
        return world.cached(AccountsKey("oracle-brm.index", terms), lambda: BillIndex(terms, table))

    return world.cached("oracle-brm.index", cached_index)


def _table(
    world: World, name: str, terms: OpenBillTerms | None, rows_of: Callable[[AccountState], Sequence[Row]]
) -> Table[Row]:
    """The rows of all account states; the same table is returned until an account state or the terms change."""

    def make() -> Table[Row]:
        store = world.ledger.store
        states = store.states()
        return Table(store, lambda slot: rows_of(states[slot]), row_bytes=300)

    return world.cached(AccountsKey(("oracle-brm.table", name), terms), make)


def find_bill(world: World, reference: Reference[ShownBill]) -> ShownBill | None:
    """The bill that an id or bill number refers to; None if there is none."""
    return _find(world, reference, lambda state: shown_bills(state, bill_index(world).terms))


def find_rate(world: World, reference: rates.RateReference) -> rates.Rate | None:
    """The applied rate that an id refers to; None if there is none."""
    return _find(world, reference, lambda state: rates.rates_of(state, bill_index(world).terms))


def find_request(world: World, reference: demands.Reference) -> BillRequest | None:
    """The request for a bill that an id refers to; None if there is none."""
    return _find(world, reference, demands.requests_of)


def _find(world: World, reference: Reference[Row], rows_of: Callable[[AccountState], Sequence[Row]]) -> Row | None:
    if not world.ledger.knows(reference.customer):
        return None
    rows = rows_of(world.ledger.state_of(reference.customer))
    return next((row for row in rows if reference.matches(reference.customer, row)), None)


def select_bills(world: World, query: Query, visible: Iterable[int] | None) -> Selection[ShownBill]:
    """The bills that pass every filter of ``query``, in the order of their ids; of ``visible`` customers only, if given.

    Cached until the bills change; paging, ``fields`` and ``@type`` do not matter. Raises ``ApiError`` (malformed).
    """
    return _selected(world, bill_index(world).table, "bills", FILTERS, query, visible)


def select_rates(world: World, query: Query, visible: Iterable[int] | None) -> Selection[rates.Rate]:
    """The applied rates that pass every filter, in the order of their bills."""
    terms = bill_index(world).terms
    table = _table(world, "rates", terms, lambda state: rates.rates_of(state, terms))
    return _selected(world, table, "rates", RATE_FILTERS, query, visible)


def select_requests(world: World, query: Query, visible: Iterable[int] | None) -> Selection[BillRequest]:
    """The requests for bills that pass every filter, by customer, oldest first."""
    table = _table(world, "requests", None, demands.requests_of)
    return _selected(world, table, "requests", REQUEST_FILTERS, query, visible)


def _selected(
    world: World,
    table: Table[Row],
    name: str,
    parsers: Mapping[str, ParseFilter],
    query: Query,
    visible: Iterable[int] | None,
) -> Selection[Row]:
    filters = {name: query[name] for name in parsers if name in query}
    switches = (world.switches["oracle-brm.comma_is_or"], world.switches["oracle-brm.like_percent"])
    customers = None if visible is None else frozenset(visible)
    key = ("oracle-brm.selection", name, tuple(filters.items()), switches, customers)
    return world.cached(AccountsKey(key, table), lambda: _select(world, table, parsers, filters, customers))


def _select(
    world: World,
    table: Table[Row],
    parsers: Mapping[str, ParseFilter],
    filters: Query,
    visible: frozenset[int] | None,
) -> Selection[Row]:
    criteria = Criteria()
    syntax = Syntax(
        split=_split_at_commas if world.switches["oracle-brm.comma_is_or"] else _one_value,
        one_or_more=world.switches["oracle-brm.like_percent"] == "one-or-more",
    )
    for name, value in filters.items():
        parsers[name](criteria, name, value, syntax)
    if visible is not None:
        criteria.limit_to(visible)
    return select(world, table, criteria.tests, customers=criteria.customers, customer_tests=criteria.customer_tests)


# --- filters -------------------------------------------------------------------------------------


class Criteria(msgspec.Struct):
    """The tests that a bill must pass, all of them (docs/vendors/oracle-brm.md#filters-and). If ``customers`` is not None, only
    these customers can have such bills."""

    tests: list[RowTest] = []
    customer_tests: list[CustomerTest[Any]] = []
    customers: frozenset[int] | None = None

    def limit_to(self, customers: Iterable[int]) -> None:
        """Only these customers can have such bills."""
        named = frozenset(customers)
        self.customers = named if self.customers is None else self.customers & named


class Syntax(msgspec.Struct, frozen=True):
    """How filters are read, by the world's switches: ``split`` returns a text's alternatives; ``one_or_more`` says that a percent
    sign stands for at least one character."""

    split: Callable[[str], tuple[str, ...]]
    one_or_more: bool


ParseFilter = Callable[[Criteria, str, Any, Syntax], None]


def _one_value(text: str) -> tuple[str, ...]:
    return (text,)


def _split_at_commas(text: str) -> tuple[str, ...]:
    return tuple(list_items(text)) or (text,)


def _compare_amount(attribute: str, compare: Callable[[Any, Any], bool]) -> ParseFilter:
    column = Column(attribute, operator.attrgetter(attribute))

    def parse(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
        bound = _number(name, value)
        criteria.tests.append(RowTest(column, compare, bound, key=(compare, bound)))

    return parse


def _compare_time(attribute: str, compare: Callable[[Any, Any], bool]) -> ParseFilter:
    time_of = operator.attrgetter(attribute)
    column = Column(attribute, lambda bill: (time_of(bill), 0))

    def parse(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
        bound = _timestamp(name, value)
        criteria.tests.append(RowTest(column, compare, bound, key=(compare, bound)))

    return parse


STATE = Column("state", operator.attrgetter("state"))
SERIES = Column("series", operator.attrgetter("series"))
IS_BILLED = Column("is_billed", operator.attrgetter("is_billed"))
REMAINING = Column("remaining", operator.attrgetter("remaining"))


def _state(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
    criteria.tests.append(RowTest(STATE, operator.eq, value, key=(operator.eq, value)))


def _refers_to(read: Callable[[str], Reference[Any] | None]) -> ParseFilter:
    def parse(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
        references = [found for text in syntax.split(value) if (found := read(text))]
        criteria.limit_to(found.customer for found in references)
        criteria.customer_tests.append(lambda customer, bill: any(r.matches(customer, bill) for r in references))

    return parse


def _bill_number(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
    texts = syntax.split(value)
    if NOT_YET_NUMBERED not in texts:
        return _refers_to(from_bill_number)(criteria, name, value, syntax)
    if len(texts) == 1:
        return _state(criteria, name, IN_PROGRESS, syntax)
    references = [found for text in texts if (found := from_bill_number(text))]
    return criteria.customer_tests.append(
        lambda customer, bill: bill.series is None or any(r.matches(customer, bill) for r in references)
    )


def _bill_number_like(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
    texts = syntax.split(value)
    patterns = Patterns(texts, syntax.one_or_more)
    criteria.tests.append(RowTest(SERIES, _series_may_match, patterns, key=("like", texts, syntax.one_or_more)))
    if not patterns.match_whole_series:
        criteria.customer_tests.append(
            lambda customer, bill: bool(
                bill.series and patterns.match(bill_number(customer, bill.account, bill.series))
            )
        )


def _series_may_match(series: str | None, patterns: Patterns) -> bool:
    return series is not None and patterns.may_match_series(series)


def _is_billed(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
    criteria.tests.append(RowTest(IS_BILLED, operator.eq, value == "true", key=(operator.eq, value)))


def _remaining_like(criteria: Criteria, name: str, value: Any, syntax: Syntax) -> None:
    texts = syntax.split(value)
    patterns = Patterns(texts, syntax.one_or_more)
    criteria.tests.append(RowTest(REMAINING, _amount_matches, patterns, key=("like", texts, syntax.one_or_more)))


def _amount_matches(amount: Decimal, patterns: Patterns) -> bool:
    return bool(patterns.match(f"{amount:f}"))


_COMPARISONS = {
    "": operator.eq,
    ".gt": operator.gt,
    # for lastUpdate too, although the document describes it as .lt by mistake (docs/vendors/oracle-brm.md#printed-slips)
    ".gte": operator.ge,
    ".lt": operator.lt,
    ".lte": operator.le,
}
_AMOUNTS = {"amountDue.value": "total", "remainingAmount.value": "remaining"}
_TIMES = {
    "billDate": "bill_date",
    "billingPeriod.endDateTime": "period_end",
    "billingPeriod.startDateTime": "period_start",
    "lastUpdate": "last_update",
    "paymentDueDate": "due_date",
}
FILTERS: Mapping[str, ParseFilter] = {
    **{n + op: _compare_amount(a, compare) for n, a in _AMOUNTS.items() for op, compare in _COMPARISONS.items()},
    **{n + op: _compare_time(a, compare) for n, a in _TIMES.items() for op, compare in _COMPARISONS.items()},
    "billNo": _bill_number,
    "billNo.like": _bill_number_like,
    "billingAccount.id": _refers_to(from_account),
    "id": _refers_to(from_bill_id),
    "remainingAmount.value.like": _remaining_like,
    "state": _state,
}
"""Every filter of bills, by the name of its query parameter."""
RATE_FILTERS: Mapping[str, ParseFilter] = {
    "bill.id": _refers_to(from_bill),
    "billingAccount.id": _refers_to(from_account),
    "id": _refers_to(rates.from_id),
    "isBilled": _is_billed,
}
REQUEST_FILTERS: Mapping[str, ParseFilter] = {
    "billingAccount.id": _refers_to(demands.from_account_id),
    "id": _refers_to(demands.from_id),
}


# --- values --------------------------------------------------------------------------------------


def _timestamp(name: str, text: str) -> Timestamp:
    try:
        return parse_timestamp(text)
    except ValueError:
        message = f"{name} must be an RFC 3339 timestamp, as in 2026-01-01T00:00:00Z; got {text[:40]}"
        raise ApiError("malformed", message, where=name) from None


def _number(name: str, value: Any) -> Decimal:
    """A number, or a string that contains one: the document types remainingAmount.value.gt as a string."""
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError):
        raise ApiError("malformed", f"{name} must be a number, as in 14.28", where=name) from None
    if not number.is_finite():
        raise ApiError("malformed", f"{name} must be a number, as in 14.28", where=name)
    return number
