"""Sorting: the order that was asked for, by every key in turn, and nothing gained or lost by it.

Items without a value in a key are left out of the comparison: no document says where they go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import Collection, Field
from counterfoil.contract.law import Law, Trial, says

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Keys = Sequence[tuple[Field, bool]]


def _law(id: str, c: Collection, clauses: tuple[str, ...], check: Callable[[Trial], None]) -> Law:
    return Law(id, c.operation, "sorting", clauses, says(check), check)


def in_order(trial: Trial, c: Collection, items: Sequence[Any], keys: Keys) -> None:
    """``items`` follow ``keys``: each pair of neighbours is in order by the first key that tells them apart."""
    for one, two in pairwise(items):
        for key, falls in keys:
            left, right = key.value(one), key.value(two)
            if left is None or right is None or left == right:
                if left == right:
                    continue
                break
            told = " then ".join(f"{k.name} {'falling' if f else 'rising'}" for k, f in keys)
            shown = [tuple(k.raw(item) for k, _ in keys) for item in (one, two)]
            who = [c.identity.raw(item) for item in (one, two)]
            trial.expect(
                (left > right) == falls,
                f"{told}",
                f"{shown[0]} before {shown[1]} ({c.identity.name} {who[0]}, {who[1]})",
            )
            break


def _sorted(trial: Trial, c: Collection, keys: Keys) -> list[Any]:
    got = c.all(trial, c.sort.query(keys))
    c.same_items(trial, got, c.whole(trial), "the same items in another order")
    return got


def by_one(id: str, c: Collection, *clauses: str, falling: bool = False, says_: str = "") -> Law:
    """One key, rising or falling."""

    def check(trial: Trial) -> None:
        c.some(trial, 2)

        def ordered(key: Field) -> None:
            in_order(trial, c, _sorted(trial, c, [(key, falling)]), [(key, falling)])

        trial.each(c.sorts, ordered)

    words = "fall, all of them there" if falling else "rise, all of them there"
    return Law(id, c.operation, "sorting", clauses, says_ or f"Sorted by any one field, its values {words}.", check)


def by_several(id: str, c: Collection, *clauses: str) -> Law:
    """Several keys, each in its direction."""

    def check(trial: Trial) -> None:
        """Sorted by several fields, each decides among those equal in the fields before it, in its own direction."""
        from hypothesis import strategies as st

        items = c.some(trial, 3)
        # Fields with ties first: only there a second key shows.
        by_ties = sorted(c.sorts, key=lambda key: len({key.value(item) for item in items}))
        tied = [key for key in by_ties if len({key.value(item) for item in items}) < len(items)]
        trial.need(tied, "no two items are equal in any field")
        second: SearchStrategy[Field] = st.sampled_from(list(reversed(by_ties)))
        keys = st.tuples(st.tuples(st.sampled_from(tied), st.booleans()), st.tuples(second, st.booleans()))
        keys = keys.filter(lambda two: two[0][0].name != two[1][0].name)

        def ordered(drawn: Keys) -> None:
            in_order(trial, c, _sorted(trial, c, drawn), drawn)

        trial.given(keys, ordered)

    return _law(id, c, clauses, check)


def reversed_up_to_ties(id: str, c: Collection, *clauses: str) -> Law:
    """Falling is rising backwards, up to ties."""

    def check(trial: Trial) -> None:
        """The falling order is the rising order read backwards, up to the order among equals."""
        c.some(trial, 2)

        def mirrored(key: Field) -> None:
            rising = [key.raw(item) for item in _sorted(trial, c, [(key, False)])]
            falling = [key.raw(item) for item in _sorted(trial, c, [(key, True)])]
            trial.expect(falling == rising[::-1], f"{key.name} backwards: {rising[::-1][:8]}", falling[:8])

        trial.each(c.sorts, mirrored)

    return _law(id, c, clauses, check)


def by_default(id: str, c: Collection, *clauses: str) -> Law:
    """The documented order when none is asked for (``Collection.order``)."""

    def check(trial: Trial) -> None:
        """Without a sort the list has the order the documents name."""
        in_order(trial, c, c.some(trial, 2), c.order)

    return _law(id, c, clauses, check)
