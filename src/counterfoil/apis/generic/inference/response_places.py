"""Finds the place of the member in an operation's response."""

from __future__ import annotations

from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.envelopes import member_place, place_beside_id
from counterfoil.apis.generic.inference.referred import place_of, reference_of
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import stem_of
from counterfoil.apis.generic.schemas import SchemaReader


def place_in_response(
    reader: SchemaReader, response: DocumentedResponse, draft: CollectionDraft
) -> tuple[Place, str, float]:
    """The place, with the reason and the confidence."""
    schema = response.schema
    if not response.is_json or schema is None:
        return (), "its response has no member", 0.9
    wanted = reference_of(draft.entity)
    place, why, sure = member_place(reader, schema, (draft.noun, stem_of(draft.parameter)), draft.parameter)
    if not place and (beside := place_beside_id(reader, schema, reader.properties(draft.entity))) is not None:
        return beside
    if wanted and reference_of(reader.member(schema, place)) != wanted:
        for other, member in reader.properties(schema).items():
            if reference_of(member) == wanted:
                return (other,), f"'{other}' has the schema of the collection's members", 0.95
        if draft.id and draft.id[0] not in reader.properties(reader.member(schema, place)):
            inner = place_of(reader, schema, wanted)
            if inner is not None:
                return inner, f"'{inner[0]}' contains the schema of the collection's members", 0.9
    return place, why, sure
