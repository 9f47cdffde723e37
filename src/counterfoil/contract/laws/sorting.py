"""Sorting: the requested order by every key in turn, and the same items as without a sort.

Items without a value in a key are not compared: no document says where they are placed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field
from counterfoil.contract.law import Law, brief, says

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Keys = Sequence[tuple[Field, bool]]


def _law(id: str, c: ItemList, clauses: tuple[str, ...], text: str, check: Callable[[LawContext], None]) -> Law:
    return Law(id, c.operation, "sorting", clauses, text, check)


def in_order(ctx: LawContext, c: ItemList, items: Sequence[Any], keys: Keys) -> None:
    """``items`` are sorted by ``keys``: each pair of neighbours is in order by the first key in which they differ."""
    for one, two in pairwise(items):
        for key, descending in keys:
            left, right = key.value(one), key.value(two)
            if left is None or right is None or left == right:
                if left == right:
                    continue
                break
            order = " then ".join(
                f"{k.name} {'descending' if is_descending else 'ascending'}" for k, is_descending in keys
            )
            values = [[k.raw(item) for k, _ in keys] for item in (one, two)]
            shown = [brief(value[0] if len(keys) == 1 else value) for value in values]
            ids = [c.identity.raw(item) for item in (one, two)]
            ctx.expect(
                (left > right) == descending,
                order,
                f"{shown[0]} before {shown[1]} ({c.identity.name} {ids[0]}, {ids[1]})",
            )
            break


def _sorted(ctx: LawContext, c: ItemList, keys: Keys) -> Sequence[Any]:
    got = c.fetch_all(ctx, c.sort.query(keys))
    if not c.is_large(ctx):
        c.same_items(ctx, got, c.whole_list(ctx), "the same items in another order")
        return got
    # Only the beginning of a large list is known, in either order. An item of one that sorts before the last of the other
    # must be in the other.
    shown, (key, descending), last = set(map(str, c.ids(got))), keys[0], keys[0][0].value(got[-1])
    for item in c.whole_list(ctx):
        value = key.value(item)
        before = None not in (value, last) and (value > last if descending else value < last)
        missing = before and str(c.identity.raw(item)) not in shown
        ctx.expect(
            not missing, f"{c.identity.name} {c.identity.raw(item)} before the last of {len(got)}", "it is missing"
        )
    return got


def by_one(id: str, c: ItemList, *clauses: str, descending: bool = False, says_: str = "") -> Law:
    """One key, ascending or descending."""

    def check(ctx: LawContext) -> None:
        c.require_items(ctx, 2)

        def ordered(key: Field) -> None:
            in_order(ctx, c, _sorted(ctx, c, [(key, descending)]), [(key, descending)])

        ctx.for_each(c.sorts, ordered, shown=lambda key: c.sort.query([(key, descending)]))

    words = "descending" if descending else "ascending"
    return Law(
        id,
        c.operation,
        "sorting",
        clauses,
        says_ or f"Sorted by any one field, the list is in {words} order of it and complete.",
        check,
    )


def by_several(id: str, c: ItemList, *clauses: str) -> Law:
    """Sorted by several fields, each orders the items that are equal in the fields before it, in its own direction."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        items = c.require_items(ctx, 3)
        # Fields with ties first: only there does a second key have an effect.
        by_ties = sorted(c.sorts, key=lambda key: len({key.value(item) for item in items}))
        tied = [key for key in by_ties if len({key.value(item) for item in items}) < len(items)]
        ctx.require(tied, "no two items are equal in any field")
        second: SearchStrategy[Field] = st.sampled_from(list(reversed(by_ties)))
        keys = st.tuples(st.tuples(st.sampled_from(tied), st.booleans()), st.tuples(second, st.booleans()))
        keys = keys.filter(lambda two: two[0][0].name != two[1][0].name)

        def ordered(drawn: Keys) -> None:
            in_order(ctx, c, _sorted(ctx, c, drawn), drawn)

        ctx.for_all(keys, ordered, least=6, shown=c.sort.query)

    return _law(id, c, clauses, says(by_several), check)


def reversed_up_to_ties(id: str, c: ItemList, *clauses: str) -> Law:
    """The descending order is the ascending order reversed, except among equal items."""

    def check(ctx: LawContext) -> None:
        c.require_items(ctx, 2)

        def mirrored(key: Field) -> None:
            ascending = [key.raw(item) for item in _sorted(ctx, c, [(key, False)])]
            descending = [key.raw(item) for item in _sorted(ctx, c, [(key, True)])]
            if c.is_large(ctx):
                values = [key.value(item) for item in c.whole_list(ctx) if key.value(item) is not None]
                ends = (key.read(ascending[0]), key.read(descending[0]))
                ctx.expect(ends[0] <= min(values) and max(values) <= ends[1], "the lowest first, and the highest", ends)
                return
            ctx.expect(
                descending == ascending[::-1], f"{key.name} reversed: {brief(ascending[::-1][:8])}", descending[:8]
            )

        ctx.for_each(c.sorts, mirrored, shown=lambda key: c.sort.query([(key, True)]))

    return _law(id, c, clauses, says(reversed_up_to_ties), check)


def by_default(id: str, c: ItemList, *clauses: str) -> Law:
    """Without a sort the list has the documented order."""

    def check(ctx: LawContext) -> None:
        in_order(ctx, c, c.require_items(ctx, 2), c.order)

    return _law(id, c, clauses, says(by_default), check)
