"""Comparison filters: equality and the four comparators of a field, for numbers and instants, alone and with another filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import DATE_TIME, Field, observed
from counterfoil.contract.filters import Filter, above, below, equal
from counterfoil.contract.law import Law, brief, says
from counterfoil.contract.target import Json

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

STEPS: dict[str, Any] = {DATE_TIME: timedelta(milliseconds=1)}
"""The smallest difference that a comparator must distinguish, by kind of field."""
_LEAST_NUMBER = Decimal("0.001")

Tries = Callable[[Filter, Sequence[Json]], Sequence[Any]]
"""The values to try a filter with, given the observed items; those most likely to show a defect first."""


def around(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    """Observed values, and equally often values just below and above them, which reveal a wrong comparator."""
    from hypothesis import strategies as st

    values = middle_first(filter_.field, items)[:40]
    step = STEPS.get(filter_.field.kind, _LEAST_NUMBER)
    # The first neighbour is the one for which a filter that drops decimals gives another result.
    step = -step if filter_.relation == "above" else step
    neighbours = [moved for value in values for moved in (value + step, value - step)]
    return st.one_of(st.sampled_from(values), st.sampled_from(neighbours))


def middle_first(field: Field, items: Sequence[Json]) -> list[Any]:
    """The observed values, one near the middle first: there every comparator finds some items and leaves some out.

    Of numbers it is one with decimals, if there is any: a filter may drop them.
    """
    values = sorted(observed(field, items))
    if not values:
        return []
    fractions = [value for value in values if isinstance(value, Decimal) and value % 1] or values
    first = fractions[len(fractions) // 2]
    return [first, *(value for value in observed(field, items) if value != first)]


@dataclass(frozen=True)
class Comparisons:
    """One field's five filters: ``x``, ``x.gt``, ``x.gte``, ``x.lt`` and ``x.lte``."""

    same: Filter
    above: Filter
    at_least: Filter
    below: Filter
    at_most: Filter

    @property
    def all(self) -> tuple[Filter, ...]:
        return self.same, self.above, self.at_least, self.below, self.at_most


def compared(field: Field) -> Comparisons:
    """The five filters of ``field``, named as TMF630 names them."""
    name = field.name
    return Comparisons(
        equal(field, draw=around),
        replace(above(field, f"{name}.gt"), draw=around),
        replace(above(field, f"{name}.gte", inclusive=True), draw=around),
        replace(below(field, f"{name}.lt"), draw=around),
        replace(below(field, f"{name}.lte", inclusive=True), draw=around),
    )


def parts(id: str, c: ItemList, fields: Sequence[Comparisons], *clauses: str) -> Law:
    """Below, equal and above a value partition the list; at least is above or equal, at most is below or equal."""

    def check(ctx: LawContext) -> None:
        items = c.require_items(ctx)
        cases = [  # the laws about each comparator try the first value, too
            (comparisons, value)
            for comparisons in fields
            for value in middle_first(comparisons.same.field, items)[: 1 if ctx.is_sparing else 2]
        ]
        ctx.require(cases, "no item has a value to compare")

        def consistent(case: tuple[Comparisons, Any]) -> None:
            comparisons, value = case
            with_value = [item for item in items if comparisons.same.field.value(item) is not None]
            same, over, at_least, under, at_most = (c.fetch_all(ctx, f.query(value)) for f in comparisons.all)
            where = f"{comparisons.same.param} at {comparisons.same.write(value)}"
            c.same_items(
                ctx, [*under, *same, *over], with_value, f"{where}: below, equal and above are every item once"
            )
            c.same_items(ctx, at_least, [*over, *same], f"{where}: at least is above or equal")
            c.same_items(ctx, at_most, [*under, *same], f"{where}: at most is below or equal")

        ctx.for_each(cases, consistent, shown=lambda case: case[0].same.query(case[1]))

    return Law(id, c.operation, "filtering", clauses, says(parts), check)


HALF_HOURS, FRACTION = 2, 3
"""The positions in ``spellings`` of the offset with minutes, and of the fraction of a second."""


def spellings(moment: datetime) -> list[str]:
    """One instant, written in UTC, with offsets to the east and to the west, and with a fraction of a second."""
    zones = (UTC, timezone(timedelta(hours=-8)), timezone(timedelta(hours=5, minutes=30)))
    offsets = [moment.astimezone(zone).isoformat() for zone in zones]
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return [*offsets, f"{utc.isoformat(timespec='milliseconds')}Z"]


def by_instant(id: str, c: ItemList, comparisons: Comparisons, *clauses: str) -> Law:
    """Instants are compared whatever the UTC offset they are written with."""

    def check(ctx: LawContext) -> None:
        items = c.require_items(ctx)
        moments = [value for value in observed(comparisons.same.field, items)[:3] if value.microsecond % 1000 == 0]
        ctx.require(moments, f"no item has a value in {comparisons.same.field.name}")

        def same_answer(case: tuple[Filter, int]) -> None:
            filter_, position = case
            moment = moments[-1 - position % len(moments)]
            if position == FRACTION:
                moment += STEPS[DATE_TIME]
            text = spellings(moment)[position]
            want = filter_.select(items, moment)
            got = c.fetch_all(ctx, {filter_.param: text})
            c.same_items(ctx, got, want, f"{filter_.param}={text} finds what that instant finds in UTC")

        cases = list(product(comparisons.all, range(4)))
        if ctx.is_sparing:  # every comparator, and every spelling
            chosen = {comparisons.same.param: HALF_HOURS, comparisons.at_least.param: FRACTION}
            cases = [(f, chosen.get(f.param, n % HALF_HOURS)) for n, f in enumerate(comparisons.all, ctx.effort.seed)]
        ctx.for_each(cases, same_answer, shown=lambda case: case[0])

    text = (
        f"{comparisons.same.param} and its comparators compare instants, with any UTC offset and fraction of a second."
    )
    return Law(id, c.operation, "filtering", clauses, text, check)


