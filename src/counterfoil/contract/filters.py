"""Describes the filters of a list operation to the families of laws: how each is written, and what it selects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from counterfoil.contract.fields import DATE, DATE_TIME, INTEGER, NUMBER, Field, column, observed
from counterfoil.contract.target import Json

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Draw = Callable[["Filter", Sequence[Json]], "SearchStrategy[Any]"]


@dataclass(frozen=True)
class Filter:
    """One filter of a list: parameter ``param``, and which items must be returned for a wanted value.

    ``matches(value, wanted)`` is the documented rule, over comparable values; an item without the field never matches.
    ``write`` makes the parameter's text, or the texts of a repeated parameter; ``draw`` generates values to try (from the
    observed items). ``relation`` names it in messages. ``alternative`` is a second rule that the documents allow instead of
    ``matches``; ``switch`` names the switch between them and its values for the two.
    """

    field: Field
    param: str
    relation: str
    matches: Callable[[Any, Any], bool]
    write: Callable[[Any], Any]
    draw: Draw
    alternative: Callable[[Any, Any], bool] | None = None
    switch: tuple[str, str, str] | None = None

    def __str__(self) -> str:
        return self.param

    def query(self, wanted: Any) -> dict[str, Any]:
        return {self.param: self.write(wanted)}

    def select(self, items: Sequence[Json], wanted: Any) -> list[Json]:
        """The client's own selection, to compare with the server's."""
        values, matches = column(self.field, items), self.matches
        return [item for item, value in zip(items, values, strict=True) if value is not None and matches(value, wanted)]


def _observed(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    return st.sampled_from(observed(filter_.field, items))


def _around(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    """Observed values, and values just below and above them, where a wrong comparator shows."""
    from hypothesis import strategies as st

    values = observed(filter_.field, items)
    step: Any = {
        NUMBER: Decimal("0.01"),
        INTEGER: Decimal(1),
        DATE_TIME: timedelta(seconds=1),
        DATE: timedelta(days=1),
    }.get(filter_.field.kind)
    if step is None:
        return st.sampled_from(values)
    return st.sampled_from(
        [*values[:3], values[0] - step, values[-1] + step, *values[3:], *(v + step for v in values[:20])]
    )


def _several(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    values = observed(filter_.field, items)
    return st.lists(st.sampled_from(values), min_size=min(2, len(values)), max_size=3, unique=True).map(tuple)


def _parts(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    """Parts of observed texts: whole, with swapped case, and from the middle."""
    from hypothesis import strategies as st

    texts = [filter_.field.write(value) for value in observed(filter_.field, items)]
    whole = [t.swapcase() for t in texts[:6]]
    inner = [t[len(t) // 3 : len(t) // 3 + 4] for t in texts if len(t) > 4]
    ends = [t[-3:] for t in texts if len(t) > 3]
    parts = [p for p in dict.fromkeys([*whole, *inner, *(p.swapcase() for p in inner), *ends, *texts]) if _plain(p)]
    return st.sampled_from(parts)


def _plain(text: str) -> bool:
    """Whether a text has no wildcard or separator, and no outer blanks, which servers may trim."""
    return bool(text) and text == text.strip() and not set(text) & set("%_*,?:")


def equal(field: Field, param: str | None = None, *, draw: Draw = _observed) -> Filter:
    """``status=paid``: exactly this value (numbers and moments by value)."""
    return Filter(
        field, param or field.name, "equal to", lambda value, wanted: bool(value == wanted), field.write, draw
    )


def one_of(field: Field, param: str | None = None, *, prefix: str = "in:", separator: str = ",") -> Filter:
    """``status=in:paid,open``: any of these."""
    return Filter(
        field,
        param or field.name,
        "one of",
        lambda value, wanted: value in wanted,
        lambda wanted: prefix + separator.join(field.write(each) for each in wanted),
        _several,
    )


def like(
    field: Field,
    param: str | None = None,
    *,
    write: Callable[[str], str] = "like:{}".format,
    text: Callable[[Field, Any], str] | None = None,
    switch: tuple[str, str, str] | None = None,
) -> Filter:
    """``name=like:acme``: the text occurs in the value, ignoring case or, as an alternative, with the same case."""

    def reads(value: Any) -> str:
        return text(field, value) if text else field.write(value)

    def matches(value: Any, wanted: str) -> bool:
        return wanted.casefold() in reads(value).casefold()

    def matches_case(value: Any, wanted: str) -> bool:
        return wanted in reads(value)

    return Filter(field, param or field.name, "like", matches, write, _parts, matches_case, switch)


def above(field: Field, param: str, *, inclusive: bool = False, write: Callable[[Any], str] | None = None) -> Filter:
    """``amount.gt=5`` or, inclusive, ``amount.gte=5``."""
    how = "at least" if inclusive else "above"
    matches = (
        (lambda value, wanted: bool(value >= wanted)) if inclusive else (lambda value, wanted: bool(value > wanted))
    )
    return Filter(field, param, how, matches, write or field.write, _around)


def below(field: Field, param: str, *, inclusive: bool = False, write: Callable[[Any], str] | None = None) -> Filter:
    """``amount.lt=5`` or, inclusive, ``amount.lte=5``."""
    how = "at most" if inclusive else "below"
    matches = (
        (lambda value, wanted: bool(value <= wanted)) if inclusive else (lambda value, wanted: bool(value < wanted))
    )
    return Filter(field, param, how, matches, write or field.write, _around)
