"""Finds a document's collections from its paths, and says what each operation does with them.

A path whose last segment is a parameter is a member's; the path before it is its collection's. What is left is told by
what its answers hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from counterfoil.apis.generic.answers import Answer, request_schema, success
from counterfoil.apis.generic.envelopes import body_place, list_place, member_place
from counterfoil.apis.generic.identity import identity
from counterfoil.apis.generic.model import Place, Role
from counterfoil.apis.generic.names import letters, same, singular
from counterfoil.apis.generic.paths import Path, read_path
from counterfoil.apis.generic.relations import action_effect, is_verb
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
WRITING = ("post", "put", "patch")
OF_BODY = " (body)"
"""Ends the name of an operation whose body, and not its answer, says what a member is."""
Scope = tuple[str, str, str]
"""A path parameter, the field that holds its value, and the collection whose member it names (empty: none)."""


@dataclass
class Draft:
    """A collection while it is being found. ``entity`` is the schema of a member, ``source`` where that stands."""

    path: Path
    items: list[Path] = field(default_factory=list)
    lists: list[Path] = field(default_factory=list)
    entity: Json = None
    source: str = ""
    id: Place = ()
    single: bool = False
    why: list[tuple[str, str, str, float]] = field(default_factory=list)

    @property
    def noun(self) -> str:
        return self.path.noun

    @property
    def parameter(self) -> str:
        return self.items[0].segments[-1].parameter if self.items else ""

    def note(self, what: str, value: str, reason: str, confidence: float) -> None:
        self.why.append((what, value, reason, confidence))


@dataclass
class Found:
    """What one operation does, with the reason."""

    role: Role
    draft: Draft | None = None
    at: Place = ()
    each: Place = ()
    body: Place = ()
    id_at: Place = ()
    scope: list[Scope] = field(default_factory=list)
    sets: Mapping[str, Json] = field(default_factory=dict)
    reason: str = ""
    confidence: float = 1.0


class Roles:
    """The collections and roles of one document. ``operations`` are by ``GET /customers``, as ``openapi.Spec`` has them."""

    def __init__(self, operations: Mapping[str, Json], reader: SchemaReader) -> None:
        self.operations = operations
        self.reader = reader
        self.paths: dict[str, dict[str, Json]] = {}
        for name, operation in operations.items():
            method, _, text = name.partition(" ")
            self.paths.setdefault(text, {})[method.lower()] = operation
        self.by_key: dict[str, list[Path]] = {}
        for written in self.paths:
            path = read_path(written)
            self.by_key.setdefault(path.key, []).append(path)
        self.drafts: dict[str, Draft] = {}
        self.by_reference: dict[str, list[Draft]] = {}
        self._answers: dict[str, Answer] = {}
        self.views: dict[str, tuple[Draft, list[Scope]]] = {}
        self._find_members()
        others = self._join_lists()
        for draft in self.drafts.values():
            self._describe(draft)
        for listed in others:
            self._find_view(listed)

    # --- collections -----------------------------------------------------------------------------

    def _find_members(self) -> None:
        for text in self.paths:
            path = read_path(text)
            if path.ends_in_parameter and not _custom_verb(path) and len(path.segments) > 1:
                self._draft(path.parent()).items.append(path)

    def _join_lists(self) -> list[Path]:
        """Give lists to the collections that their paths belong to; returns those that are left."""
        others = []
        for text, methods in self.paths.items():
            path = read_path(text)
            if path.ends_in_parameter or "get" not in methods:
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
        shown = self._shown(f"GET {path.text}", path)
        scope = None if shown is None or not shown[0].items else self.scope(path, shown[0])
        if shown is not None and scope is not None:
            self.views[path.text] = shown[0], scope
            return
        draft = self._draft(path)
        draft.lists.append(path)
        self._describe(draft)

    def scope(self, path: Path, draft: Draft) -> list[Scope] | None:
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
            found.append((segment.parameter, name, owner.path.text if owner is not None and owner.items else ""))
        return found

    def _joined(self, path: Path) -> Draft | None:
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

    def _draft(self, path: Path) -> Draft:
        written = self.by_key.get(path.key)
        path = written[0] if written else path
        return self.drafts.setdefault(path.key, Draft(path))

    def _describe(self, draft: Draft) -> None:
        """Find the schema of a member, and what identifies it."""
        for name, place, why, sure in self._sources(draft):
            answer = self.answer(name)
            entity = self.reader.member(answer.schema, place)
            if entity is None or not self.reader.properties(entity):
                continue
            draft.entity, draft.source = entity, _reference(entity) or name
            draft.note("entity", draft.source, f"the answer of {name}; {why}", sure)
            if draft.items:
                found = identity(self.reader, entity, draft.parameter, draft.noun)
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
        reference = _reference(draft.entity)
        if reference:
            self.by_reference.setdefault(reference, []).append(draft)

    def _describe_by_body(self, draft: Draft) -> None:
        """A member of which no answer says anything: what is sent for one, and an id."""
        for path in (*self.by_key.get(draft.path.key, ()), *draft.items):
            for method in WRITING:
                name = f"{method.upper()} {path.text}"
                if name not in self.operations:
                    continue
                place, _ = self._body(name, draft)
                entity = self.reader.member(request_schema(self.operations[name]), place)
                answer = self.answer(name)
                if entity is None or not self.reader.properties(entity) or self.reader.properties(answer.schema):
                    continue
                draft.entity, draft.source = entity, name + OF_BODY
                draft.note("entity", draft.source, f"no answer says what a member is; the body of {name} does", 0.5)
                draft.id = ("id",)
                draft.note("identity", "id", "the document does not say what identifies a member", 0.4)
                return

    def _sources(self, draft: Draft) -> Iterator[tuple[str, Place, str, float]]:
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

    def _member_source(self, name: str, draft: Draft) -> tuple[str, Place, str, float]:
        place, why, sure = member_place(
            self.reader, self.answer(name).schema, (draft.noun, _stem(draft.parameter)), draft.parameter
        )
        return name, place, why, sure

    def answer(self, name: str) -> Answer:
        """The successful answer of an operation."""
        found = self._answers.get(name)
        if found is None:
            found = self._answers[name] = success(self.operations[name], name.partition(" ")[0])
        return found

    # --- roles -----------------------------------------------------------------------------------

    def role(self, name: str) -> Found:
        """What the operation does."""
        method, _, text = name.partition(" ")
        method, path = method.lower(), read_path(text)
        if method in ("options", "head", "trace"):
            return Found("made_up", reason=f"{method.upper()} shows no state")
        if _custom_verb(path):
            return self._action(name, method, path, path.parent(), path.last.rpartition(":")[2])
        if path.ends_in_parameter and len(path.segments) > 1:
            draft = self.drafts[path.parent().key]
            return self._member_role(name, method, draft)
        if method == "get" and text in self.views:
            return self._view_role(name, path)
        known = self.drafts.get(path.key) or next((each for each in self.drafts.values() if path in each.lists), None)
        if known is not None and not known.single:
            found = self._collection_role(name, method, path, known)
            if found is not None:
                return found
        return self._literal_role(name, method, path)

    def _member_role(self, name: str, method: str, draft: Draft) -> Found:
        at, why, sure = self._at(name, draft)
        body, _ = self._body(name, draft)
        roles: dict[str, Role] = {
            "get": "read",
            "put": "replace",
            "patch": "update",
            "post": "update",
            "delete": "delete",
        }
        return Found(
            roles[method], draft, at, body=body, reason=f"{method.upper()} of one member; {why}", confidence=sure
        )

    def _collection_role(self, name: str, method: str, path: Path, draft: Draft) -> Found | None:
        if method == "get":
            found = list_place(self.reader, self.answer(name).schema, path.noun)
            if found is None:
                return None
            each, _, _ = member_place(
                self.reader,
                self.reader.member(self.answer(name).schema, (*found[0], 0)),
                (draft.noun,),
                draft.parameter,
            )
            return Found("list", draft, found[0], each, reason=f"it lists: {found[1]}", confidence=found[2])
        at, why, sure = self._at(name, draft)
        body, _ = self._body(name, draft)
        if method == "post" and not is_verb(path.last):
            return Found("create", draft, at, body=body, reason=f"POST to a collection; {why}", confidence=sure)
        if method in ("put", "patch") and draft.id and not any(method in self.paths[each.text] for each in draft.items):
            sent = self.reader.member(request_schema(self.operations[name]), body)
            if sent is not None and draft.id[0] in self.reader.properties(sent):
                return Found(
                    "replace" if method == "put" else "update", draft, at, body=body, id_at=draft.id,
                    reason=f"its body has '{draft.id[0]}', which identifies", confidence=0.8,
                )  # fmt: skip
            if sent is not None and method == "put":
                return Found(
                    "create", draft, at, body=body, reason="PUT to a collection, without an id", confidence=0.6
                )
        return None

    def _view_role(self, name: str, path: Path) -> Found:
        draft, scope = self.views[path.text]
        found = self._collection_role(name, "get", path, draft)
        assert found is not None, name
        how = ", of which ".join(
            ["the members of " + draft.path.text, *(f"{field} is {{{each}}}" for each, field, _ in scope)]
        )
        found.reason, found.confidence, found.scope = f"it lists {how}", 0.8, scope
        return found

    def _literal_role(self, name: str, method: str, path: Path) -> Found:
        """An operation whose path ends in a word that is no collection."""
        before = path.parent()
        owner = self.drafts.get(before.parent().key) if before.ends_in_parameter else None
        shown = self._shown(name, path)
        if shown is not None and (owner is None or shown[0] is not owner) and not is_verb(path.last):
            draft, at, each, role = shown
            if role == "list" or method == "post":
                why = f"its answer holds what {draft.path.text} holds"
                body, _ = self._body(name, draft)
                scope = self.scope(path, draft)
                if scope is not None:
                    does: Role = "list" if role == "list" else "create"
                    return Found(does, draft, at, each, body, scope=scope, reason=why, confidence=0.7)
        if owner is not None and method in (*WRITING, "delete") and "get" not in self.paths[path.text]:
            if is_verb(path.last) or (shown is not None and shown[0] is owner and method in ("post", "put")):
                return self._action(name, method, path, before, path.last)
            if method == "post":
                return self._created_below(name, path)
        return self._single_role(name, method, path)

    def _shown(self, name: str, path: Path) -> tuple[Draft, Place, Place, str] | None:
        """A collection whose members the answer shows, by the reference to its entity, and where."""
        answer = self.answer(name)
        if not answer.is_json:
            return None
        listed = list_place(self.reader, answer.schema, path.noun)
        if listed is not None:
            item = self.reader.member(answer.schema, (*listed[0], 0))
            for place in ((), member_place(self.reader, item, (), "")[0]):
                draft = self._draft_of(self.reader.member(item, place), path)
                if draft is not None:
                    return draft, listed[0], place, "list"
        place, _, _ = member_place(self.reader, answer.schema, (path.noun, singular(path.parent(2).noun)))
        for at in ((), place):
            draft = self._draft_of(self.reader.member(answer.schema, at), path)
            if draft is not None:
                return draft, at, (), "one"
        return None

    def _draft_of(self, schema: Json, path: Path) -> Draft | None:
        reference = _reference(schema)
        found = self.by_reference.get(reference, []) if reference else []
        fitting = [each for each in found if len(each.path.parameters) <= len(path.parameters) and not each.single]
        below = [each for each in fitting if path.key.startswith(each.path.key)]
        return next(iter(below or fitting), None)

    def _action(self, name: str, method: str, path: Path, member: Path, verb: str) -> Found:
        owner = self.drafts.get(member.parent().key) if member.ends_in_parameter else self.drafts.get(member.key)
        if _custom_verb(path):
            owner = self.drafts.get(path.parent().key)
        if owner is None or owner.entity is None or method == "get":
            return Found("made_up", reason=f"'{verb}' is done to nothing that is known", confidence=0.7)
        effect, why = action_effect(self.reader, owner.entity, verb)
        at, _, _ = self._at(name, owner)
        body, _ = self._body(name, owner)
        sure = 0.8 if effect else 0.6
        reason = f"an action on a member; {why or 'what it changes is not seen'}"
        return Found("action", owner, at, body=body, sets=effect, reason=reason, confidence=sure)

    def _created_below(self, name: str, path: Path) -> Found:
        draft = self._single(path)
        draft.single = False
        at, why, _ = self._at(name, draft)
        body, _ = self._body(name, draft)
        return Found("create", draft, at, body=body, reason=f"POST to what nothing lists; {why}", confidence=0.5)

    def _single_role(self, name: str, method: str, path: Path) -> Found:
        answer = self.answer(name)
        has_read = "get" in self.paths[path.text]
        if method == "post" and not has_read:
            if is_verb(path.last) or not self.reader.properties(answer.schema):
                return Found("made_up", reason="a call that reads or changes nothing that is known", confidence=0.6)
            return self._created_below(name, path)
        if method == "get" and answer.media_type is None and not {"put", "delete"} & self.paths[path.text].keys():
            return Found("made_up", reason="it answers without a body", confidence=0.7)
        if method == "get" and (not answer.is_json or not self.reader.properties(answer.schema)) and answer.media_type:
            return Found("made_up", reason="its answer is not an object", confidence=0.7)
        draft = self._single(path)
        at, why, _ = self._at(name, draft)
        body, _ = self._body(name, draft)
        roles: dict[str, Role] = {"get": "read_one", "delete": "delete_one"}
        reason = f"there is one {path.noun or 'of it'} only; {why}"
        return Found(roles.get(method, "write_one"), draft, at, body=body, reason=reason, confidence=0.7)

    def _single(self, path: Path) -> Draft:
        draft = self.drafts.get(path.key)
        if draft is None or (not draft.single and not draft.items and not draft.lists):
            draft = self.drafts[path.key] = Draft(path, single=True)
            for method in ("get", *WRITING):
                name = f"{method.upper()} {path.text}"
                if name in self.operations and self.answer(name).is_json:
                    place, why, sure = member_place(self.reader, self.answer(name).schema, (path.noun,))
                    entity = self.reader.member(self.answer(name).schema, place)
                    if entity is not None and self.reader.properties(entity):
                        draft.entity, draft.source = entity, _reference(entity) or name
                        draft.note("entity", draft.source, f"the answer of {name}; {why}", sure)
                        break
        return draft

    def _at(self, name: str, draft: Draft) -> tuple[Place, str, float]:
        """Where the answer of an operation on one member has that member."""
        answer = self.answer(name)
        if not answer.is_json or answer.schema is None:
            return (), "it answers without a member", 0.9
        wanted = _reference(draft.entity)
        place, why, sure = member_place(
            self.reader, answer.schema, (draft.noun, _stem(draft.parameter)), draft.parameter
        )
        if wanted and _reference(self.reader.member(answer.schema, place)) != wanted:
            for other, member in self.reader.properties(answer.schema).items():
                if _reference(member) == wanted:
                    return (other,), f"'{other}' holds the same schema as the collection", 0.95
        return place, why, sure

    def _body(self, name: str, draft: Draft) -> tuple[Place, str]:
        return body_place(self.reader, request_schema(self.operations[name]), (draft.noun, _stem(draft.parameter)))


def _reference(schema: Json) -> str:
    """The reference that a schema is, also as the one part of an ``allOf``; empty if it is none."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            return str(schema["$ref"])
        parts = schema.get("allOf")
        if isinstance(parts, list) and len(parts) == 1:
            return _reference(parts[0])
    return ""


def _stem(parameter: str) -> str:
    """``customerId`` → ``customer``."""
    key = letters(parameter)
    for ending in ("uuid", "sid", "gid", "id", "key", "code", "slug", "name"):
        if key.endswith(ending) and len(key) > len(ending):
            return key[: -len(ending)]
    return key


def _custom_verb(path: Path) -> bool:
    """Whether the path ends in ``{id}:verb``, as Google's do."""
    return path.ends_in_parameter and ":" in path.last.rpartition("}")[2]
