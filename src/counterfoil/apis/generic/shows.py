"""Builds answers: a member or a list in the form that the document says an operation has."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from math import ceil
from typing import Any
from urllib.parse import quote, urlencode

from counterfoil.api import ApiError, Request
from counterfoil.apis.generic.answers import Answer
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.fitting import fit
from counterfoil.apis.generic.listing import Page, cursor_after
from counterfoil.apis.generic.model import Operation, Place
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.queries import MORE, NEXT, TOTAL
from counterfoil.apis.generic.rows import Member, at, put, wrapped
from counterfoil.apis.generic.scalars import NOTHING
from counterfoil.apis.generic.values import Unmakeable

Json = Any

_LINKS = ("url", "uri", "link", "href")


class Shows:
    """The answers of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._envelopes: dict[str, tuple[Json, list[tuple[Place, str, Json]]]] = {}

    def member(self, operation: Operation, member: Member, key: str) -> Json:
        """The answer that shows a member; None where the operation answers without a body. Raises ``ApiError`` (501)."""
        known = member.shown.get(operation.name, NOTHING)
        if known is not NOTHING:
            return known
        answer = self.document.answer(operation.name)
        shown = self._shown(operation, answer, member, key)
        member.shown[operation.name] = shown
        return shown

    def _shown(self, operation: Operation, answer: Answer, member: Member, key: str) -> Json:
        if answer.media_type is None or answer.schema is None:
            return None
        if not answer.is_json:
            return self.other_media(operation.name, answer, f"{key}/{member.id}")
        value = dict(member.value)
        if operation.role == "delete" and "deleted" in self.document.reader.properties(answer.schema):
            value = {**value, "deleted": True}
        return self._fitted(operation.name, answer, f"{key}/{member.id}", wrapped(operation.at, value))

    def _fitted(self, name: str, answer: Answer, key: str, given: Json, row: int = 1) -> Json:
        checks = self.document.checks(name, answer)
        try:
            return fit(self.document.values, answer.schema, checks, key, given=given, row=row)
        except Unmakeable as reason:
            raise cannot(name, answer.status, str(reason)) from None

    def item(self, operation: Operation, member: Member, key: str) -> Json:
        """A member as an item of a list."""
        known = member.shown.get(operation.name, NOTHING)
        if known is NOTHING:
            answer = self.document.answer(operation.name)
            given = wrapped(operation.at, [wrapped(operation.each, member.value)])
            body = self._fitted(operation.name, answer, f"{key}/{member.id}", given)
            known = member.shown[operation.name] = at(body, (*operation.at, 0))
        return known

    # --- lists -----------------------------------------------------------------------------------

    def list(self, operation: Operation, page: Page, key: str, request: Request) -> Json:
        """The answer that shows a page of members."""
        items = [self.item(operation, each, key) for each in page.members]
        if not operation.at:
            return items
        envelope, places = self._envelope(operation)
        body = deepcopy(envelope)
        put(body, operation.at, items)
        if places:
            facts = _facts(page, operation, request)
            for place, name, schema in places:
                self._put_fact(body, place, name, schema, facts)
        return body

    def _envelope(self, operation: Operation) -> tuple[Json, list[tuple[Place, str, Json]]]:
        """The answer without items, and the places beside the list that say something of it."""
        found = self._envelopes.get(operation.name)
        if found is None:
            answer = self.document.answer(operation.name)
            places = self._fact_places(operation, answer)
            given = wrapped(operation.at, [])
            try:
                body = self._fitted(operation.name, answer, operation.name, given)
            except ApiError:  # a list that must have items
                body = self._fitted(operation.name, answer, operation.name, NOTHING)
            found = self._envelopes[operation.name] = (body, places)
        return found

    def _fact_places(self, operation: Operation, answer: Answer) -> list[tuple[Place, str, Json]]:
        reader = self.document.reader
        found: list[tuple[Place, str, Json]] = []

        def look(schema: Json, below: Place, depth: int) -> None:
            for name, member in reader.properties(schema).items():
                place = (*below, name)
                if place == operation.at[: len(place)] and depth == len(place):
                    if len(operation.at) > len(place):
                        look(member, place, depth + 1)
                    continue
                if reader.is_object(member) and len(place) < 3 and letters(name) not in ("data", "errors", "error"):
                    look(member, place, depth + 1)
                elif not reader.is_array(member):
                    found.append((place, _fact_name(place), member))

        look(answer.schema, (), 1)
        return [each for each in found if each[1]]

    def _put_fact(self, body: Json, place: Place, name: str, schema: Json, facts: Mapping[str, Json]) -> None:
        value = facts.get(name, NOTHING)
        if value is NOTHING:
            return
        reader = self.document.reader
        merged, types = reader.merged(schema), reader.types(schema)
        if value is not None:
            value = self._linked(merged, place, name, value, facts)
            taken = self.document.values.scalars.taken(merged, types, value)
            if taken is not NOTHING:
                put(body, place, taken)
            return
        if "null" in types or merged.get("nullable"):
            put(body, place, None)
        elif at(body, place) is not None:
            _remove(body, place, self._is_required(place))

    def _linked(
        self, merged: Mapping[str, Json], place: Place, name: str, value: Json, facts: Mapping[str, Json]
    ) -> Json:
        """A cursor as a link, where the place wants one."""
        words = letters("".join(map(str, place)))
        is_link = any(each in words for each in _LINKS) or str(merged.get("format", "")) in (
            "uri",
            "url",
            "uri-reference",
        )
        return facts.get(f"{name}link", value) if is_link else value

    def _is_required(self, place: Place) -> bool:
        return len(place) == 1

    # --- made up ---------------------------------------------------------------------------------

    def made_up(self, name: str, key: str, given: Json = NOTHING) -> Json:
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

    def other_media(self, name: str, answer: Answer, key: str) -> bytes:
        """The bytes of an answer that is not JSON: its example, or a line of text."""
        for _, value in self.document.examples(answer):
            if isinstance(value, str):
                return value.encode()
        return f"{name} ({key})\n".encode()


