"""Builds answers: a member or a list in the form that the document says an operation has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from counterfoil.api import ApiError, Request
from counterfoil.api.kept import KeptMembers
from counterfoil.apis.generic.data.fitting import fit
from counterfoil.apis.generic.data.numbers import bounds_of
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse, is_xml
from counterfoil.apis.generic.handlers.listing import Page
from counterfoil.apis.generic.handlers.page_facts import Facts
from counterfoil.apis.generic.handlers.sequences import is_sequence, to_sequence
from counterfoil.apis.generic.handlers.xml_bodies import to_xml
from counterfoil.apis.generic.inference.queries import MORE, NEXT, TOTAL
from counterfoil.apis.generic.model import Operation, Place
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.places import at, put, wrapped
from counterfoil.apis.generic.rows import Member
from counterfoil.json_values import copy_json

Json = Any

_LINKS = ("url", "uri", "link", "href")
_LINK_FORMATS = ("uri", "url", "uri-reference")
_Place = tuple[Place, str, Json, bool]
"""A place beside a list, what it says of the page, its schema, and whether it must be there."""

MADE_ITEMS = 3
"""Values in a made sequence."""


class FactPlace(NamedTuple):
    """A place beside a list, and what it says of the page: ``name`` for ``Facts``. ``schema`` is what the place allows, merged,
    with its ``types``; ``required`` whether it must be there; ``is_link`` whether it wants a cursor as a link."""

    place: Place
    name: str
    schema: Mapping[str, Json]
    types: frozenset[str]
    required: bool
    is_link: bool


class ResponseBodies:
    """The answers of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._envelopes: dict[str, tuple[Json, list[FactPlace]]] = {}

    def member(self, operation: Operation, member: Member, key: str, answer: DocumentedResponse | None = None) -> Json:
        """The answer that shows a member, the operation's usual one unless another is given; None where it has no body.

        Raises ``ApiError`` (501).
        """
        if answer is not None:
            return self._shown(operation, answer, member, key)
        known = member.shown.get(operation.name, UNSET)
        if known is not UNSET:
            return known
        answer = self.document.answer(operation.name)
        shown = self._shown(operation, answer, member, key)
        member.shown[operation.name] = shown
        return shown

    def _shown(self, operation: Operation, answer: DocumentedResponse, member: Member, key: str) -> Json:
        if answer.media_type is None or answer.schema is None:
            return None
        if is_xml(answer.media_type):
            return self._as_xml(answer, f"{key}/{member.id}", wrapped(operation.at, member.value))
        if not answer.is_json:
            return self.other_media(operation.name, answer, f"{key}/{member.id}")
        value = dict(member.value)
        if operation.role == "delete":
            value = self._deleted(operation, answer, value)
        return self._fitted(operation.name, answer, f"{key}/{member.id}", self._with_id(operation, answer, value))

    def _with_id(self, operation: Operation, answer: DocumentedResponse, value: dict[str, Json]) -> Json:
        """The member where the answer has it, and its id where that stands beside it: ``{"id": 7, "result": {…}}``."""
        reader = self.document.reader
        identity = self.document.collection(operation).id if operation.collection else ()
        if len(operation.at) != 1 or len(identity) != 1 or identity == operation.at:
            return wrapped(operation.at, value)
        id = at(value, identity)
        if id is None or identity[0] not in reader.properties(answer.schema):
            return wrapped(operation.at, value)
        if identity[0] not in reader.properties(reader.member(answer.schema, operation.at)):
            value = {name: each for name, each in value.items() if name != identity[0]}
        return {**wrapped(operation.at, value), identity[0]: id}

    def _deleted(self, operation: Operation, answer: DocumentedResponse, value: dict[str, Json]) -> dict[str, Json]:
        """What is said of a member that is deleted: only what the document lists, which may be less than a member."""
        listed = self.document.reader.properties(self.document.reader.member(answer.schema, operation.at))
        said = {name: each for name, each in value.items() if name in listed} if listed else value
        return {**said, "deleted": True} if "deleted" in listed else said

    def _fitted(self, name: str, answer: DocumentedResponse, key: str, given: Json, row: int = 1) -> Json:
        checks = self.document.checks(name, answer)
        try:
            return fit(self.document.values, answer.schema, checks, key, given=given, row=row)
        except Unmakeable as reason:
            raise cannot(name, answer.status, str(reason)) from None

    def item(self, operation: Operation, member: Member, key: str) -> Json:
        """A member as an item of a list."""
        known = member.shown.get(operation.name, UNSET)
        if known is UNSET:
            answer = self.document.answer(operation.name)
            given = wrapped(operation.at, [wrapped(operation.each, member.value)])
            body = self._fitted(operation.name, answer, f"{key}/{member.id}", given)
            known = at(body, (*operation.at, 0))
            if known is None:
                raise cannot(operation.name, answer.status, "no valid item was found")
            member.shown[operation.name] = known
        return known

    # --- lists -----------------------------------------------------------------------------------

    def page(self, operation: Operation, page: Page, key: str, request: Request) -> Json:
        """The answer that shows a page of members."""
        answer = self.document.answer(operation.name)
        if answer.media_type is not None and is_xml(answer.media_type):
            items = [wrapped(operation.each, each.value) for each in page.members]
            return self._as_xml(answer, key, wrapped(operation.at, items))
        if answer.media_type is None:
            return None
        if is_sequence(answer.media_type):
            return to_sequence(answer.media_type, [wrapped(operation.each, each.value) for each in page.members])
        if not answer.is_json:
            return self.other_media(operation.name, answer, key)
        name = operation.name
        items = [each.shown.get(name) or self.item(operation, each, key) for each in page.members]
        if not operation.at:
            return items
        envelope, places = self._envelope(operation)
        body = copy_json(envelope)
        put(body, operation.at, items)
        if places:
            facts = Facts(page, request)
            for place in places:
                self._put_fact(body, place, facts)
        return body

    def kept(self, operation: Operation, page: Page) -> KeptMembers | None:
        """What is known of the items of a page's answer; None where that is not JSON."""
        if not self.document.answer(operation.name).is_json:
            return None
        name = operation.name
        return KeptMembers(operation.at, [each.kept.get(name) or each.kept_for(name) for each in page.members])

    def _envelope(self, operation: Operation) -> tuple[Json, list[FactPlace]]:
        """The answer without items, and the places beside the list that say something of it."""
        found = self._envelopes.get(operation.name)
        if found is None:
            answer = self.document.answer(operation.name)
            places = self._fact_places(operation, answer)
            given = _with_objects(wrapped(operation.at, []), places)
            try:
                body = self._fitted(operation.name, answer, operation.name, given)
            except ApiError:  # a list that must have items
                body = self._fitted(operation.name, answer, operation.name, UNSET)
            places = [each for each in places if self._suits(operation, answer, body, each)]
            found = self._envelopes[operation.name] = (body, places)
        return found

    def _suits(self, operation: Operation, answer: DocumentedResponse, envelope: Json, place: FactPlace) -> bool:
        """Whether the document allows what this place would say of a page in the middle of a list."""
        page = Page([Member("example", {})], 30, 10, 10, operation.pages.first + 1, True, operation.pages)
        names = re.findall(r"\{([^}]*)\}", operation.name)
        request = Request(operation.name, path=dict.fromkeys(names, "example"), origin="http://example.com")
        body = copy_json(envelope)
        self._put_fact(body, place, Facts(page, request))
        return self.document.checks(operation.name, answer).is_valid(body)

    def _fact_places(self, operation: Operation, answer: DocumentedResponse) -> list[FactPlace]:
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
            (place, self._counted(place, name, schema, found), schema, required)
            for place, name, schema, required in found
            if name
        ]
        # what leads to the list itself is a path (``url: /v1/customers``) or, among links, all of its address; the last counts
        forms = {"self": ("self", "path"), "selflink": ("path", "self")}
        return [
            FactPlace(
                place, form, merged := reader.merged(schema), reader.types(schema), required, _is_link(place, merged)
            )
            for place, name, schema, required in named
            for form in forms.get(name, (name,))
        ]

    def _counted(self, place: Place, name: str, schema: Json, found: list[_Place]) -> str:
        """What a place says; a ``count`` is of the page's items where the document says so, or where a total stands beside it."""
        if letters(str(place[-1])) != "count":
            return name
        text = str(
            self.document.reader.merged(schema).get("description")
            or (schema if isinstance(schema, dict) else {}).get("description")
        )
        others = any(letters(str(each[0][-1])) in TOTAL for each in found)
        return "items" if others or _OF_PAGE.search(text) else name

    def _put_fact(self, body: Json, fact: FactPlace, facts: Facts) -> None:
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
            put(body, place, "")  # as Slack's next_cursor where nothing follows

    # --- made up ---------------------------------------------------------------------------------

    def made_up(self, name: str, key: str, given: Json = UNSET) -> Json:
        """An answer that fits the document and depends on no state: the document's example, or one that is made."""
        answer = self.document.answer(name)
        if answer.media_type is None:
            return None
        if not answer.is_json or answer.schema is None:
            return self.other_media(name, answer, key)
        checks = self.document.checks(name, answer)
        shown = [value for _, value in self.document.examples(answer)]
        try:
            return fit(self.document.values, answer.schema, checks, key, given=given, row=0, examples=shown)
        except Unmakeable as reason:
            raise cannot(name, answer.status, str(reason)) from None

    def _as_xml(self, answer: DocumentedResponse, key: str, given: Json) -> bytes:
        """A value as its schema has it, in XML, for which no schema is checked."""
        try:
            value = self.document.values.make(answer.schema, key, given=given)
        except Unmakeable:
            value = given
        return to_xml(self.document.reader, answer.schema, value)

    def other_media(self, name: str, answer: DocumentedResponse, key: str) -> bytes:
        """The bytes of an answer that is not JSON: its example, or a line of text."""
        for _, value in self.document.examples(answer):
            if isinstance(value, str):
                return value.encode()
        if is_sequence(answer.media_type):
            return to_sequence(str(answer.media_type), self._made_items(name, answer, key))
        if answer.media_type is not None and is_xml(answer.media_type) and answer.schema:
            return self._as_xml(answer, key, UNSET)
        return f"{name} ({key})\n".encode()

    def _made_items(self, name: str, answer: DocumentedResponse, key: str) -> list[Json]:
        """A few values for an answer that holds a sequence, as the schema of the item (OpenAPI 3.2) or of the body has them."""
        schema = (answer.content or {}).get("itemSchema", answer.schema)
        if self.document.reader.is_array(schema):
            schema = self.document.reader.items(schema)
        if not schema or "string" in self.document.reader.types(schema):
            return [{"number": number} for number in range(1, MADE_ITEMS + 1)]
        try:
            return [self.document.values.make(schema, f"{key}/{number}", row=number) for number in range(MADE_ITEMS)]
        except Unmakeable as reason:
            raise cannot(name, answer.status, str(reason)) from None


