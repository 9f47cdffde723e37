"""Selects the rows of a table that pass a query's tests, and orders them by its sort keys."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING, Any

from counterfoil.api.list_query.pages import ExplicitSelection, Selection, SharedSelection
from counterfoil.api.list_query.table import Row, RowTest, SortKey, Table
from counterfoil.world.cache import AccountsKey

if TYPE_CHECKING:
    from counterfoil.world.world import World

CustomerTest = Callable[[int, Row], bool]
"""A test of a row that depends on the customer's number too."""


def select(
    world: World,
    table: Table[Row],
    tests: Iterable[RowTest],
    *,
    sort_keys: Sequence[SortKey] = (),
    descending: bool = False,
    customers: Iterable[int] | None = None,
    customer_tests: Sequence[CustomerTest[Row]] = (),
) -> Selection[Row]:
    """The rows that pass all tests, for each customer that has them.

    They are ordered by ``sort_keys``, then by customer number (``descending`` if so), then as in the table. Only rows
    of ``customers`` are selected, if given.
    """
    mask = passing(world, table, tests)
    store = world.ledger.store
    if customers is None and not customer_tests:
        groups = _group(table, compress(range(len(table.rows)), mask), sort_keys)
        return SharedSelection(world, table, groups, descending=descending)
    everyone = range(1, len(store) + 1)
    named = everyone if customers is None else [number for number in customers if number in everyone]
    pairs = _passing_pairs(store.slots(), table, mask, sorted(named, reverse=descending), customer_tests)
    if sort_keys:
        ranks = _sort_ranks(table, sort_keys)
        pairs = iter(sorted(pairs, key=lambda pair: ranks[pair[1]]))
    return ExplicitSelection(table, pairs)


def passing(world: World, table: Table[Row], tests: Iterable[RowTest]) -> bytes:
    """For each row, 1 if it passes all tests.

    The result of each test is cached by itself: combining two cached ones takes 2 µs for 1,900 rows.
    """
    combined = int.from_bytes(b"\1" * len(table.rows))
    for test in tests:
        key = AccountsKey(("list.mask", test.column.name, test.key), table)
        combined &= int.from_bytes(world.cached(key, partial(table.mask, test)))
    return combined.to_bytes(len(table.rows))


def _group(table: Table[Row], rows: Iterable[int], sort_keys: Sequence[SortKey]) -> list[list[int]]:
    """Row indexes in the order of the sort keys; those with equal keys are in one group."""
    if not sort_keys:
        everything = list(rows)
        return [everything] if everything else []
    ranks = _sort_ranks(table, sort_keys)
    groups: dict[Any, list[int]] = {}
    for row in rows:
        groups.setdefault(ranks[row], []).append(row)
    return [groups[rank] for rank in sorted(groups)]


def _sort_ranks(table: Table[Row], sort_keys: Sequence[SortKey]) -> Sequence[Any]:
    """For each row, a value to sort by; equal for rows with equal sort keys."""
    columns = [
        [-rank for rank in table.ranks(key.column)] if key.descending else table.ranks(key.column) for key in sort_keys
    ]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def _passing_pairs(
    slots: array[int],
    table: Table[Row],
    mask: bytes,
    customers: Iterable[int],
    tests: Sequence[CustomerTest[Row]],
) -> Iterator[tuple[int, int]]:
    """Customers, in the given order, with the indexes of their rows that pass the mask and the tests."""
    rows, starts = table.rows, table.starts
    rows_at: dict[int, list[int]] = {}
    for customer in customers:
        slot = slots[customer - 1]
        if slot not in rows_at:
            rows_at[slot] = [row for row in range(starts[slot], starts[slot + 1]) if mask[row]]
        for row in rows_at[slot]:
            for test in tests:
                if not test(customer, rows[row]):
                    break
            else:
                yield customer, row
