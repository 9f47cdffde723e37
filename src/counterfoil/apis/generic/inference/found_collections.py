"""Finds a document's collections from its paths: whose members its operations list, read or change.

A path whose last segment is a parameter is a member's; the path before it is its collection's. A list that stands elsewhere is
a view of a collection, if it holds the same entity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse, request_schema, success_response
from counterfoil.apis.generic.inference.alternate_keys import find_alternates
from counterfoil.apis.generic.inference.composite import find_composites
from counterfoil.apis.generic.inference.envelopes import (
    IDENTIFYING,
    body_place,
    list_place,
    member_place,
    place_beside_id,
)
from counterfoil.apis.generic.inference.identity import LIKELY, identity
from counterfoil.apis.generic.inference.referred import place_of, reference_of
from counterfoil.apis.generic.inference.rpc_operations import RpcOperation, rpc_resources
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, same, singular, stem_of
from counterfoil.apis.generic.paths import Path, read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
WRITING = ("post", "put", "patch")
SURE = 0.9
"""The confidence of a list that is meant: an array of objects that is named as lists are, alone in its answer."""
OF_BODY = " (body)"
"""Ends the name of an operation whose body, and not its answer, says what a member is."""
Scope = tuple[str, str, str]
"""A path parameter, the field that holds its value, and the collection whose member it names (empty: none)."""


@dataclass
class CollectionDraft:
    """A collection while it is being found. ``entity`` is the schema of a member, ``source`` where that stands."""

    path: Path
    items: list[Path] = field(default_factory=list)
    lists: list[Path] = field(default_factory=list)
    entity: Json = None
    source: str = ""
    id: Place = ()
    single: bool = False
    why: list[tuple[str, str, str, float]] = field(default_factory=list)
    named_by: str = ""
    parts: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        return self.path.noun

    @property
    def parameter(self) -> str:
        return self.items[0].segments[-1].parameter if self.items else self.named_by

    def note(self, what: str, value: str, reason: str, confidence: float) -> None:
        self.why.append((what, value, reason, confidence))


class FoundCollections:
    """The collections of one document. ``operations`` are by ``GET /customers``, as ``openapi.Spec`` has them."""

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
            self._describe(draft)
        self.alternates = dict(find_alternates(self.drafts, self.reader))
        for listed in others:
            self._find_view(listed)

    # --- collections -----------------------------------------------------------------------------

    def _find_lists_at_parameters(self) -> Iterator[str]:
        """Paths that end in a parameter and list what is below it: ``/templates/{kind}`` beside ``/templates/{kind}/{slug}``."""
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
                self.draft_at(path.parent()).items.append(path)
        for draft in self.drafts.values():
            draft.items.sort(key=self._naming, reverse=True)

    def _naming(self, item: Path) -> tuple[bool, bool, int]:
        """How much the path of a member looks as if its parameter identified: an id alone, with further paths below it."""
        last = item.segments[-1]
        below = f"{item.text}/"
        uses = len(self.paths[item.text]) + sum(each.startswith(below) for each in self.paths)
        return last.text == f"{{{last.parameter}}}", letters(last.parameter).endswith(("id", "uuid", "sid")), uses

    def _find_rpc_operations(self) -> None:
        """Find the collections of operations that are named by a verb (``/customers.create``)."""
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
        """Give lists to the collections that their paths belong to; returns those that are left."""
        others = []
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
            if found is None:
                continue
            joined = self._joined(path)
            if joined is not None:
                joined.lists.append(path)
            elif found[2] >= 0.7 or not found[0]:
                others.append(path)
        return others

    def _find_view(self, path: Path) -> None:
        """A list that shows another collection's members (``/pet/findByStatus``, ``/customers/{id}/orders``), or a new one."""
        shown = self.shown_by(f"GET {path.text}", path)
        scope = None if shown is None or not shown[0].items else self.scope(path, shown[0])
        if shown is not None and scope is not None:
            self.views[path.text] = shown[0], scope
            return
        draft = self.draft_at(path)
        draft.lists.append(path)
        self._describe(draft)

    def scope(self, path: Path, draft: CollectionDraft) -> list[Scope] | None:
        """The fields by which a collection's members are below the parents in ``path``; None where there are none."""
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
            is_own = owner is draft and letters(name) == letters(
                segment.parameter
            )  # a field of what is listed, and no id
            above = owner.path.text if owner is not None and owner.items and not is_own else ""
            found.append((segment.parameter, name, above))
        return found

    def _joined(self, path: Path) -> CollectionDraft | None:
        """The collection that a list belongs to: of its path, or of one that differs in number (``/pet/{id}``, ``/pets``)."""
        known = self.drafts.get(path.key)
        if known is not None:
            return known
        for draft in self.drafts.values():
            if (
                len(draft.path.segments) == len(path.segments)
                and draft.path.parent().key == path.parent().key
                and not draft.path.ends_in_parameter
                and same(draft.noun, path.noun)
                and not any("get" in self.paths.get(each.text, {}) for each in self.by_key.get(draft.path.key, ()))
            ):
                return draft
        return None

    def draft_at(self, path: Path) -> CollectionDraft:
        """The collection at a path, begun if there is none yet."""
        written = self.by_key.get(path.key)
        path = written[0] if written else path
        return self.drafts.setdefault(path.key, CollectionDraft(path))

    def _describe(self, draft: CollectionDraft) -> None:
        """Find the schema of a member, and what identifies it."""
        for name, place, why, sure in () if draft.entity is not None else self._sources(draft):
            answer = self.answer(name)
            entity = self.reader.member(answer.schema, place)
            if entity is None or not self.reader.properties(entity):
                continue
            draft.entity, draft.source = entity, reference_of(entity) or name
            draft.note("entity", draft.source, f"the answer of {name}; {why}", sure)
            if draft.items:
                found = identity(self.reader, entity, draft.parameter, draft.noun, self._form(draft))
                if (found is None or found[2] < LIKELY) and (beside := self._id_beside(name, place)):
                    found = (beside,), f"the answer of {name} has it beside '{place[0]}'", 0.85
                    for listed in filter(None, map(reference_of, self._items(draft))):
                        self.by_reference.setdefault(listed, []).append(draft)
                if found is None:
                    continue
                draft.id = found[0]
                draft.note("identity", ".".join(map(str, found[0])), found[1], found[2])
            elif (found := identity(self.reader, entity, "", draft.noun)) is not None:
                draft.id = found[0]
                draft.note("identity", ".".join(map(str, found[0])), found[1], min(found[2], 0.8))
            break
        if draft.entity is None and draft.items:
            self._describe_by_body(draft)
        reference = reference_of(draft.entity)
        if reference:
            self.by_reference.setdefault(reference, []).append(draft)

    def _form(self, draft: CollectionDraft) -> str:
        """The format of the path parameter that names a member; empty if it has none."""
        for path in draft.items:
            for operation in self.paths[path.text].values():
                for each in operation.get("parameters") or ():
                    if each.get("in") == "path" and each.get("name") == draft.parameter:
                        return str(self.reader.merged(each.get("schema") or {}).get("format") or "")
        return ""

    def _describe_by_body(self, draft: CollectionDraft) -> None:
        """A member of which no answer says anything: what is sent for one, and an id."""
        for path in (*self.by_key.get(draft.path.key, ()), *draft.items):
            for method in WRITING:
                name = f"{method.upper()} {path.text}"
                if name not in self.operations:
                    continue
                place, _ = self.body_of(name, draft)
                entity = self.reader.member(request_schema(self.operations[name]), place)
                answer = self.answer(name)
                if entity is None or not self.reader.properties(entity) or self.reader.properties(answer.schema):
                    continue
                draft.entity, draft.source = entity, name + OF_BODY
                draft.note("entity", draft.source, f"no answer says what a member is; the body of {name} does", 0.5)
                draft.id = ("id",)
                draft.note("identity", "id", "the document does not say what identifies a member", 0.4)
                return

    def _sources(self, draft: CollectionDraft) -> Iterator[tuple[str, Place, str, float]]:
        """Operations whose answer shows a member, the best first: read, list, then those that write."""
        for path in draft.items:
            if "get" in self.paths[path.text]:
                yield self._member_source(f"GET {path.text}", draft)
        for path in draft.lists:
            name = f"GET {path.text}"
            found = list_place(self.reader, self.answer(name).schema, path.noun)
            if found is not None:
                item = self.reader.member(self.answer(name).schema, (*found[0], 0))
                place, why, sure = member_place(self.reader, item, (draft.noun,), draft.parameter)
                yield name, (*found[0], 0, *place), f"an item of its list; {why}", min(sure, found[2])
        for path in (*self.by_key.get(draft.path.key, ()), *draft.items):
            for method in WRITING:
                if method in self.paths[path.text]:
                    yield self._member_source(f"{method.upper()} {path.text}", draft)

    def _member_source(self, name: str, draft: CollectionDraft) -> tuple[str, Place, str, float]:
        schema = self.answer(name).schema
        place, why, sure = member_place(self.reader, schema, (draft.noun, stem_of(draft.parameter)), draft.parameter)
        if not place and (beside := place_beside_id(self.reader, schema, self._fields(draft))) is not None:
            return name, *beside
        return name, place, why, sure

    def _id_beside(self, name: str, place: Place) -> str:
        """The id that stands beside a member in an answer (``{"id": 7, "result": {…}}``); empty if there is none."""
        members = self.reader.properties(self.answer(name).schema) if len(place) == 1 else {}
        return next((each for each in members if letters(each) in IDENTIFYING and each != place[0]), "")

    def _fields(self, draft: CollectionDraft) -> Iterator[str]:
        """The fields that a member has by the items of a list and by what is sent for one."""
        for item in self._items(draft):
            yield from self.reader.properties(item)
        for path in self.by_key.get(draft.path.key, ()):
            if "post" in self.paths[path.text]:
                yield from self.reader.properties(request_schema(self.paths[path.text]["post"]))

    def _items(self, draft: CollectionDraft) -> Iterator[Json]:
        """The schemas of the items of a collection's lists."""
        for path in draft.lists:
            schema = self.answer(f"GET {path.text}").schema
            if (found := list_place(self.reader, schema, path.noun)) is not None:
                yield self.reader.member(schema, (*found[0], 0))

    def answer(self, name: str) -> DocumentedResponse:
        """The successful answer of an operation."""
        found = self._answers.get(name)
        if found is None:
            found = self._answers[name] = success_response(self.operations[name], name.partition(" ")[0])
        return found

    def shown_by(self, name: str, path: Path) -> tuple[CollectionDraft, Place, Place, str] | None:
        """A collection whose members the answer shows, by the reference to its entity, and where."""
        answer = self.answer(name)
        if not answer.is_json:
            return None
        whole = self._draft_of(answer.schema, path)
        if whole is not None:  # and not the list of something else that it has
            return whole, (), (), "one"
        listed = list_place(self.reader, answer.schema, path.noun)
        if listed is not None:
            item = self.reader.member(answer.schema, (*listed[0], 0))
            for place in ((), member_place(self.reader, item, (), "")[0]):
                draft = self._draft_of(self.reader.member(item, place), path)
                if draft is not None:
                    return draft, listed[0], place, "list"
        place, _, _ = member_place(self.reader, answer.schema, (path.noun, singular(path.parent(2).noun)))
        draft = self._draft_of(self.reader.member(answer.schema, place), path)
        return None if draft is None else (draft, place, (), "one")

    def _draft_of(self, schema: Json, path: Path) -> CollectionDraft | None:
        reference = reference_of(schema)
        found = self.by_reference.get(reference, []) if reference else []
        fitting = [each for each in found if len(each.path.parameters) <= len(path.parameters) and not each.single]
        below = [each for each in fitting if path.key.startswith(each.path.key)]
        return next(iter(below or fitting), None)

    def body_of(self, name: str, draft: CollectionDraft) -> tuple[Place, str]:
        """Where the body of an operation has the fields of a member, and why."""
        schema = request_schema(self.operations[name])
        place, why = body_place(self.reader, schema, (draft.noun, stem_of(draft.parameter)))
        wanted = reference_of(draft.entity)
        if not place and wanted and draft.id and draft.id[0] not in self.reader.properties(schema):
            inner = place_of(self.reader, schema, wanted)
            return (inner, f"'{inner[0]}' holds the same schema as the collection") if inner else (place, why)
        return place, why
