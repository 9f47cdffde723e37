"""Filters, sort, selected members and pages in one request: together they mean what each of them means alone, on every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import observed
from counterfoil.contract.filters import Filter
from counterfoil.contract.law import Law, brief, says
from counterfoil.contract.laws.counting import number_in
from counterfoil.contract.laws.sorting import in_order

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

MAX_PAGES = 4
PLAIN = ("equal to", "above", "at least", "below", "at most")
"""The relations of filters that take one value of their field."""


@dataclass(frozen=True)
class Combination:
    """One request: filters with their values, sort keys, and the members asked for (all, if none)."""

    filters: tuple[tuple[Filter, Any], ...]
    keys: tuple[tuple[Any, bool], ...]
    members: tuple[str, ...]
    extra: Mapping[str, Any]

    def __repr__(self) -> str:
        keys = [f"{key.name} {'descending' if descending else 'ascending'}" for key, descending in self.keys]
        sort, members = (", ".join(names) for names in (keys, self.members))
        return ", ".join(
            [
                brief(self.query({})),
                *([f"sorted by {sort}"] if sort else []),
                *([f"with {members} only"] if members else []),
            ]
        )

    def query(self, sort: Mapping[str, Any]) -> dict[str, Any]:
        filtered = {name: text for f, wanted in self.filters for name, text in f.query(wanted).items()}
        return {**self.extra, **filtered, **sort}


@dataclass(frozen=True)
class Combined:
    """A list and what one request for it can combine.

    ``members`` can be selected with the parameter ``fields``; ``always`` are returned in any case. ``extras`` are further
    queries (such as a type) to combine with; ``counts`` are the headers that count the items on the page and in total;
    ``total`` reads the number of all items from a body.
    """

    list: ItemList
    members: Sequence[str] = ()
    fields: str = "fields"
    always: Sequence[str] = ()
    extras: Sequence[Mapping[str, Any]] = ({},)
    counts: tuple[str, str] | None = None
    total: Callable[[Any], Any] | None = None
    good: Sequence[int] = (200,)


def together(id: str, combined: Combined, *clauses: str, says_: str = "", least: int = 3) -> Law:
    """With filters, a sort and selected members in one request, the pages are slices of the filtered and sorted list, each item
    has the selected members, and every page has the same total."""
    c = combined.list

    def check(ctx: LawContext) -> None:
        items = c.require_items(ctx, 3)

        def holds(drawn: Combination) -> None:
            whole = _selected(ctx, c, drawn)
            _pages_agree(ctx, combined, drawn, whole)

        if ctx.is_sparing:
            ctx.for_each(_few_combinations(combined, items, least, ctx.effort.seed), holds)
        else:
            ctx.for_all(_combinations(combined, items), holds, max_examples=max(6, ctx.effort.max_examples * 2 // 3))

    return Law(id, c.operation, "combining", clauses, says_ or says(together), check)


def _combinations(combined: Combined, items: Sequence[Any]) -> SearchStrategy[Combination]:
    from hypothesis import strategies as st

    c = combined.list
    usable = [f for f in c.filters if f.alternative is None and observed(f.field, items)]
    # A filter that finds one item leaves nothing to page through: those that find more come first.
    wide = [f for f in usable if 1 < len({f.field.value(item) for item in items}) <= max(2, len(items) // 2)] or usable
    pool = [*wide, *usable]
    valued = st.sampled_from(pool).flatmap(lambda f: f.draw(f, items).map(lambda wanted: (f, wanted))) if pool else None
    one = valued.map(lambda f: (f,)) if valued is not None else st.just(())
    two = (
        st.tuples(valued, valued).filter(lambda pair: pair[0][0].param != pair[1][0].param)
        if valued is not None and len({f.param for f in pool}) > 1
        else one
    )
    keys: SearchStrategy[Any] = st.just(())
    if c.sorts:
        key = st.tuples(st.sampled_from(list(c.sorts)), st.booleans())
        keys = st.lists(key, min_size=1, max_size=2, unique_by=lambda key: key[0].name).map(tuple)
    members: SearchStrategy[Any] = st.just(())
    if combined.members:
        members = st.lists(st.sampled_from(list(combined.members)), min_size=1, max_size=3, unique=True).map(tuple)
    return st.builds(Combination, st.one_of(one, one, two), keys, members, st.sampled_from(list(combined.extras)))


def _few_combinations(combined: Combined, items: Sequence[Any], most: int, seed: int) -> list[Combination]:
    """Combinations of a filter that finds about half of the items, sort keys, and members other than these keys. One in three has
    a second filter, and one in three the first of ``extras``."""
    c = combined.list
    halving = _halving(c, items)
    combinations = []
    for number in range(seed, seed + most):
        filters = tuple(halving[number % len(halving)] for _ in halving[:1])
        if number % 3 == 1:
            filters += _partner(filters, halving, items)
        found = items
        for filter_, wanted in filters:
            found = filter_.select(found, wanted)
        # Keys with many distinct values first: the order shows only between different values.
        sorts = sorted(c.sorts, key=lambda key: -len({key.value(item) for item in found}))
        keys = tuple(
            (sorts[(number + turn) % min(3, len(sorts))], bool((number + turn) % 2)) for turn in range(len(sorts[:2]))
        )
        shown = [name for name in combined.members if name not in {key.name for key, _ in keys}]
        members = tuple(name for place, name in enumerate(shown) if place % 3 == number % 3 or name == c.identity.name)
        combinations.append(Combination(filters, keys, members, combined.extras[0 if number % 3 == 0 else -1]))
    return combinations


def _partner(
    filters: Sequence[tuple[Filter, Any]], others: Sequence[tuple[Filter, Any]], items: Sequence[Any]
) -> tuple[tuple[Filter, Any], ...]:
    """The one of ``others`` on another field that comes closest to halving what ``filters`` find; none if each finds all or
    nothing."""
    for first, value in filters:
        found = first.select(items, value)
        evenness = {pair: _evenness(pair, found) for pair in others if pair[0].field.name != first.field.name}
        best = max(evenness, key=lambda pair: evenness[pair], default=None)
        if best is not None and evenness[best]:
            return (best,)
    return ()


def _halving(c: ItemList, items: Sequence[Any]) -> list[tuple[Filter, Any]]:
    """The filters that take one value, each with the value that comes closest to halving the items; the most even first."""
    chosen: dict[tuple[Filter, Any], int] = {}
    for filter_ in (f for f in c.filters if f.relation in PLAIN):
        pairs = [(filter_, wanted) for wanted in observed(filter_.field, items)[:5]]
        evenness = {pair: _evenness(pair, items) for pair in pairs}
        best = max(evenness, key=lambda pair: evenness[pair], default=None)
        if best is not None and evenness[best] > 1:
            chosen[best] = evenness[best]
    return sorted(chosen, key=lambda pair: -chosen[pair])


def _evenness(pair: tuple[Filter, Any], items: Sequence[Any]) -> int:
    """How many of ``items`` the filter finds, or leaves out if those are fewer."""
    count = len(pair[0].select(items, pair[1]))
    return min(count, len(items) - count)


def _selected(ctx: LawContext, c: ItemList, drawn: Combination) -> Sequence[Any]:
    """The items that filters and sort find, with all members, after comparing them with the client's own selection."""
    query = drawn.query(c.sort.query(drawn.keys) if drawn.keys else {})
    got = c.fetch_all(ctx, query)
    want: Sequence[Any] = c.whole_list(ctx)
    for filter_, wanted in drawn.filters:
        want = filter_.select(want, wanted)
    if not (c.is_large(ctx) and drawn.keys):  # a long list begins with other items in another order
        c.same_items(ctx, got, want, f"the items that match {query}")
    in_order(ctx, c, got, drawn.keys)
    return got


