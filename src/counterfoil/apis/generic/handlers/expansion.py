"""Shows members in place of their ids if a request asks for it: ``expand=customer``, ``include_customer=true``, and the
``included`` of JSON:API. A member next to its own id is always shown, with its current values.

A response that would not fit the document is not expanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from counterfoil.api import Request, Response
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.handlers.field_selection import Tree, names_in
from counterfoil.apis.generic.inference.embedded_members import RELATIONSHIPS, EmbeddedMember
from counterfoil.apis.generic.member_store import MemberStore
from counterfoil.apis.generic.model import Collection, Operation, read_place
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.places import at, replaced
from counterfoil.apis.generic.rows import Member

Json = Any

MAX_DEPTH = 4
"""How deep members are nested within members."""
MAX_INCLUDED = 1000


class Expansion:
    """Expands the responses of one document's operations."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def applies(self, operation: Operation) -> bool:
        """Whether a response of the operation can show members of other collections."""
        collection = self.document.model.collections.get(operation.collection)
        if collection is None or not collection.embeds or not self.document.answer(operation.name).is_json:
            return False
        beside = any(place != id_place for place, id_place, _ in collection.embeds)
        return bool(operation.expand or operation.flags) or beside

    def expanded(self, operation: Operation, request: Request, response: Response, store: MemberStore) -> Response:
        """The response with the members that the request asks for; unchanged if that would not fit the document."""
        collection = self.document.collection(operation)
        wanted = self._wanted(operation, request) if request.query or request.body is not None else {}
        if not wanted and all(place == id_place for place, id_place, _ in collection.embeds):
            return response
        answer = self.document.answer(operation.name)
        if response.status != answer.status or not isinstance(response.body, dict | list):
            return response
        schema = self.document.reader.member(answer.schema, self._place(operation))
        work = _ExpandedResponse(self.document, operation.name, store)
        body = work.body(operation, collection, response.body, schema, wanted)
        if body is response.body:
            return response
        if operation.expand and RELATIONSHIPS in self.document.properties(collection):
            body = work.with_included(operation, collection, body, answer.schema, wanted)
        if not self.document.checks(operation.name, answer).is_valid(body):
            return response
        return Response(response.status, body, response.headers, response.media_type)

    def _place(self, operation: Operation) -> tuple[str | int, ...]:
        return (*operation.at, 0, *operation.each) if operation.role == "list" else operation.at

    def _wanted(self, operation: Operation, request: Request) -> Tree:
        """The names that the request asks for, without the names of wrappers (``data.customer``)."""
        asked = request.query.get(operation.expand)
        if asked is None and isinstance(request.body, dict):
            asked = request.body.get(operation.expand)
        tree = names_in(asked) if operation.expand else {}
        for each in operation.at:
            inner = tree.pop(letters(str(each)), None)
            tree.update(inner if isinstance(inner, dict) else {})
        for name, place in operation.flags:
            if request.query.get(name) is True:
                tree.setdefault(letters(str(read_place(place)[0])), {})
        return tree


class _ExpandedResponse:
    """One response being expanded."""

    def __init__(self, document: Document, name: str, store: MemberStore) -> None:
        self.document = document
        self.name = name
        self.store = store

    def body(self, operation: Operation, collection: Collection, body: Json, schema: Json, wanted: Tree) -> Json:
        """The response body with members in place of ids; the same object if there are none to show."""
        place = operation.at
        found = at(body, place)
        is_list = operation.role == "list" and isinstance(found, list)
        members = [at(each, operation.each) for each in found] if is_list else [found]
        shown = [
            self._member(each, collection, schema, wanted, 0) if isinstance(each, dict) else each for each in members
        ]
        relates = bool(wanted) and RELATIONSHIPS in self.document.properties(collection)
        if all(new is old for new, old in zip(shown, members, strict=True)) and not relates:
            return body
        if not is_list:
            return replaced(body, place, shown[0])
        return replaced(
            body, place, [replaced(each, operation.each, new) for each, new in zip(found, shown, strict=True)]
        )

    def _member(self, value: dict[str, Json], collection: Collection, schema: Json, wanted: Tree, depth: int) -> Json:
        """A member with the members that its fields have to show."""
        out = value
        members = self.document.reader.properties(schema)
        for place, id_place, path in collection.embeds:
            inner = wanted.get(letters(place))
            is_beside = place != id_place and value.get(id_place) is not None
            if place.startswith(f"{RELATIONSHIPS}.") or place not in members or (inner is None and not is_beside):
                continue
            new = self._shown(value.get(id_place), path, members[place], inner or {}, depth)
            if new is not None:
                out = {**out, place: new}
        return out

    def _shown(self, id: Json, path: str, schema: Json, wanted: Tree, depth: int) -> Json:
        """The member with an id, or the members of a list of ids, in the form of a schema; None if there is none."""
        reader = self.document.reader
        if isinstance(id, list):
            inner = reader.items(schema)
            return [self._shown(each, path, inner, wanted, depth) or each for each in id]
        target = self._target(id, path)
        if target is None:
            return None
        key = f"{self.name}#{path}#{_identity(schema)}"
        shown = target.shown.get(key)
        if shown is None:
            try:
                shown = self.document.values.make(schema, key, given=target.value)
            except Unmakeable:
                return None
            target.shown[key] = shown
        if not isinstance(shown, dict) or not wanted or depth >= MAX_DEPTH:
            return shown if isinstance(shown, dict) else None
        collection = self.document.model.collections[path]
        return self._member(shown, collection, self.document.entity(collection), wanted, depth + 1)

    def _target(self, id: Json, path: str) -> Member | None:
        collection = self.document.model.collections.get(path)
        if isinstance(id, dict) and collection is not None:
            id = at(id, collection.id)
        if collection is None or isinstance(id, dict | list) or id is None or collection.parents:
            return None
        return self.store.get(collection, "", str(id))

    # --- JSON:API ----------------------------------------------------------------------------------

    def with_included(
        self, operation: Operation, collection: Collection, body: Json, schema: Json, wanted: Tree
    ) -> Json:
        """The response body with the requested related members in ``included``."""
        listed = self.document.reader.properties(schema).get("included") if isinstance(body, dict) else None
        if listed is None or not wanted:
            return body
        found = at(body, operation.at)
        members = [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]
        included: dict[tuple[str, str], Json] = {}
        for path, id in self._related(members, collection.embeds, wanted):
            target = self._target(id, path)
            if target is not None and (path, target.id) not in included and len(included) < MAX_INCLUDED:
                shown = self._shown(target.id, path, self.document.reader.items(listed), {}, 0)
                included.update({(path, target.id): shown} if shown is not None else {})
        return {**body, "included": list(included.values())}

    def _related(
        self, members: Iterable[Mapping[str, Json]], held: Iterable[EmbeddedMember], wanted: Tree
    ) -> Iterable[tuple[str, Json]]:
        for member in members:
            for place, _, path in held:
                steps = read_place(place)
                if steps[0] == RELATIONSHIPS and letters(str(steps[1])) in wanted:
                    data = at(member, steps)
                    for each in data if isinstance(data, list) else [data]:
                        if isinstance(each, dict):
                            yield path, each.get("id")


def _identity(schema: Json) -> str:
    return str(schema.get("$ref") or id(schema)) if isinstance(schema, dict) else ""
