"""Finds the id of a member: the property that has the value of the path parameter."""

from __future__ import annotations

import re
from typing import Any

from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

_OR = re.compile(r"(?<=[a-z])Or(?=[A-Z])|[_-]or[_-]")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
IDENTIFYING_FORMS = ("uuid", "guid", "ulid")
"""Formats that only ids have."""
LIKELY = 0.7
"""An identity with a lower confidence is a guess; any better one replaces it."""
USUAL = ("uuid", "sid", "gid", "guid", "key", "code", "slug", "number", "name", "identifier", "reference", "href")


def identity(
    reader: SchemaReader, entity: Json, parameter: str, noun: str, form: str = ""
) -> tuple[Place, str, float] | None:
    """The place of the id in the entity, with the reason and the confidence; None if none is found.

    ``form`` is the format of the path parameter, if the document gives it one.
    """
    members = {name: each for name, each in reader.properties(entity).items() if _is_scalar(reader, each)}
    found = _by_name(members, parameter, noun)
    if (found is None or found[2] < LIKELY) and form:
        same_form = [name for name, each in members.items() if reader.merged(each).get("format") == form]
        if len(same_form) == 1:
            return (same_form[0],), f"the only property with the path parameter's format, {form}", 0.8
        if same_form and form in IDENTIFYING_FORMS and found is not None and found[0] not in same_form:
            return (same_form[0],), f"the first property with the path parameter's format, {form}", 0.6
    if found is not None:
        name, why, sure = found
        return (name,), why, sure
    nested = reader.properties(entity).get("metadata")
    if nested is not None and "name" in reader.properties(nested):
        return ("metadata", "name"), "metadata.name is the id, as in Kubernetes", 0.8
    return None


def _by_name(members: dict[str, Json], parameter: str, noun: str) -> tuple[str, str, float] | None:
    by_letters = {letters(name): name for name in reversed(members)}
    # If the parameter has alternatives (userIdOrKey), the first is the id that other fields refer to.
    wanted, stem = letters(_OR.split(parameter)[0]), singular(noun)
    if parameter in members:
        return parameter, "it has the name of the path parameter", 0.99
    if wanted in by_letters:
        return by_letters[wanted], f"it has the name of the path parameter '{parameter}', spelled differently", 0.97
    for key in ("id", "uuid", "sid", "gid", "key", "code", "slug", "number", "name"):
        if wanted.endswith(key) and key in by_letters and (key == "id" or len(wanted) > len(key)):
            return by_letters[key], f"the path parameter '{parameter}' ends in it", 0.95
    if "id" in by_letters:
        return by_letters["id"], "it is called id", 0.9
    if stem and f"{stem}id" in by_letters:
        return by_letters[f"{stem}id"], f"it is the id of a {stem}", 0.9
    last = letters(_WORDS.findall(parameter)[-1]) if _WORDS.findall(parameter) else ""
    if last in by_letters and last != wanted:
        return by_letters[last], f"the path parameter '{parameter}' ends in it", 0.85
    for key in USUAL:
        if key in by_letters:
            return by_letters[key], f"'{by_letters[key]}' usually identifies", 0.6
        if stem and stem + key in by_letters:
            return by_letters[stem + key], f"'{by_letters[stem + key]}' usually identifies", 0.6
    ends = [name for key, name in by_letters.items() if key.endswith("id")]
    if len(ends) == 1:
        return ends[0], "it is the only property that ends in id", 0.6
    longer = [name for key, name in by_letters.items() if len(wanted) > 3 and key.endswith(wanted)]
    if len(longer) == 1:
        return longer[0], f"the only property that ends with the path parameter's name, '{parameter}'", 0.6
    words = [letters(each) for each in _WORDS.findall(parameter)]
    for count in range(len(words) - 1, 0, -1):
        if (begin := "".join(words[:count])) in by_letters:
            return by_letters[begin], f"the path parameter '{parameter}' begins with it", 0.6
    if wanted and wanted.removesuffix("id") in by_letters:
        return by_letters[wanted.removesuffix("id")], f"the path parameter '{parameter}' begins with it", 0.6
    return None


def _is_scalar(reader: SchemaReader, schema: Json) -> bool:
    types = reader.types(schema)
    return not types & {"object", "array"} or bool(types & {"string", "integer"})
