"""Laws across the items of a list: values that must be unique, periods that must not overlap, facts that must agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field
from counterfoil.contract.law import Law, brief


def unique_member(id: str, c: ItemList, member: Field, *clauses: str) -> Law:
    """No two items have the same value; items without one are ignored."""

    def check(ctx: LawContext) -> None:
        values = [value for item in c.require_items(ctx) if (value := member.raw(item)) is not None]
        ctx.require(values, f"no item has {member.name}")
        twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
        ctx.expect(not twice, f"every {member.name} once", f"twice: {brief(twice[:5])}")

    return Law(id, c.operation, "identity", clauses, f"No two items have the same {member.name}.", check)


def no_overlap(id: str, c: ItemList, owner: Field, starts: Field, ends: Field, *clauses: str) -> Law:
    """The periods of items with the same ``owner`` do not overlap; one may begin when another ends."""

    def check(ctx: LawContext) -> None:
        groups: dict[Any, list[Any]] = {}
        for item in c.require_items(ctx, 2):
            if None not in (owner.raw(item), starts.raw(item), ends.raw(item)):
                groups.setdefault(owner.raw(item), []).append(item)
        pairs = [pair for group in groups.values() for pair in pairwise(sorted(group, key=starts.value))]
        ctx.require(pairs, f"no two items share {owner.name}")
        for one, two in pairs:
            ctx.cases += 1
            first, second = c.identity.raw(one), c.identity.raw(two)
            holds = ends.value(one) <= starts.value(two)
            ctx.expect(holds, f"{second} from {ends.raw(one)} on, where {first} ends", f"from {starts.raw(two)} on")

    text = f"No two items with the same {owner.name} are for the same time."
    return Law(id, c.operation, "agreement", clauses, text, check)


Facts = Callable[[Any], Iterable[tuple[Any, Any]]]
"""The facts that an item states about other objects: pairs of an object's key and the fact."""


def consistent_facts(id: str, c: ItemList, facts: Facts, *clauses: str, text: str, lacking: str) -> Law:
    """All items state the same fact about one object. Where no object is in two items the law does not apply."""

    def check(ctx: LawContext) -> None:
        known: dict[Any, Any] = {}
        for item in c.require_items(ctx):
            for key, fact in facts(item):
                ctx.cases += key in known
                first = known.setdefault(key, fact)
                ctx.expect(
                    fact == first,
                    f"{brief(first)} for {brief(key)}, as another item states",
                    f"{brief(fact)} in {brief(item)}",
                )
        ctx.require(known, lacking)
        ctx.require(ctx.cases, "no two items are about one object")

    return Law(id, c.operation, "agreement", clauses, text, check)


Shares = Callable[[Any], Iterable[tuple[Any, Decimal, Decimal]]]
"""What an item uses of other objects: the object's key, the amount the item uses, and the object's whole amount."""


def shares_within_total(id: str, c: ItemList, shares: Shares, *clauses: str, text: str, lacking: str) -> Law:
    """All items together use no more of an object than its whole amount."""

    def check(ctx: LawContext) -> None:
        used: dict[Any, Decimal] = {}
        for item in c.require_items(ctx):
            for key, amount, whole_amount in shares(item):
                ctx.cases += 1
                used[key] = used.get(key, Decimal()) + amount
                ctx.expect(
                    used[key] <= whole_amount,
                    f"at most {whole_amount} used of {brief(key)}",
                    f"{used[key]} up to {brief(item)}",
                )
        ctx.require(used, lacking)

    return Law(id, c.operation, "arithmetic", clauses, text, check)


def values_partition(id: str, c: ItemList, member: Field, values: Iterable[Any], *clauses: str) -> Law:
    """Filtering by each of ``values`` in turn finds every item that has one of them, once."""

    def check(ctx: LawContext) -> None:
        items = c.require_items(ctx)
        got: list[Any] = []
        for value in values:
            ctx.cases += 1
            got += c.fetch_all(ctx, {member.name: value})
        c.same_items(ctx, got, [i for i in items if member.raw(i) in values], f"each item under its own {member.name}")

    text = (
        f"The answers for {', '.join(map(str, values))} in {member.name} share no item, and together leave no item out."
    )
    return Law(id, c.operation, "filtering", clauses, text, check)
