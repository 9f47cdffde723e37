"""Finds the collections of a document, mainly by its paths.

A path that ends in a parameter is the path of a member; without the parameter, it is the path of the collection. A list at
another path is a view of a collection if its items have the same schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse, request_schema, success_response
from counterfoil.apis.generic.inference.alternate_keys import find_alternates, is_same
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.composite import find_composites
from counterfoil.apis.generic.inference.envelopes import (
    body_place,
    list_place,
    map_place,
    member_place,
)
from counterfoil.apis.generic.inference.member_descriptions import describe
from counterfoil.apis.generic.inference.referred import place_of, reference_of
from counterfoil.apis.generic.inference.rpc_operations import RpcOperation, rpc_resources
from counterfoil.apis.generic.inference.verb_paths import above_member, verb_before_id
from counterfoil.apis.generic.inference.view_paths import (
    OWN,
    VIEWS,
    is_search,
    lists_members_of,
    searched_collection,
    without_search,
)
from counterfoil.apis.generic.model import Place, place_text, read_place
from counterfoil.apis.generic.names import letters, same, singular, stem_of
from counterfoil.apis.generic.paths import Path, read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
SURE = 0.9
"""The confidence of a certain list: an array of objects with a usual name, and the only array of the response."""
OF_ALL = OWN | {"all", "list"}
"""Last segments of a path that lists a collection whose own path has no GET: ``/bookings/my`` beside ``POST /bookings``."""
MIN_SHARED = 3
"""The least number of fields by which the items of two lists are the same without a common schema."""
Scope = tuple[str, str, str]
"""A path parameter, the field that holds its value, and the collection that it has a member id of (empty: none)."""


class FoundCollections:
    """The collections of one document. The keys of ``operations`` are as in ``openapi.Spec``: ``GET /customers``."""

    def __init__(self, operations: Mapping[str, Json], reader: SchemaReader) -> None:
        self.operations = operations
        self.reader = reader
        self.paths: dict[str, dict[str, Json]] = {}
        for name, operation in operations.items():
            method, _, text = name.partition(" ")
            self.paths.setdefault(text, {})[method.lower()] = operation
        self._answers: dict[str, DocumentedResponse] = {}
        self.by_key: dict[str, list[Path]] = {}
        for written in self.paths:
            path = read_path(written)
            self.by_key.setdefault(path.key, []).append(path)
        self.lists_at_parameters = frozenset(self._find_lists_at_parameters())
        self.drafts: dict[str, CollectionDraft] = {}
        self.by_reference: dict[str, list[CollectionDraft]] = {}
        self.views: dict[str, tuple[CollectionDraft, list[Scope]]] = {}
        self.rpc_operations: dict[str, tuple[CollectionDraft, RpcOperation]] = {}
        find_composites(self)
        self._find_members()
        self._find_rpc_operations()
        others = self._join_lists()
        for draft in {id(each): each for each in self.drafts.values()}.values():
            describe(self, draft)
        self.alternates = dict(find_alternates(self.drafts, self.reader))
        for listed in sorted(others, key=lambda each: len(each.segments)):  # a collection before the views of it
            self._find_view(listed)
        self._find_searched()

    # --- collections -----------------------------------------------------------------------------

    def _find_lists_at_parameters(self) -> Iterator[str]:
        """Paths that end in a parameter and list members: ``/templates/{kind}``, if there is ``/templates/{kind}/{slug}``."""
        for texts in self.by_key.values():
            for path in texts:
                is_above = path.ends_in_parameter and f"{path.key}/{{}}" in self.by_key
                answer = self.answer(f"GET {path.text}") if is_above and "get" in self.paths[path.text] else None
                if answer is not None and answer.is_json:
                    listed = list_place(self.reader, answer.schema, path.noun)
                    if listed is not None and (not listed[0] or listed[2] >= SURE):
                        yield path.text

    def _find_members(self) -> None:
        known = {each.text for draft in self.drafts.values() for each in draft.items}
        known |= {text for text in self.views if read_path(text).ends_in_parameter}
        for text in self.paths:
            path = read_path(text)
            if (
                path.ends_in_parameter
                and not path.has_custom_verb
                and len(path.segments) > 1
                and path.text not in known
                and text not in self.lists_at_parameters
            ):
                self.draft_at(above_member(self, path)).items.append(path)
        for draft in self.drafts.values():
            draft.items.sort(key=self._rank, reverse=True)

    def _rank(self, member_path: Path) -> tuple[bool, bool, bool, int]:
        """Sort key for the paths of a member: the largest ends in nothing but an id, has no verb, and has the most operations."""
        last = member_path.segments[-1]
        below = f"{member_path.text}/"
        uses = len(self.paths[member_path.text]) + sum(each.startswith(below) for each in self.paths)
        is_id = letters(last.parameter).endswith(("id", "uuid", "sid"))
        return last.text == f"{{{last.parameter}}}", verb_before_id(member_path) is None, is_id, uses

    def _find_rpc_operations(self) -> None:
        """Find the collections of operations with a verb in the path (``/customers.create``)."""
        answers = {name: self.answer(name) for name in self.operations}
        for resource in rpc_resources(self.operations, answers, self.reader):
            known = self.drafts.get(resource.path.key)
            if known is None:
                known = self.drafts[resource.path.key] = CollectionDraft(
                    resource.path, id=resource.id, why=resource.why
                )
                known.entity, known.source = resource.entity, reference_of(resource.entity) or resource.source
                known.named_by = next((each.id_name for each in resource.operations if each.id_name), "")
            for call in resource.operations:
                self.rpc_operations[call.name] = known, call

    def _join_lists(self) -> list[Path]:
        """Add lists to the collections that their paths belong to; returns the paths of the other lists."""
        unjoined = []
        for text, methods in self.paths.items():
            path = read_path(text)
            if (
                (path.ends_in_parameter and text not in self.lists_at_parameters)
                or "get" not in methods
                or f"GET {text}" in self.rpc_operations
            ):
                continue
            answer = self.answer(f"GET {text}")
            found = list_place(self.reader, answer.schema, path.noun) if answer.is_json else None
            joined = self._joined(path)
            if found is None and answer.is_json and joined is not None and joined.items:
                joined.by_id = map_place(self.reader, answer.schema, path.noun) is not None
                joined.lists += [path] if joined.by_id else []
            if found is None:
                continue
            if joined is not None:
                joined.lists.append(path)
            elif found[2] >= 0.7 or not found[0]:
                unjoined.append(path)
        return unjoined

    def _find_view(self, path: Path) -> None:
        """Make the list at ``path`` a view of another collection (``/pet/findByStatus``), or a collection of its own."""
        shown = self.shown_by(f"GET {path.text}", path)
        if (shown is None or not shown[0].items) and (viewed := self._viewed_by_name(path)) is not None:
            self.views[path.text] = viewed
            return
        scope = None if shown is None or not shown[0].items else self.scope(path, shown[0])
        whole = shown[0] if shown is not None and scope is not None else self._listed_alike(path)
        if whole is not None and scope is None and whole.items:
            scope = self._plain_scope(path, whole)
        if whole is not None and scope is not None:
            self.views[path.text] = whole, scope
            return
        above = path.parent()
        is_only_list = is_search(path.last) and f"POST {above.text}" in self.operations and above.key not in self.drafts
        draft = self.draft_at(above if is_only_list else path)
        draft.lists.append(path)
        describe(self, draft)

    def _viewed_by_name(self, path: Path) -> tuple[CollectionDraft, list[Scope]] | None:
        """The view above a list that is called a search or an order, if the list has the fields of what that view shows."""
        above = path.parent()
        draft = self.drafts.get(above.key)
        view = self.views.get(above.text) if draft is None else (draft, [])
        if view is None or view[0].single or not (is_search(path.last) or letters(path.last) in VIEWS):
            return None
        return view if lists_members_of(self.reader, self.answer(f"GET {path.text}"), view[0]) else None

    def _find_searched(self) -> None:
        """Find the collections that only a search by POST lists."""
        for name in self.operations:
            draft = searched_collection(name, self.reader, self.answer) if name.startswith("POST ") else None
            if draft is None or draft.path.key in self.drafts or name in self.rpc_operations:
                continue
            if self.shown_by(name, draft.path) is None:
                self.drafts[draft.path.key] = draft
                self.by_reference.setdefault(reference_of(draft.entity), []).append(draft)

    def _listed_alike(self, path: Path) -> CollectionDraft | None:
        """The collection above ``path``, or of the same name, whose own list has the same items: they refer to one schema, or
        have the same fields and the collection is above (``/articles/feed`` beside ``/articles``)."""
        item = self._item(path)
        names = self.reader.properties(item)
        noun = without_search(path).noun if is_search(path.last) else path.noun
        for draft in self.drafts.values():
            is_above = path.key.startswith(f"{draft.path.key}/")
            for own in (self._item(each) for each in draft.lists):
                reference = reference_of(own)
                if reference and reference == reference_of(item) and (is_above or same(draft.noun, noun)):
                    return draft
                if is_above and len(names) >= MIN_SHARED and is_same(self.reader, own, item):
                    return draft
        return None

    def _plain_scope(self, path: Path, draft: CollectionDraft) -> list[Scope] | None:
        """As ``scope``, if each field, or a property of it, has one id."""
        scope = self.scope(path, draft)
        fields = [self.reader.member(draft.entity, read_place(field)) for _, field, _ in scope or ()]
        return None if any(self.reader.is_object(each) or self.reader.is_array(each) for each in fields) else scope

    def _item(self, path: Path) -> Json:
        """The schema of an item of the list at a path."""
        schema = self.answer(f"GET {path.text}").schema
        found = list_place(self.reader, schema, path.noun)
        return None if found is None else self.reader.member(schema, (*found[0], 0))

    def scope(self, path: Path, draft: CollectionDraft) -> list[Scope] | None:
        """The field of the collection's members that holds each path parameter's value; None if a parameter has none."""
        own = draft.path.segments
        if path.segments[: len(own)] == own and len(own) and len(path.parameters) == len(draft.path.parameters):
            return []
        if draft.path.parameters:
            return None
        members = {letters(name): name for name in self.reader.properties(draft.entity)}
        found: list[Scope] = []
        for index, segment in enumerate(path.segments):
            if not segment.is_parameter:
                continue
            owner = self.drafts.get(Path("", path.segments[:index]).key)
            noun = singular(owner.noun) if owner is not None else ""
            keys = (letters(segment.parameter), f"{noun}id", noun) if noun else (letters(segment.parameter),)
            name = next((members[each] for each in keys if each in members and (members[each],) != draft.id), None)
            if name is None:
                return None
            # the parameter selects by a field of the listed members, not by their id
            is_own = owner is draft and letters(name) == letters(segment.parameter)
            above = owner.path.text if owner is not None and owner.items and not is_own else ""
            ids = (*(map(str, owner.id[-1:]) if owner is not None else ()), "id", segment.parameter)
            found.append((segment.parameter, self._id_place(draft, name, ids), above))
        return found

    def _id_place(self, draft: CollectionDraft, name: str, ids: Iterable[str]) -> str:
        """The place of another member's id in a field: the field itself, or a property if the field has only an object."""
        field = self.reader.properties(draft.entity)[name]
        is_plain = bool(self.reader.types(field) & {"string", "integer", "number", "array"})
        inside = {} if is_plain else self.reader.properties(field)
        id = next((each for each in ids if each in inside), None)
        return place_text((name,) if id is None else (name, id))

    def _joined(self, path: Path) -> CollectionDraft | None:
        """The collection at a list's path, at the same path with the noun in singular or plural (``/pet/{id}``, ``/pets``), or
        without ``my`` or the like."""
        known = self.drafts.get(path.key)
        if known is not None:
            return known
        above = self.drafts.get(path.parent().key)
        if above is not None and above.items and letters(path.last) in OF_ALL and not self._is_read(above):
            return above
        for draft in self.drafts.values():
            if (
                len(draft.path.segments) == len(path.segments)
                and draft.path.parent().key == path.parent().key
                and not draft.path.ends_in_parameter
                and same(draft.noun, path.noun)
                and not self._is_read(draft)
            ):
                return draft
        return None

    def _is_read(self, draft: CollectionDraft) -> bool:
        """Whether there is a GET of a collection's own path."""
        return any("get" in self.paths.get(each.text, {}) for each in self.by_key.get(draft.path.key, ()))

    def draft_at(self, path: Path) -> CollectionDraft:
        """The collection at a path; a new draft if there is none yet."""
        written = self.by_key.get(path.key)
        path = written[0] if written else path
        return self.drafts.setdefault(path.key, CollectionDraft(path))

    def answer(self, name: str) -> DocumentedResponse:
        """The documented success response of an operation."""
        found = self._answers.get(name)
        if found is None:
            found = self._answers[name] = success_response(self.operations[name], name.partition(" ")[0])
        return found

    def list_in(self, draft: CollectionDraft, schema: Json, noun: str) -> tuple[Place, str, float] | None:
        """The place of a collection's members in a response: of a list, or of an object with their ids as keys."""
        found = list_place(self.reader, schema, noun)
        return map_place(self.reader, schema, noun) if found is None and draft.by_id else found

    def shown_by(self, name: str, path: Path) -> tuple[CollectionDraft, Place, Place, str] | None:
        """The collection with the entity that the response refers to, the place of the list or member, the place of the member
        in a list's item, and ``list`` or ``one``; None if there is no such collection."""
        answer = self.answer(name)
        if not answer.is_json:
            return None
        whole = self._draft_of(answer.schema, path)
        if whole is not None:  # even if the member contains a list of something else
            return whole, (), (), "one"
        place, _, _ = member_place(self.reader, answer.schema, (path.noun, singular(path.parent(2).noun)))
        shown = self._draft_of(self.reader.member(answer.schema, place), path)
        listed = list_place(self.reader, answer.schema, path.noun)
        is_inside = (
            listed is not None and bool(place) and listed[0][: len(place)] == place
        )  # a list that the member has
        if listed is not None and not (shown is not None and is_inside):
            item = self.reader.member(answer.schema, (*listed[0], 0))
            for each in ((), member_place(self.reader, item, (), "")[0]):
                draft = self._draft_of(self.reader.member(item, each), path)
                if draft is not None:
                    return draft, listed[0], each, "list"
        return None if shown is None else (shown, place, (), "one")

    def _draft_of(self, schema: Json, path: Path) -> CollectionDraft | None:
        reference = reference_of(schema)
        found = self.by_reference.get(reference, []) if reference else []
        fitting = [each for each in found if len(each.path.parameters) <= len(path.parameters) and not each.single]
        below = [each for each in fitting if path.key.startswith(each.path.key)]
        return min(below or fitting, key=self._has_no_read, default=None)

    def _has_no_read(self, draft: CollectionDraft) -> bool:
        return not any("get" in self.paths[each.text] for each in draft.items)

    def body_of(self, name: str, draft: CollectionDraft) -> tuple[Place, str]:
        """The place of a member's fields in the request body of an operation, and the reason."""
        schema = request_schema(self.operations[name])
        place, why = body_place(self.reader, schema, (draft.noun, stem_of(draft.parameter)))
        wanted = reference_of(draft.entity)
        if not place and wanted and draft.id and draft.id[0] not in self.reader.properties(schema):
            inner = place_of(self.reader, schema, wanted)
            return (inner, f"'{inner[0]}' contains the schema of the collection's members") if inner else (place, why)
        return place, why