def cannot(name: str, status: int, reason: str) -> ApiError:
    """The error of an operation for which no valid answer was found."""
    return ApiError("not_implemented", f"{name}: no valid answer of status {status} was found: {reason}"[:500])


def _remove(body: Json, place: Place, keep: bool) -> None:
    inner = at(body, place[:-1])
    if isinstance(inner, dict) and not keep:
        inner.pop(str(place[-1]), None)


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
    previous prev prevcursor previouscursor previouspageuri previouspagetoken
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
    return next((name for name, keys in _NAMES.items() if last in keys), "")


def _facts(page: Page, operation: Operation, request: Request) -> dict[str, Json]:
    """What an answer may say of its page."""
    pages = page.pages
    count = ceil(page.total / page.size) if page.size else 0
    following: dict[str, Json] = {}
    previous: dict[str, Json] = {}
    if page.more and page.members:
        if pages.kind == "cursor":
            opaque = not (pages.more and "after" in letters(pages.at))
            following = {pages.at: cursor_after(page, opaque=opaque)}
        elif pages.kind == "page":
            following = {pages.at: page.number + 1}
        elif pages.kind == "offset":
            following = {pages.at: page.start + len(page.members)}
    if page.start > 0:
        if pages.kind == "page":
            previous = {pages.at: page.number - 1}
        elif pages.kind == "offset":
            previous = {pages.at: max(0, page.start - page.size)}
    first = {key: value for key, value in request.query.items() if key not in (pages.at, pages.before)}
    facts: dict[str, Json] = {
        "more": page.more,
        "total": page.total,
        "page": page.number,
        "size": page.size,
        "offset": page.start,
        "pages": count,
        "items": len(page.members),
        "nextpage": page.number + 1 if page.more else None,
        "previouspage": page.number - 1 if page.start > 0 else None,
        "next": next(iter(following.values()), None),
        "previous": next(iter(previous.values()), None),
        "nextlink": _link(request, {**first, **following}) if following else None,
        "previouslink": _link(request, {**first, **previous}) if previous else None,
        "first": _link(request, first),
        "self": _link(request, dict(request.query)),
        "selflink": _link(request, dict(request.query)),
        "firstlink": _link(request, first),
        "nextpagelink": _link(request, {**first, **following}) if following else None,
        "previouspagelink": _link(request, {**first, **previous}) if previous else None,
    }
    return facts


def _link(request: Request, query: Mapping[str, Json]) -> str:
    path = request.operation.partition(" ")[2]
    for name, value in request.path.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    plain = {key: value for key, value in query.items() if not isinstance(value, dict)}
    text = urlencode(
        {key: str(value).lower() if isinstance(value, bool) else value for key, value in plain.items()}, doseq=True
    )
    return f"{request.origin}{request.base}{path}" + (f"?{text}" if text else "")