def _pages_agree(ctx: LawContext, combined: Combined, drawn: Combination, whole: Sequence[Any]) -> None:
    c = combined.list
    if c.pages is None:
        return
    known = len(whole)
    size = max(1, known // MAX_PAGES if c.is_large(ctx) else -(-known // (MAX_PAGES - 1)))
    query = drawn.query(c.sort.query(drawn.keys) if drawn.keys else {})
    kept = {*drawn.members, *combined.always}
    if drawn.members:
        query = {**query, combined.fields: ",".join(drawn.members)}
    for number in range(2 if c.is_large(ctx) else MAX_PAGES):
        due = whole[number * size : (number + 1) * size]
        wanted = [{name: item[name] for name in item if not drawn.members or name in kept} for item in due]
        asked = {**c.base, **c.pages.query(number, size), **query}
        response = ctx.request(c.operation, path=c.path, query=asked)
        body = ctx.json_body(response, combined.good)
        page = c.items(body)
        ctx.expect(page == wanted, f"on page {number + 1} of {query}: {wanted[:3]}", page[:3] if page else page)
        if combined.total:
            total = combined.total(body)
            right = total == known or (c.is_large(ctx) and total >= known)
            ctx.expect(right, f"a total of {known} on page {number + 1} of {query}", total)
        if combined.counts:
            counts = [number_in(ctx, response, name) for name in combined.counts]
            right = counts[0] == len(page) and (counts[1] == known or (c.is_large(ctx) and counts[1] >= known))
            ctx.expect(right, f"counts {[len(page), known]} on page {number + 1} of {query}", counts)
