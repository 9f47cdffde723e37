"""Filters, sorts and pages the members of a collection by the parameters of a request."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from counterfoil.api import ApiError, Request
from counterfoil.apis.generic.comparing import matches
from counterfoil.apis.generic.conditions import UnknownFilter, predicate_for
from counterfoil.apis.generic.data.seeds import number_of
from counterfoil.apis.generic.inference.relations import CREATED
from counterfoil.apis.generic.model import NESTED, Filter, Operation, Pages, Place, read_place
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.object_parameters import with_members
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.rows import Member

Json = Any

MAX_PAGE_SIZE = 1000
USUAL_PAGE = 100
"""The page size if the document has no default."""
OPERATORS: Mapping[str, str] = {
    "gt": "above", "gte": "from", "lt": "below", "lte": "to", "eq": "equal", "in": "in", "ne": "not", "not": "not",
    "after": "above", "before": "below", "from": "from", "to": "to", "contains": "contains", "start": "from", "end": "to",
    "exact": "equal", "equals": "equal", "fuzzy": "contains", "like": "contains", "startat": "from", "endat": "to",
    "startdate": "from", "enddate": "to", "min": "from", "max": "to", "any": "in", "oneof": "in", "values": "in",
}  # fmt: skip
AGES: Mapping[str, str] = {
    **dict.fromkeys(("newest", "newestfirst", "latest", "recent", "mostrecent", "recentlyadded", "new"), "desc"),
    **dict.fromkeys(("oldest", "oldestfirst", "earliest", "old"), "asc"),
}
"""The direction in which these sort values order members by their time of creation."""
_DIRECTED = re.compile(r"(.+?)(?:[_.-]|(?=[AD][es])|(?=ASC|DESC))(asc|desc|Asc|Desc|ASC|DESC)(?:ending)?$")
_SORT_FIELDS = ("field", "sortfield", "property", "key", "by", "name", "column", "timestamp", "attribute")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its members, the total number of members, the index of its first member, and whether more follow."""

    members: Sequence[Member]
    total: int
    start: int
    size: int
    number: int
    more: bool
    pages: Pages


def list_query(operation: Operation, request: Request) -> Mapping[str, Json]:
    """The list parameters in a request, by the names that the operation has for them: from the query, and from the body of a
    search."""
    pages = operation.pages
    if operation.asks != "body":
        if not any(isinstance(each, dict) for each in request.query.values()):
            return request.query
        own = (pages.at, pages.size, pages.before, operation.sort, operation.direction, operation.search)
        return with_members(request.query, {*own, *(name for name, _ in operation.filters)})
    found = dict(request.query)
    others = (pages.at, pages.size, pages.before, operation.sort, operation.direction, operation.fields)
    more = (operation.omit, operation.search, operation.conditions)
    for name in (*(name for name, _ in operation.filters), *others, *more):
        value = at(request.body, read_place(name)) if name else None
        if value is not None:
            found[name] = value
    return found


def page_of(
    operation: Operation,
    members: Iterable[Member],
    query: Mapping[str, Json],
    most: int | None = None,
    examples: Collection[str] = (),
) -> Page:
    """The page that the query asks for. ``most`` is the maximum number of members in a response; ``examples`` are the
    document's example cursors: users send them, and get the first page.

    Raises ``ApiError`` (malformed) for any other cursor that this stand-in did not create.
    """
    found = selected(operation, members, query)
    if operation.sort and query.get(operation.sort):
        found = _sorted(found, query[operation.sort], query.get(operation.direction))
    return _page(operation.pages, found, query, most, examples)


def arranged(operation: Operation, members: Iterable[Member], seed: int) -> Iterable[Member]:
    """The members with the fields that the operation wants, in its own order; ``random`` depends on the seed and the ids."""
    for name, wanted in operation.where:
        members = [each for each in members if matches("equal", each.value.get(name), wanted)]
    if operation.order == "random":
        return sorted(members, key=lambda each: number_of(f"{seed}/{each.id}"))
    return _sorted(members, operation.order) if operation.order else members


