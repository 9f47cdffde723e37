"""Counting: what the headers of a list say of its body and of the whole, on any page and under any filter.

It refuses to know the headers' names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterfoil.contract.collection import Collection, Filter, Offsets, observed
from counterfoil.contract.law import Law, Trial, says
from counterfoil.contract.probe import Reply


def number_in(trial: Trial, reply: Reply, header: str) -> int:
    """The whole number in a header, which must be there."""
    text = str(reply.headers.get(header, ""))
    trial.expect(text.isascii() and text.isdigit(), f"a whole number in the header {header}", text or "no such header")
    return int(text)


def headers(
    id: str,
    c: Collection,
    *clauses: str,
    in_body: str,
    in_all: str,
    extras: Sequence[Mapping[str, Any]] = ({},),
    good: Sequence[int] = (200,),
) -> Law:
    """``in_body`` counts the items of this answer, ``in_all`` all that fit. ``extras`` are queries that change neither."""

    def check(trial: Trial) -> None:
        from hypothesis import strategies as st

        assert isinstance(c.pages, Offsets)
        pages, items = c.pages, c.some(trial)
        count = len(items)
        limits = [None, 1, 2, count, count + 1, max(1, count // 2)]
        usable: list[Filter | None] = [f for f in c.filters if observed(f.field, items)]
        filters = st.sampled_from([None, *usable]).flatmap(
            lambda f: st.tuples(st.just(f), f.draw(f, items) if f else st.none())
        )
        offsets = [0, 1, max(0, count - 1), count, count + 10, count // 2]
        windows = st.tuples(st.sampled_from(offsets), st.sampled_from(limits))

        def counted(drawn: tuple[tuple[Filter | None, Any], tuple[int, int | None], Mapping[str, Any]]) -> None:
            (filter_, wanted), (offset, limit), extra = drawn
            query = {**extra, **(filter_.query(wanted) if filter_ else {}), pages.offset: offset}
            query |= {} if limit is None else {pages.limit: limit}
            reply = trial.call(c.operation, query=query)
            body = c.items(trial.json(reply, good))
            found = number_in(trial, reply, in_body)
            trial.expect(found == len(body), f"{in_body}: {len(body)}, the items in this body", found)
            fitting = filter_.select(items, wanted) if filter_ else items
            total = number_in(trial, reply, in_all)
            trial.expect(total == len(fitting), f"{in_all}: {len(fitting)}, the items that fit {query}", total)
            if limit is not None:
                due = len(fitting[offset : offset + limit])
                trial.expect(len(body) == due, f"{due} items from {offset} on", f"{len(body)} items")

        trial.given(st.tuples(filters, windows, st.sampled_from(list(extras))), counted, most=20)

    text = f"{in_body} counts the items in the body, {in_all} all that fit: on every page and under every filter."
    return Law(id, c.operation, "counting", clauses, text, check)


def none_fits(
    id: str, c: Collection, queries: Sequence[Mapping[str, Any]], *clauses: str, in_body: str, in_all: str
) -> Law:
    """Each of ``queries`` finds nothing, and that is no error."""

    def check(trial: Trial) -> None:
        """Filters that no item fits give 200, an empty list and no counts but 0."""

        def empty(query: Mapping[str, Any]) -> None:
            reply = trial.call(c.operation, query=query)
            trial.expect(c.items(trial.json(reply)) == [], "an empty list", reply.brief(120))
            counts = [number_in(trial, reply, name) for name in (in_body, in_all)]
            trial.expect(counts == [0, 0], "both counts 0", counts)

        trial.each(queries, empty)

    return Law(id, c.operation, "counting", clauses, says(check), check)


def without_limit(id: str, c: Collection, *clauses: str) -> Law:
    """No limit: everything, or as many as the server's own limit says, from the offset on."""

    def check(trial: Trial) -> None:
        """Without a limit the whole list comes or, where a server sets one of its own, that many from the offset on."""
        assert isinstance(c.pages, Offsets)
        ids = c.ids(c.some(trial))
        most = len(c.fetch(trial, {}))
        for offset in dict.fromkeys((0, 1, len(ids) // 2, len(ids) - 1)):
            trial.cases += 1
            got = c.ids(c.fetch(trial, {c.pages.offset: offset}))
            want = ids[offset : offset + most]
            trial.expect(got == want != [] or offset >= len(ids), f"items from {offset} on: {want[:8]}", got)

    return Law(id, c.operation, "paging", clauses, says(check), check)