def cannot(name: str, status: int, reason: str) -> ApiError:
    """The error of an operation for which no valid answer was found."""
    return ApiError("not_implemented", f"{name}: no valid answer of status {status} was found: {reason}"[:500])


def _is_link(place: Place, schema: Mapping[str, Json]) -> bool:
    """Whether a place wants a cursor as a link."""
    words = letters("".join(map(str, place)))
    return any(each in words for each in _LINKS) or str(schema.get("format", "")) in _LINK_FORMATS


def _with_objects(given: Json, places: list[FactPlace]) -> Json:
    """``given``, with the objects that hold what is said of a page, which the document may leave optional."""
    for place, *_ in places:
        inner = given
        for part in place[:-1]:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else None
    return given


def _remove(body: Json, place: Place) -> None:
    inner = at(body, place[:-1])
    if isinstance(inner, dict):
        inner.pop(str(place[-1]), None)


_OF_PAGE = re.compile(r"(?i)\b(?:this|the|current|each|per) (?:page|response|result ?set|request|call)\b|\breturned\b")
"""Words of a description that say that a count is of what one answer holds."""
_NOT_EMPTY = frozenset(["minLength", "pattern", "format", "enum", "const", "choices"])
"""Keywords with which an empty text may not fit."""


def _is_within(merged: Mapping[str, Json], value: Json) -> bool:
    """Whether a number is within the bounds of its schema: no total of 0 stands where the least is 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    least, most = bounds_of(merged)
    return least <= value <= most


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


def _fact_name(place: Place) -> str:
    """What a place beside a list says of it; empty if that is not known."""
    last = letters(str(place[-1]))
    if last in ("href", "url") and len(place) > 1:
        last = letters(str(place[-2]))
    if last == "self" and len(place) > 1:
        return "selflink"
    if last == "last" and len(place) > 1 and any(each in letters(str(place[-2])) for each in _LINKS):
        return "lastlink"
    return next((name for name, keys in _NAMES.items() if last in keys), "")
