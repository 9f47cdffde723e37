"""Items beside each other: what no single one shows, such as numbers given twice and periods that overlap.

It refuses to know what the members are called; the law book says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from counterfoil.contract.collection import Collection, Field
from counterfoil.contract.law import Law, Trial


def never_twice(id: str, c: Collection, member: Field, *clauses: str) -> Law:
    """No two items have the same value, those without one aside."""

    def check(trial: Trial) -> None:
        values = [value for item in c.some(trial) if (value := member.raw(item)) is not None]
        trial.need(values, f"no item has {member.name}")
        twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
        trial.expect(not twice, f"every {member.name} once", f"twice: {twice[:5]}")

    return Law(id, c.operation, "identity", clauses, f"No two items have the same {member.name}.", check)


def no_overlap(id: str, c: Collection, whose: Field, starts: Field, ends: Field, *clauses: str) -> Law:
    """The periods of items that belong together do not overlap; one may begin when another ends."""

    def check(trial: Trial) -> None:
        groups: dict[Any, list[Any]] = {}
        for item in c.some(trial, 2):
            if None not in (whose.raw(item), starts.raw(item), ends.raw(item)):
                groups.setdefault(whose.raw(item), []).append(item)
        pairs = [pair for group in groups.values() for pair in pairwise(sorted(group, key=starts.value))]
        trial.need(pairs, f"no two items share {whose.name}")
        for one, two in pairs:
            trial.cases += 1
            first, second = c.identity.raw(one), c.identity.raw(two)
            holds = ends.value(one) <= starts.value(two)
            trial.expect(holds, f"{second} from {ends.raw(one)} on, where {first} ends", f"from {starts.raw(two)} on")

    text = f"No two items with the same {whose.name} are for the same time."
    return Law(id, c.operation, "agreement", clauses, text, check)


Told = Callable[[Any], Iterable[tuple[Any, Any]]]
"""What an item tells of other things: pairs of a thing's key and what is told of it."""


def one_story(id: str, c: Collection, told: Told, *clauses: str, text: str, lacking: str) -> Law:
    """All items tell the same of one thing."""

    def check(trial: Trial) -> None:
        known: dict[Any, Any] = {}
        for item in c.some(trial):
            for key, what in told(item):
                trial.cases += 1
                first = known.setdefault(key, what)
                trial.expect(what == first, f"{first} of {key}, as another item says", f"{what} in {item}")
        trial.need(known, lacking)

    return Law(id, c.operation, "agreement", clauses, text, check)


Shares = Callable[[Any], Iterable[tuple[Any, Decimal, Decimal]]]
"""What an item takes of other things: a thing's key, how much of it the item takes, and how much there is."""


def not_overspent(id: str, c: Collection, shares: Shares, *clauses: str, text: str, lacking: str) -> Law:
    """All items together take no more of a thing than there is."""

    def check(trial: Trial) -> None:
        taken: dict[Any, Decimal] = {}
        for item in c.some(trial):
            for key, amount, there_is in shares(item):
                trial.cases += 1
                taken[key] = taken.get(key, Decimal()) + amount
                trial.expect(taken[key] <= there_is, f"at most {there_is} taken of {key}", f"{taken[key]} up to {item}")
        trial.need(taken, lacking)

    return Law(id, c.operation, "arithmetic", clauses, text, check)


def values_part(id: str, c: Collection, member: Field, values: Iterable[Any], *clauses: str) -> Law:
    """Asking for each of ``values`` in turn finds every item that has one of them, once."""

    def check(trial: Trial) -> None:
        items = c.some(trial)
        got = []
        for value in values:
            trial.cases += 1
            got += c.all(trial, {member.name: value})
        c.same_items(
            trial, got, [i for i in items if member.raw(i) in values], f"each item under its own {member.name}"
        )

    text = f"The answers for {', '.join(map(str, values))} in {member.name} share no item, and together leave none out."
    return Law(id, c.operation, "filtering", clauses, text, check)
