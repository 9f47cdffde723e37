"""Describes a list operation to the families of laws: its items, their fields, its filters, sorts and pages. ::

STATUS = Field("status")
AMOUNT = Field("amount", NUMBER, at="amountDue.value")
BILLS = Collection(
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
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from counterfoil.contract.context import LawContext
from counterfoil.contract.law import brief
from counterfoil.contract.target import Json

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

V = TypeVar("V")

MAX_ITEMS = 5000
"""A list with more items is not fetched as a whole."""
SAMPLE_SIZE = 1000
"""How many items of such a long list laws use, from its beginning."""

TEXT, NUMBER, INTEGER, DATE_TIME, DATE = "text", "number", "integer", "moment", "day"


@dataclass(frozen=True)
class Field:
    """A member of an item: ``name`` is its name in the API's parameters, ``kind`` says how values compare.

    ``at`` is the dotted path inside an item when that is not its name (``amountDue.value``; a list in the path means its first
    item), or a function of the item.
    """

    name: str
    kind: str = TEXT
    at: str | Callable[[Json], Any] | None = None

    def __str__(self) -> str:
        return self.name

    def raw(self, item: Json) -> Any:
        """The member as received; ``None`` when it is missing."""
        if callable(self.at):
            return self.at(item)
        for step in (self.at or self.name).split("."):
            item = item[0] if isinstance(item, list) and item else item
            item = item.get(step) if isinstance(item, Mapping) else None
        return item

    def value(self, item: Json) -> Any:
        """The member ready to compare: ``str``, ``Decimal``, ``date`` or aware ``datetime``; ``None`` when missing."""
        raw = self.raw(item)
        return None if raw is None else self.read(raw)

    def read(self, raw: Any) -> Any:
        """A raw value converted for comparison. Raises ``ValueError`` or ``ArithmeticError`` if it is not of this kind."""
        if self.kind in (NUMBER, INTEGER):
            return Decimal(str(raw))
        if self.kind == DATE_TIME:
            instant = datetime.fromisoformat(str(raw))
            return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        if self.kind == DATE:
            return date.fromisoformat(str(raw)[:10])
        return raw if isinstance(raw, str) else str(raw).lower() if isinstance(raw, bool) else str(raw)

    def write(self, value: Any) -> str:
        """A comparable value as parameter text."""
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, Decimal):
            return format(value, "f")
        return value.isoformat() if isinstance(value, date) else str(value)


def observed(field: Field, items: Sequence[Json]) -> list[Any]:
    """The distinct values of ``field``: the lowest, the highest, the middle one, then the others."""
    values = sorted({value for item in items if (value := field.value(item)) is not None})
    if len(values) < 4:
        return values
    middle = len(values) // 2
    return [values[0], values[-1], values[middle], *values[1:middle], *values[middle + 1 : -1]]


def sample_items(items: Sequence[V], limit: int = 5) -> list[V]:
    """Up to ``limit`` items: the first, the last, and some in between."""
    positions = dict.fromkeys((0, len(items) - 1, len(items) // 2, len(items) // 3, 1))
    return [items[position] for position in positions if 0 <= position < len(items)][:limit]


Draw = Callable[["Filter", Sequence[Json]], "SearchStrategy[Any]"]


@dataclass(frozen=True)
class Filter:
    """One filter of a list: parameter ``param``, and which items must be returned for a wanted value.

    ``matches(value, wanted)`` is the documented rule, over comparable values; an item without the field never matches.
    ``write`` makes the parameter's text, ``draw`` generates values to try (from the observed items). ``relation`` names it in
    messages. ``alternative`` is a second rule that the documents allow instead of ``matches``; ``switch`` names
    the switch between them and its values for the two.
    """

    field: Field
    param: str
    relation: str
    matches: Callable[[Any, Any], bool]
    write: Callable[[Any], str]
    draw: Draw
    alternative: Callable[[Any, Any], bool] | None = None
    switch: tuple[str, str, str] | None = None

    def __str__(self) -> str:
        return self.param

    def query(self, wanted: Any) -> dict[str, str]:
        return {self.param: self.write(wanted)}

    def select(self, items: Sequence[Json], wanted: Any) -> list[Json]:
        """The client's own selection, to compare with the server's."""
        return [i for i in items if (value := self.field.value(i)) is not None and self.matches(value, wanted)]


def _observed(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    return st.sampled_from(observed(filter_.field, items))


def _around(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    """Observed values, and values just below and above them, where a wrong comparator shows."""
    from hypothesis import strategies as st

    values = observed(filter_.field, items)
    step: Any = {
        NUMBER: Decimal("0.01"),
        INTEGER: Decimal(1),
        DATE_TIME: timedelta(seconds=1),
        DATE: timedelta(days=1),
    }.get(filter_.field.kind)
    if step is None:
        return st.sampled_from(values)
    return st.sampled_from(
        [*values[:3], values[0] - step, values[-1] + step, *values[3:], *(v + step for v in values[:20])]
    )


def _several(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    values = observed(filter_.field, items)
    return st.lists(st.sampled_from(values), min_size=min(2, len(values)), max_size=3, unique=True).map(tuple)


def _parts(filter_: Filter, items: Sequence[Json]) -> SearchStrategy[Any]:
    """Parts of observed texts: whole, with swapped case, and from the middle."""
    from hypothesis import strategies as st

    texts = [filter_.field.write(value) for value in observed(filter_.field, items)]
    whole = [t.swapcase() for t in texts[:6]]
    inner = [t[len(t) // 3 : len(t) // 3 + 4] for t in texts if len(t) > 4]
    ends = [t[-3:] for t in texts if len(t) > 3]
    parts = [p for p in dict.fromkeys([*whole, *inner, *(p.swapcase() for p in inner), *ends, *texts]) if _plain(p)]
    return st.sampled_from(parts)


def _plain(text: str) -> bool:
    """Whether a text has no wildcard or separator, and no outer blanks, which servers may trim."""
    return bool(text) and text == text.strip() and not set(text) & set("%_*,?:")


def equal(field: Field, param: str | None = None, *, draw: Draw = _observed) -> Filter:
    """``status=paid``: exactly this value (numbers and moments by value)."""
    return Filter(
        field, param or field.name, "equal to", lambda value, wanted: bool(value == wanted), field.write, draw
    )


def one_of(field: Field, param: str | None = None, *, prefix: str = "in:", separator: str = ",") -> Filter:
    """``status=in:paid,open``: any of these."""
    return Filter(
        field,
        param or field.name,
        "one of",
        lambda value, wanted: value in wanted,
        lambda wanted: prefix + separator.join(field.write(each) for each in wanted),
        _several,
    )


def like(
    field: Field,
    param: str | None = None,
    *,
    write: Callable[[str], str] = "like:{}".format,
    text: Callable[[Field, Any], str] | None = None,
    switch: tuple[str, str, str] | None = None,
) -> Filter:
    """``name=like:acme``: the text occurs in the value, ignoring case or, as an alternative, with the same case."""

    def reads(value: Any) -> str:
        return text(field, value) if text else field.write(value)

    def matches(value: Any, wanted: str) -> bool:
        return wanted.casefold() in reads(value).casefold()

    def matches_case(value: Any, wanted: str) -> bool:
        return wanted in reads(value)

    return Filter(field, param or field.name, "like", matches, write, _parts, matches_case, switch)


def above(field: Field, param: str, *, inclusive: bool = False, write: Callable[[Any], str] | None = None) -> Filter:
    """``amount.gt=5`` or, inclusive, ``amount.gte=5``."""
    how = "at least" if inclusive else "above"
    matches = (
        (lambda value, wanted: bool(value >= wanted)) if inclusive else (lambda value, wanted: bool(value > wanted))
    )
    return Filter(field, param, how, matches, write or field.write, _around)


def below(field: Field, param: str, *, inclusive: bool = False, write: Callable[[Any], str] | None = None) -> Filter:
    """``amount.lt=5`` or, inclusive, ``amount.lte=5``."""
    how = "at most" if inclusive else "below"
    matches = (
        (lambda value, wanted: bool(value <= wanted)) if inclusive else (lambda value, wanted: bool(value < wanted))
    )
    return Filter(field, param, how, matches, write or field.write, _around)


@dataclass(frozen=True)
class Sort:
    """How a sort order is written: ``sort=status,amount:desc``. ``descending`` is a format of the field's name."""

    param: str = "sort"
    descending: str = "{}:desc"
    ascending: str = "{}"

    def query(self, keys: Sequence[tuple[Field, bool]]) -> dict[str, str]:
        """``keys`` are fields, each with whether it is descending."""
        written = ((self.descending if descending else self.ascending).format(key.name) for key, descending in keys)
        return {self.param: ",".join(written)}


