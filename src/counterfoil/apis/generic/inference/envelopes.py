"""Finds where a body has its list, its member, or its fields, inside wrappers such as ``data``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from counterfoil.apis.generic.model import Place
from counterfoil.apis.generic.names import letters, same, singular, word_set
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

LIST_NAMES = word_set(
    """
    data items results result records values entries list rows objects elements content resources
    collection hits
    """
)
SUCCESS_FLAGS = word_set("ok success succeeded successful issuccess")
"""Flags of a response, or of one result in it, that mean success."""
ITEM_NAMES = word_set(
    """
    data result item object resource response record entity payload value body node
    """
)
SENT_NAMES = ITEM_NAMES | word_set("input params arguments args request")
"""Names of the property that wraps the fields in a request body."""
IDENTIFYING = frozenset(["id", "uuid", "sid", "gid"])
NOISE = word_set(
    """
    errors error links link meta metadata included warnings warning success status message messages
    requestid code paging pagination page total count hasmore next previous prev cursor responsemetadata
    ok object type url cursors nextcursor aggregations facets pageinfo summary jsonapi timestamp
    """
)


def list_place(reader: SchemaReader, schema: Json, noun: str) -> tuple[Place, str, float] | None:
    """Where a body has its list, with the reason and the confidence; None if it has none."""
    if schema is None:
        return None
    if reader.is_array(schema):
        return (), "the body is an array", 1.0
    found = _candidates(reader, schema, noun, ())
    for name, member in reader.properties(schema).items():
        if letters(name) in ITEM_NAMES | {"embedded", "list"} and not reader.is_array(member):
            deeper = 0 if letters(name) == "embedded" else 1  # HAL has all lists there
            found += [(score - deeper, place, why) for score, place, why in _candidates(reader, member, noun, (name,))]
    if not found:
        return None
    score, place, why = max(found, key=lambda each: (each[0], -len(each[1])))
    if score < 2:
        return None
    return place, why, min(0.95, 0.4 + 0.1 * score)


def map_place(reader: SchemaReader, schema: Json, noun: str) -> tuple[Place, str, float] | None:
    """The place of an object with ids as keys and members as values, with reason and confidence; None if there is none."""
    if schema is not None and reader.is_map(schema):
        return (), "the response is an object with ids as keys and objects as values", 0.9
    for name, member in reader.properties(schema).items() if schema is not None else ():
        if reader.is_map(member) and (letters(name) in LIST_NAMES or same(name, noun)):
            return (name,), f"'{name}' has ids as keys and objects as values", 0.85
    return None


def _candidates(reader: SchemaReader, schema: Json, noun: str, below: Place) -> list[tuple[int, Place, str]]:
    members = reader.properties(schema)
    arrays = {name: each for name, each in members.items() if reader.is_array(each)}
    is_one = bool(IDENTIFYING & {letters(name) for name in members})
    found = []
    for name, member in arrays.items():
        key = letters(name)
        score, why = 0, []
        if key in LIST_NAMES:
            score += 3
            why.append(f"'{name}' is a usual name for a list")
        elif noun and (
            same(name, noun) or singular(key).endswith(singular(noun)) or singular(noun).endswith(singular(key))
        ):
            score += 3
            why.append(f"'{name}' is named like the path")
        elif is_one:
            continue  # a list that belongs to the one object with this id
        if reader.is_object(reader.items(member)):
            score += 2
            why.append("it holds objects")
        if len(arrays) == 1:
            score += 1
            why.append("it is the only array")
        if key in NOISE:
            score -= 5
        found.append((score, (*below, name), "; ".join(why)))
    return found


def member_place(
    reader: SchemaReader, schema: Json, nouns: Iterable[str], parameter: str = ""
) -> tuple[Place, str, float]:
    """Where a body has the member that the operation is about, with the reason and the confidence."""
    nouns = [each for each in nouns if each]
    if reader.is_array(schema) and reader.is_object(reader.items(schema)):
        place, why, sure = member_place(reader, reader.items(schema), nouns, parameter)
        return (0, *place), f"the response is an array of one; {why}", min(sure, 0.8)
    members = reader.properties(schema)
    keys = {letters(name) for name in members}
    if parameter and letters(parameter) in keys:
        return (), f"the response and the path both have '{parameter}'", 0.95
    candidates = [name for name in members if letters(name) not in NOISE or any(same(name, noun) for noun in nouns)]
    named = [name for name in candidates if any(same(name, noun) for noun in nouns)]
    if not (keys & IDENTIFYING):
        for name in [*named, *(name for name in candidates if letters(name) in ITEM_NAMES)]:
            found = _unwrapped(reader, members[name], name, len(candidates) == 1)
            if found is not None and (len(candidates) <= 2 or name in named or letters(name) in ITEM_NAMES):
                return found, f"'{name}' is named like the path's noun, or is a usual wrapper", 0.9
        if len(candidates) == 1:
            name = candidates[0]
            found = _unwrapped(reader, members[name], name, True)
            if found is not None:
                return found, f"'{name}' is the response's only property", 0.8
    return (), "the response is the member itself", 0.9


def place_beside_id(reader: SchemaReader, schema: Json, known: Iterable[str]) -> tuple[Place, str, float] | None:
    """The place of the member in a body that has the id next to it: ``{"id": 7, "result": {"name": …}}``.

    ``known`` are fields of members, from other parts of the document; a wrapper has none of them except the id.
    """
    members = reader.properties(schema)
    fields = {letters(each) for each in known} - IDENTIFYING
    if not IDENTIFYING & {letters(each) for each in members} or fields & {letters(each) for each in members}:
        return None
    for name, member in members.items():
        inside = {letters(each) for each in reader.properties(member)} if reader.is_object(member) else set()
        if letters(name) in ITEM_NAMES and fields & inside:
            return (name,), f"'{name}' has the fields of a member, and the id is next to it", 0.85
    return None


def _unwrapped(reader: SchemaReader, member: Json, name: str, alone: bool) -> Place | None:
    if reader.is_array(member):
        return (name, 0) if alone and reader.is_object(reader.items(member)) else None
    if not reader.is_object(member) or not reader.properties(member):
        return None
    return (name,)


def body_place(reader: SchemaReader, schema: Json, nouns: Iterable[str]) -> tuple[Place, str]:
    """The place of the fields in a request body: in its one object, if that is named like the path or a usual wrapper."""
    if schema is None:
        return (), ""
    nouns = [each for each in nouns if each]
    members = reader.properties(schema)
    if reader.is_array(schema):
        return ((0,), "the body is an array of one") if reader.is_object(reader.items(schema)) else ((), "")
    objects = [name for name, each in members.items() if reader.is_object(each) and reader.properties(each)]
    for name in objects:
        if letters(name) == "id":  # an id of several parts is not a wrapper
            continue
        if any(same(name, noun) for noun in nouns) or letters(name) in SENT_NAMES:
            others = [each for each in members if each != name]
            if len(others) <= 2:
                return (name,), f"the body's fields are in '{name}'"
    if not objects and len(members) == 1:
        ((name, member),) = members.items()
        if (
            reader.is_array(member)
            and reader.is_object(reader.items(member))
            and any(same(name, noun) for noun in nouns)
        ):
            return (name, 0), f"the body's fields are in the one item of '{name}'"
    return (), ""
