"""Parses the query of Elevate's list of billing summaries, and selects the matching rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.api import ApiError, Json
from counterfoil.api.list_query import Column, RowTest, Selection, SortKey, Table, list_items, select
from counterfoil.apis.elevate.serializers import ID, MEMBERS, NUMBERS, STATUSES, Style, summary_document, text
from counterfoil.apis.elevate.summary import SummaryInputs, summarize, summary_inputs
from counterfoil.ledger.money import ZERO
from counterfoil.world.cache import AccountsKey
from counterfoil.world.to_json import json_number

if TYPE_CHECKING:
    from counterfoil.ledger.accounts import AccountState
    from counterfoil.world.world import World

FILTERS = (ID, "valueDifference", "percentageDifference", "ratingStatus", "billingStatus")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)


class Query(msgspec.Struct, frozen=True):
    """A parsed query: filters as (member, text), sort keys as (member, descending), and the members to return.

    ``fields`` is None for all members. ``case_sensitive`` says how ``like:`` compares.
    """

    filters: tuple[tuple[str, str], ...]
    sort_keys: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...] | None
    case_sensitive: bool


def parse(query: Mapping[str, Json], switches: Mapping[str, object]) -> Query:
    """The parsed query. Raises ``ApiError`` (malformed) for names and values that the switches refuse."""
    filters = tuple((name, query[name]) for name in FILTERS if name in query)
    if switches["elevate.enum_filter_outside"] == "400":
        for name, given in filters:
            _check_status(name, given)
    return Query(
        filters=filters,
        sort_keys=_sort_keys(query.get("sort"), refuse=switches["elevate.unknown_sort_field"] == "400"),
        fields=_fields(query.get("fields"), refuse=switches["elevate.unknown_fields_name"] == "400"),
        case_sensitive=switches["elevate.like"] == "case_sensitive",
    )


def _sort_keys(given: str | None, *, refuse: bool) -> tuple[tuple[str, bool], ...]:
    """The sort keys up to ``customerId``: it is unique, so later keys change nothing."""
    keys: list[tuple[str, bool]] = []
    for part in list_items(given):
        name, colon, direction = part.partition(":")
        if name in MEMBERS and (not colon or direction == "desc"):
            keys.append((name, bool(colon)))
        elif refuse:
            raise ApiError(
                "malformed",
                f"'{part[:60]}' is not a field to sort by: give any of {', '.join(MEMBERS)}, with :desc for descending order",
                where="sort",
            )
    names = [name for name, _ in keys]
    return tuple(keys[: names.index(ID) + 1] if ID in names else keys)


def _fields(given: str | None, *, refuse: bool) -> tuple[str, ...] | None:
    """The named members, in the document's order; None for all, also if the list is empty."""
    names = set(list_items(given))
    if not names:
        return None
    unknown = sorted(names.difference(MEMBERS))
    if unknown and refuse:
        raise ApiError(
            "malformed", f"'{unknown[0][:60]}' is not a field: give any of {', '.join(MEMBERS)}", where="fields"
        )
    return tuple(name for name in MEMBERS if name in names)


def _check_status(name: str, given: str) -> None:
    if name in STATUSES and not given.startswith("like:"):
        for literal in _literals(given):
            if literal not in STATUSES[name]:
                raise ApiError("malformed", f"'{literal[:60]}' is none of {', '.join(STATUSES[name])}", where=name)


def _literals(given: str) -> list[str]:
    """The values that a filter's text names: several after ``in:``, else one."""
    return list_items(given[3:]) if given.startswith("in:") else [given]


def _matcher(name: str, given: str, *, case_sensitive: bool) -> Callable[[Json], bool]:
    """The test for a filter's text: ``like:x`` is a substring, ``in:a,b`` one of several values, else an exact value.

    Numbers compare as numbers (40 equals 40.0); text that is not a number equals none.
    """
    if given.startswith("like:"):
        part = given[5:]
        if case_sensitive:
            return lambda value: value is not None and part in text(value)
        part = part.lower()
        return lambda value: value is not None and part in text(value).lower()
    values = _literals(given)
    if name == ID or name in NUMBERS:
        numbers = _numbers(values)
        return lambda value: value in numbers
    return lambda value: value in values


