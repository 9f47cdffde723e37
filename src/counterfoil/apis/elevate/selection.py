"""Which customers a list holds, in which order, and how a page of a million is found without touching them all.

Filters and sort keys other than ``customerId`` are the same for every customer that shares a book, so they are worked
out once for each book; only then are books expanded to customer numbers, those of a page. Orders are remembered until a
book changes, or what summaries depend on besides. It knows the query's grammar, and nothing of money.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.api import ApiError, Json, json_number
from counterfoil.apis.elevate.serializers import ID, MEMBERS, NUMBERS, STATUSES, Style, summary, text
from counterfoil.apis.elevate.standing import Terms, standing, terms_of
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.records import Book
from counterfoil.world.cache import AccountsKey

if TYPE_CHECKING:
    from counterfoil.world.world import World

Row = dict[str, Json]
FILTERS = (ID, "valueDifference", "percentageDifference", "ratingStatus", "billingStatus")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)


class Wanted(msgspec.Struct, frozen=True):
    """A query, read: filters as (member, text), sort keys as (member, descending), and the members to return.

    ``fields`` is None where all are. ``case_matters`` is how ``like:`` compares.
    """

    filters: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...] | None
    case_matters: bool


# --- reading the query ---------------------------------------------------------------------------


def read(query: Mapping[str, Json], switches: Mapping[str, object]) -> Wanted:
    """Raises ``ApiError`` for names and values that the switches say are refused."""
    filters = tuple((name, query[name]) for name in FILTERS if name in query)
    if switches["elevate.enum_filter_outside"] == "400":
        for name, given in filters:
            _check_status(name, given)
    return Wanted(
        filters=filters,
        keys=_sort_keys(query.get("sort"), refuse=switches["elevate.unknown_sort_field"] == "400"),
        fields=_fields(query.get("fields"), refuse=switches["elevate.unknown_fields_name"] == "400"),
        case_matters=switches["elevate.like"] == "case_sensitive",
    )


def _sort_keys(given: str | None, *, refuse: bool) -> tuple[tuple[str, bool], ...]:
    """Up to ``customerId``, since no two customers share it and nothing after it can matter."""
    keys: list[tuple[str, bool]] = []
    for part in given.split(",") if given is not None else ():
        name, colon, direction = part.partition(":")
        if name in MEMBERS and (not colon or direction == "desc"):
            keys.append((name, bool(colon)))
        elif refuse:
            raise ApiError(
                "malformed",
                f"'{part[:60]}' is no field to sort by: give any of {', '.join(MEMBERS)}, with :desc for descending order",
                where="sort",
            )
    names = [name for name, _ in keys]
    return tuple(keys[: names.index(ID) + 1] if ID in names else keys)


def _fields(given: str | None, *, refuse: bool) -> tuple[str, ...] | None:
    """The members named, in the document's order. An empty list asks for no subset."""
    if not given:
        return None
    names = {part.strip() for part in given.split(",")}
    unknown = sorted(names.difference(MEMBERS))
    if unknown and refuse:
        raise ApiError(
            "malformed", f"'{unknown[0][:60]}' is no field: give any of {', '.join(MEMBERS)}", where="fields"
        )
    return tuple(name for name in MEMBERS if name in names)


def _check_status(name: str, given: str) -> None:
    if name in STATUSES and not given.startswith("like:"):
        for literal in _literals(given):
            if literal not in STATUSES[name]:
                raise ApiError("malformed", f"'{literal[:60]}' is none of {', '.join(STATUSES[name])}", where=name)


def _literals(given: str) -> list[str]:
    return [part.strip() for part in given[3:].split(",")] if given.startswith("in:") else [given]


def _matcher(name: str, given: str, *, case_matters: bool) -> Callable[[Json], bool]:
    """What a filter lets through: ``like:x`` text within the value, ``in:a,b`` any of these, else exactly this.

    Numbers compare as numbers (40 is 40.0); what is no number equals none.
    """
    if given.startswith("like:"):
        part = given[5:]
        if case_matters:
            return lambda value: value is not None and part in text(value)
        part = part.lower()
        return lambda value: value is not None and part in text(value).lower()
    literals = _literals(given)
    if name == ID or name in NUMBERS:
        numbers = {Decimal(literal) for literal in literals if _NUMBER.fullmatch(literal)}
        return lambda value: value in numbers
    return lambda value: value in literals


