"""Filters: what the server selects is exactly what the client would select from the whole list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import observed
from counterfoil.contract.filters import Filter
from counterfoil.contract.law import Law, brief, says


def _law(id: str, c: ItemList, clauses: tuple[str, ...], text: str, check: Callable[[LawContext], None]) -> Law:
    return Law(id, c.operation, "filtering", clauses, text, check)


def _with_values(ctx: LawContext, c: ItemList, filters: tuple[Filter, ...]) -> list[Filter]:
    items = c.require_items(ctx)
    usable = [f for f in filters if observed(f.field, items)]
    ctx.require(usable, f"no item has a value in {', '.join(f.field.name for f in filters)}")
    return usable


def selects(id: str, c: ItemList, filter_: Filter, *clauses: str, least: int = 4) -> Law:
    """The filter finds every item it should (complete) and no other (sound).

    ``least`` is the number of values tried where ``LawContext.is_sparing``.
    """

    def check(ctx: LawContext) -> None:
        _with_values(ctx, c, (filter_,))
        items, effective = c.whole_list(ctx), c.as_implemented(ctx, filter_)

        def exact(wanted: Any) -> None:
            got = c.fetch_all(ctx, filter_.query(wanted))
            want = effective.select(items, wanted)
            c.same_items(
                ctx, got, want, f"the items whose {filter_.field.name} is {filter_.relation} {filter_.write(wanted)}"
            )

        ctx.for_all(filter_.draw(filter_, items), exact, least=least, shown=filter_.query)

    condition = f"{filter_.field.name} is {filter_.relation} the value given"
    text = f"{filter_.param} finds the items whose {condition}: all of them and no other."
    return _law(id, c, clauses, text, check)


def both(id: str, c: ItemList, *clauses: str, least: int = 2) -> Law:
    """Two filters together find the items that match both."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        usable = _with_values(ctx, c, c.filters)
        items = c.whole_list(ctx)
        pairs = [(one, two) for one in usable for two in usable if one.param != two.param]
        ctx.require(pairs, "needs two filters with values")

        def intersection(drawn: tuple[tuple[Filter, Any], tuple[Filter, Any]]) -> None:
            (one, first), (two, second) = drawn
            got = c.fetch_all(ctx, {**one.query(first), **two.query(second)})
            want = c.as_implemented(ctx, two).select(c.as_implemented(ctx, one).select(items, first), second)
            c.same_items(
                ctx, got, want, f"the items that match {brief(one.query(first))} and {brief(two.query(second))}"
            )

        def values(pair: tuple[Filter, Filter]) -> Any:
            one, two = pair
            return st.tuples(
                st.tuples(st.just(one), one.draw(one, items)), st.tuples(st.just(two), two.draw(two, items))
            )

        ctx.for_all(
            st.sampled_from(pairs).flatmap(values),
            intersection,
            max_examples=2 * ctx.effort.max_examples,
            least=least,
            shown=lambda drawn: {name: text for f, wanted in drawn for name, text in f.query(wanted).items()},
        )

    return _law(id, c, clauses, says(both), check)


def partition(id: str, c: ItemList, low: Filter, same: Filter, high: Filter, *clauses: str) -> Law:
    """Below, equal and above a value: every item that has a value is in exactly one of the three."""

    def check(ctx: LawContext) -> None:
        _with_values(ctx, c, (same,))
        items = c.whole_list(ctx)
        with_value = [item for item in items if same.field.value(item) is not None]

        def parts(wanted: Any) -> None:
            got = [item for f in (low, same, high) for item in c.fetch_all(ctx, f.query(wanted))]
            c.same_items(
                ctx,
                got,
                with_value,
                f"{low.param}, {same.param} and {high.param} of {same.write(wanted)} together: every item once",
            )

        ctx.for_all(same.draw(same, items), parts, shown=same.query)

    text = f"{low.param}, {same.param} and {high.param} of one value partition the list: every item is in exactly one of them."
    return _law(id, c, clauses, text, check)


def union(id: str, c: ItemList, several: Filter, single: Filter, *clauses: str) -> Law:
    """A list of values finds the union of what each value finds."""

    def check(ctx: LawContext) -> None:
        _with_values(ctx, c, (several,))

        def united(wanted: tuple[Any, ...]) -> None:
            apart = [item for value in wanted for item in c.fetch_all(ctx, single.query(value))]
            got = c.fetch_all(ctx, several.query(wanted))
            c.same_items(ctx, got, apart, f"the union of what each of {several.write(wanted)} finds alone")

        ctx.for_all(several.draw(several, c.whole_list(ctx)), united, max_examples=6, shown=several.query)

    text = f"Several values in {several.param} find the union of what each value finds alone."
    return _law(id, c, clauses, text, check)


def finds_nothing(
    id: str,
    c: ItemList,
    queries: tuple[dict[str, str], ...],
    *clauses: str,
    text: str,
    refused: Sequence[str] = (),
    switch: str = "",
) -> Law:
    """Values that no item has find nothing.

    For the parameters ``refused`` they may also give 400, unless ``switch`` says otherwise.
    """

    def check(ctx: LawContext) -> None:
        def nothing(query: dict[str, str]) -> None:
            pages = c.pages.query(0, 1) if c.pages else {}
            may_refuse = set(query) <= set(refused) and ctx.switch(switch) in (None, "400")
            if may_refuse and ctx.request(c.operation, query={**pages, **query}).status == 400:
                return
            got = c.fetch_all(ctx, query)
            ctx.expect(got == [], "no items, status 200", c.ids(got))

        ctx.for_each(queries, nothing)

    return _law(id, c, clauses, text, check)


def same_value(id: str, c: ItemList, filter_: Filter, spellings: Callable[[Any], list[str]], *clauses: str) -> Law:
    """Different spellings of one value (``40``, ``40.0``) find the same items."""

    def check(ctx: LawContext) -> None:
        _with_values(ctx, c, (filter_,))
        items = c.whole_list(ctx)

        def spelled(wanted: Any) -> None:
            want = filter_.select(items, wanted)
            for text in spellings(wanted):
                got = c.fetch_all(ctx, {filter_.param: text})
                c.same_items(ctx, got, want, f"{filter_.param}={text} finds the items with that value")

        ctx.for_all(filter_.draw(filter_, items), spelled, max_examples=4, least=1, shown=filter_.query)

    return _law(
        id, c, clauses, f"{filter_.param} compares by value: another spelling of it finds the same items.", check
    )
