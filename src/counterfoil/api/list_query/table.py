"""The rows of a list, by account state, with the columns that filters and sort keys use."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from counterfoil.ledger.store import AccountStore

Row = TypeVar("Row")


class Column(msgspec.Struct, frozen=True):
    """One attribute of the rows. Columns of one table with equal names hold equal values."""

    name: str
    value_of: Callable[[Any], Any]


class RowTest(msgspec.Struct, frozen=True):
    """A test of one column: a row passes if ``compare(value, bound)`` is true.

    Tests with equal ``key`` and column have the same result.
    """

    column: Column
    compare: Callable[[Any, Any], bool]
    bound: Any
    key: Hashable


class SortKey(msgspec.Struct, frozen=True):
    """A column to sort by. None sorts before every other value."""

    column: Column
    descending: bool = False


class Table(Generic[Row]):
    """The rows of all account states in use, one slot of the store after the other.

    ``rows_of`` gives the rows of the state in a slot. ``row_bytes`` is about how much memory a row takes.
    """

    def __init__(self, store: AccountStore, rows_of: Callable[[int], Sequence[Row]], *, row_bytes: int) -> None:
        self.rows: list[Row] = []
        self.slots: list[int] = []
        """For each row, its slot."""
        self.customers: list[int] = []
        """For each row, how many customers have it."""
        self.starts = [0]
        """For each slot, the index of its first row; and the number of rows at the end."""
        for slot, refcount in enumerate(store.refcounts()):
            if refcount:
                rows = rows_of(slot)
                self.rows.extend(rows)
                self.slots.extend(repeat(slot, len(rows)))
                self.customers.extend(repeat(refcount, len(rows)))
            self.starts.append(len(self.rows))
        self.one_row_per_slot = len(set(self.slots)) == len(self.slots)
        self._columns: dict[str, list[Any]] = {}
        self._ranks: dict[str, list[int]] = {}
        self.weight = 500 + row_bytes * len(self.rows)

    def values(self, column: Column) -> list[Any]:
        """For each row, its value in ``column``."""
        if column.name not in self._columns:
            self._columns[column.name] = list(map(column.value_of, self.rows))
        return self._columns[column.name]

    def ranks(self, column: Column) -> list[int]:
        """For each row, the position of its value among the distinct values of ``column``.

        Sorting 300 rows by two such numbers takes 60 µs, by two values 400 µs.
        """
        if column.name not in self._ranks:
            values = self.values(column)
            ordered = sorted(set(values), key=lambda value: (value is not None, value))
            rank = {value: index for index, value in enumerate(ordered)}
            self._ranks[column.name] = [rank[value] for value in values]
        return self._ranks[column.name]

    def mask(self, test: RowTest) -> bytes:
        """For each row, 1 if it passes. A comparison in C tests 1,900 rows in 75 µs; one in Python takes 400 µs."""
        return bytes(map(test.compare, self.values(test.column), repeat(test.bound)))
