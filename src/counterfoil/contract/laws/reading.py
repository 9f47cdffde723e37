"""Reading changes nothing, and responses about the same resource agree: list and single fetch, href and its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import sample_items
from counterfoil.contract.http_client import NoResponse, Query
from counterfoil.contract.law import Law, brief, says
from counterfoil.plain_text import counted

ABSENT = "nothing"
"""Shown in place of a missing member when two objects are compared."""
Params = Callable[[LawContext], Mapping[str, Any]]


def twice_the_same(
    id: str,
    operation: str,
    *clauses: str,
    query: Query = (),
    path: Params | None = None,
    status: int | Sequence[int] = 200,
) -> Law:
    """Reading changes nothing: the same request twice gives the same response twice."""

    def check(ctx: LawContext) -> None:
        filled = path(ctx) if path else {}
        first, second = (ctx.request_json(operation, query=query, path=filled, status=status) for _ in range(2))
        is_same = first == second
        ctx.expect(is_same, "the same response again", "" if is_same else difference(first, second))

    return Law(id, operation, "reading", clauses, says(twice_the_same), check)


def difference(first: Any, second: Any) -> str:
    """The first difference between two JSON values, in a few words; they must differ."""
    if isinstance(first, dict) and isinstance(second, dict):
        name = next(name for name in {**first, **second} if first.get(name, ABSENT) != second.get(name, ABSENT))
        return f"in {name}: {difference(first.get(name, ABSENT), second.get(name, ABSENT))}"
    if not (isinstance(first, list) and isinstance(second, list)):
        return f"{brief(first, 120)}, then {brief(second, 120)}"
    if sorted(map(repr, first)) == sorted(map(repr, second)):
        place = next(place for place, (one, two) in enumerate(zip(first, second, strict=True)) if one != two)
        items = f"first {brief(first[place], 120)}, then {brief(second[place], 120)}"
        return f"the same {counted(len(first), 'item')} in another order, at place {place + 1} {items}"
    if len(first) != len(second):
        return f"{counted(len(first), 'item')}, then {counted(len(second), 'item')}"
    place = next(place for place, (one, two) in enumerate(zip(first, second, strict=True)) if one != two)
    return f"at place {place + 1}: {difference(first[place], second[place])}"


def list_item_is_single(id: str, c: ItemList, operation: str, *clauses: str, parameter: str = "id") -> Law:
    """An item of the list equals what fetching it by its id gives."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        items = c.require_items(ctx)
        last = len(items) - 1

        def same(position: int) -> None:
            key = c.identity.raw(items[position])
            single = ctx.request_json(operation, path={parameter: key})
            ctx.expect(single == items[position], f"as in the list: {brief(items[position])}", single)

        positions = st.sampled_from(list(dict.fromkeys([0, last, len(items) // 2, *range(len(items))])))
        ctx.for_all(positions, same, shown=lambda position: {parameter: c.identity.raw(items[position])})

    return Law(id, operation, "reading", clauses, says(list_item_is_single), check)


def unknown_is_not_found(
    id: str, operation: str, unknown: Mapping[str, Any], *clauses: str, body: Any = None, status: int = 404
) -> Law:
    """An unknown id gives 404."""

    def check(ctx: LawContext) -> None:
        options = {} if body is None else {"body": body}
        ctx.request_json(operation, path=unknown, status=status, **options)

    return Law(id, operation, "errors", clauses, says(unknown_is_not_found), check, writes=body is not None)


def href_resolves(id: str, c: ItemList, *clauses: str, at: str = "href", same: str = "id") -> Law:
    """An item's href is an address of this API and leads to the item itself."""

    def check(ctx: LawContext) -> None:
        items = [item for item in c.require_items(ctx) if item.get(at)]
        ctx.require(items, f"no item has {at}")

        def leads_to_item(item: Any) -> None:
            path = ctx.client.path_of(str(item[at]))
            ctx.expect(path is not None, f"an address below {ctx.client.target.url}", item[at])
            try:
                found = ctx.json_body(ctx.client.send("GET", str(path)))
            except NoResponse as error:
                ctx.fail("a response", str(error), cause=error)
            ctx.expect(found.get(same) == item[same], f"{same} {brief(item[same])}", found.get(same))

        ctx.for_each(ctx.sample(sample_items(items), 4), leads_to_item)

    return Law(id, c.operation, "reading", clauses, says(href_resolves), check)
