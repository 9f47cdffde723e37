"""Filtering: sound and complete. What the server selects is what the client would select from the whole list.

It refuses to know how a filter is written; ``Filter`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.contract.collection import Collection, Filter, observed
from counterfoil.contract.law import Law, Trial


def _law(id: str, c: Collection, clauses: tuple[str, ...], text: str, check: Callable[[Trial], None]) -> Law:
    return Law(id, c.operation, "filtering", clauses, text, check)


def _with_values(trial: Trial, c: Collection, filters: tuple[Filter, ...]) -> list[Filter]:
    items = c.some(trial)
    usable = [f for f in filters if observed(f.field, items)]
    trial.need(usable, f"no item has a value in {', '.join(f.field.name for f in filters)}")
    return usable


def selects(id: str, c: Collection, filter_: Filter, *clauses: str) -> Law:
    """The filter finds exactly the items it should: all of them (complete) and no other (sound)."""

    def check(trial: Trial) -> None:
        _with_values(trial, c, (filter_,))
        items = c.whole(trial)

        def exact(wanted: Any) -> None:
            got = c.all(trial, filter_.query(wanted))
            want = filter_.select(items, wanted)
            c.same_items(
                trial, got, want, f"the items whose {filter_.field.name} is {filter_.how} {filter_.write(wanted)}"
            )

        trial.given(filter_.draw(filter_, items), exact)

    told = f"{filter_.field.name} is {filter_.how} the value given"
    text = f"{filter_.param} finds the items whose {told}: all of them and no other."
    return _law(id, c, clauses, text, check)


def both(id: str, c: Collection, *clauses: str) -> Law:
    """Two filters together keep what each of them keeps (needs ``c.filters``)."""

    def check(trial: Trial) -> None:
        from hypothesis import strategies as st

        usable = _with_values(trial, c, c.filters)
        items = c.whole(trial)
        pairs = [(one, two) for one in usable for two in usable if one.param != two.param]
        trial.need(pairs, "needs two filters with values")

        def intersection(drawn: tuple[tuple[Filter, Any], tuple[Filter, Any]]) -> None:
            (one, first), (two, second) = drawn
            got = c.all(trial, {**one.query(first), **two.query(second)})
            want = two.select(one.select(items, first), second)
            c.same_items(trial, got, want, f"the items that fit {one.query(first)} and {two.query(second)}")

        def values(pair: tuple[Filter, Filter]) -> Any:
            one, two = pair
            return st.tuples(
                st.tuples(st.just(one), one.draw(one, items)), st.tuples(st.just(two), two.draw(two, items))
            )

        trial.given(st.sampled_from(pairs).flatmap(values), intersection, most=2 * trial.effort.max_examples)

    return _law(id, c, clauses, "Two filters together keep the items that each of them keeps.", check)


def partition(id: str, c: Collection, low: Filter, same: Filter, high: Filter, *clauses: str) -> Law:
    """Below, equal and above a value: every item with a value is in exactly one of the three."""

    def check(trial: Trial) -> None:
        _with_values(trial, c, (same,))
        items = c.whole(trial)
        having = [item for item in items if same.field.value(item) is not None]

        def parts(wanted: Any) -> None:
            got = [item for f in (low, same, high) for item in c.all(trial, f.query(wanted))]
            c.same_items(
                trial,
                got,
                having,
                f"{low.param}, {same.param} and {high.param} of {same.write(wanted)} together: every item once",
            )

        trial.given(same.draw(same, items), parts)

    text = (
        f"{low.param}, {same.param} and {high.param} of one value part the list: every item is in exactly one of them."
    )
    return _law(id, c, clauses, text, check)


def union(id: str, c: Collection, several: Filter, single: Filter, *clauses: str) -> Law:
    """A list of values finds the union of what each value finds."""

    def check(trial: Trial) -> None:
        _with_values(trial, c, (several,))

        def united(wanted: tuple[Any, ...]) -> None:
            apart = [item for value in wanted for item in c.all(trial, single.query(value))]
            got = c.all(trial, several.query(wanted))
            c.same_items(trial, got, apart, f"what each of {several.write(wanted)} finds alone, together")

        trial.given(several.draw(several, c.whole(trial)), united, most=6)

    text = f"Several values in {several.param} find what each of them finds alone, together."
    return _law(id, c, clauses, text, check)


def finds_nothing(id: str, c: Collection, queries: tuple[dict[str, str], ...], *clauses: str, text: str) -> Law:
    """Values that no item has find nothing, and are no error."""

    def check(trial: Trial) -> None:
        def nothing(query: dict[str, str]) -> None:
            got = c.all(trial, query)
            trial.expect(got == [], "no items, status 200", c.ids(got))

        trial.each(queries, nothing)

    return _law(id, c, clauses, text, check)


def same_value(id: str, c: Collection, filter_: Filter, spellings: Callable[[Any], list[str]], *clauses: str) -> Law:
    """Different spellings of one value (``40``, ``40.0``) find the same items."""

    def check(trial: Trial) -> None:
        _with_values(trial, c, (filter_,))
        items = c.whole(trial)

        def spelled(wanted: Any) -> None:
            want = filter_.select(items, wanted)
            for text in spellings(wanted):
                got = c.all(trial, {filter_.param: text})
                c.same_items(trial, got, want, f"{filter_.param}={text} finds the items with that value")

        trial.given(filter_.draw(filter_, items), spelled, most=4)

    return _law(
        id, c, clauses, f"{filter_.param} compares by value: another spelling of it finds the same items.", check
    )
