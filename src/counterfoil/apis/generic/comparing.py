"""Compares values as filters do: as numbers if both are numbers, else as times if both are times, else as texts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Any


def matches(operator: str, value: Json, wanted: Json) -> bool:
    """Whether a value matches a filter. ``operator`` is one of ``model.Operator``; one matching item of a list is enough."""
    if operator == "in" and isinstance(wanted, list):
        return any(matches("equal", value, each) for each in wanted)
    if isinstance(value, list):
        return any(matches(operator, each, wanted) for each in value)
    if isinstance(value, dict) and "id" in value and operator in ("equal", "not", "in"):
        value = value["id"]  # an embedded member in place of its id
    if operator == "contains":
        return value is not None and str(wanted).lower() in str(value).lower()
    if operator in ("equal", "in"):
        return value is not None and _text(value) == _text(wanted)
    if operator == "not":
        return value is None or _text(value) != _text(wanted)
    if value is None:
        return False
    one, other = _comparable(value, wanted)
    return (
        (operator == "above" and one > other)
        or (operator == "from" and one >= other)
        or (operator == "below" and one < other)
        or (operator == "to" and one <= other)
    )


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal) and value == int(value):
        return str(int(value))
    return str(value)


def _comparable(value: Json, wanted: Json) -> tuple[Any, Any]:
    """Two values as numbers, otherwise as times, otherwise as texts."""
    numbers = _number(value), _number(wanted)
    if None not in numbers:
        return numbers
    instants = _instant(value), _instant(wanted)
    if None not in instants:
        return instants
    return _text(value), _text(wanted)


def _number(value: Json) -> Decimal | None:
    if isinstance(value, bool):
        return Decimal(value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _instant(value: Json) -> datetime | None:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        seconds = float(value) / (1000 if value > 10**11 else 1)
        return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds < 10**11 else None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
