"""Describes the members of an item to the families of laws: where each is found, and how its values compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as member
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from counterfoil.contract.target import Json

V = TypeVar("V")

TEXT, NUMBER, INTEGER, DATE_TIME, DATE = "text", "number", "integer", "moment", "day"


@dataclass(frozen=True)
class Field:
    """A member of an item: ``name`` is its name in the API's parameters, ``kind`` says how values compare.

    ``at`` is the dotted path inside an item when that is not its name (``amountDue.value``; a list in the path means its first
    item), or a function of the item.
    """

    name: str
    kind: str = TEXT
    at: str | Callable[[Json], Any] | None = None
    _steps: tuple[str, ...] = member(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        steps = () if callable(self.at) else tuple((self.at or self.name).split("."))
        object.__setattr__(self, "_steps", steps)

    def __str__(self) -> str:
        return self.name

    def raw(self, item: Json) -> Any:
        """The member as received; ``None`` when it is missing."""
        if callable(self.at):
            return self.at(item)
        for step in self._steps:
            if isinstance(item, list) and item:
                item = item[0]
            item = item.get(step) if isinstance(item, dict) else None
        return item

    def value(self, item: Json) -> Any:
        """The member ready to compare: ``str``, ``Decimal``, ``date`` or aware ``datetime``; ``None`` when missing."""
        raw = self.raw(item)
        return None if raw is None else self.read(raw)

    def read(self, raw: Any) -> Any:
        """A raw value converted for comparison. Raises ``ValueError`` or ``ArithmeticError`` if it is not of this kind."""
        if self.kind in (NUMBER, INTEGER):
            return raw if isinstance(raw, Decimal) else Decimal(str(raw))
        if self.kind == DATE_TIME:
            instant = datetime.fromisoformat(str(raw))
            return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        if self.kind == DATE:
            return date.fromisoformat(str(raw)[:10])
        return raw if isinstance(raw, str) else str(raw).lower() if isinstance(raw, bool) else str(raw)

    def write(self, value: Any) -> str:
        """A comparable value as parameter text."""
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, Decimal):
            return format(value, "f")
        return value.isoformat() if isinstance(value, date) else str(value)


class Items(list[Json]):
    """Items that no law changes: the values of each field are read once and cached."""

    def __init__(self, items: Sequence[Json]) -> None:
        super().__init__(items)
        self._columns: dict[Field, list[Any]] = {}

    def column(self, field: Field) -> list[Any]:
        """``field.value`` of each item."""
        if field not in self._columns:
            self._columns[field] = [field.value(item) for item in self]
        return self._columns[field]


def column(field: Field, items: Sequence[Json]) -> list[Any]:
    """``field.value`` of each of ``items``."""
    return items.column(field) if isinstance(items, Items) else [field.value(item) for item in items]


def observed(field: Field, items: Sequence[Json]) -> list[Any]:
    """The distinct values of ``field``: the lowest, the highest, the middle one, then the others."""
    values = sorted({value for value in column(field, items) if value is not None})
    if len(values) < 4:
        return values
    middle = len(values) // 2
    return [values[0], values[-1], values[middle], *values[1:middle], *values[middle + 1 : -1]]


def sample_items(items: Sequence[V], limit: int = 5) -> list[V]:
    """Up to ``limit`` items: the first, the last, and some in between."""
    positions = dict.fromkeys((0, len(items) - 1, len(items) // 2, len(items) // 3, 1))
    return [items[position] for position in positions if 0 <= position < len(items)][:limit]