@dataclass(frozen=True)
class Pages:
    """Numbered pages: ``page=2&pageSize=10``."""

    page: str = "page"
    size: str = "pageSize"
    first: int = 1
    largest: int = 1000

    def query(self, number: int, size: int) -> dict[str, int]:
        """The query for the page ``number`` (from 0) of ``size`` items."""
        return {self.page: self.first + number, self.size: size}


@dataclass(frozen=True)
class Offsets:
    """Windows: ``offset=10&limit=10``."""

    offset: str = "offset"
    limit: str = "limit"
    largest: int = 1000

    def query(self, number: int, size: int) -> dict[str, int]:
        """The query for the window ``number`` (from 0) of ``size`` items."""
        return {self.offset: number * size, self.limit: size}


@dataclass(frozen=True)
class Collection:
    """A list operation, described once for all families of laws.

    ``identity`` tells items apart. ``base`` is sent with every request, ``path`` fills the path. ``items`` takes the list out of
    an envelope. ``pages`` is ``None`` when the list always comes whole. ``order`` is the documented order without a sort:
    fields, each with whether it is descending.
    """

    operation: str
    identity: Field
    pages: Pages | Offsets | None = None
    filters: tuple[Filter, ...] = ()
    sorts: tuple[Field, ...] = ()
    sort: Sort = field(default_factory=Sort)
    order: tuple[tuple[Field, bool], ...] = ()
    base: Mapping[str, Any] = field(default_factory=dict)
    path: Mapping[str, Any] = field(default_factory=dict)
    items: Callable[[Json], Any] = lambda body: body

    def fetch(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Json]:
        """The items of one answer, which must be 200 with a list of objects."""
        body = ctx.request_json(self.operation, path=self.path, query={**self.base, **query})
        found = self.items(body)
        if not isinstance(found, list):
            ctx.fail("a JSON array of items", body)
        if not all(isinstance(item, dict) for item in found):
            ctx.fail("items that are JSON objects", found)
        return list(found)

    def page(self, ctx: LawContext, number: int, size: int, query: Mapping[str, Any] | None = None) -> list[Json]:
        """The page ``number`` (from 0); needs ``pages``."""
        assert self.pages is not None
        return self.fetch(ctx, {**self.pages.query(number, size), **(query or {})})

    def fetch_all(self, ctx: LawContext, query: Mapping[str, Any] | None = None) -> list[Json]:
        """The items that ``query`` selects, over as many pages as needed; of a large list, the first ``SAMPLE_SIZE`` of them."""
        if self.pages is None:
            return self.fetch(ctx, query or {})
        found: list[Json] = []
        size = self.pages.largest
        for number in range(MAX_ITEMS):
            page = self.page(ctx, number, size, query)
            found += page
            if len(page) < size or (self.is_large(ctx) and len(found) >= SAMPLE_SIZE):
                return found
            if len(found) > MAX_ITEMS:
                ctx.observations.facts[self._key("large")] = True
                return found[:SAMPLE_SIZE]
        return found

    def is_large(self, ctx: LawContext) -> bool:
        """Whether the list was found to be too long to be fetched whole.

        Laws then compare within its first ``SAMPLE_SIZE`` items. That is sound: those of them that a filter selects are the first
        items of the filtered list.
        """
        return bool(ctx.observations.facts.get(self._key("large")))

    def _key(self, what: str) -> tuple[str, ...]:
        return (what, self.operation, repr(sorted(self.path.items())), repr(sorted(self.base.items())))

    def whole_list(self, ctx: LawContext) -> list[Json]:
        """The list as observed in this run, fetched once until something is written; of a large list, its first items."""
        return ctx.cached(self._key("whole"), lambda: self.fetch_all(ctx))

    def within(self, ctx: LawContext, items: Sequence[Json]) -> Sequence[Json]:
        """Those of ``items`` that can be compared with ``whole_list``: of a large list, those among its first items."""
        if not self.is_large(ctx):
            return items
        known = set(map(str, self.ids(self.whole_list(ctx))))
        return [item for item in items if str(self.identity.raw(item)) in known]

    def require_items(self, ctx: LawContext, least: int = 1) -> list[Json]:
        """The whole list, or the law does not apply because it has fewer than ``least`` items."""
        found = self.whole_list(ctx)
        ctx.require(
            len(found) >= least,
            f"needs at least {least} item{'s'[: least > 1]} in {self.operation}; there are {len(found)}",
        )
        return found

    def as_implemented(self, ctx: LawContext, filter_: Filter) -> Filter:
        """The filter with the rule that this target implements: its alternative, where only that explains a response.

        The value that decides is the first for which the two rules differ; the choice holds for the whole run.
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
        """``got`` holds the items ``expected``, each once, in any order."""
        ctx.judgements += 1
        have, want = self.ids(self.within(ctx, got)), self.ids(self.within(ctx, expected))
        if sorted(map(str, have)) == sorted(map(str, want)):
            return
        missing, extra = [i for i in want if i not in have], [i for i in have if i not in want]
        differences = [f"missing {self.identity.name} {brief(missing[:5])}"] * bool(missing) + [
            f"unexpected {brief(extra[:5])}"
        ] * bool(extra)
        ctx.fail(f"{what}: {len(want)} items", f"{len(have)} items; {', '.join(differences) or 'some of them twice'}")