# --- one row for each book -----------------------------------------------------------------------


class Table:
    """By place on the shelf, the summary of each book: to select by (``rows``), and to show (``shown``)."""

    def __init__(self, rows: list[Row], shown: list[Row]) -> None:
        self.rows = rows
        self._shown = shown
        self._columns: dict[str, list[Json]] = {}
        self._ranks: dict[str, list[int]] = {}
        self.weight = 500 * len(rows)

    def __getitem__(self, place: int) -> Row:
        return self.rows[place]

    def column(self, name: str) -> list[Json]:
        """By place, the values of one member."""
        if name not in self._columns:
            self._columns[name] = [row[name] for row in self.rows]
        return self._columns[name]

    def ranks(self, name: str) -> list[int]:
        """By place, where its value stands among all values of the member, equal ones alike.

        A sort by two keys compares such numbers in 60 µs for 300 books, and the values themselves in 400.
        """
        if name not in self._ranks:
            column = self.column(name)
            rank = {value: index for index, value in enumerate(sorted(set(column), key=_sortable))}
            self._ranks[name] = [rank[value] for value in column]
        return self._ranks[name]

    def show(self, places: array[int], numbers: Sequence[int]) -> list[Row]:
        """The summaries of customers, with their numbers."""
        shown, rows = self._shown, []
        for number in numbers:
            row = shown[places[number - 1]].copy()
            row[ID] = number
            rows.append(row)
        return rows


def table(world: World) -> Table:
    """The summaries of all books as the world stands. It stays the same one until a book or its terms change."""
    return world.cached("elevate.table", lambda: _lasting_table(world))


def _lasting_table(world: World) -> Table:
    style = Style(
        signed=world.switches["elevate.difference_sign"] == "signed",
        without_base=ZERO if world.switches["elevate.percentage_without_base"] == "zero" else None,
    )
    terms = (terms_of(world), style)
    return world.cached(AccountsKey("elevate.table", terms), lambda: _table(world.ledger.shelf.books(), *terms))


def _table(books: list[Book], terms: Terms, style: Style) -> Table:
    both = (terms, style)
    pairs = [book.derived("elevate.row", both, lambda book=book: _row(book, terms, style)) for book in books]  # type: ignore[misc]
    return Table([row for row, _ in pairs], [shown for _, shown in pairs])


def _row(book: Book, terms: Terms, style: Style) -> tuple[Row, Row]:
    row = summary(standing(book, terms), style)
    shown = {name: json_number(value) if isinstance(value, Decimal) else value for name, value in row.items()}
    return row, {ID: 0, **shown}


# --- the order of customers ----------------------------------------------------------------------


class Order:
    """All customers that match, in order, as groups of places whose customers rank equal; within a group by number.

    How many customers each group has is known without looking at them: the groups a page touches are found by bisection,
    and only their customers are put in order (``together``, by number, rising). Measured with 10,000 customers on one core:
    20 µs for a page of small groups, 300 for the first page that touches a group of thousands. With a million 130 ms.
    """

    def __init__(
        self,
        groups: list[list[int]],
        readers: list[int],
        together: Callable[[list[int]], Sequence[int]],
        *,
        descending: bool,
    ) -> None:
        self._groups = groups
        self._found: list[Sequence[int] | None] = [None] * len(groups)
        self._ends = list(accumulate(sum(map(readers.__getitem__, group)) for group in groups))
        self._together = together
        self._descending = descending
        self.weight = 500 + 110 * len(groups) + 8 * sum(map(len, groups))

    def page(self, first: int, end: int) -> list[int]:
        """The customers from index ``first`` up to, without, ``end``."""
        page: list[int] = []
        ends = self._ends
        index = bisect_right(ends, first)
        start = ends[index - 1] if index else 0
        while start < end and index < len(ends):
            customers = self._found[index] or self._customers(index)
            stop = ends[index]
            if start < first or stop > end or self._descending:
                since, until, size = max(first - start, 0), end - start, stop - start
                if self._descending:
                    page.extend(reversed(customers[max(size - until, 0) : size - since]))
                else:
                    page.extend(customers[since:until])
            else:
                page.extend(customers)
            start = stop
            index += 1
        return page

    def _customers(self, index: int) -> Sequence[int]:
        group = self._groups[index]
        customers = self._together(group)
        if len(group) == 1:  # the shelf's own list, which costs nothing to keep
            self._found[index] = customers
        return customers


