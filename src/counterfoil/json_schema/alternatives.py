"""Finds what distinguishes the alternatives of a schema: a discriminator's names, or what only one of them requires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from counterfoil.openapi import resolve

Json = Any

BOUNDS = (
    "const",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maximum",
    "maxItems",
    "maxLength",
    "minimum",
    "minItems",
    "minLength",
    "multipleOf",
    "pattern",
)
"""Keywords that distinguish alternatives. ``type`` does not: every integer is also a number."""
MAX_DEPTH = 3


def exclude_each_other(document: Json, alternatives: list[Json]) -> bool:
    """Whether each alternative requires a member or sets a bound that no other has. If so, the author of the document could see
    that a value must not fit two of them; otherwise the overlap may be intended."""
    marks = [_marks(document, each, MAX_DEPTH) for each in alternatives]
    return all(
        own.difference(*(each for other, each in enumerate(marks) if other != index)) for index, own in enumerate(marks)
    )


def _marks(document: Json, schema: Json, depth: int) -> set[str]:
    """What a schema, with the parts of its ``allOf``, requires and bounds."""
    target = resolve(document, schema)
    if not isinstance(target, Mapping):
        return set()
    found = {f"required {name}" for name in target.get("required", ())}
    found |= {f"{key} {target[key]!r}" for key in BOUNDS if key in target}
    return found.union(*(_marks(document, each, depth - 1) for each in target.get("allOf", ()) if depth))


class BranchNames(NamedTuple):
    """A discriminator's names for one alternative: all that are accepted, and those that messages show."""

    accepted: list[Json]
    shown: list[str]


def property_of(schema: Mapping[str, Json]) -> str | None:
    """The property whose value names the alternative."""
    discriminator = schema.get("discriminator")
    name = discriminator.get("propertyName") if isinstance(discriminator, Mapping) else None
    return name if isinstance(name, str) else None


def names_of(document: Json, discriminator: Mapping[str, Json], name: str, branch: Json) -> BranchNames:
    """The names of one alternative. Messages show those that it lists, else those of the mapping, else the schema's name."""
    reference = branch.get("$ref") if isinstance(branch, dict) else None
    accepted: list[Json] = []
    for known in _names_of(document, discriminator, name, reference, MAX_DEPTH) if isinstance(reference, str) else ():
        accepted.extend([known] if known not in accepted else [])
    mapping = discriminator.get("mapping")
    listed = [each for each in listed_values(document, branch, name) if is_text(each)]
    mapped = [each for each in accepted if isinstance(mapping, dict) and is_text(each) and each in mapping]
    return BranchNames(accepted, listed or mapped or list(filter(is_text, accepted)))


def is_text(value: Json) -> bool:
    return isinstance(value, str)


def _names_of(
    document: Json, discriminator: Mapping[str, Json], name: str, reference: str, depth: int
) -> Iterator[Json]:
    """The discriminator's names for a schema: from its mapping, the schema's name, and the values that the schema or one of the
    schema's own alternatives lists."""
    last = reference.rpartition("/")[2]
    mapping = discriminator.get("mapping")
    for key, each in mapping.items() if isinstance(mapping, dict) else ():
        if each in (reference, last):
            yield str(key)
    yield last
    yield from listed_values(document, {"$ref": reference}, name)
    target = resolve(document, {"$ref": reference})
    for group in ("oneOf", "anyOf") if depth and isinstance(target, dict) else ():
        for each in target.get(group, ()):
            if isinstance(each, dict) and isinstance(each.get("$ref"), str):
                yield from _names_of(document, discriminator, name, each["$ref"], depth - 1)


def listed_values(document: Json, schema: Json, name: str, depth: int = 5) -> Iterator[Json]:
    """The values that a schema, or a part of its ``allOf``, lists for a property."""
    schema = resolve(document, schema)
    members = schema.get("properties", {}) if isinstance(schema, dict) else {}
    member = resolve(document, members[name]) if isinstance(members.get(name), dict) else {}
    listed = member.get("enum", [member["const"]] if "const" in member else [])
    yield from listed if isinstance(listed, list) else ()
    for each in schema.get("allOf", ()) if depth else ():
        yield from listed_values(document, each, name, depth - 1)
