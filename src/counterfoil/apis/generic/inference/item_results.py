"""Finds operations on several members whose response has a result for each: ``207`` with ``[{"id": 1, "status": 404}, …]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse, documented_response
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.envelopes import SUCCESS_FLAGS, list_place
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.referred import reference_of
from counterfoil.apis.generic.inference.roles import Roles
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

MULTI_STATUS = 207
STATUS_NAMES = word_set("status statuscode code httpstatus httpstatuscode responsecode httpcode")
OUTCOME_NAMES = word_set("status result outcome state")


def one_by_one(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The operations that create, change or delete each listed member on its own, with a result for each."""
    for name, role in found.items():
        writes = role.body[-1:] == (0,) if role.role != "clear" else bool(role.id_query or role.id_at)
        if role.role not in ("create", "replace", "update", "clear") or not writes or role.draft is None:
            continue
        usual = roles.collections.answer(name)
        answer = multi_status(roles.operations[name]) or usual
        place = results_place(roles.reader, answer, role.draft)
        if place is not None:
            reason = f"{role.reason}; the response with {answer.status} has a result for each"
            at = () if answer.status == usual.status else role.at
            yield name, replace(role, at=at, results=place, one_by_one=True, reason=reason)


def multi_status(operation: Mapping[str, Json]) -> DocumentedResponse | None:
    """The response with 207, if an operation has one."""
    responses = operation.get("responses") or {}
    known = responses.get(str(MULTI_STATUS))
    return None if known is None else documented_response(known, MULTI_STATUS)


def results_place(reader: SchemaReader, answer: DocumentedResponse, draft: CollectionDraft) -> Place | None:
    """The place of the list of results in a response; None if there is none, or if it lists members."""
    found = list_place(reader, answer.schema, draft.noun) if answer.is_json else None
    item = reader.member(answer.schema, (*found[0], 0)) if found is not None else None
    if found is None or item is None or (reference_of(item) and reference_of(item) == reference_of(draft.entity)):
        return None
    own = reader.properties(draft.entity)
    results = (
        name
        for name, schema in reader.properties(item).items()
        if is_verdict(reader, name, schema)
        and not (name in own and reader.types(own[name]) & (reader.types(schema) - {"null"}))
    )
    return found[0] if any(results) else None


def is_verdict(reader: SchemaReader, name: str, schema: Json) -> bool:
    """Whether a property of a result says if it went well: a status, a flag, or one of two words or more."""
    key, types = letters(name), reader.types(schema) - {"null"}
    if key in SUCCESS_FLAGS and types == {"boolean"}:
        return True
    if key in OUTCOME_NAMES and "string" in types:
        return True
    return key in STATUS_NAMES and bool(types & {"integer", "number", "string"})
