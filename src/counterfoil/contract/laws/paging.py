"""Paging: pages are slices of one list; nothing is lost, nothing repeated, and there is an end.

It refuses to know how pages are written; ``Collection.pages`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterfoil.contract.collection import Collection, Offsets, observed
from counterfoil.contract.law import Law, Trial, says

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy


def _law(id: str, c: Collection, clauses: tuple[str, ...], check: Callable[[Trial], None]) -> Law:
    return Law(id, c.operation, "paging", clauses, says(check), check)


def _queries(c: Collection, trial: Trial) -> SearchStrategy[dict[str, Any]]:
    """Nothing, an order, a filter, or both: pages must hold under each."""
    from hypothesis import strategies as st

    items = c.whole(trial)
    plain: SearchStrategy[Any] = st.just({})
    sorts = plain
    if c.sorts:
        sorts = st.one_of(
            plain, st.tuples(st.sampled_from(c.sorts), st.booleans()).map(lambda key: c.sort.query([key]))
        )
    filters = [f for f in c.filters if observed(f.field, items)]
    if not filters:
        return sorts
    filtered = st.sampled_from(filters).flatmap(lambda f: f.draw(f, items).map(f.query))
    return st.one_of(plain, sorts, st.tuples(sorts, filtered).map(lambda two: {**two[0], **two[1]}))


def slices(id: str, c: Collection, *clauses: str) -> Law:
    """Any page is that slice of the whole list, under any sort and filter."""

    def check(trial: Trial) -> None:
        """Every page is the slice of the whole list that its number and size say, whatever the sort and the filter."""
        from hypothesis import strategies as st

        count = len(c.some(trial, 2))
        sizes = list(
            dict.fromkeys(s for s in (2, 1, count - 1, count, (count + 1) // 2, 3, 7, 10) if 0 < s <= _largest(c))
        )

        def page_is_slice(drawn: tuple[int, int, dict[str, Any]]) -> None:
            size, place, query = drawn
            whole = trial.observe(("slices", c.operation, repr(query)), lambda: c.all(trial, query))
            number = place % (len(whole) // size + 1)
            got, want = c.ids(c.page(trial, number, size, query)), c.ids(whole[number * size : (number + 1) * size])
            trial.expect(
                got == want, f"items {number * size + 1} to {number * size + size} of the list: {want[:8]}", got
            )

        trial.given(st.tuples(st.sampled_from(sizes), st.integers(0, 40), _queries(c, trial)), page_is_slice)

    return _law(id, c, clauses, check)


def concatenation(id: str, c: Collection, *clauses: str) -> Law:
    """Pages put together are the whole list."""

    def check(trial: Trial) -> None:
        """Pages put together are the whole list: nothing is lost and nothing repeated."""
        from hypothesis import strategies as st

        whole = c.some(trial, 2)
        count = len(whole)
        sizes = {(count + parts - 1) // parts for parts in (2, 3, 4, 5)} | {max(1, count - 1)}

        def together(size: int) -> None:
            got: list[Any] = []
            for number in range(count // size + 2):
                page = c.ids(c.page(trial, number, size))
                trial.expect(len(page) <= size, f"at most {size} items on a page", f"{len(page)} items")
                got += page
            trial.expect(len(got) == len(set(map(str, got))), "no item on two pages", _twice(got))
            trial.expect(got == c.ids(whole), f"the {count} items of the whole list", got)

        trial.given(st.sampled_from(sorted(s for s in sizes if s <= _largest(c))), together, most=3)

    return _law(id, c, clauses, check)


def size_respected(id: str, c: Collection, *clauses: str) -> Law:
    """No page is larger than asked for; all but the last are full."""

    def check(trial: Trial) -> None:
        """A page holds no more items than asked for, and fewer only at the end of the list."""
        from hypothesis import strategies as st

        count = len(c.some(trial))
        top = min(count + 1, _largest(c))

        def full(size: int) -> None:
            got = len(c.page(trial, 0, size))
            trial.expect(
                got == min(size, count), f"{min(size, count)} items (asked for {size} of {count})", f"{got} items"
            )

        trial.given(st.sampled_from([1, top, *range(2, top)]), full, most=6)

    return _law(id, c, clauses, check)


def past_the_end(id: str, c: Collection, *clauses: str) -> Law:
    """A page past the end is empty, and no error."""

    def check(trial: Trial) -> None:
        """A page past the end is an empty list, with status 200."""
        whole = c.some(trial)

        def empty(drawn: tuple[int, int]) -> None:
            number, size = drawn
            got = c.page(trial, number, size)
            trial.expect(got == [], "no items", c.ids(got))

        size = min(len(whole), _largest(c))
        trial.each([(-(-len(whole) // size), size), (len(whole), 1), (len(whole) + 1000, 10)], empty)

    return _law(id, c, clauses, check)


def any_offset(id: str, c: Collection, *clauses: str) -> Law:
    """Any offset and limit, also one that is no multiple of the other."""

    def check(trial: Trial) -> None:
        """offset skips that many items and limit bounds what follows, also where one is no multiple of the other."""
        from hypothesis import strategies as st

        assert isinstance(c.pages, Offsets)
        pages, whole = c.pages, c.some(trial, 2)
        count = len(whole)

        def window(drawn: tuple[int, int]) -> None:
            offset, limit = drawn
            got = c.ids(c.fetch(trial, {pages.offset: offset, pages.limit: limit}))
            want = c.ids(whole[offset : offset + limit])
            trial.expect(got == want, f"items {offset + 1} to {offset + limit} of the list: {want[:8]}", got)

        offsets = st.sampled_from(list(dict.fromkeys([1, 0, count - 1, count, count + 1, *range(2, min(count, 50))])))
        trial.given(st.tuples(offsets, st.integers(1, min(count + 1, pages.largest))), window)

    return _law(id, c, clauses, check)


def cursor(id: str, c: Collection, param: str, *clauses: str, sizes: tuple[int, ...] = (1, 2, 5)) -> Law:
    """The last item's identity as cursor of the next request; needs ``Offsets`` for the limit."""

    def check(trial: Trial) -> None:
        """Following the last id of one answer to the next reads the whole list: nothing is lost and nothing repeated."""
        assert isinstance(c.pages, Offsets)
        pages, want = c.pages, c.ids(c.some(trial, 2))

        def followed(size: int) -> None:
            got: list[Any] = []
            for _ in range(len(want) + 1):
                query = {pages.limit: size} | ({param: got[-1]} if got else {})
                page = c.ids(c.fetch(trial, query))
                if not page:
                    break
                got += page
            trial.expect(got == want, f"the {len(want)} items of the whole list, in its order", got)

        trial.each([max(size, len(want) // 12) for size in sizes], followed)

    return _law(id, c, clauses, check)


def _largest(c: Collection) -> int:
    assert c.pages is not None
    return c.pages.largest


def _twice(ids: list[Any]) -> str:
    return f"twice: {[i for i in dict.fromkeys(ids) if ids.count(i) > 1][:5]}"