# --- filters -------------------------------------------------------------------------------------


def selected(operation: Operation, members: Iterable[Member], query: Mapping[str, Json]) -> Sequence[Member]:
    """The members that the query selects. Raises ``ApiError`` (malformed) for conditions that cannot be read."""
    found = members if isinstance(members, tuple | list) else list(members)
    for name, filter_ in operation.filters:
        if name in query:
            keeps = _keeps(filter_, query[name])
            found = [each for each in found if keeps(at(each.value, filter_.field))]
    if operation.conditions and query.get(operation.conditions) is not None:
        found = _selected(found, operation.conditions, query[operation.conditions])
    if operation.search and isinstance(query.get(operation.search), str) and query[operation.search]:
        found = _searched(found, query[operation.search])
    return found


def _keeps(filter_: Filter, wanted: Json) -> Callable[[Json], bool]:
    """A function that tells whether a filter selects a value. Keys of a mapping are operators: ``created[gte]=5``."""
    if isinstance(wanted, dict):
        known = {name: OPERATORS[letters(name)] for name in wanted if letters(name) in OPERATORS}
        inner = [(known.get(name, "equal"), each) for name, each in wanted.items() if name in known or not known]
        return lambda value: (
            _holds_all(value, wanted)
            if isinstance(value, dict) and not known
            else all(matches(operator, value, each) for operator, each in inner)
        )
    operator = filter_.operator
    if operator in ("equal", "in") and isinstance(wanted, list):
        return lambda value: any(matches("equal", value, each) for each in wanted)
    if operator == "in" and isinstance(wanted, str):
        parts = wanted.split(",")
        return lambda value: any(matches("equal", value, each) for each in parts)
    return lambda value: matches(operator, value, wanted)


def _holds_all(value: Mapping[str, Json], wanted: Mapping[str, Json]) -> bool:
    """Whether an object has these members: ``metadata[tier]=gold``."""
    return all(matches("equal", value.get(name), each) for name, each in wanted.items())


def _selected(members: Iterable[Member], name: str, asked: Json) -> list[Member]:
    try:
        keeps = predicate_for(asked)
    except UnknownFilter as error:
        raise ApiError("malformed", f"{name}: {error}", where=name) from None
    return [each for each in members if keeps(each.value)]


def _searched(members: Iterable[Member], text: str) -> list[Member]:
    wanted = text.lower()
    return [
        each
        for each in members
        if any(wanted in str(value).lower() for value in each.value.values() if isinstance(value, str))
    ]


# --- sorting -------------------------------------------------------------------------------------


def _sorted(members: Iterable[Member], asked: Json, way: Json = None) -> list[Member]:
    """Members sorted by ``name``, ``-name``, ``name:desc``, ``name,desc``, ``name,-created`` or ``{field: name, order: desc}``.

    ``way`` is the value of a separate parameter for the direction. Unknown names are ignored.
    """
    found = list(members)
    texts: list[str] = []
    for each in asked if isinstance(asked, list) else [asked]:
        for part in map(str.strip, _sort_text(each).split(",")):
            if texts and part.lower() in ("asc", "desc"):  # as Spring writes it
                texts[-1] += f" {part}"
            else:
                texts.append(part)
    for text in reversed([each for each in texts if each]):
        name, _, direction = text.replace(":", " ").lstrip("+-").partition(" ")
        direction = direction.strip() or ("" if way is None else str(way))
        known = _field(found[:50], letters(name))
        if known is None and (ending := _DIRECTED.match(name)) is not None:  # ``price_asc``, ``priceDesc``
            known, direction = _field(found[:50], letters(ending[1])), ending[2]
        if known is None and letters(name) in AGES:  # of members created at the same time, the last is the newest
            known, direction = _field(found[:50], *CREATED), AGES[letters(name)]
            if direction == "desc":
                found.reverse()
        descending = text.startswith("-") or direction.lower().startswith("desc")
        if known is not None:
            found.sort(key=lambda each, known=known: _order(at(each.value, known)), reverse=descending)  # type: ignore[misc]
    return found


