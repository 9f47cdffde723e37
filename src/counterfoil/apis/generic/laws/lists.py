"""Describes the lists of a model for the families of laws: identity, pages, filters and sort orders."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import success_response
from counterfoil.apis.generic.laws.bodies import CannotMake, parameter_value, query_of
from counterfoil.apis.generic.laws.list_fields import ListFields
from counterfoil.apis.generic.laws.list_filters import filter_of
from counterfoil.apis.generic.laws.sort_orders import sort_order
from counterfoil.apis.generic.model import Collection, Operation, place_text
from counterfoil.apis.generic.model import Pages as ModelPages
from counterfoil.apis.generic.object_parameters import split_objects
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.contract.collection import MAX_ITEMS, ItemList, Offsets, Pages
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field
from counterfoil.contract.law import NotTried

Json = Any
SIZE = 100
"""The page size requested if the document has no maximum."""
ALWAYS_SENT = ("accept", "content-type", "authorization")
"""Headers that are not parameters (OpenAPI 3.1, Parameter Object)."""
MAX_PAGES = 200


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
    fields = ListFields(reader, entity)
    sorts, sort = sort_order(operation, definition.get("parameters") or (), fields, reader)
    pages = operation.pages
    shared: dict[str, Any] = {
        "operation": operation.name,
        "identity": Field(place_text(collection.id) or "id", at=lambda item: at(item, collection.id)),
        "filters": tuple(
            found
            for param, each in operation.filters
            if (found := filter_of(param, each, fields, _parameter(definition, param, reader, entity), document))
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
                found |= query_of(each, parameter_value(document, each))
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


def _parameter(definition: Mapping[str, Json], name: str, reader: SchemaReader, entity: Json) -> Json:
    """The schema of a query parameter, or of a property of an object parameter; empty if there is none."""
    declared = definition.get("parameters") or ()
    for each in (*declared, *split_objects(reader, declared, entity, ())):
        if each.get("in") == "query" and each.get("name") == name:
            return reader.merged(each.get("schema") or {})
    return {}
