"""Finds the operations that count: ``/things/count`` and OData's ``/Things/$count``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.inference.envelopes import ITEM_NAMES
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.paths import Path
from counterfoil.apis.generic.schemas import SchemaReader

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.roles import Roles

Json = Any
COUNT_NAMES = word_set("count total number totalcount amount size value")
"""Names of the property with the count."""


def count_role(roles: Roles, name: str, path: Path) -> InferredRole | None:
    """The role of an operation that counts the members of the list above it; None if it does not."""
    if letters(path.last) != "count" or path.ends_in_parameter:
        return None
    at = count_place(roles.reader, roles.collections.answer(name))
    for above in roles.collections.by_key.get(path.parent().key, ()) if at is not None else ():
        listed = roles.role(f"GET {above.text}") if "get" in roles.paths[above.text] else None
        if listed is not None and listed.role == "list":
            why = f"its response is a number, and {above.text} is a list"
            return InferredRole("count", listed.draft, at or (), scope=listed.scope, reason=why, confidence=0.9)
    return None


def count_place(reader: SchemaReader, answer: DocumentedResponse) -> Place | None:
    """The place of the number in a count's response: the body itself (JSON or text), or the only integer of an object.

    None if the response has no such number.
    """
    plain = not answer.is_json and (answer.media_type or "").startswith("text/plain")
    types = reader.types(answer.schema) if answer.schema is not None else frozenset()
    if types & {"integer", "number"} or (plain and types <= {"string"}):
        return () if plain or answer.is_json else None
    for place, schema in [((), answer.schema), *_wrapped_objects(reader, answer.schema)] if answer.is_json else []:
        members = reader.properties(schema)
        whole = [name for name, each in members.items() if "integer" in reader.types(each)]
        named = [name for name in whole if letters(name) in COUNT_NAMES]
        if len(found := named[:1] or whole) == 1:
            return (*place, found[0])
    return None


def _wrapped_objects(reader: SchemaReader, schema: Json) -> list[tuple[Place, Json]]:
    return [((name,), each) for name, each in reader.properties(schema).items() if letters(name) in ITEM_NAMES]