def each_with_another(
    id: str, c: ItemList, seconds: Sequence[Filter], *clauses: str, tries: Tries, others: int = 2
) -> Law:
    """Every filter can be combined with another: together they find the items that match both."""

    def check(ctx: LawContext) -> None:
        items = c.require_items(ctx, 2)
        selections = _ClientSelections(items, tries)
        usable = [f for f in c.filters if selections.values(f)]
        partners = [f for f in seconds if selections.values(f)]
        cases: list[tuple[Filter, Filter]] = []
        for position, first in enumerate(usable):
            own = [f for f in partners if f.param != first.param]
            start = position * others
            cases += [(first, own[(start + n) % len(own)]) for n in range(min(others, len(own)))]
            # Two filters on one field: the second must not replace the first.
            cases += [(first, f) for f in usable if f.field == first.field and f.param != first.param][:1]
        ctx.require(cases, "needs two filters with values")
        if ctx.is_sparing:
            cases = _pairs(usable)

        def match_both(pair: tuple[Filter, Filter]) -> None:
            one, two = pair
            first, second = selections.distinguishing_pair(one, two)
            query = {**one.query(first), **two.query(second)}
            want = [items[n] for n in sorted(selections.of(one, first) & selections.of(two, second))]
            c.same_items(ctx, c.fetch_all(ctx, query), want, f"the items that match {brief(query)}")

        ctx.for_each(cases, match_both)

    return Law(id, c.operation, "filtering", clauses, says(each_with_another), check)


def _pairs(filters: Sequence[Filter]) -> list[tuple[Filter, Filter]]:
    """Each filter in one pair: the filters above and below of one field, and filters far apart in the list for the rest."""
    bounds = {f.field.name: f for f in filters if f.relation == "above"}
    pairs = [(bounds[f.field.name], f) for f in filters if f.relation == "below" and f.field.name in bounds]
    left = [f for f in filters if not any(f in pair for pair in pairs)]
    half = -(-len(left) // 2)
    pairs += [(one, left[(place + half) % len(left)]) for place, one in enumerate(left[:half])]
    return [(one, two) for one, two in pairs if one.param != two.param]


def pages_under_each(id: str, c: ItemList, filters: Sequence[Filter], *clauses: str, tries: Tries) -> Law:
    """Under every filter, the pages together are what the filter finds, in one order."""

    def check(ctx: LawContext) -> None:
        selections = _ClientSelections(c.require_items(ctx, 2), tries)

        def together(filter_: Filter) -> None:
            found = len(selections.of(filter_, wanted := selections.widest(filter_)))
            query = filter_.query(wanted)
            # Only the first items of a large list are known: use three full pages of them.
            size = max(1, found // 3 if c.is_large(ctx) else -(-found // 3))
            want = c.ids(c.fetch_all(ctx, query))
            for number in (1,) if ctx.is_sparing else range(4):
                got = c.ids(c.page(ctx, number, size, query))
                due = want[number * size : (number + 1) * size]
                ctx.expect(
                    got == due,
                    f"items {number * size + 1} to {number * size + size} of {brief(query)}: {brief(due)}",
                    got,
                )

        ctx.for_each(ctx.sample([f for f in filters if selections.values(f)], 3), together)

    return Law(id, c.operation, "paging", clauses, says(pages_under_each), check)


class _ClientSelections:
    """The client's own selections, each computed once, as positions in the list."""

    def __init__(self, items: Sequence[Json], tries: Tries) -> None:
        self._items, self._tries = items, tries
        self._values: dict[str, list[Any]] = {}
        self._found: dict[tuple[str, Any], frozenset[int]] = {}

    def values(self, filter_: Filter) -> list[Any]:
        if filter_.param not in self._values:
            self._values[filter_.param] = list(self._tries(filter_, self._items))[:5]
        return self._values[filter_.param]

    def of(self, filter_: Filter, wanted: Any) -> frozenset[int]:
        key = (filter_.param, wanted)
        if key not in self._found:
            selected_ids = set(map(id, filter_.select(self._items, wanted)))
            self._found[key] = frozenset(n for n, item in enumerate(self._items) if id(item) in selected_ids)
        return self._found[key]

    def widest(self, filter_: Filter) -> Any:
        """The value that finds the most items."""
        return max(self.values(filter_), key=lambda wanted: len(self.of(filter_, wanted)))

    def distinguishing_pair(self, one: Filter, two: Filter) -> tuple[Any, Any]:
        """Values for which both filters matter: each alone finds more than both together, and both find something."""

        def usefulness(pair: tuple[Any, Any]) -> tuple[bool, bool]:
            first, second = self.of(one, pair[0]), self.of(two, pair[1])
            both = first & second
            return both < first and both < second, bool(both)

        return max(product(self.values(one), self.values(two)), key=usefulness)