def _field(members: Sequence[Member], *keys: str) -> Place | None:
    """The place of the first field with one of these names in a member, or in one of its ``NESTED`` objects."""
    for member in members:
        for name in member.value:
            if letters(name) in keys:
                return (name,)
        for group in NESTED:
            inner = member.value.get(group)
            for name in inner if isinstance(inner, dict) else ():
                if letters(name) in keys or letters(group + name) in keys:
                    return group, name
    return None


def _sort_text(asked: Json) -> str:
    """``{field: name, order: DESC}`` as ``name DESC``."""
    if not isinstance(asked, dict):
        return str(asked)
    by_letters = {letters(name): value for name, value in asked.items() if isinstance(value, str)}
    named = (by_letters.pop(each) for each in _SORT_FIELDS if each in by_letters)
    name = next(named, "")
    way = next((each for each in by_letters.values() if each.lower().startswith(("asc", "desc"))), "")
    return f"{name} {way}" if name else ""


def _order(value: Json) -> tuple[int, Any]:
    if value is None or isinstance(value, dict | list):
        return 0, ""
    if isinstance(value, bool | int | float | Decimal):
        return 1, value
    return 2, str(value)


# --- paging --------------------------------------------------------------------------------------


def _page(
    pages: Pages, members: Sequence[Member], query: Mapping[str, Json], most: int | None, examples: Collection[str]
) -> Page:
    total = len(members)
    size = _size(pages, query, most, total)
    start, number = 0, pages.first
    if pages.kind == "page":
        number = max(pages.first, _whole(query.get(pages.at), pages.first))
        start = (number - pages.first) * size
    elif pages.kind == "offset":
        start = max(0, _whole(query.get(pages.at), pages.first) - pages.first)
        number = start // size + 1 if size else 1
    elif pages.kind == "cursor":
        start = _after(pages, members, query, size, examples)
        number = start // size + 1 if size else 1
    chosen = members[start : start + size]
    return Page(chosen, total, start, size, number, start + len(chosen) < total, pages)


def _size(pages: Pages, query: Mapping[str, Json], most: int | None, total: int) -> int:
    if pages.kind == "none" and not pages.size:
        size = total
    else:
        usual = pages.default or min(USUAL_PAGE, pages.most or USUAL_PAGE)
        size = _whole(query.get(pages.size), usual) if pages.size else usual
        size = max(0, min(size, pages.most or MAX_PAGE_SIZE))
    return size if most is None else min(size, most)


def _after(
    pages: Pages, members: Sequence[Member], query: Mapping[str, Json], size: int, examples: Collection[str]
) -> int:
    cursor = query.get(pages.at)
    if cursor is not None and cursor != "":
        position = _position(members, str(cursor), pages.at, examples)
        return 0 if position is None else position + 1
    before = query.get(pages.before) if pages.before else None
    if before is not None and before != "":
        position = _position(members, str(before), pages.before, examples)
        return 0 if position is None else max(0, position - size)
    return 0


def _position(members: Sequence[Member], cursor: str, name: str, examples: Collection[str]) -> int | None:
    """The index of the member in a cursor, which is an id or a text from ``cursor_after``; None for an example cursor."""
    id = _decoded(cursor)
    for wanted in (cursor, id):
        for position, member in enumerate(members):
            if member.id == wanted:
                return position
    if cursor in examples:
        return None
    raise ApiError("malformed", f"{name} names no member of this list", where=name)


def cursor_after(page: Page, *, opaque: bool) -> str:
    """The cursor for the next page: the id of the page's last member, or an opaque text made from that id."""
    last = page.members[-1].id if page.members else ""
    return urlsafe_b64encode(last.encode()).decode().rstrip("=") if opaque else last


def _decoded(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return ""


def _whole(value: Json, default: int) -> int:
    if isinstance(value, bool) or value is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default
