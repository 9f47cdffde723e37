"""Count headers of a list: the number of items in the response and in total, on every page and with every filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.contract.collection import MAX_ITEMS, ItemList, Offsets
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import observed
from counterfoil.contract.filters import Filter
from counterfoil.contract.law import Law, NotTried, brief, says
from counterfoil.contract.response import Response
from counterfoil.plain_text import counted

Drawn = tuple[tuple[Filter | None, Any], tuple[int, int | None], Mapping[str, Any]]
"""A filter with its value, an offset and a limit, and a further query."""


def number_in(ctx: LawContext, response: Response, header: str) -> int:
    """The whole number in a header, which must be present."""
    text = str(response.headers.get(header, ""))
    ctx.expect(text.isascii() and text.isdigit(), f"a whole number in the header {header}", text or "no such header")
    return int(text)


@dataclass(frozen=True)
class _Counts:
    """The two headers of a list: ``in_body`` counts this response's items, ``in_all`` all that match."""

    ctx: LawContext
    item_list: ItemList
    items: Sequence[Any]
    in_body: str
    in_all: str
    good: Sequence[int]

    def offsets(self) -> list[int]:
        count = len(self.items)
        return [0, 1, max(0, count - 1), count, count + 10, count // 2]

    def limits(self) -> list[int | None]:
        count = len(self.items)
        return [1, 2, count, max(1, count // 2), *([] if self.item_list.is_large(self.ctx) else [None, count + 1])]

    def query_of(self, drawn: Drawn) -> dict[str, Any]:
        assert isinstance(self.item_list.pages, Offsets)
        (filter_, wanted), (offset, limit), extra = drawn
        query = {**extra, **(filter_.query(wanted) if filter_ else {}), self.item_list.pages.offset: offset}
        return query | ({} if limit is None else {self.item_list.pages.limit: limit})

    def check(self, drawn: Drawn) -> None:
        ctx, ((filter_, wanted), (offset, limit), _) = self.ctx, drawn
        query = self.query_of(drawn)
        response = ctx.request(self.item_list.operation, query=query)
        body = self.item_list.items(ctx.json_body(response, self.good))
        found = number_in(ctx, response, self.in_body)
        ctx.expect(found == len(body), f"{self.in_body}: {len(body)}, the items in this body", found)
        matching = filter_.select(self.items, wanted) if filter_ else self.items
        total = number_in(ctx, response, self.in_all)
        large = self.item_list.is_large(ctx)
        agrees = total >= len(matching) if large else total == len(matching)
        ctx.expect(agrees, f"{self.in_all}: {len(matching)}, the items that match {brief(query)}", total)
        if limit is not None and not (large and offset + limit > len(matching)):
            due = len(matching[offset : offset + limit])
            ctx.expect(len(body) == due, f"{counted(due, 'item')} from {offset} on", counted(len(body), "item"))


def headers(
    id: str,
    c: ItemList,
    *clauses: str,
    in_body: str,
    in_all: str,
    extras: Sequence[Mapping[str, Any]] = ({},),
    good: Sequence[int] = (200,),
) -> Law:
    """``in_body`` counts the items of this response, ``in_all`` all that match. ``extras`` are queries that change neither."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        items = c.require_items(ctx)
        counts = _Counts(ctx, c, items, in_body, in_all, good)
        usable: list[Filter | None] = [f for f in c.filters if observed(f.field, items)]
        filters = st.sampled_from([None, *usable]).flatmap(
            lambda f: st.tuples(st.just(f), f.draw(f, items) if f else st.none())
        )
        windows = st.tuples(st.sampled_from(counts.offsets()), st.sampled_from(counts.limits()))
        drawn = st.tuples(filters, windows, st.sampled_from(list(extras)))
        ctx.for_all(drawn, counts.check, max_examples=20, shown=counts.query_of)

    text = f"{in_body} counts the items in the body, {in_all} all that match: on every page and under every filter."
    return Law(id, c.operation, "counting", clauses, text, check)


def none_match(
    id: str, c: ItemList, queries: Sequence[Mapping[str, Any]], *clauses: str, in_body: str, in_all: str
) -> Law:
    """Filters that no item matches give 200, an empty list and counts of 0."""

    def check(ctx: LawContext) -> None:

        def empty(query: Mapping[str, Any]) -> None:
            response = ctx.request(c.operation, query=query)
            ctx.expect(c.items(ctx.json_body(response)) == [], "an empty list", response.brief(120))
            counts = [number_in(ctx, response, name) for name in (in_body, in_all)]
            ctx.expect(counts == [0, 0], "both counts 0", counts)

        ctx.for_each(ctx.sample(queries, 5), empty)

    return Law(id, c.operation, "counting", clauses, says(none_match), check)


def without_limit(id: str, c: ItemList, *clauses: str) -> Law:
    """Without a limit the response has all items from the offset on, up to the server's own limit."""

    def check(ctx: LawContext) -> None:
        assert isinstance(c.pages, Offsets)
        ids = c.ids(c.require_items(ctx))
        if c.is_large(ctx):
            raise NotTried(f"more than {MAX_ITEMS:,} items: the list is not read without a limit")
        server_limit = len(c.fetch(ctx, {}))
        for offset in dict.fromkeys((0, 1, len(ids) // 2, len(ids) - 1)):
            ctx.cases += 1
            got = c.ids(c.fetch(ctx, {c.pages.offset: offset}))
            want = ids[offset : offset + server_limit]
            ctx.expect(got == want != [] or offset >= len(ids), f"items from {offset} on: {brief(want[:8])}", got)

    return Law(id, c.operation, "paging", clauses, says(without_limit), check)
