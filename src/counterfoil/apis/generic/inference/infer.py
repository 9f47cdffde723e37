"""Infers a model from a document: combines roles, envelopes, identities, queries and relations.

The rules are in the modules that this one calls; this one turns their results into the model and into decisions with
reasons. The same document always gives the same model: nothing depends on the order of a set or on randomness.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File
from typing import Any

from counterfoil.apis.generic import model_file
from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.bulk_roles import bulk
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.collection_relations import CollectionRelations
from counterfoil.apis.generic.inference.copies import copies
from counterfoil.apis.generic.inference.file_operations import downloads
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.item_results import one_by_one
from counterfoil.apis.generic.inference.linkages import linkages
from counterfoil.apis.generic.inference.named_actions import named_actions
from counterfoil.apis.generic.inference.named_views import named_views
from counterfoil.apis.generic.inference.operation_parameters import OperationParameters
from counterfoil.apis.generic.inference.relations import ownership, state_field
from counterfoil.apis.generic.inference.roles import Roles
from counterfoil.apis.generic.model import Collection, Decision, Model, Operation, Pages, Parent, place_text
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.paths import Path, Segment, read_path
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.openapi import Spec

Json = Any


def infer(spec: Spec, file: File | None = None) -> Model:
    """The model of a document, corrected by its ``x-counterfoil`` and then by ``file``.

    Raises ``ModelError`` for a correction that cannot be read, or that names something the document does not have.
    """
    model = _Inference(spec).model()
    own = spec.raw.get("x-counterfoil")
    if own is not None:
        model = model_file.corrected(model, own, f"{spec.source}: x-counterfoil", spec.operations)
    return model if file is None else model_file.corrected_by_file(model, file, spec.operations)


WRITES = ("create", "replace", "update")
ASSUMED_AT_MOST = 0.4
"""The highest confidence of a role if the document does not describe the response."""
AT = {"list": "list", "count": "number"}
"""What the response has at the place ``at``, by role; a member for other roles."""


def _is_last_part(owner: CollectionDraft, index: int) -> bool:
    """Whether the path parameter at segment ``index`` is the last part of the id of a member of ``owner``."""
    return index == len(owner.path.segments) + max(1, len(owner.parts)) - 1


class _Inference:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.reader = SchemaReader(spec.raw)
        self.roles = Roles(spec.operations, self.reader)
        self.decisions: list[Decision] = []
        self.parameters = OperationParameters(spec.operations, self.reader, self.roles.collections.answer, self.note)
        self.inferred = {name: self.roles.role(name) for name in spec.operations}
        self.inferred.update(list(bulk(self.roles, self.inferred)))
        self.inferred.update(list(one_by_one(self.roles, self.inferred)))
        self.inferred.update(list(named_actions(self.roles, self.inferred)))
        self.inferred.update(list(copies(self.roles, self.inferred)))
        self.inferred.update(list(downloads(self.roles, self.inferred)))
        self.inferred.update(list(linkages(self.roles, self.inferred)))
        self.inferred.update(list(named_views(self.roles, self.inferred)))

    def model(self) -> Model:
        used: dict[str, CollectionDraft] = {}
        for found in self.inferred.values():
            for draft in (found.draft, found.linked_from):
                if draft is not None:
                    used.setdefault(draft.path.text, draft)
        collections = {text: self._collection(draft) for text, draft in used.items()}
        relations = CollectionRelations(self.spec.operations, self.reader, used, collections, self.note)
        collections = {text: relations.with_references(each) for text, each in collections.items()}
        operations = {name: self._operation(name, found, collections) for name, found in self.inferred.items()}
        needed = {path for each in operations.values() for path in (each.collection, each.linked_from)}
        for path in sorted(needed, key=len, reverse=True):  # those above are shorter
            needed |= {each.collection or "" for each in collections[path].parents} if path in collections else set()
        needed |= {owner for each in operations.values() for _, _, owner in each.scope}
        collections = {path: each for path, each in collections.items() if path in needed}
        collections = {path: relations.with_lists(each, collections) for path, each in collections.items()}
        known = {*collections, *operations}
        return Model(collections, operations, tuple(each for each in self.decisions if each.subject in known))

    def note(self, subject: str, value: str, reason: str, confidence: float) -> None:
        self.decisions.append(Decision(subject, value, reason, round(confidence, 2)))

    # --- collections -----------------------------------------------------------------------------

    def _collection(self, draft: CollectionDraft) -> Collection:
        path = draft.path.text
        for what, value, reason, sure in draft.why:
            self.note(path, f"{what}: {value}", reason, sure)
        roles = {each.role for each in self.inferred.values() if each.draft is draft and each.linked_from is None}
        parents = self._parents(draft)
        keyed = draft.by_id and not draft.id
        shown = "any" if not draft.single and not (roles & {"list", "create"} and (draft.id or keyed)) else "known"
        if shown == "any":
            why = (
                "no operation lists or creates its members" if draft.id else "no response shows the ids of its members"
            )
            self.note(path, "found: any", f"{why}, so every id is accepted", 0.6)
        if draft.entity is None:
            return Collection(path, "", draft.id, draft.parameter, parents, shown)  # type: ignore[arg-type]
        owned = ownership(self.reader, draft.entity, self._sent(draft), str(draft.id[0]) if draft.id else "")
        for name, reason in owned.reasons:
            self.note(path, f"server-owned: {name}", reason, 0.85)
        state, values = state_field(self.reader, draft.entity)
        if state:
            self.note(
                path, f"state: {state}", f"a usual name for a state; values: {', '.join(values) or 'not listed'}", 0.8
            )
        return Collection(
            path=path,
            entity=draft.source,
            id=draft.id,
            parameter=draft.parameter,
            parents=parents,
            found=shown,  # type: ignore[arg-type]
            server_owned=owned.owned,
            created=owned.created,
            updated=owned.updated,
            state=state,
            parts=draft.parts,
            keyed=keyed,
        )

    def _sent(self, draft: CollectionDraft) -> list[Json]:
        """The schemas of the fields that clients send when they create or change a member; empty if they create none."""
        writes = [(name, each) for name, each in self.inferred.items() if each.draft is draft and each.role in WRITES]
        if not any(found.role == "create" for _, found in writes):
            return []
        return [self.reader.member(request_schema(self.spec.operations[name]), found.body) for name, found in writes]

    def _parents(self, draft: CollectionDraft) -> tuple[Parent, ...]:
        parents = []
        segments = draft.path.segments
        for index, segment in enumerate(segments):
            if segment.is_parameter:
                owner = self._owner(draft.path.text, segments, index)
                known = owner is not None and owner.entity is not None and not owner.single and bool(owner.items)
                known = known and owner is not None and _is_last_part(owner, index)
                parents.append(Parent(segment.parameter, owner.path.text if known and owner is not None else None))
                if known and owner is not None:
                    self.note(
                        draft.path.text,
                        f"parent: {owner.path.text}",
                        f"{{{segment.parameter}}} is the id of one of its members",
                        0.95,
                    )
        return tuple(parents)

    def _owner(self, path: str, segments: tuple[Segment, ...], index: int) -> CollectionDraft | None:
        """The collection that the path parameter at ``index`` has a member id of."""
        owner = self.roles.drafts.get(Path("", segments[:index]).key)
        parameter = segments[index].parameter
        if owner is None or letters(parameter) == letters(owner.parameter):
            return owner
        fields = {letters(each) for each in self.reader.properties(owner.entity)} - {
            letters(str(owner.id[0])) if owner.id else ""
        }
        return None if letters(parameter) in fields or self._is_listed(path, parameter) else owner

    def _is_listed(self, path: str, parameter: str) -> bool:
        """Whether the document lists the values of a path parameter (``enum``): then they are not ids."""
        return any(
            (each.get("in"), each.get("name")) == ("path", parameter)
            and "enum" in self.reader.merged(each.get("schema") or {})
            for name, operation in self.spec.operations.items()
            if name.partition(" ")[2].startswith(path)
            for each in operation.get("parameters") or ()
        )

    # --- operations ------------------------------------------------------------------------------

    def _operation(self, name: str, inferred: InferredRole, collections: dict[str, Collection]) -> Operation:
        answer = self.roles.collections.answer(name)
        if answer.is_assumed and inferred.draft is not None:
            inferred.reason += "; the document describes no response, so the fields of its requests are assumed"
            inferred.confidence = min(inferred.confidence, ASSUMED_AT_MOST)
        self.note(name, f"role: {inferred.role}", inferred.reason, inferred.confidence)
        if inferred.draft is None or (
            inferred.draft.entity is None and answer.is_json and inferred.role not in ("delete", "download")
        ):
            return Operation(name, "made_up", status=answer.status, scope=self._above(name, collections))
        base = self._without_queries(name, inferred, inferred.draft, answer.status, collections)
        self._note_places(name, inferred)
        base = self.parameters.with_expansion(base, collections)
        if inferred.role == "list":
            return self.parameters.with_queries(base, inferred.draft)
        if inferred.role == "count":
            counted = self.parameters.with_queries(base, inferred.draft)
            return replace(counted, pages=Pages(), sort="", direction="", fields="", omit="")
        return base if inferred.role == "made_up" else self.parameters.with_choice(base)

    def _without_queries(
        self, name: str, inferred: InferredRole, draft: CollectionDraft, status: int, collections: dict[str, Collection]
    ) -> Operation:
        """The operation without its query parameters."""
        return Operation(
            name=name,
            role=inferred.role,
            collection=draft.path.text,
            status=status,
            at=inferred.at,
            each=inferred.each,
            body=inferred.body,
            id_at=inferred.id_at,
            id_query=inferred.id_query,
            first=inferred.first,
            key=inferred.key,
            scope=tuple(inferred.scope) or self._called_on(name, inferred, collections),
            sets=tuple(sorted(inferred.sets.items())),
            verb_at=inferred.verb_at,
            copies=inferred.copies,
            by_id=inferred.by_id,
            results=inferred.results,
            one_by_one=inferred.one_by_one,
            order=inferred.order,
            where=tuple(sorted(inferred.where.items())),
            linkage=inferred.linkage,
            linked_from=inferred.linked_from.path.text if inferred.linked_from is not None else "",
        )

    def _note_places(self, name: str, inferred: InferredRole) -> None:
        reason, sure = inferred.reason, inferred.confidence
        if inferred.at:
            self.note(name, f"{AT.get(inferred.role, 'member')} at: {place_text(inferred.at)}", reason, sure)
        if inferred.order:
            self.note(name, f"order: {inferred.order}", reason, sure)
        if inferred.linkage:
            self.note(name, f"linkage at: {place_text(inferred.linkage)}", reason, sure)
        if inferred.key:
            self.note(name, f"key: {place_text(inferred.key)}", reason, sure)
        if inferred.body:
            self.note(name, f"fields at: {place_text(inferred.body)}", "the body's fields are wrapped there", 0.9)
        for field, value in sorted(inferred.sets.items()):
            self.note(name, f"sets {field}: {value}", reason, sure)

    def _called_on(
        self, name: str, inferred: InferredRole, collections: dict[str, Collection]
    ) -> tuple[tuple[str, str, str], ...]:
        """The members in the path of an operation that creates a member of a collection with another path."""
        is_elsewhere = inferred.role == "create" and inferred.draft is not None and not inferred.draft.path.parameters
        return self._above(name, collections) if is_elsewhere else ()

    def _above(self, name: str, collections: dict[str, Collection]) -> tuple[tuple[str, str, str], ...]:
        """The path parameters of an operation, each with the collection that it has a member id of, if that is known."""
        segments = read_path(name.partition(" ")[2]).segments
        scope = []
        for index, segment in enumerate(segments):
            if segment.is_parameter:
                owner = self._owner(name.partition(" ")[2], segments, index)
                known = (
                    owner is not None
                    and owner.path.text in collections
                    and not owner.single
                    and index + 1 < len(segments)
                    and _is_last_part(owner, index)
                )
                path = owner.path.text if known and owner is not None else ""
                scope.append((segment.parameter, "", path if path and collections[path].found == "known" else ""))
        return tuple(scope) if any(path for _, _, path in scope) else ()
