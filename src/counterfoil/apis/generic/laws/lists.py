"""Describes the lists of a model for the families of laws: identity, pages, filters and sort orders."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from counterfoil.apis.generic.data.fitting import Checks
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import success_response
from counterfoil.apis.generic.laws.bodies import CannotMake, parameter_value
from counterfoil.apis.generic.model import NESTED, Collection, Operation, Place, place_text
from counterfoil.apis.generic.model import Filter as ModelFilter
from counterfoil.apis.generic.model import Pages as ModelPages
from counterfoil.apis.generic.object_parameters import split_objects
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.contract.collection import MAX_ITEMS, ItemList, Offsets, Pages, Sort
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import DATE, DATE_TIME, INTEGER, NUMBER, TEXT, Field, observed
from counterfoil.contract.filters import Filter, above, below, equal
from counterfoil.contract.law import NotTried

Json = Any
SIZE = 100
"""The page size requested if the document has no maximum."""
ALWAYS_SENT = ("accept", "content-type", "authorization")
"""Headers that are not parameters (OpenAPI 3.1, Parameter Object)."""
MAX_PAGES = 200
_DIRECTED = re.compile(r"(.+?)([_:., -])(asc|desc|ASC|DESC)")
"""A sort value that includes the direction: ``price_desc``."""


@dataclass(frozen=True)
class WalkedList(ItemList):
    """A list with pages that have to be read one after the other: they cannot be requested by number and size."""

    walk: ModelPages = field(default_factory=ModelPages)
    smallest: int = 1
    """The smallest page size that may be requested."""

    def first_page(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Json]:
        return self.fetch(ctx, {**query, **self._size()})

    def _size(self) -> dict[str, int]:
        return {self.walk.size: self.walk.most or SIZE} if self.walk.size else {}

    def fetch_all(self, ctx: LawContext, query: Mapping[str, Any] | None = None) -> list[Json]:
        """The items that ``query`` selects; at most ``MAX_ITEMS``, from the beginning."""
        found: list[Json] = []
        seen: set[str] = set()
        size = self._size()
        position: dict[str, Any] = {}
        for number in range(MAX_PAGES):
            asked = {**self.base, **(query or {}), **size, **position}
            response = ctx.request(self.operation, path=self.path, query=asked, headers=self.headers)
            if self.says_none(ctx, response, selects=bool(query) or number > 0):
                break
            body = ctx.json_body(response, self.statuses)
            page = self.items(body)
            ctx.expect(isinstance(page, list), "a JSON array of items", body)
            new = [item for item in page if self._item_key(item) not in seen]
            seen.update(map(self._item_key, new))
            found += new
            following = self._position(body, page, number + 1, len(found))
            if not new or following is None or len(found) > MAX_ITEMS:
                break
            position = following
        return found[:MAX_ITEMS]

    def _item_key(self, item: Json) -> str:
        """A key to recognise an item: its id, or the whole item if it has none."""
        identity = self.identity.raw(item)
        return str(item if identity is None else identity)

    def _position(self, body: Json, page: list[Json], number: int, count: int) -> dict[str, Any] | None:
        """The query for the next page; None after the last."""
        pages = self.walk
        if pages.kind in ("page", "offset"):
            return {pages.at: pages.first + (number if pages.kind == "page" else count)}
        if pages.more and not at(body, pages.more):
            return None
        if pages.next:
            text = at(body, pages.next)
            if text in (None, "", False):
                return None
            inside = parse_qs(urlsplit(str(text)).query).get(pages.at)
            return {pages.at: inside[0] if inside else text}
        last = self.identity.raw(page[-1]) if page else None
        if isinstance(last, dict | list):
            asked = self._size()
            if asked and len(page) >= asked[pages.size]:
                raise NotTried(f"the value of {pages.at} for the next page is not documented, and the items have no id")
            return None
        return {pages.at: last} if page else None


def list_of(collection: Collection, operation: Operation, document: Document) -> ItemList:
    """The list operation of a collection, for the families of laws."""
    definition, reader = document.spec.operations[operation.name], document.reader
    answer = success_response(definition, "GET")
    entity = reader.member(answer.schema, (*operation.at, 0, *operation.each)) if answer.schema is not None else None
    fields = _Fields(reader, entity)
    sorts, sort = _sort(operation, definition.get("parameters") or (), fields)
    pages = operation.pages
    shared: dict[str, Any] = {
        "operation": operation.name,
        "identity": Field(place_text(collection.id) or "id", at=lambda item: at(item, collection.id)),
        "filters": tuple(
            found
            for param, each in operation.filters
            if (found := _filter(param, each, fields, _parameter(definition, param, reader, entity), document))
        ),
        "sorts": sorts,
        "sort": sort,
        "statuses": tuple(sorted({200, operation.status})),
        "may_be_empty": document.may_be_empty(operation),
        "has_404": "404" in (definition.get("responses") or {}),
        "base": required_query(operation, definition, document),
        "headers": required_headers(definition, document),
        "items": lambda body: _items(body, operation),
    }
    highest = _bound(_parameter(definition, pages.at, reader, entity), "maximum")
    smallest = max(1, _bound(_parameter(definition, pages.size, reader, entity), "minimum") or 1)
    if pages.kind in ("page", "offset") and pages.size:
        most = pages.most or max(SIZE, pages.default)
        shared["pages"] = (
            Pages(pages.at, pages.size, pages.first, most, highest, smallest)
            if pages.kind == "page"
            else Offsets(pages.at, pages.size, most, pages.first, smallest)
        )
        return ItemList(**shared)
    if pages.kind == "none" and not pages.size:
        return ItemList(**shared)
    return WalkedList(**shared, walk=pages, smallest=smallest)


def _bound(parameter: Json, which: str) -> int | None:
    """The bound (``maximum`` or ``minimum``) of a query parameter's schema; None if it has none."""
    bound = parameter.get(which)
    return int(bound) if isinstance(bound, int | float) and not isinstance(bound, bool) else None


