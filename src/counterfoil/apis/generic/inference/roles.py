"""Infers the role of each operation: whether it lists, reads, creates or changes members of a collection, …

If the path does not decide, the response schema does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.count_roles import count_role
from counterfoil.apis.generic.inference.created_by_verb import created_by_verb
from counterfoil.apis.generic.inference.envelopes import list_place, member_place
from counterfoil.apis.generic.inference.found_collections import FoundCollections
from counterfoil.apis.generic.inference.identity import identity
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.member_descriptions import WRITING
from counterfoil.apis.generic.inference.member_in_request import id_in_query, member_in_body
from counterfoil.apis.generic.inference.member_paths import own_role, view_of_member
from counterfoil.apis.generic.inference.referred import reference_of
from counterfoil.apis.generic.inference.relations import action_effect, is_trial, is_verb, undone_effect
from counterfoil.apis.generic.inference.response_places import place_in_response
from counterfoil.apis.generic.inference.role_elsewhere import role_elsewhere
from counterfoil.apis.generic.inference.rpc_operations import KINDS
from counterfoil.apis.generic.inference.rpc_roles import rpc_role
from counterfoil.apis.generic.inference.search_roles import search_role
from counterfoil.apis.generic.inference.verb_paths import ROLES, above_member, verb_before_id
from counterfoil.apis.generic.inference.view_paths import has_fields_of
from counterfoil.apis.generic.model import Place, Role
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.paths import Path, read_path
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

SURE = 0.9
"""The least confidence of an id property with a usual name: ``id``, the noun's id, or the name of a path parameter."""


