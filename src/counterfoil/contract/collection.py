"""Describes a list operation to the families of laws: its items, their fields, its filters, sorts and pages. ::

STATUS = Field("status")
AMOUNT = Field("amount", NUMBER, at="amountDue.value")
BILLS = ItemList(
    "GET /bills",
    identity=Field("id"),
    pages=Offsets("offset", "limit", largest=1000),
    filters=(equal(STATUS), above(AMOUNT, "amountDue.value.gt"), below(AMOUNT, "amountDue.value.lte", inclusive=True)),
    sorts=(AMOUNT, STATUS),
    sort=Sort("sort", descending="-{}"),
)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field, Items, observed
from counterfoil.contract.filters import Filter
from counterfoil.contract.law import NotApplicable, NotTried, brief
from counterfoil.contract.response import Response
from counterfoil.contract.target import Json
from counterfoil.plain_text import counted

MAX_ITEMS = 5000
"""A list with more items is not fetched as a whole."""
SAMPLE_SIZE = 1000
"""How many items of such a list the laws use: the first ones."""


@dataclass(frozen=True)
class Sort:
    """How a sort order is written: ``sort=status,amount:desc``. ``descending`` is a format of the field's name. ``direction`` is
    a parameter of its own for the direction, with its values for ascending and descending: ``sort=amount&direction=DESC``."""

    param: str = "sort"
    descending: str = "{}:desc"
    ascending: str = "{}"
    direction: tuple[str, str, str] | None = None

    def query(self, keys: Sequence[tuple[Field, bool]]) -> dict[str, str]:
        """``keys`` are pairs of a field and whether it is descending; with a parameter for the direction, a single one."""
        written = ((self.descending if descending else self.ascending).format(key.name) for key, descending in keys)
        query = {self.param: ",".join(written)}
        if self.direction is not None:
            query[self.direction[0]] = self.direction[2 if keys[0][1] else 1]
        return query


@dataclass(frozen=True)
class Pages:
    """Numbered pages: ``page=2&pageSize=10``. ``last`` is the highest page number that may be requested (None: no bound),
    ``smallest`` and ``largest`` bound the page size."""

    page: str = "page"
    size: str = "pageSize"
    first: int = 1
    largest: int = 1000
    last: int | None = None
    smallest: int = 1

    def query(self, number: int, size: int) -> dict[str, int]:
        """The query for the page ``number`` (from 0) of ``size`` items."""
        return {self.page: self.first + number, self.size: size}


@dataclass(frozen=True)
class Offsets:
    """Windows: ``offset=10&limit=10``. ``first`` is the offset of the first item."""

    offset: str = "offset"
    limit: str = "limit"
    largest: int = 1000
    first: int = 0
    smallest: int = 1

    def query(self, number: int, size: int) -> dict[str, int]:
        """The query for the window ``number`` (from 0) of ``size`` items."""
        return {self.offset: self.first + number * size, self.limit: size}


@dataclass(frozen=True)
class ItemList:
    """A list operation, described once for all families of laws.

    ``identity`` identifies an item. ``base`` and ``headers`` are sent with every request, ``path`` fills the path. ``items``
    extracts the list from a response's body. ``pages`` is ``None`` when the list is not paged. ``order`` is the documented order
    without a sort: pairs of a field and whether it is descending.
    """

    operation: str
    identity: Field
    pages: Pages | Offsets | None = None
    filters: tuple[Filter, ...] = ()
    sorts: tuple[Field, ...] = ()
    sort: Sort = field(default_factory=Sort)
    statuses: tuple[int, ...] = (200,)
    may_be_empty: bool = True
    """Whether a response may have no items; if not, the target answers 404 when nothing matches."""
    has_404: bool = False
    """Whether the document lists 404 among the responses."""
    order: tuple[tuple[Field, bool], ...] = ()
    base: Mapping[str, Any] = field(default_factory=dict)
    path: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    items: Callable[[Json], Any] = lambda body: body

    def fetch(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Json]:
        """The items of one response, which must have one of ``statuses`` and a list of objects."""
        response = ctx.request(self.operation, path=self.path, query={**self.base, **query}, headers=self.headers)
        if self.says_none(ctx, response, selects=self._selects(query)):
            return []
        body = ctx.json_body(response, self.statuses)
        items = self.items(body)
        if not isinstance(items, list):
            ctx.fail("a JSON array of items", body)
        if not all(isinstance(item, dict) for item in items):
            ctx.fail("items that are JSON objects", items)
        return list(items)

    def says_none(self, ctx: LawContext, response: Response, *, selects: bool) -> bool:
        """Whether a response is a 404 that means an empty list, because the document does not allow an empty list.

        It is if the request ``selects`` only some of the items, if the list is below a parent, or if the document requires
        parameters. Otherwise it is only if the document lists 404 and the target is not a stand-in, which always has items.
        """
        if response.status != 404 or self.may_be_empty:
            return False
        return selects or bool(self.path or self.base) or (self.has_404 and not ctx.client.target.disposable)

    def _selects(self, query: Mapping[str, Any]) -> bool:
        """Whether a query has a parameter other than for paging, or does not start at the first item."""
        first = self.pages.query(0, 1) if self.pages is not None else {}
        position = next(iter(first), None)
        return any(name not in first or (name == position and query[name] != first[name]) for name in query)

    def page(self, ctx: LawContext, number: int, size: int, query: Mapping[str, Any] | None = None) -> list[Json]:
        """The page ``number`` (from 0); needs ``pages``."""
        assert self.pages is not None
        return self.fetch(ctx, {**self.pages.query(number, size), **(query or {})})

    def first_page(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Json]:
        """The first items that ``query`` selects, as many as one response may have."""
        return self.fetch(ctx, query) if self.pages is None else self.page(ctx, 0, self.pages.largest, query)

    def fetch_all(self, ctx: LawContext, query: Mapping[str, Any] | None = None) -> Sequence[Json]:
        """The items that ``query`` selects, over as many pages as needed; of a large list, the first ``SAMPLE_SIZE`` of them.

        They are cached until something is written, so the same query is sent once.
        """
        key = (*self._key("selected"), repr(sorted((query or {}).items())))
        return ctx.cached(key, lambda: self._kept(ctx, self._fetch_all(ctx, query or {})))

    def _kept(self, ctx: LawContext, found: Sequence[Json]) -> Items:
        """``found`` with one object for equal items, to save memory: responses often repeat items of earlier ones."""
        known: dict[str, Json] = ctx.cached(self._key("items"), dict)
        first = (known.setdefault(str(self.identity.raw(item)), item) for item in found)
        return Items([one if one == item else item for one, item in zip(first, found, strict=True)])

    def _fetch_all(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Json]:
        if self.pages is None:
            return self.fetch(ctx, query)
        found: list[Json] = []
        size = self.pages.largest
        for number in range(MAX_ITEMS):
            page = self.page(ctx, number, size, query)
            found += page
            if len(page) < size:
                return found
            if len(found) >= SAMPLE_SIZE and self._is_long(ctx, query, len(found)):
                return found[:SAMPLE_SIZE]
        return found

    def _is_long(self, ctx: LawContext, query: Mapping[str, Any], found: int) -> bool:
        """Whether the list has more than ``MAX_ITEMS`` items. Unless it is known, requests the items after that many."""
        assert self.pages is not None
        size = self.pages.smallest
        if not self.is_large(ctx) and (
            found > MAX_ITEMS or (found < 2 * SAMPLE_SIZE and self.page(ctx, MAX_ITEMS // size, size, query))
        ):
            ctx.observations.long_lists.add(self._place())
        return self.is_large(ctx)

    def is_large(self, ctx: LawContext) -> bool:
        """Whether the list is known to be too long to be fetched whole.

        Laws then compare within its first ``SAMPLE_SIZE`` items. This is sound: the items that a filter selects from these are
        the first items of the filtered list.
        """
        return self._place() in ctx.observations.long_lists

    def _place(self) -> tuple[str, str]:
        return self.operation, repr(sorted(self.path.items()))

    def _key(self, what: str) -> tuple[Any, ...]:
        base = repr(sorted(self.base.items()))
        return (what, *self._place(), base, type(self), self.identity.name, self.items)

    def whole_list(self, ctx: LawContext) -> Sequence[Json]:
        """The list as observed in this run, fetched once until something is written; of a large list, its first items."""
        return self.fetch_all(ctx)

    def within(self, ctx: LawContext, items: Sequence[Json]) -> Sequence[Json]:
        """The part of ``items`` that can be compared with ``whole_list``; less than all only for a large list."""
        if not self.is_large(ctx):
            return items
        known = set(map(str, self.ids(self.whole_list(ctx))))
        return [item for item in items if str(self.identity.raw(item)) in known]

    def require_items(self, ctx: LawContext, least: int = 1) -> Sequence[Json]:
        """The whole list. With fewer than ``least`` items the law does not apply at a stand-in, and is not tried at a real
        target (where it could be tried with other data)."""
        found = self.whole_list(ctx)
        if len(found) < least:
            why = f"needs at least {counted(least, 'item')} in {self.operation}; there {_are(len(found))}"
            raise NotApplicable(why) if ctx.client.target.disposable else NotTried(why)
        return found

    def as_implemented(self, ctx: LawContext, filter_: Filter) -> Filter:
        """The filter with the rule that this target implements: its alternative, if only that explains a response.

        The first value for which the two rules differ decides, for the whole run.
        """
        if filter_.alternative is None:
            return filter_
        other = replace(filter_, matches=filter_.alternative, alternative=None)
        choice = ctx.switch(filter_.switch[0]) if filter_.switch else None
        if filter_.switch and choice is not None:
            return other if choice == filter_.switch[2] else filter_
        items = self.whole_list(ctx)

        def implements_other() -> bool:
            texts = [filter_.write(value) for value in observed(filter_.field, items)]
            texts = [text.removeprefix(filter_.write("")) for text in texts]
            for text in (text.swapcase() for text in texts if text.swapcase() != text):
                wanted, allowed = filter_.select(items, text), other.select(items, text)
                if self.ids(wanted) != self.ids(allowed):
                    found = sorted(map(str, self.ids(self.fetch_all(ctx, filter_.query(text)))))
                    return found == sorted(map(str, self.ids(allowed)))
            return False

        return other if ctx.fact((self.operation, filter_.param, filter_.relation), implements_other) else filter_

    def ids(self, items: Sequence[Json]) -> list[Any]:
        return [self.identity.raw(item) for item in items]

    def same_items(self, ctx: LawContext, got: Sequence[Json], expected: Sequence[Json], what: str) -> None:
        """Expect that ``got`` holds the items ``expected``, each once, in any order."""
        ctx.judgements += 1
        have, want = self.ids(self.within(ctx, got)), self.ids(self.within(ctx, expected))
        if sorted(map(str, have)) == sorted(map(str, want)):
            return
        missing, extra = [i for i in want if i not in have], [i for i in have if i not in want]
        differences = [f"missing {self.identity.name} {brief(missing[:5])}"] * bool(missing) + [
            f"unexpected {brief(extra[:5])}"
        ] * bool(extra)
        got = f"{counted(len(have), 'item')}; {', '.join(differences) or 'some of them twice'}"
        ctx.fail(f"{what}: {counted(len(want), 'item')}", got)


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"
