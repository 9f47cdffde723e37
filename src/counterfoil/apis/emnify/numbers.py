"""Adds, groups and writes the numbers of a bill."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeVar

from counterfoil.ledger.money import ZERO

T = TypeVar("T")


def places(value: Decimal, count: int) -> str:
    """``value`` as a string with ``count`` decimals, rounded if it has more: ``"12.345678"``."""
    return f"{value:.{count}f}"


def sum_of(values: Iterable[Decimal]) -> Decimal:
    """The exact sum; zero without values."""
    return sum(values, ZERO)


def grouped(items: Iterable[T], key: Callable[[T], object]) -> list[list[T]]:
    """The items grouped by key, in the order in which the keys first occur."""
    groups: dict[object, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())
