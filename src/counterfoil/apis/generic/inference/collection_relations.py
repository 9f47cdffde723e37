"""Finds how the members of collections are related: the fields with ids of other members, those that show such members, and
those that list the members below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.embedded_members import EmbeddedMember, embedded_members
from counterfoil.apis.generic.inference.listed_children import listed_children
from counterfoil.apis.generic.inference.relations import references
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.paths import read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any


class CollectionRelations:
    """The relations between the collections of one document.

    ``drafts`` and ``collections`` are by path. ``note`` keeps a decision: its subject, value, reason and confidence.
    """

    def __init__(
        self,
        operations: Mapping[str, Mapping[str, Json]],
        reader: SchemaReader,
        drafts: Mapping[str, CollectionDraft],
        collections: Mapping[str, Collection],
        note: Callable[[str, str, str, float], None],
    ) -> None:
        self.operations = operations
        self.reader = reader
        self.drafts = drafts
        self.collections = collections
        self.note = note
        self._by_entity: dict[int, str] | None = None
        self._by_noun: dict[str, str] = {}

    def with_references(self, collection: Collection) -> Collection:
        """The collection with the fields that have ids of other members, or show such members."""
        draft = self.drafts[collection.path]
        if draft.entity is None:
            return collection
        others = [
            (each.path.text, each.noun, each.parameter)
            for each in self.drafts.values()
            if each.is_referable and self.collections[each.path.text].found == "known"
        ]
        identity = str(collection.id[0]) if collection.id else ""
        # A field named like a parent in the path refers to that parent, not to a collection of the same name elsewhere.
        parents = {
            singular(read_path(each.collection).noun): each.collection for each in collection.parents if each.collection
        }
        held = self._embedded_members(draft)
        found = [
            (field, parents.get(singular(read_path(target).noun), target), reason, sure)
            for field, target, reason, sure in references(self.reader, draft.entity, others, collection.path)
            if field != identity and self._can_hold_id(draft, field, self.drafts[target])
        ]
        names = {field for field, _, _, _ in found}
        members = self.reader.properties(draft.entity)
        for (field, id, target), reason, sure in held:
            self.note(collection.path, f"shows: {field} -> {target}", reason, sure)
            if field == id and field in members and field not in names and not self.reader.is_array(members[field]):
                found.append((field, target, reason, sure))
        for field, target, reason, sure in found:
            self.note(collection.path, f"reference: {field} -> {target}", reason, sure)
        return replace(
            collection,
            references=tuple((field, target) for field, target, _, _ in found),
            embeds=tuple(each for each, _, _ in held),
        )

    def with_lists(self, collection: Collection, collections: Mapping[str, Collection]) -> Collection:
        """The collection with the fields that list the members of one of ``collections`` below."""
        entity = self.drafts[collection.path].entity
        if entity is None:
            return collection
        below = ((each, self.drafts[path]) for path, each in collections.items())
        found = listed_children(self.reader, entity, collection, below)
        for field, path in found:
            self.note(
                collection.path, f"lists: {field} -> {path}", f"'{field}' has the members of the collection below", 0.85
            )
        return replace(collection, lists=found) if found else collection

    def _embedded_members(self, draft: CollectionDraft) -> list[tuple[EmbeddedMember, str, float]]:
        """The fields of a collection's members that can show members of other collections."""
        if self._by_entity is None:
            others = [
                each
                for each in self.drafts.values()
                if each.is_referable
                and len(each.id) == 1
                and each.entity is not None
                and self.collections[each.path.text].found == "known"
            ]
            self._by_entity = {id(self.reader.merged(each.entity)): each.path.text for each in reversed(others)}
            self._by_noun = {singular(each.noun): each.path.text for each in reversed(others)}
        return embedded_members(self.reader, draft.entity, self._by_entity, self._by_noun)

    def _can_hold_id(self, draft: CollectionDraft, field: str, target: CollectionDraft) -> bool:
        """Whether a field has a type that the target's ids have: an integer called ``price`` is not an id such as ``price_1``.

        If the field's name ends in ``id``, an integer and a string may be the same id: ``room_id: "12"`` may refer to
        ``id: 12``; and ``room_id: 12`` to ``id: "12"`` if the path parameter is an integer.
        """
        id = self.reader.properties(target.entity).get(str(target.id[0])) if target.id and len(target.id) == 1 else None
        types, of_ids = (self.reader.types(each) for each in (self.reader.properties(draft.entity)[field], id or {}))
        if not types or not of_ids or types & of_ids - {"null"}:
            return True
        return letters(field).endswith("id") and (
            "string" in types or ("integer" in types and "integer" in self._types_in_path(target))
        )

    def _types_in_path(self, target: CollectionDraft) -> set[str]:
        """The types of the path parameter that has a member's id."""
        return {
            kind
            for name, operation in self.operations.items()
            if name.partition(" ")[2].startswith(target.path.text)
            for each in operation.get("parameters") or ()
            if (each.get("in"), each.get("name")) == ("path", target.parameter)
            for kind in self.reader.types(each.get("schema") or {})
        }
