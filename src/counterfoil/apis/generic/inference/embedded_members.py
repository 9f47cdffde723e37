"""Finds fields that can show a member of another collection instead of its id, and the parameters that ask for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from counterfoil.apis.generic.names import letters, singular, word_set
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
EmbeddedMember = tuple[str, str, str]
"""The place of a field that shows a member, the place of the member's id, and the member's collection."""

EXPANDS = word_set(
    "expand expands expansion include includes included embed embeds with populate relations includerelations expandfields"
)
FLAGS = ("include", "expand", "with", "embed", "show", "populate", "return")
RELATIONSHIPS = "relationships"


def embedded_members(
    reader: SchemaReader, entity: Json, by_entity: Mapping[int, str], by_noun: Mapping[str, str]
) -> list[tuple[EmbeddedMember, str, float]]:
    """The fields of an entity that can show members of other collections, with reasons and confidences.

    ``by_entity`` has the paths of collections by the ``id()`` of their merged entity, ``by_noun`` by their noun.
    """
    members = reader.properties(entity)
    by_letters = {letters(name): name for name in members}
    found: list[tuple[EmbeddedMember, str, float]] = []
    for name, member in members.items():
        schema = reader.items(member) if reader.is_array(member) else member
        target = by_entity.get(id(reader.merged(schema)))
        if target is None and (target := _alternative(reader, schema, by_entity)) is not None:
            found.append(
                ((name, name, target), f"'{name}' is the id of a member of {target}, or the member itself", 0.95)
            )
        elif target is not None and not reader.is_array(member):
            id_name = by_letters.get(letters(name) + "id")
            if id_name is not None:
                found.append(((name, id_name, target), f"'{name}' is the member with the id '{id_name}'", 0.9))
    for name, relation in reader.properties(members.get(RELATIONSHIPS, {})).items():
        target = related_collection(reader, name, relation, by_noun)
        if target is not None:
            place = f"{RELATIONSHIPS}.{name}.data"
            found.append(((place, place, target), f"the relationship '{name}' refers to {target} (JSON:API)", 0.9))
    return found


def _alternative(reader: SchemaReader, schema: Json, by_entity: Mapping[int, str]) -> str | None:
    """The collection of the member in a field that may have the member or a scalar; None for other fields."""
    for group in reader.merged(schema).get("choices", ()):
        plain = any(reader.types(each) & {"string", "integer"} for each in group)
        targets = (by_entity.get(id(reader.merged(each))) for each in group)
        target = next((each for each in targets if each is not None), None)
        if plain and target is not None:
            return target
    return None


def related_collection(reader: SchemaReader, name: str, relation: Json, by_noun: Mapping[str, str]) -> str | None:
    """The collection that a relationship of JSON:API refers to: by the resource type in its linkage, or by its name."""
    data = reader.properties(relation).get("data")
    if data is None:
        return None
    member = reader.items(data) if reader.is_array(data) else data
    kind = reader.properties(member).get("type")
    merged = reader.merged(kind) if kind is not None else {}
    listed = merged.get("enum", [merged["const"]] if "const" in merged else [])
    names = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return next((by_noun[singular(each)] for each in (*names, name) if singular(each) in by_noun), None)


def expansion_parameters(
    reader: SchemaReader, parameters: Iterable[Mapping[str, Json]], body: Json, held: Iterable[EmbeddedMember]
) -> tuple[str, list[tuple[str, str]]]:
    """The parameter (or property of the body) that lists fields to show as members, empty if there is none; and the parameters
    for one field each, with the field's place (``include_customer=true``)."""
    places = {letters(place.replace(f"{RELATIONSHIPS}.", "").removesuffix(".data")): place for place, _, _ in held}
    listing, flags = "", []
    sent = (
        [{"name": name, "in": "query", "schema": each} for name, each in reader.properties(body).items()]
        if body
        else []
    )
    for each in (*parameters, *sent):
        name, types = str(each.get("name", "")), reader.types(each.get("schema", {}))
        if each.get("in") != "query":
            continue
        key = letters(name.partition("[")[0])
        if key in EXPANDS and types & {"string", "array"} and not listing:
            listing = name
        elif types == {"boolean"}:
            wanted = (key.removeprefix(flag) for flag in FLAGS if key.startswith(flag))
            place = next((places[each] for each in wanted if each in places), None)
            flags.extend([(name, place)] if place is not None else [])
    return listing, flags
