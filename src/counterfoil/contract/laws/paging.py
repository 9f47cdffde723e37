"""Paging: pages are slices of one list; no item is lost or repeated, and the list ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import ItemList, Offsets, Pages
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import observed
from counterfoil.contract.law import Law, brief, says
from counterfoil.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hypothesis.strategies import SearchStrategy


def _law(id: str, c: ItemList, clauses: tuple[str, ...], text: str, check: Callable[[LawContext], None]) -> Law:
    return Law(id, c.operation, "paging", clauses, text, check)


def _queries(c: ItemList, ctx: LawContext) -> SearchStrategy[dict[str, Any]]:
    """No query, a sort, a filter, or both: paging must work under each."""
    from hypothesis import strategies as st

    items = c.whole_list(ctx)
    plain: SearchStrategy[Any] = st.just({})
    sorts = plain
    if c.sorts:
        directions = st.booleans() if c.sort.descending else st.just(False)
        sorts = st.one_of(plain, st.tuples(st.sampled_from(c.sorts), directions).map(lambda key: c.sort.query([key])))
    filters = [f for f in c.filters if observed(f.field, items)]
    if not filters:
        return sorts
    filtered = st.sampled_from(filters).flatmap(lambda f: f.draw(f, items).map(f.query))
    return st.one_of(plain, sorts, st.tuples(sorts, filtered).map(lambda two: {**two[0], **two[1]}))


def _items(ctx: LawContext, c: ItemList, least: int = 1) -> Sequence[Any]:
    """The whole list, of at least ``least`` items. If the largest page is empty, the smallest must be empty, too."""
    if c.pages is not None and not c.whole_list(ctx):
        first = c.ids(c.page(ctx, 0, c.pages.smallest))
        pages = f"the first page of {counted(c.pages.smallest, 'item')}, as on the first page of {c.pages.largest}"
        ctx.expect(not first, f"nothing on {pages}", first)
    return c.require_items(ctx, least)


def slices(id: str, c: ItemList, *clauses: str, least: int = 6) -> Law:
    """Every page is the slice of the whole list for its number and size, under any sort and filter."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        count = len(_items(ctx, c, 2))
        sizes = _usable(c, (2, 1, count - 1, count, (count + 1) // 2, 3, 7, 10))

        def page_is_slice(drawn: tuple[int, int, dict[str, Any]]) -> None:
            size, position, query = drawn
            whole = ctx.cached(("slices", c.operation, repr(query)), lambda: c.fetch_all(ctx, query))
            number = position % max(1, len(whole) // size + (0 if c.is_large(ctx) else 1))
            got, want = c.ids(c.page(ctx, number, size, query)), c.ids(whole[number * size : (number + 1) * size])
            ctx.expect(
                got == want, f"items {number * size + 1} to {number * size + size} of the list: {brief(want[:8])}", got
            )

        drawn = st.tuples(st.sampled_from(sizes), st.integers(0, 40), _queries(c, ctx))
        ctx.for_all(drawn, page_is_slice, least=least, shown=_size_and_query)

    return _law(id, c, clauses, says(slices), check)


def concatenation(id: str, c: ItemList, *clauses: str) -> Law:
    """All pages together are the whole list: no item is lost and none is repeated."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        whole = _items(ctx, c, 2)
        count = len(whole)
        is_large = c.is_large(ctx)
        sizes = {(count + parts - 1) // parts for parts in ((2, 3) if is_large else (2, 3, 4, 5))} | {max(1, count - 1)}

        def together(size: int) -> None:
            got: list[Any] = []
            for number in range(-(-count // size) if is_large else count // size + 2):
                page = c.ids(c.page(ctx, number, size))
                ctx.expect(len(page) <= size, f"at most {counted(size, 'item')} on a page", counted(len(page), "item"))
                got += page
            named = [each for each in got if each is not None]  # that every item has an id is another law
            ctx.expect(len(named) == len(set(map(str, named))), "no item on two pages", _twice(named))
            got = got[:count] if is_large else got
            ctx.expect(got == c.ids(whole), f"the {count} items of the whole list", got)

        ctx.for_all(st.sampled_from(_usable(c, sorted(sizes))), together, max_examples=3, shown=_of_size)

    return _law(id, c, clauses, says(concatenation), check)


def size_respected(id: str, c: ItemList, *clauses: str) -> Law:
    """A page has no more items than asked for, and fewer only at the end of the list."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        count = len(_items(ctx, c))
        top = _nearest(c, count if c.is_large(ctx) else count + 1)

        def full(size: int) -> None:
            got = len(c.page(ctx, 0, size))
            ctx.expect(
                got == min(size, count),
                f"{counted(min(size, count), 'item')} (asked for {size} of {count})",
                counted(got, "item"),
            )

        ctx.for_all(st.sampled_from(_usable(c, [1, top, *range(2, top)])), full, max_examples=6, shown=_of_size)

    return _law(id, c, clauses, says(size_respected), check)


def past_the_end(id: str, c: ItemList, *clauses: str) -> Law:
    """A page past the end is an empty list, with status 200."""

    def check(ctx: LawContext) -> None:
        whole = c.require_items(ctx)

        def empty(drawn: tuple[int, int]) -> None:
            number, size = drawn
            got = c.page(ctx, number, size)
            ctx.expect(got == [], "no items", c.ids(got))

        size, one, ten = (_nearest(c, wanted) for wanted in (len(whole), 1, 10))
        ends = [(-(-len(whole) // size), size), (len(whole), one), (len(whole) + 1000, ten)]
        ends = [(10_000_000, ten), (1_000_000, size)] if c.is_large(ctx) else ends
        last = c.pages.last - c.pages.first if isinstance(c.pages, Pages) and c.pages.last is not None else None
        ctx.for_each([each for each in ends if last is None or each[0] <= last], empty, shown=_page)

    return _law(id, c, clauses, says(past_the_end), check)


def any_offset(id: str, c: ItemList, *clauses: str) -> Law:
    """offset skips that many items and limit bounds the rest, even if one is not a multiple of the other."""

    def check(ctx: LawContext) -> None:
        from hypothesis import strategies as st

        assert isinstance(c.pages, Offsets)
        pages, whole = c.pages, _items(ctx, c, 2)
        count = len(whole)

        def window(drawn: tuple[int, int]) -> None:
            offset, limit = drawn
            offset = min(offset, count - min(limit, count)) if c.is_large(ctx) else offset
            got = c.ids(c.fetch(ctx, {pages.offset: pages.first + offset, pages.limit: limit}))
            want = c.ids(whole[offset : offset + limit])
            ctx.expect(got == want, f"items {offset + 1} to {offset + limit} of the list: {brief(want[:8])}", got)

        offsets = st.sampled_from(list(dict.fromkeys([1, 0, count - 1, count, count + 1, *range(2, min(count, 50))])))
        limits = st.integers(pages.smallest, max(pages.smallest, min(count + 1, pages.largest)))
        ctx.for_all(st.tuples(offsets, limits), window, shown=_window)

    return _law(id, c, clauses, says(any_offset), check)


def cursor(id: str, c: ItemList, param: str, *clauses: str, sizes: tuple[int, ...] = (1, 2, 5)) -> Law:
    """Continuing after the last id of each response reads the whole list: no item is lost and none is repeated."""

    def check(ctx: LawContext) -> None:
        assert isinstance(c.pages, Offsets)
        pages, want = c.pages, c.ids(c.require_items(ctx, 2))

        def followed(size: int) -> None:
            got: list[Any] = []
            for _ in range(len(want) + 1):
                query = {pages.limit: size} | ({param: got[-1]} if got else {})
                page = c.ids(c.fetch(ctx, query))
                if not page:
                    break
                got += page
            got = got[: len(want)] if c.is_large(ctx) else got
            ctx.expect(got == want, f"the {len(want)} items of the whole list, in its order", got)

        ctx.for_each([max(size, len(want) // 12) for size in sizes], followed, shown=_of_size)

    return _law(id, c, clauses, says(cursor), check)


def _nearest(c: ItemList, size: int) -> int:
    """A size that a page may have: this one, or the nearest to it."""
    assert c.pages is not None
    return max(c.pages.smallest, min(size, c.pages.largest))


def _usable(c: ItemList, sizes: Iterable[int]) -> list[int]:
    """Those of the sizes that a page may have; the smallest one if there is none."""
    assert c.pages is not None
    usable = [each for each in dict.fromkeys(sizes) if c.pages.smallest <= each <= c.pages.largest]
    return usable or [c.pages.smallest]


def _of_size(size: int) -> str:
    return f"pages of {counted(size, 'item')}"


def _size_and_query(drawn: tuple[int, int, dict[str, Any]]) -> str:
    size, _, query = drawn
    return f"{_of_size(size)}" + (f", {brief(query)}" if query else "")


def _page(drawn: tuple[int, int]) -> str:
    number, size = drawn
    return f"the page after {counted(number * size, 'item')}, {_of_size(size)}"


def _window(drawn: tuple[int, int]) -> str:
    return f"offset {drawn[0]}, limit {drawn[1]}"


def _twice(ids: list[Any]) -> str:
    return f"twice: {brief([i for i in dict.fromkeys(ids) if ids.count(i) > 1][:5])}"