class Chosen:
    """An order of customers that were named or narrowed one by one, and so are few enough to have been listed."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers
        self.weight = 500 + 40 * len(numbers)

    def page(self, first: int, end: int) -> Sequence[int]:
        return self._numbers[first:end]


def select(world: World, wanted: Wanted, seen_by: int | None) -> Order | Chosen:
    """The customers that match, in order. ``seen_by`` sees only itself and those it pays for; None sees everyone."""
    key = ("elevate.order", wanted.filters, wanted.keys, wanted.case_matters, seen_by)
    return world.cached(AccountsKey(key, table(world)), lambda: _select(world, wanted, seen_by))


def _select(world: World, wanted: Wanted, seen_by: int | None) -> Order | Chosen:
    shelf = world.ledger.shelf
    groups = _grouped(_fitting(world, wanted), table(world), [key for key in wanted.keys if key[0] != ID])
    descending = (ID, True) in wanted.keys
    named = _named(world, dict(wanted.filters).get(ID), seen_by)
    if named is None:
        return Order(groups, shelf.readers(), partial(_together, world), descending=descending)
    rank = {place: index for index, group in enumerate(groups) for place in group}
    places = shelf.places()
    kept = [number for number in sorted(named, reverse=descending) if places[number - 1] in rank]
    return Chosen(sorted(kept, key=lambda number: rank[places[number - 1]]))


def _fitting(world: World, wanted: Wanted) -> list[int]:
    """The places in use whose summaries pass all filters but the one by customer. Many orders share one such list."""
    filters = tuple((name, given) for name, given in wanted.filters if name != ID)
    all_books, readers = table(world), world.ledger.shelf.readers()

    def find() -> list[int]:
        found = [place for place, count in enumerate(readers) if count]
        for name, given in filters:
            test, column = _matcher(name, given, case_matters=wanted.case_matters), all_books.column(name)
            found = [place for place in found if test(column[place])]
        return found

    return world.cached(AccountsKey(("elevate.fitting", filters, wanted.case_matters), all_books), find)


def _together(world: World, places: list[int]) -> Sequence[int]:
    """The customers at any of ``places``, by number."""
    shelf = world.ledger.shelf
    if len(places) == 1:
        return shelf.customers_at(places[0])
    if sum(map(shelf.readers().__getitem__, places)) == len(shelf):
        return range(1, len(shelf) + 1)
    key = AccountsKey(("elevate.together", tuple(places)), None)
    return world.cached(key, lambda: shelf.customers_of(places))


def _grouped(places: list[int], rows: Table, keys: Sequence[tuple[str, bool]]) -> list[list[int]]:
    """Places in order of the sort keys, those that rank equal together. Null sorts before every number."""
    if not keys:
        return [places] if places else []
    ranks = [[-rank for rank in rows.ranks(name)] if descending else rows.ranks(name) for name, descending in keys]
    together: dict[Any, list[int]] = {}
    if len(ranks) == 1:
        (only,) = ranks
        for place in places:
            together.setdefault(only[place], []).append(place)
    else:
        standings = list(zip(*ranks, strict=True))
        for place in places:
            together.setdefault(standings[place], []).append(place)
    return [together[rank] for rank in sorted(together)]


def _sortable(value: Json) -> tuple[bool, Json]:
    return (value is not None, value)


def _named(world: World, given: str | None, seen_by: int | None) -> list[int] | None:
    """The customers that the ``customerId`` filter and the credential leave; None where neither narrows anything."""
    everyone: Sequence[int] = range(1, world.ledger.customers + 1) if seen_by is None else _below(world, seen_by)
    if given is None:
        return None if seen_by is None else list(everyone)
    if given.startswith("like:"):
        part = given[5:]
        return [number for number in everyone if part in str(number)]
    named = {Decimal(literal) for literal in _literals(given) if _NUMBER.fullmatch(literal)}
    return [int(number) for number in named if number == int(number) and int(number) in everyone]


def _below(world: World, payer: int) -> list[int]:
    """A customer, those it pays for, those they pay for, and so on. Payers are older than payees, so this ends."""
    found = [payer] if world.ledger.knows(payer) else []
    for number in found:
        found.extend(world.ledger.paid_for_by(number))
    return found