def required_query(operation: Operation, definition: Mapping[str, Json], document: Document) -> dict[str, Json]:
    """Values for the query parameters that the document requires, except those for paging."""
    paging = {operation.pages.at, operation.pages.size}
    paging |= {each.partition("[")[0] for each in paging if each}
    found: dict[str, Json] = {}
    for each in definition.get("parameters") or ():
        if each.get("in") == "query" and each.get("required") and each.get("name") not in paging:
            with contextlib.suppress(CannotMake):
                found[each["name"]] = parameter_value(document, each)
    return found


def sent_with_the_credential(document: Document) -> frozenset[str]:
    """The headers, in lower case, that laws do not set as parameters: those always sent, and those of credentials, which
    documents often declare as parameters, too."""
    schemes = (document.spec.raw.get("components") or {}).get("securitySchemes") or {}
    keys = (each["name"].lower() for each in schemes.values() if each.get("in") == "header" and each.get("name"))
    return frozenset((*ALWAYS_SENT, *keys))


def required_headers(definition: Mapping[str, Json], document: Document) -> dict[str, str]:
    """Values for the header parameters that the document requires."""
    found: dict[str, str] = {}
    without = sent_with_the_credential(document)
    for each in definition.get("parameters") or ():
        if each.get("in") == "header" and each.get("required") and each["name"].lower() not in without:
            with contextlib.suppress(CannotMake):
                found[each["name"]] = str(parameter_value(document, each))
    return found


def _items(body: Json, operation: Operation) -> Json:
    found = at(body, operation.at)
    if not isinstance(found, list):
        return found
    return [at(item, operation.each) for item in found]


class _Fields:
    """The fields of a list's items, with the type that their values are compared as."""

    def __init__(self, reader: SchemaReader, entity: Json) -> None:
        self._reader, self._entity = reader, entity

    def field(self, place: Place) -> Field | None:
        """The field at ``place``; None if it is not a scalar."""
        schema = self._reader.member(self._entity, place) if self._entity is not None else None
        if schema is None:
            return None
        types = self._reader.types(schema) - {"null"}
        if not types or types & {"object", "array"}:
            return None
        kind = _kind(types, self._reader.merged(schema))
        return Field(place_text(place), kind, at=lambda item: _in_a_query(at(item, place)))

    def named(self, name: str) -> Field | None:
        """The field that a sort order calls ``name``: the item's own, or one inside an object of ``NESTED``."""
        places: list[Place] = [(name,), *((group, name) for group in NESTED)]
        found = next((each for place in places if (each := self.field(place)) is not None), None)
        return None if found is None else replace(found, name=name)


def _in_a_query(value: Json) -> Json:
    """A value as it is written in a query: ``true`` for True."""
    return str(value).lower() if isinstance(value, bool) else value


def _kind(types: frozenset[str], schema: Mapping[str, Json]) -> str:
    if "integer" in types:
        return INTEGER
    if "number" in types:
        return NUMBER
    return {"date-time": DATE_TIME, "date": DATE}.get(str(schema.get("format")), TEXT)


def _parameter(definition: Mapping[str, Json], name: str, reader: SchemaReader, entity: Json) -> Json:
    """The schema of a query parameter, or of a property of an object parameter; empty if there is none."""
    declared = definition.get("parameters") or ()
    for each in (*declared, *split_objects(reader, declared, entity, ())):
        if each.get("in") == "query" and each.get("name") == name:
            return each.get("schema") or {}
    return {}


