"""Field selection: only the members asked for, with unchanged values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from counterfoil.contract.collection import ItemList
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import Law, brief, says
from counterfoil.plain_text import counted


def only_selected(
    id: str,
    c: ItemList,
    members: Sequence[str],
    *clauses: str,
    param: str = "fields",
    write: Callable[[Sequence[str]], str] = ",".join,
    always: Sequence[str] = (),
) -> Law:
    """Every item has the members asked for and no other, with the values it has when all are returned."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        whole = c.require_items(ctx)
        subsets = st.one_of(
            st.sampled_from(members).map(lambda name: (name,)),
            st.lists(st.sampled_from(members), min_size=2, max_size=len(members), unique=True).map(tuple),
        )

        def selected(names: tuple[str, ...]) -> None:
            got = c.fetch_all(ctx, {param: write(names)})
            included = {*names, *always}
            want: list[Any] = [{name: item[name] for name in item if name in included} for item in whole]
            for have, should in zip(got, want, strict=False):
                ctx.expect(have == should, f"{brief(should)} with {param}={write(names)}", have)
            ctx.expect(len(got) == len(want), counted(len(want), "item"), counted(len(got), "item"))

        ctx.for_all(subsets, selected)

    return Law(id, c.operation, "selecting", clauses, says(only_selected), check)


def unknown_ignored(id: str, c: ItemList, known: str, *clauses: str, param: str = "fields", switch: str = "") -> Law:
    """An unknown member name, asked for together with a known one, is ignored or gives 400."""

    def check(ctx: LawContext) -> None:
        whole = c.require_items(ctx)
        query = {param: f"{known},counterfoilKnowsNoSuchMember"}
        pages = c.pages.query(0, 1) if c.pages else {}
        may_refuse = ctx.switch(switch) in (None, "400")
        if may_refuse and ctx.request(c.operation, query={**pages, **query}).status == 400:
            return
        got = c.fetch_all(ctx, query)
        ctx.expect(got == [{known: item[known]} for item in whole], f"items with {known} alone", got)

    return Law(id, c.operation, "selecting", clauses, says(unknown_ignored), check)
