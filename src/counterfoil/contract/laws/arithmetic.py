"""Arithmetic inside one response: amounts written as numbers or as decimal strings, and sums that must agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any

from counterfoil.contract.law import quoted
from counterfoil.contract.laws.items import Mismatch

NOISE = Decimal("0.000001")
"""The tolerance for errors of binary floating point and of the last printed decimal place in a sum."""

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)


def amount(value: Any) -> Decimal:
    """A JSON number, or a plain decimal in a string. Raises ``ValueError`` (one line) for anything else."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise ValueError(f"{quoted(value)} is not an amount")


def at(document: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted ``path`` (``mrc.data_packages.total``); ``default`` where a step is null or missing."""
    for step in path.split("."):
        document = document.get(step) if isinstance(document, Mapping) else None
    return default if document is None else document


def amount_at(document: Any, path: str) -> Decimal:
    """The amount at a dotted ``path``; zero where a step is null or missing."""
    return amount(at(document, path, 0))


def total_of(parts: Iterable[Any], member: str) -> Decimal:
    """The sum of a member over ``parts``."""
    with localcontext(prec=80):
        return sum((amount_at(part, member) for part in parts), Decimal(0))


def agrees(got: Decimal, want: Decimal, what: str, within: Decimal = NOISE) -> Mismatch:
    """Checks that ``got`` differs from ``want`` by at most ``within``."""
    with localcontext(prec=80):
        return None if abs(got - want) <= within else (f"{what} {_short(want)}", _short(got))


def sums_to(total: Any, parts: Iterable[Any], member: str, what: str, within: Decimal = NOISE) -> Mismatch:
    """Checks that ``member`` of ``total`` is the sum of that member over ``parts``."""
    return agrees(amount_at(total, member), total_of(parts, member), f"{what}: {member}", within)


def first(mismatches: Iterable[Mismatch]) -> Mismatch:
    """The first mismatch, or ``None``."""
    return next((mismatch for mismatch in mismatches if mismatch is not None), None)


def values_of(document: Any, name: str) -> Iterator[Any]:
    """Every value of a member called ``name``, at any depth."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key == name:
                yield value
            yield from values_of(value, name)
    elif isinstance(document, list):
        for each in document:
            yield from values_of(each, name)


def has_places(value: Any, count: int) -> bool:
    """Whether ``value`` is a decimal in a string with exactly ``count`` places."""
    return isinstance(value, str) and re.fullmatch(rf"-?[0-9]+\.[0-9]{{{count}}}", value, re.ASCII) is not None


def is_number(value: Any) -> bool:
    """Whether ``value`` is a JSON number (a boolean is not)."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _short(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
