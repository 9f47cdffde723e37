"""Finds the DELETE operations after which a member is still there, in another state: ``Cancel a subscription``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from counterfoil.apis.generic.inference.relations import VERBS, action_effect, state_field
from counterfoil.apis.generic.names import letters, words
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

_BECOMES = re.compile(
    r"(?i)\b(?:becomes|is (?:then )?set to|changes to|(?:is )?marked as|will be|goes to)\s+[`'\"*]*([A-Za-z_-]+)"
)
"""Words of a description that say what a state is afterwards."""
_DELETES = frozenset(["delete", "remove", "destroy"])


def state_after_delete(
    reader: SchemaReader, entity: Json, operation: Mapping[str, Json]
) -> tuple[dict[str, Json], str]:
    """The fields that a DELETE sets, and why; nothing where the member is gone afterwards.

    Its summary or its ``operationId`` begins with a verb that leads to one of the listed states or sets a flag, or its
    description says which of the states it leads to.
    """
    name, values = state_field(reader, entity)
    for said in (operation.get("summary"), operation.get("operationId")):
        parts = words(said) if isinstance(said, str) else ()
        if not parts or parts[0] in _DELETES or parts[0] not in VERBS:
            continue
        sets, why = action_effect(reader, entity, parts[0])
        if sets and (name not in sets or values):
            return sets, f"it is called '{said}'; {why}"
    described = operation.get("description")
    by_letters = {letters(each): each for each in values}
    for word in _BECOMES.findall(described) if isinstance(described, str) and values else ():
        if letters(word) in by_letters and letters(word) != "deleted":
            state = by_letters[letters(word)]
            return {name: state}, f"its description says that {name} becomes '{state}'"
    return {}, ""
