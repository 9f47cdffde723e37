"""Finds what a success response says of itself next to its member or list: ``{"status": 200, "message": "Found", "data": …}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.inference.envelopes import SUCCESS_FLAGS
from counterfoil.apis.generic.names import letters, word_set

Json = Any

STATUSES = word_set("status statuscode httpstatus httpstatuscode")
"""Numbers that are the response's status, and texts that say whether it is a success."""
SHOWN_BY_EXAMPLE = STATUSES | word_set("code message msg")
"""Properties whose example in the document says what success looks like."""
SUCCESS_WORDS = word_set("success ok succeeded successful")


def envelope_facts(document: Document, name: str, answer: DocumentedResponse) -> Mapping[str, Json]:
    """The values of such properties in the success responses of an operation, by name. Fields of a member have none."""
    reader = document.reader
    operation = document.model.operations[name]
    own = document.properties(document.collection(operation)) if operation.collection and not operation.at else {}
    members = reader.properties(answer.schema)
    is_envelope = bool(operation.at) or bool({"message", "msg", "data"} & {letters(each) for each in members})
    facts: dict[str, Json] = {}
    for property, schema in members.items():
        key = letters(property)
        if key not in SUCCESS_FLAGS | SHOWN_BY_EXAMPLE or property in own or property in operation.at[:1]:
            continue
        types, shown = (
            reader.types(schema),
            [each for each in reader.examples(schema) if not isinstance(each, dict | list)],
        )
        good = [each for each in reader.merged(schema).get("enum") or () if letters(str(each)) in SUCCESS_WORDS]
        if key in SUCCESS_FLAGS and "boolean" in types:
            facts[property] = True
        elif key in SHOWN_BY_EXAMPLE and (good or shown):
            facts[property] = (good or shown)[0]
        elif key in STATUSES and types & {"integer", "number"} and is_envelope:
            facts[property] = answer.status
    return facts
