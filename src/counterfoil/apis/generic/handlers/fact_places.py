"""Finds the places next to a list that have a fact about its page (a total, a cursor, a link), and writes the facts there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from counterfoil.api import Request
from counterfoil.apis.generic.data.numbers import bounds_of
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.handlers.listing import Page
from counterfoil.apis.generic.handlers.page_facts import Facts
from counterfoil.apis.generic.inference.queries import MORE, NEXT, TOTAL
from counterfoil.apis.generic.model import Operation, Place
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.places import at, put
from counterfoil.apis.generic.rows import Member
from counterfoil.json_values import copy_json
from counterfoil.openapi.path_templates import PARAMETER

Json = Any

_LINKS = ("url", "uri", "link", "href")
_LINK_FORMATS = ("uri", "url", "uri-reference")
_Place = tuple[Place, str, Json, bool]
"""A place next to a list, the name of its fact, its schema, and whether it is required."""
_OF_PAGE = re.compile(r"(?i)\b(?:this|the|current|each|per) (?:page|response|result ?set|request|call)\b|\breturned\b")
"""Words in the description of a count that mean that it counts the items of one response."""
_NOT_EMPTY = frozenset(["minLength", "pattern", "format", "enum", "const", "choices"])
"""Keywords that may forbid an empty text."""
_NAMES: Mapping[str, frozenset[str]] = {
    "more": MORE,
    "total": TOTAL | {"count", "found"},
    "page": frozenset(["page", "currentpage", "pagenumber", "pageindex", "number"]),
    "size": frozenset(["limit", "pagesize", "perpage", "size", "itemsperpage", "pagelimit"]),
    "offset": frozenset(["offset", "skip", "startindex", "start"]),
    "pages": frozenset(["totalpages", "pagecount", "lastpage", "pages", "numpages"]),
    "items": frozenset(["itemcount", "returned", "resultcount", "currentcount"]),
    "nextpage": frozenset({"nextpage"}),
    "previouspage": frozenset(["previouspage", "prevpage"]),
    "next": NEXT - {"nextpage"},
    "previous": word_set(
        """
    previous before prev prevcursor previouscursor previouspageuri previouspagetoken
    """
    ),
    "first": frozenset(["first", "firstpageuri"]),
    "self": frozenset(["self", "uri", "url", "href"]),
}


class FactPlace(NamedTuple):
    """A place next to a list and its fact: ``name`` is a name of ``Facts``, ``schema`` the place's merged schema with its
    ``types``; ``is_link``: a cursor is written as a URL."""

    place: Place
    name: str
    schema: Mapping[str, Json]
    types: frozenset[str]
    required: bool
    is_link: bool


class FactPlaces:
    """The places of facts in the list responses of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def find(self, operation: Operation, answer: DocumentedResponse) -> list[FactPlace]:
        """The places next to the list in an operation's response that have a known fact."""
        reader = self.document.reader
        found: list[_Place] = []

        def look(schema: Json, below: Place, depth: int) -> None:
            required = reader.required(schema)
            for name, member in reader.properties(schema).items():
                place = (*below, name)
                if place == operation.at[: len(place)] and depth == len(place):
                    if len(operation.at) > len(place):
                        look(member, place, depth + 1)
                    continue
                if reader.is_object(member) and len(place) < 3 and letters(name) not in ("data", "errors", "error"):
                    look(member, place, depth + 1)
                elif not reader.is_array(member):
                    found.append((place, _fact_name(place), member, name in required))

        look(answer.schema, (), 1)
        named = [
            (place, self._name_of_count(place, name, schema, found), schema, required)
            for place, name, schema, required in found
            if name
        ]
        # a link to the list itself is a path (``url: /v1/customers``) or a whole URL: both are tried, the last that fits stays
        forms = {"self": ("self", "path"), "selflink": ("path", "self")}
        return [
            FactPlace(
                place, form, merged := reader.merged(schema), reader.types(schema), required, _is_link(place, merged)
            )
            for place, name, schema, required in named
            for form in forms.get(name, (name,))
        ]

    def _name_of_count(self, place: Place, name: str, schema: Json, found: list[_Place]) -> str:
        """The fact of a place. A ``count`` counts the page's items if its description says so, or if there is also a total."""
        if letters(str(place[-1])) != "count":
            return name
        text = str(
            self.document.reader.merged(schema).get("description")
            or (schema if isinstance(schema, dict) else {}).get("description")
        )
        has_total = any(letters(str(each[0][-1])) in TOTAL for each in found)
        return "items" if has_total or _OF_PAGE.search(text) else name

    def write(self, body: Json, fact: FactPlace, facts: Facts) -> None:
        """Write a place's fact into a response body, unless the document does not allow the value there."""
        place, name, merged, types, required, is_link = fact
        value = facts.get(name)
        if value is UNSET:
            return
        if value is not None:
            if is_link and (linked := facts.get(f"{name}link")) is not UNSET:
                value = linked
            if name == "offset" and value == facts.page.start and merged.get("minimum") == 1:
                value += 1  # counted from 1, as SCIM does
            coerced = self.document.values.scalars.coerce(merged, types, value)
            if coerced is not UNSET and _is_within(merged, coerced):
                put(body, place, coerced)
            elif coerced is not UNSET and not required:
                _remove(body, place)
            return
        if "null" in types or merged.get("nullable"):
            put(body, place, None)
        elif at(body, place) is not None and not required:
            _remove(body, place)
        elif at(body, place) is not None and types == {"string"} and not merged.keys() & _NOT_EMPTY:
            put(body, place, "")  # like Slack's next_cursor on the last page

    def suits(self, operation: Operation, answer: DocumentedResponse, envelope: Json, place: FactPlace) -> bool:
        """Whether the document allows this place's fact about a page in the middle of a list."""
        page = Page([Member("example", {})], 30, 10, 10, operation.pages.first + 1, True, operation.pages)
        names = PARAMETER.findall(operation.name)
        request = Request(operation.name, path=dict.fromkeys(names, "example"), origin="http://example.com")
        body = copy_json(envelope)
        self.write(body, place, Facts(page, request))
        return self.document.checks(operation.name, answer).is_valid(body)


def _fact_name(place: Place) -> str:
    """The name of the fact at a place next to a list; empty if it is not known."""
    last = letters(str(place[-1]))
    if last in ("href", "url") and len(place) > 1:
        last = letters(str(place[-2]))
    if last == "self" and len(place) > 1:
        return "selflink"
    if last == "last" and len(place) > 1 and any(each in letters(str(place[-2])) for each in _LINKS):
        return "lastlink"
    return next((name for name, keys in _NAMES.items() if last in keys), "")


def _is_link(place: Place, schema: Mapping[str, Json]) -> bool:
    """Whether a place wants a cursor as a URL."""
    words = letters("".join(map(str, place)))
    return any(each in words for each in _LINKS) or str(schema.get("format", "")) in _LINK_FORMATS


def _is_within(merged: Mapping[str, Json], value: Json) -> bool:
    """Whether a number is within the bounds of its schema: a total of 0 does not fit ``minimum: 1``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    least, most = bounds_of(merged)
    return least <= value <= most


def with_objects(given: Json, places: list[FactPlace]) -> Json:
    """``given`` with the objects that contain these places, which may be optional in the document."""
    for place, *_ in places:
        inner = given
        for part in place[:-1]:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else None
    return given


def _remove(body: Json, place: Place) -> None:
    inner = at(body, place[:-1])
    if isinstance(inner, dict):
        inner.pop(str(place[-1]), None)
