"""Builds response bodies: a member or a list in the documented form of an operation's response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.api import ApiError, Request
from counterfoil.api.kept import KeptMembers
from counterfoil.apis.generic.data.fitting import fit
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.handlers.envelope_facts import envelope_facts
from counterfoil.apis.generic.handlers.fact_places import FactPlace, FactPlaces, with_objects
from counterfoil.apis.generic.handlers.listing import Page
from counterfoil.apis.generic.handlers.page_facts import Facts
from counterfoil.apis.generic.handlers.sequences import is_sequence, to_sequence
from counterfoil.apis.generic.handlers.xml_bodies import to_xml
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.places import at, put, wrapped
from counterfoil.apis.generic.rows import Member
from counterfoil.json_values import copy_json
from counterfoil.media_types import is_xml

Json = Any

DELETED = frozenset(["deleted", "deletedcount", "numdeleted", "count", "affected", "removed"])
"""Properties of a response with the number of deleted members."""
MADE_ITEMS = 3
"""Number of items in a made sequence."""


class ResponseBodies:
    """The response bodies of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fact_places = FactPlaces(document)
        self._envelopes: dict[str, tuple[Json, list[FactPlace]]] = {}
        self._facts: dict[tuple[str, int], Mapping[str, Json]] = {}

    def member(self, operation: Operation, member: Member, key: str, answer: DocumentedResponse | None = None) -> Json:
        """The body that shows a member, in the operation's usual response or in ``answer``; None for a response without a body.

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
        """The member at its place in the body, with the id next to it if the schema wants that: ``{"id": 7, "result": {…}}``."""
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
        """The fields of a deleted member that the response lists, which may be fewer than those of a member."""
        listed = self.document.reader.properties(self.document.reader.member(answer.schema, operation.at))
        fields = {name: each for name, each in value.items() if name in listed} if listed else value
        return {**fields, "deleted": True} if "deleted" in listed else fields

    def _fitted(self, name: str, answer: DocumentedResponse, key: str, given: Json, row: int = 1) -> Json:
        checks = self.document.checks(name, answer)
        try:
            made = fit(self.document.values, answer.schema, checks, key, given=given, row=row)
        except Unmakeable as reason:
            raise cannot(name, answer.status, str(reason)) from None
        return self._successful(name, answer, made)

    def _successful(self, name: str, answer: DocumentedResponse, body: Json) -> Json:
        """``body`` with what a success says of itself: ``{"ok": true, …}``. Fields of a member stay unchanged."""
        key = (name, answer.status)
        facts = self._facts.get(key)
        if facts is None:
            facts = self._facts[key] = envelope_facts(self.document, name, answer)
        if not facts or not isinstance(body, dict):
            return body
        changed = {**body, **{each: value for each, value in facts.items() if each in body}}
        return changed if changed != body and self.document.checks(name, answer).is_valid(changed) else body

    def item(self, operation: Operation, member: Member, key: str) -> Json:
        """A member as an item of a list."""
        known = member.shown.get(operation.name, UNSET)
        if known is UNSET:
            answer = self.document.answer(operation.name)
            shown = wrapped(operation.each, member.value)
            given = wrapped(operation.at, {member.id: shown} if operation.by_id else [shown])
            body = self._fitted(operation.name, answer, f"{key}/{member.id}", given)
            known = at(body, (*operation.at, member.id if operation.by_id else 0))
            if known is None:
                raise cannot(operation.name, answer.status, "no valid item was found")
            member.shown[operation.name] = known
        return known

    # --- lists -----------------------------------------------------------------------------------

    def page(self, operation: Operation, page: Page, key: str, request: Request) -> Json:
        """The body that shows a page of members."""
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
        listed = dict(zip((each.id for each in page.members), items, strict=True)) if operation.by_id else items
        if not operation.at:
            return listed
        envelope, places = self._envelope(operation)
        body = copy_json(envelope)
        put(body, operation.at, listed)
        if places:
            facts = Facts(page, request)
            for place in places:
                self.fact_places.write(body, place, facts)
        return body

    def kept(self, operation: Operation, page: Page) -> KeptMembers | None:
        """The cache entries of a page's items for this operation; None if the response is not a JSON list."""
        if not self.document.answer(operation.name).is_json or operation.by_id:
            return None
        name = operation.name
        return KeptMembers(operation.at, [each.kept.get(name) or each.kept_for(name) for each in page.members])

    def _envelope(self, operation: Operation) -> tuple[Json, list[FactPlace]]:
        """The list response without items, and the places next to the list that have facts about the page."""
        found = self._envelopes.get(operation.name)
        if found is None:
            answer = self.document.answer(operation.name)
            places = self.fact_places.find(operation, answer)
            given = with_objects(wrapped(operation.at, {} if operation.by_id else []), places)
            try:
                body = self._fitted(operation.name, answer, operation.name, given)
            except ApiError:  # the list must not be empty
                body = self._fitted(operation.name, answer, operation.name, UNSET)
            places = [each for each in places if self.fact_places.suits(operation, answer, body, each)]
            found = self._envelopes[operation.name] = (body, places)
        return found

    # --- made up ---------------------------------------------------------------------------------

    def made_up(self, name: str, key: str, given: Json = UNSET) -> Json:
        """A body that fits the document and does not depend on state: the document's example, or a made one."""
        answer = self.document.answer(name)
        if answer.media_type is None:
            return None
        if not answer.is_json or answer.schema is None:
            return self.other_media(name, answer, key)
        checks = self.document.checks(name, answer)
        shown = [value for _, value in self.document.examples(answer)]
        try:
            made = fit(self.document.values, answer.schema, checks, key, given=given, row=0, examples=shown)
        except Unmakeable as reason:
            raise cannot(name, answer.status, str(reason)) from None
        return made if any(made is each for each in shown) else self._successful(name, answer, made)

    def counted(self, operation: Operation, number: int) -> Json:
        """The body with the number of members, as JSON or text. Raises ``ApiError`` (501)."""
        answer = self.document.answer(operation.name)
        if not answer.is_json:
            return str(number).encode()
        return self.holding(operation, number)

    def holding(self, operation: Operation, value: Json, beside: Mapping[str, Json] | None = None) -> Json:
        """The body with a value at the operation's place, and others beside it; None for a response without JSON.

        Raises ``ApiError`` (501).
        """
        given = {**beside, **wrapped(operation.at, value)} if beside else wrapped(operation.at, value)
        return self.filled(operation.name, self.document.answer(operation.name), given)

    def filled(self, name: str, answer: DocumentedResponse, given: Json) -> Json:
        """A body with what is given; None for a response without JSON. Raises ``ApiError`` (501)."""
        return self._fitted(name, answer, name, given) if answer.is_json else None

    def cleared(self, name: str, deleted: int) -> Json:
        """The body after several members were deleted, with their number if it has a property for it."""
        body, answer = self.made_up(name, name), self.document.answer(name)
        counts = [each for each in body if letters(each) in DELETED] if isinstance(body, dict) else []
        numbers = {each: deleted > 0 if isinstance(body[each], bool) else deleted for each in counts}
        changed = {**body, **numbers} if counts else body
        return changed if counts and self.document.checks(name, answer).is_valid(changed) else body

    def _as_xml(self, answer: DocumentedResponse, key: str, given: Json) -> bytes:
        """A value made for the schema, as XML; it is not validated."""
        try:
            value = self.document.values.make(answer.schema, key, given=given)
        except Unmakeable:
            value = given
        return to_xml(self.document.reader, answer.schema, value)

    def other_media(self, name: str, answer: DocumentedResponse, key: str) -> bytes:
        """The bytes of a body that is not JSON: its example, a made sequence, XML or scalar, or a line of text."""
        for _, value in self.document.examples(answer):
            if isinstance(value, str):
                return value.encode()
        if is_sequence(answer.media_type):
            return to_sequence(str(answer.media_type), self._made_items(name, answer, key))
        if answer.media_type is not None and is_xml(answer.media_type) and answer.schema:
            return self._as_xml(answer, key, UNSET)
        scalar = self._scalar(answer, key)
        return f"{name} ({key})\n".encode() if scalar is None else scalar.encode()

    def _scalar(self, answer: DocumentedResponse, key: str) -> str | None:
        """The text of a ``text/plain`` body that is a scalar by its schema, such as a count or a value of an enum; else None."""
        reader = self.document.reader
        if not (answer.media_type or "").startswith("text/plain") or answer.schema is None:
            return None
        types = reader.types(answer.schema) - {"null"}
        restricting = reader.merged(answer.schema).keys() & {"enum", "const", "pattern", "format"}
        if not types & {"integer", "number", "boolean"} and not restricting:
            return None
        try:
            value = self.document.values.make(answer.schema, key)
        except Unmakeable:
            return None
        return None if isinstance(value, dict | list) else str(value).lower() if isinstance(value, bool) else str(value)

    def _made_items(self, name: str, answer: DocumentedResponse, key: str) -> list[Json]:
        """A few items for a sequence, by the schema of the item (``itemSchema``, OpenAPI 3.2) or of the body."""
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
    """The error of an operation for which no valid response could be made."""
    return ApiError("not_implemented", f"{name}: no valid answer of status {status} was found: {reason}"[:500])