def _numbers(values: list[str]) -> set[Decimal]:
    """The values that are numbers."""
    return {Decimal(value) for value in values if _NUMBER.fullmatch(value)}


# --- the rows of account states ------------------------------------------------------------------


class SummaryRow(msgspec.Struct):
    """The billing summary of all customers with one account state.

    ``values`` are exact and are compared by filters and sort keys; ``document`` is written to the response once the
    customer's number is put in.
    """

    values: dict[str, Json]
    document: dict[str, Json]


def summary_table(world: World) -> Table[SummaryRow]:
    """The summaries of all account states. The same table is returned until a state or the inputs change."""
    return world.cached("elevate.table", lambda: _cached_table(world))


def _cached_table(world: World) -> Table[SummaryRow]:
    style = Style(
        signed=world.switches["elevate.difference_sign"] == "signed",
        zero_base_percentage=ZERO if world.switches["elevate.percentage_without_base"] == "zero" else None,
    )
    inputs = (summary_inputs(world), style)
    return world.cached(AccountsKey("elevate.table", inputs), lambda: _table(world, inputs))


def _table(world: World, inputs: tuple[SummaryInputs, Style]) -> Table[SummaryRow]:
    store = world.ledger.store
    states = store.states()

    def rows_of(slot: int) -> tuple[SummaryRow, ...]:
        state = states[slot]
        return (state.cached("elevate.row", inputs, lambda: _row(state, *inputs)),)

    return Table(store, rows_of, row_bytes=500)


def _row(state: AccountState, inputs: SummaryInputs, style: Style) -> SummaryRow:
    values = summary_document(summarize(state, inputs), style)
    document = {name: json_number(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    return SummaryRow(values, {ID: 0, **document})


# --- the rows of a query -------------------------------------------------------------------------


def _column(name: str) -> Column:
    member = itemgetter(name)
    return Column(name, lambda row: member(row.values))


COLUMNS = {name: _column(name) for name in MEMBERS if name != ID}


def select_summaries(world: World, query: Query, visible_to: int | None) -> Selection[SummaryRow]:
    """The matching customers' rows, in order. ``visible_to`` limits them to one customer and those it pays for."""
    key = ("elevate.selection", query.filters, query.sort_keys, query.case_sensitive, visible_to)
    table = summary_table(world)
    return world.cached(AccountsKey(key, table), lambda: _select(world, table, query, visible_to))


def _select(world: World, table: Table[SummaryRow], query: Query, visible_to: int | None) -> Selection[SummaryRow]:
    filters = dict(query.filters)
    return select(
        world,
        table,
        [_test(name, given, query.case_sensitive) for name, given in filters.items() if name != ID],
        sort_keys=[SortKey(COLUMNS[name], descending) for name, descending in query.sort_keys if name != ID],
        descending=(ID, True) in query.sort_keys,
        customers=_customers(world, filters.get(ID), visible_to),
    )


def _test(name: str, given: str, case_sensitive: bool) -> RowTest:
    matches = _matcher(name, given, case_sensitive=case_sensitive)
    return RowTest(COLUMNS[name], _call, matches, key=("elevate", given, case_sensitive))


def _call(value: Json, matches: Callable[[Json], bool]) -> bool:
    return matches(value)


def _customers(world: World, given: str | None, visible_to: int | None) -> list[int] | None:
    """The customers that the ``customerId`` filter and the credential allow; None for all customers."""
    visible: Any = range(1, world.ledger.customers + 1)
    if visible_to is not None:
        visible = world.ledger.payees_below(visible_to)
    if given is None:
        return None if visible_to is None else list(visible)
    if given.startswith("like:"):
        part = given[5:]
        return [number for number in visible if part in str(number)]
    return [int(number) for number in _numbers(_literals(given)) if number == int(number) and int(number) in visible]