def _filter(param: str, selects: ModelFilter, fields: _Fields, schema: Json, document: Document) -> Filter | None:
    found, reader = fields.field(selects.field), document.reader
    is_array = reader.is_array(schema)
    schema = reader.items(schema) if is_array else schema
    types = reader.types(schema)
    if found is None or "object" in types or (types & {"integer", "number"} and found.kind not in (INTEGER, NUMBER)):
        return None
    if found.kind == DATE_TIME and reader.merged(schema).get("format") == "date":
        return None  # not documented: whether a day means its start, its end or all of it
    if selects.operator in ("equal", "in"):
        # a list of one value is sent as that value
        is_list = selects.operator == "in" or is_array
        same = equal(found, param, draw=_documented(document.schemas.validator(schema, "request"), is_list))
        return replace(same, write=_number) if found.kind in (INTEGER, NUMBER) else same
    if found.kind == TEXT:
        return None  # not documented: how a server orders texts
    make = {"above": above, "from": above, "below": below, "to": below}.get(selects.operator)
    if make is None:
        return None
    ordered = make(found, param, inclusive=selects.operator in ("from", "to"))
    ordered = replace(ordered, draw=_around(document.schemas.validator(schema, "request")))
    return replace(ordered, write=_number) if found.kind in (INTEGER, NUMBER) else ordered


def _documented(parameter: Checks, is_list: bool) -> Any:
    """Draws observed values that the parameter's schema allows; for a list, without commas, which separate its values."""

    def is_accepted(value: Json) -> bool:
        if is_list and isinstance(value, str) and "," in value:
            return False
        if value in ("true", "false") and parameter.is_valid(value == "true"):
            return True
        return parameter.is_valid(int(value) if isinstance(value, Decimal) and value == int(value) else value)

    def draw(selects: Filter, items: Any) -> Any:
        from hypothesis import strategies as st

        values = [
            value
            for value in observed(selects.field, items)
            if is_accepted(selects.field.write(value) if isinstance(value, date) else value)
        ]
        if not values:
            raise NotTried(f"no value in the list is valid for {selects.param}")
        return st.sampled_from(values)

    return draw


def _number(value: Decimal) -> str:
    """A number as the text of a parameter: 2.0 as 2, which is valid for integers and numbers."""
    return str(int(value)) if value == int(value) else format(value, "f")


STEPS: Mapping[str, tuple[Any, ...]] = {
    NUMBER: (Decimal("0.01"), Decimal(1)),
    INTEGER: (Decimal(1),),
    DATE_TIME: (timedelta(seconds=1),),
    DATE: (timedelta(days=1),),
}


def _around(parameter: Checks) -> Any:
    """Draws observed numbers or times, and some just below and above them, if the parameter's schema allows them."""

    def is_taken(selects: Filter, value: Any) -> bool:
        if isinstance(value, Decimal):
            return parameter.is_valid(int(value) if value == int(value) else value)
        return parameter.is_valid(selects.write(value))

    def draw(selects: Filter, items: Any) -> Any:
        from hypothesis import strategies as st

        values = observed(selects.field, items)
        near = [value + way * step for value in values[:20] for step in STEPS[selects.field.kind] for way in (1, -1)]
        whole = [Decimal(int(value)) for value in values[:20] if isinstance(value, Decimal)]
        usable = dict.fromkeys([*values[:3], *near, *values[3:], *whole])
        taken = [value for value in usable if is_taken(selects, value)]
        if not taken:
            raise NotTried(f"no value near those in the list is valid for {selects.param}")
        return st.sampled_from(taken)

    return draw


def _sort(
    operation: Operation, parameters: Iterable[Mapping[str, Json]], fields: _Fields
) -> tuple[tuple[Field, ...], Sort]:
    """The fields in the sort parameter's enum, and the way an order is written; no fields without an enum."""
    values = next((_values(each) for each in parameters if each.get("name") == operation.sort), [])
    if directed := [found for each in values if (found := _DIRECTED.fullmatch(each)) is not None]:
        return _directed_sort(operation, directed, fields)
    known = [fields.named(value.removeprefix("-")) for value in values]
    named = {
        value.removeprefix("-"): each
        for value, each in zip(values, known, strict=True)
        if each is not None and each.kind != TEXT
    }
    signed = {value.removeprefix("-") for value in values if value.startswith("-")}
    usable = tuple(each for name, each in named.items() if name in signed or not signed)
    return usable, Sort(operation.sort, descending="-{}" if signed else "")


def _directed_sort(
    operation: Operation, values: Sequence[re.Match[str]], fields: _Fields
) -> tuple[tuple[Field, ...], Sort]:
    """As ``_sort``, if values include a direction (``price_asc``, ``price:desc``); only fields with both directions."""
    directions: dict[str, dict[bool, str]] = {}
    for each in values:
        directions.setdefault(each[1], {})[each[3].lower() == "desc"] = f"{each[2]}{each[3]}"
    endings = {(way[False], way[True]) for way in directions.values() if len(way) > 1}
    if len(endings) != 1:
        return (), Sort(operation.sort)
    ascending, descending = endings.pop()
    named = (fields.named(name) for name, way in directions.items() if len(way) > 1)
    usable = tuple(each for each in named if each is not None and each.kind != TEXT)
    return usable, Sort(operation.sort, descending="{}" + descending, ascending="{}" + ascending)


def _values(parameter: Mapping[str, Json]) -> list[str]:
    schema = parameter.get("schema")
    schema = schema if isinstance(schema, dict) else {}
    enum = schema.get("enum") or (schema.get("items") or {}).get("enum") or []
    return [value for value in enum if isinstance(value, str)]
