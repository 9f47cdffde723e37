"""Finds the schema of a collection's members and their id, in the operations that show or take a member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from counterfoil.apis.generic.documented_responses import request_schema
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.envelopes import IDENTIFYING, member_place, place_beside_id
from counterfoil.apis.generic.inference.identity import LIKELY, identity
from counterfoil.apis.generic.inference.referred import reference_of
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, stem_of

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.found_collections import FoundCollections

Json = Any
SURE = 0.9
"""The least confidence of an id property if the list is an object with the ids as keys."""
WRITING = ("post", "put", "patch")
OF_BODY = " (body)"
"""Suffix of a source: the schema of a member is in the operation's request body, not in its response."""


def describe(collections: FoundCollections, draft: CollectionDraft) -> None:
    """Find the schema of a member, and its id."""
    for name, place, why, sure in () if draft.entity is not None else _sources(collections, draft):
        answer = collections.answer(name)
        entity = collections.reader.member(answer.schema, place)
        if entity is None or not collections.reader.properties(entity):
            continue
        draft.entity, draft.source = entity, reference_of(entity) or name
        if answer.is_assumed:
            why, sure = "the document describes no response; requests send these fields", 0.4
        draft.note("entity", draft.source, f"the response of {name}; {why}", sure)
        if _identify(collections, draft, name, place):
            break
    if draft.entity is None and draft.items:
        _describe_by_body(collections, draft)
    reference = reference_of(draft.entity)
    if reference:
        collections.by_reference.setdefault(reference, []).append(draft)


def _describe_by_body(collections: FoundCollections, draft: CollectionDraft) -> None:
    """Describe a member that no response shows: the fields of a request body, and ``id``."""
    for path in (*collections.by_key.get(draft.path.key, ()), *draft.items):
        for method in WRITING:
            name = f"{method.upper()} {path.text}"
            if name not in collections.operations:
                continue
            place, _ = collections.body_of(name, draft)
            entity = collections.reader.member(request_schema(collections.operations[name]), place)
            answer = collections.answer(name)
            if (
                entity is None
                or not collections.reader.properties(entity)
                or collections.reader.properties(answer.schema)
            ):
                continue
            draft.entity, draft.source = entity, name + OF_BODY
            draft.note("entity", draft.source, f"no response shows a member; the request body of {name} does", 0.5)
            draft.id = ("id",)
            draft.note("identity", "id", "the document does not show an id", 0.4)
            return


def _identify(collections: FoundCollections, draft: CollectionDraft, name: str, place: Place) -> bool:
    """Find the id of the member at ``place`` in an operation's response. False if there are paths of a member, but no
    property of the response fits their parameter."""
    reader = collections.reader
    if not draft.items:
        found = identity(reader, draft.entity, "", draft.noun)
        if found is not None:
            draft.id = found[0]
            draft.note("identity", ".".join(map(str, found[0])), found[1], min(found[2], 0.8))
        return True
    found = identity(reader, draft.entity, draft.parameter, draft.noun, _form(collections, draft))
    if (found is None or found[2] < LIKELY) and (beside := _id_beside(collections, name, place)):
        found = (beside,), f"the response of {name} has it next to '{place[0]}'", 0.85
        for listed in filter(None, map(reference_of, _items(collections, draft))):
            collections.by_reference.setdefault(listed, []).append(draft)
    if draft.by_id and (found is None or found[2] < SURE):
        draft.note("identity", "", "the id is the member's key in the list, which is an object", 0.9)
        return True
    if found is None:
        return False
    draft.id = found[0]
    draft.note("identity", ".".join(map(str, found[0])), found[1], found[2])
    return True


def _form(collections: FoundCollections, draft: CollectionDraft) -> str:
    """The format of the path parameter that has a member's id; empty if it has none."""
    for path in draft.items:
        for operation in collections.paths[path.text].values():
            for each in operation.get("parameters") or ():
                if each.get("in") == "path" and each.get("name") == draft.parameter:
                    return str(collections.reader.merged(each.get("schema") or {}).get("format") or "")
    return ""


def _sources(collections: FoundCollections, draft: CollectionDraft) -> Iterator[tuple[str, Place, str, float]]:
    """Operations that show a member, with its place in the response, the reason and the confidence: reads, lists, writes."""
    for path in draft.items:
        if "get" in collections.paths[path.text]:
            yield _member_source(collections, f"GET {path.text}", draft)
    for path in draft.lists:
        name = f"GET {path.text}"
        found = collections.list_in(draft, collections.answer(name).schema, path.noun)
        if found is not None:
            item = collections.reader.member(collections.answer(name).schema, (*found[0], 0))
            place, why, sure = member_place(collections.reader, item, (draft.noun,), draft.parameter)
            yield name, (*found[0], 0, *place), f"an item of its list; {why}", min(sure, found[2])
    for path in (*collections.by_key.get(draft.path.key, ()), *draft.items):
        for method in WRITING:
            if method in collections.paths[path.text]:
                yield _member_source(collections, f"{method.upper()} {path.text}", draft)


def _member_source(collections: FoundCollections, name: str, draft: CollectionDraft) -> tuple[str, Place, str, float]:
    schema = collections.answer(name).schema
    place, why, sure = member_place(collections.reader, schema, (draft.noun, stem_of(draft.parameter)), draft.parameter)
    if not place and (beside := place_beside_id(collections.reader, schema, _fields(collections, draft))) is not None:
        return name, *beside
    return name, place, why, sure


def _id_beside(collections: FoundCollections, name: str, place: Place) -> str:
    """The name of an id next to the member in a response (``{"id": 7, "result": {…}}``); empty if there is none."""
    members = collections.reader.properties(collections.answer(name).schema) if len(place) == 1 else {}
    return next((each for each in members if letters(each) in IDENTIFYING and each != place[0]), "")


def _fields(collections: FoundCollections, draft: CollectionDraft) -> Iterator[str]:
    """The fields of a member that the items of lists and the request bodies of POST have."""
    for item in _items(collections, draft):
        yield from collections.reader.properties(item)
    for path in collections.by_key.get(draft.path.key, ()):
        if "post" in collections.paths[path.text]:
            yield from collections.reader.properties(request_schema(collections.paths[path.text]["post"]))


def _items(collections: FoundCollections, draft: CollectionDraft) -> Iterator[Json]:
    """The schemas of the items of a collection's lists."""
    for path in draft.lists:
        schema = collections.answer(f"GET {path.text}").schema
        if (found := collections.list_in(draft, schema, path.noun)) is not None:
            yield collections.reader.member(schema, (*found[0], 0))