class Roles:
    """The roles of one document's operations. The keys of ``operations`` are as in ``openapi.Spec``: ``GET /customers``."""

    def __init__(self, operations: Mapping[str, Json], reader: SchemaReader) -> None:
        self.operations = operations
        self.reader = reader
        self.collections = FoundCollections(operations, reader)
        self.paths, self.drafts = self.collections.paths, self.collections.drafts

    def role(self, name: str) -> InferredRole:
        """What the operation does."""
        method, _, text = name.partition(" ")
        method, path = method.lower(), read_path(text)
        if method == "head" and "get" in self.paths[text]:
            same = self.role(f"GET {text}")
            return replace(same, at=(), each=(), reason="as GET, without a body") if same.draft is not None else same
        if method in ("options", "head", "trace"):
            return InferredRole("made_up", reason=f"a response to {method.upper()} shows no state")
        if name in self.collections.rpc_operations and (called := rpc_role(self, name)) is not None:
            return called
        if path.has_custom_verb:
            return self._action(name, method, path, path.parent(), path.last.rpartition(":")[2])
        if method == "get" and (counted := count_role(self, name, path)) is not None:
            return counted
        if method == "post" and (searched := search_role(self.collections, name, path)) is not None:
            return searched
        if text in self.collections.alternates:
            return self._alternate_role(name, method, *self.collections.alternates[text])
        view = self.collections.views.get(text) if path.ends_in_parameter else None
        if view is not None and method != "get":  # ``POST /bays/{owner}``, where owner and bay together are the id
            found = self._collection_role(name, method, path, view[0])
            if found is not None:
                found.scope = view[1]
                return found
        if (
            path.ends_in_parameter
            and len(path.segments) > 1
            and view is None
            and text not in self.collections.lists_at_parameters
        ):
            return self.member_role(name, method, self.drafts[above_member(self.collections, path).key])
        if method == "get" and text in self.collections.views:
            return self._view_role(name, path)
        draft = self.drafts.get(path.key) or next((each for each in self.drafts.values() if path in each.lists), None)
        if draft is not None and not draft.single:
            found = self._collection_role(name, method, path, draft)
            if found is not None:
                return found
        return self._literal_role(name, method, path)

    def member_role(self, name: str, method: str, draft: CollectionDraft) -> InferredRole:
        at, why, sure = self.place(name, draft)
        body, _ = self.collections.body_of(name, draft)
        roles: dict[str, Role] = {
            "get": "read",
            "put": "replace",
            "patch": "update",
            "post": "update",
            "delete": "delete",
        }
        if method == "get" and self._lacks_id(name, draft, at):
            why, sure = f"{why}, although it describes no '{draft.id[0]}'", min(sure, 0.5)
        verb = verb_before_id(read_path(name.partition(" ")[2]))
        role = ROLES.get((verb or "", method), roles[method])
        return InferredRole(
            role, draft, at, body=body, reason=f"{method.upper()} of one member; {why}", confidence=sure
        )

    def _lacks_id(self, name: str, draft: CollectionDraft, at: Place) -> bool:
        """Whether the response describes the member without its id, perhaps by mistake."""
        answer = self.collections.answer(name)
        shown = self.reader.properties(self.reader.member(answer.schema, at)) if answer.is_json else {}
        return bool(draft.id and shown) and draft.id[0] not in shown

    def _alternate_role(self, name: str, method: str, draft: CollectionDraft, key: Place) -> InferredRole:
        found = self.member_role(name, method, draft)
        found.key, found.confidence = key, min(found.confidence, 0.85)
        found.reason += f"; the path has the value of '{key[0]}'"
        return found

    def _collection_role(self, name: str, method: str, path: Path, draft: CollectionDraft) -> InferredRole | None:
        if method == "get":
            schema = self.collections.answer(name).schema
            found = self.collections.list_in(draft, schema, path.noun)
            if found is None:
                return None
            by_id = self.reader.is_map(self.reader.member(schema, found[0]))
            each, _, _ = member_place(
                self.reader,
                self.reader.member(schema, (*found[0], 0)),
                (draft.noun,),
                draft.parameter,
            )
            why = f"it lists: {found[1]}"
            return InferredRole("list", draft, found[0], each, by_id=by_id, reason=why, confidence=found[2])
        by_query = id_in_query(self, name, draft) if method in ("put", "patch", "delete") else ""
        if method == "delete" and not by_query:
            return self._clear_role(name, draft)
        at, why, sure = self.place(name, draft)
        body, _ = self.collections.body_of(name, draft)
        if by_query and not any(method in self.paths[each.text] for each in draft.items):
            role = self.member_role(name, method, draft)
            role.id_query, role.confidence = by_query, 0.8
            role.reason = f"{method.upper()} of the member with the id in the query parameter '{by_query}'; {why}"
            return role
        is_listed = bool(draft.items) and "get" in self.paths[path.text]  # a collection, even if called ``add_ons``
        if method == "post" and (is_listed or not is_verb(path.last)):
            return InferredRole("create", draft, at, body=body, reason=f"POST to a collection; {why}", confidence=sure)
        if method in ("put", "patch") and draft.id and not any(method in self.paths[each.text] for each in draft.items):
            sent = self.reader.member(request_schema(self.operations[name]), body)
            if sent is not None and draft.id[0] in self.reader.properties(sent):
                return InferredRole(
                    "replace" if method == "put" else "update", draft, at, body=body, id_at=draft.id,
                    reason=f"its body has the member's id, '{draft.id[0]}'", confidence=0.8,
                )  # fmt: skip
            if sent is not None and method == "put":
                return InferredRole(
                    "create", draft, at, body=body, reason="PUT to a collection, without an id", confidence=0.6
                )
        return None

    def _clear_role(self, name: str, draft: CollectionDraft) -> InferredRole | None:
        """DELETE of a collection deletes the members with the sent ids, or all. None if something else is sent."""
        operation = self.operations[name]
        queries = [each for each in operation.get("parameters") or () if each.get("in") == "query"]
        body = request_schema(operation)
        members = self.reader.properties(body) if body is not None else {}
        nouns = {"ids", f"{singular(draft.noun)}ids", f"{letters(draft.parameter)}s"}
        query = next((each["name"] for each in queries if letters(str(each.get("name"))) in nouns), "")
        in_body = next((each for each in members if letters(each) in nouns), "")
        if not draft.id or draft.entity is None or (not query and not in_body and (queries or body is not None)):
            return None
        which = f"'{query or in_body}' lists the ids" if query or in_body else "all members"
        id_at: Place = (in_body,) if in_body and not query else ()
        return InferredRole(
            "clear", draft, id_query=query, id_at=id_at, reason=f"DELETE of a collection: {which}", confidence=0.75
        )

    def _view_role(self, name: str, path: Path) -> InferredRole:
        draft, scope = self.collections.views[path.text]
        found = self._collection_role(name, "get", path, draft)
        assert found is not None, name
        where = " and ".join(f"{field} is {{{parameter}}}" for parameter, field, _ in scope)
        found.reason = f"it lists the members of {draft.path.text}" + (f" where {where}" if where else "")
        found.confidence, found.scope = 0.8, scope
        return found

    def _literal_role(self, name: str, method: str, path: Path) -> InferredRole:
        """The role of an operation if its path ends in a literal that is not the name of a collection."""
        before = path.parent()
        if (
            method in WRITING
            and is_trial(path.last)
            and not before.ends_in_parameter
            and "get" not in self.paths[path.text]
        ):
            return InferredRole("made_up", reason=f"'{path.last}' changes nothing: it is a trial", confidence=0.8)
        if (about_one := own_role(self, name, method, path) or view_of_member(self, name, method, path)) is not None:
            return about_one
        if not before.ends_in_parameter and (found := member_in_body(self, name, method, path)) is not None:
            return found
        owner = self.drafts.get(before.parent().key) if before.ends_in_parameter else None
        shown = self.collections.shown_by(name, path)
        if shown is not None and (owner is None or shown[0] is not owner) and not is_verb(path.last):
            found = role_elsewhere(self, name, method, path, shown)
            if found is not None:
                return found
        if owner is not None and method in (*WRITING, "delete") and "get" not in self.paths[path.text]:
            if (
                is_verb(path.last)
                or (shown is not None and shown[0] is owner and method in ("post", "put"))
                or self._sets_state(name, owner, path.last)
            ):
                return self._action(name, method, path, before, path.last.rpartition(".")[2] or path.last)
            if method == "post":
                return self._created_below(name, path)
        if method == "post" and (created_here := self._created_in_view(name, path)) is not None:
            return created_here
        created = created_by_verb(self, name, method, path)
        return self._single_role(name, method, path) if created is None else created

    def _created_in_view(self, name: str, path: Path) -> InferredRole | None:
        """The role of a POST to a path that lists members of another collection, if its response has the fields of one."""
        draft, scope = self.collections.views.get(path.text, (None, []))
        if draft is None or not scope or not draft.id or not self.collections.answer(name).is_json:
            return None
        at, _, _ = self.place(name, draft)
        if not has_fields_of(self.reader, self.reader.member(self.collections.answer(name).schema, at), draft):
            return None
        body, _ = self.collections.body_of(name, draft)
        reason = f"the path lists members of {draft.path.text}, and its response has the fields of one"
        return InferredRole("create", draft, at, body=body, scope=scope, reason=reason, confidence=0.7)

    def _sets_state(self, name: str, owner: CollectionDraft, word: str) -> bool:
        """Whether an unusual verb names a state of the member, in an operation without fields in its body."""
        if owner.entity is None or self.reader.properties(request_schema(self.operations[name])):
            return False
        return bool(action_effect(self.reader, owner.entity, word.rpartition(".")[2])[0])

    def several(self, name: str, draft: CollectionDraft) -> Place | None:
        """The place of several members' fields in a request body: the body is, or contains, a list of objects."""
        body = request_schema(self.operations[name])
        if body is None:
            return None
        listed = list_place(self.reader, body, draft.noun)
        item = self.reader.member(body, (*listed[0], 0)) if listed is not None else None
        if listed is None or item is None or draft.path.parameters:
            return None
        sent, known = self.reader.properties(item), self.reader.properties(draft.entity)
        shared = {letters(each) for each in sent} & {letters(each) for each in known}
        return (*listed[0], 0) if sent and 2 * len(shared) >= len(sent) else None

    def _action(self, name: str, method: str, path: Path, member: Path, verb: str) -> InferredRole:
        owner = self.drafts.get(member.parent().key) if member.ends_in_parameter else self.drafts.get(member.key)
        if path.has_custom_verb:
            owner = self.drafts.get(path.parent().key)
        key: Place = ()
        if member.text in self.collections.alternates:
            owner, key = self.collections.alternates[member.text]
        if owner is None or owner.entity is None or method == "get":
            return InferredRole("made_up", reason=f"'{verb}' is an action on no known collection", confidence=0.7)
        deletes = KINDS.get(letters(verb)) == "delete"
        find_effect = undone_effect if method == "delete" and not deletes else action_effect
        effect, why = find_effect(self.reader, owner.entity, verb)
        at, _, _ = self.place(name, owner)
        body, _ = self.collections.body_of(name, owner)
        if not effect and member.ends_in_parameter and deletes:
            return InferredRole("delete", owner, at, key=key, reason=f"'{verb}' deletes a member", confidence=0.8)
        sure = 0.8 if effect else 0.6
        reason = f"an action on a member; {why or 'no field that it sets is known'}"
        return InferredRole("action", owner, at, body=body, key=key, sets=effect, reason=reason, confidence=sure)

    def _created_below(self, name: str, path: Path) -> InferredRole:
        draft = self._single(path)
        draft.single = False
        self._identify(draft, path)
        at, why, _ = self.place(name, draft)
        body, _ = self.collections.body_of(name, draft)
        reason = f"POST to a path that no operation lists; {why}"
        return InferredRole("create", draft, at, body=body, reason=reason, confidence=0.5)

    def _identify(self, draft: CollectionDraft, path: Path) -> None:
        """Find the id of the members created at a path, also by the parameter that follows in another path
        (``/tickets/{ticketId}/code``). Unsure ids are ignored: no operation reads these members by an id."""
        length = len(path.segments)
        longer = [each.segments for each in map(read_path, self.paths) if len(each.segments) > length]
        parameter = next(
            (each[length].parameter for each in longer if each[:length] == path.segments and each[length].is_parameter),
            "",
        )
        found = identity(self.reader, draft.entity, parameter, draft.noun) if draft.entity is not None else None
        if found is not None and found[2] >= SURE:
            draft.id = found[0]
            draft.note("identity", ".".join(map(str, found[0])), found[1], found[2])

    def _single_role(self, name: str, method: str, path: Path) -> InferredRole:
        answer = self.collections.answer(name)
        has_read = "get" in self.paths[path.text]
        if method == "post" and not has_read:
            if is_verb(path.last) or not self.reader.properties(answer.schema):
                return InferredRole("made_up", reason="an operation on no known collection", confidence=0.6)
            return self._created_below(name, path)
        if method == "get" and answer.media_type is None and not {"put", "delete"} & self.paths[path.text].keys():
            return InferredRole("made_up", reason="its response has no body", confidence=0.7)
        if method == "get" and (not answer.is_json or not self.reader.properties(answer.schema)) and answer.media_type:
            return InferredRole("made_up", reason="its response is not an object", confidence=0.7)
        draft = self._single(path)
        if draft.lists and not draft.single and method in ("put", "patch"):
            return InferredRole("made_up", reason="how it changes the listed members is not known", confidence=0.5)
        at, why, _ = self.place(name, draft)
        body, _ = self.collections.body_of(name, draft)
        roles: dict[str, Role] = {"get": "read_one", "delete": "delete_one"}
        reason = f"there is only one {path.noun or 'resource'} at this path; {why}"
        return InferredRole(roles.get(method, "write_one"), draft, at, body=body, reason=reason, confidence=0.7)

    def _single(self, path: Path) -> CollectionDraft:
        draft = self.drafts.get(path.key)
        if draft is None or (not draft.single and not draft.items and not draft.lists):
            draft = self.drafts[path.key] = CollectionDraft(path, single=True)
            for method in ("get", *WRITING):
                name = f"{method.upper()} {path.text}"
                if name in self.operations and self.collections.answer(name).is_json:
                    place, why, sure = member_place(self.reader, self.collections.answer(name).schema, (path.noun,))
                    entity = self.reader.member(self.collections.answer(name).schema, place)
                    if entity is not None and self.reader.properties(entity):
                        draft.entity, draft.source = entity, reference_of(entity) or name
                        draft.note("entity", draft.source, f"the response of {name}; {why}", sure)
                        break
        return draft

    def place(self, name: str, draft: CollectionDraft) -> tuple[Place, str, float]:
        """The place of the member in the response of an operation on one member."""
        return place_in_response(self.reader, self.collections.answer(name), draft)
