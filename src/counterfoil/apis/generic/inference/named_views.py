"""Finds paths that show a collection's members in an order or a selection that the last segment names: ``/items/latest``,
``/items/random``, ``/orders/active``. They show a list, or its first member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from counterfoil.apis.generic.inference.collection_draft import CollectionDraft
from counterfoil.apis.generic.inference.inferred_role import InferredRole
from counterfoil.apis.generic.inference.relations import CREATED, state_field
from counterfoil.apis.generic.inference.response_places import place_in_response
from counterfoil.apis.generic.inference.view_paths import NEWEST, OLDEST, RANDOM, TOP, has_fields_of
from counterfoil.apis.generic.model import NESTED, Place
from counterfoil.apis.generic.names import letters
from counterfoil.apis.generic.paths import read_path
from counterfoil.apis.generic.schemas import SchemaReader

if TYPE_CHECKING:
    from counterfoil.apis.generic.inference.roles import Roles

Json = Any

MERITS = (
    "rating", "averagerating", "score", "popularity", "votes", "votecount", "upvotes", "likes", "likecount", "likescount",
    "stars", "starcount", "points", "views", "viewcount", "downloads", "downloadcount", "sales", "salescount", "soldcount",
    "favorites", "favoritecount", "plays", "playcount",
)  # fmt: skip
"""Names of fields by which members are the top ones, the likeliest first."""


def named_views(roles: Roles, found: Mapping[str, InferredRole]) -> Iterator[tuple[str, InferredRole]]:
    """The reads at ``{collection}/{word}`` with the order or selection that the word means."""
    for name, role in found.items():
        method, _, text = name.partition(" ")
        path = read_path(text)
        draft = roles.drafts.get(path.parent().key) if method in ("GET", "HEAD") and path.segments else None
        if draft is None or path.ends_in_parameter or draft.single or not draft.id or draft.entity is None:
            continue
        order, why = _order(roles.reader, draft.entity, path.last)
        where, selects = ({}, "") if order else _selection(roles.reader, draft.entity, path.last)
        if not order and not where:
            continue
        if role.role == "list" and role.draft is draft:
            yield name, replace(role, order=order, where=where, reason=f"{role.reason}; {why or selects}")
        elif role.role == "read_one" and letters(path.last) != "new":  # often the form for a new member
            at = _shown_at(roles, name, draft)
            if at is not None and {*roles.paths[text]} <= {"get", "head", "options"}:
                reason = f"it shows one member of {draft.path.text}: the first; {why or selects}"
                at = at if method == "GET" else ()
                yield (
                    name,
                    InferredRole(
                        "read", draft, at, first=True, order=order, where=where, reason=reason, confidence=0.75
                    ),
                )


def _shown_at(roles: Roles, name: str, draft: CollectionDraft) -> Place | None:
    """The place of a member of the collection in a response; None if it shows something else."""
    get = f"GET {name.partition(' ')[2]}"
    shown = roles.collections.shown_by(get, read_path(name.partition(" ")[2]))
    if shown is not None:
        return shown[1] if shown[0] is draft and shown[3] == "one" else None
    answer = roles.collections.answer(get)
    place = place_in_response(roles.reader, answer, draft)[0]
    is_member = answer.is_json and has_fields_of(roles.reader, roles.reader.member(answer.schema, place), draft)
    return place if is_member else None


def _order(reader: SchemaReader, entity: Json, word: str) -> tuple[str, str]:
    """The order that a path's last segment means, with the reason; empty if it means none."""
    key, (_, states) = letters(word), state_field(reader, entity)
    if key in {letters(each) for each in states}:
        return "", ""
    if key in NEWEST | OLDEST:
        fields = _names(reader, entity)
        by = next((f"by '{each}'" for each in fields if letters(each) in CREATED), "as they were created")
        order = "newest" if key in NEWEST else "oldest"
        return order, f"'{word}' means the {order} first, {by}"
    if key in RANDOM:
        return "random", f"'{word}' means in random order, which the seed determines"
    if key in TOP:
        numbers = {
            letters(each): each
            for each, schema in _names(reader, entity).items()
            if reader.types(schema) & {"integer", "number"}
        }
        by = next((numbers[each] for each in MERITS if each in numbers), "")
        return (f"-{by}", f"'{word}' means those with the highest '{by}' first") if by else ("", "")
    return "", ""


def _names(reader: SchemaReader, entity: Json) -> dict[str, Json]:
    """The fields of a member, and those in its ``attributes`` and the like."""
    own = reader.properties(entity)
    inner = [reader.properties(own[group]) for group in NESTED if group in own]
    return {name: schema for fields in (*inner, own) for name, schema in fields.items()}


def _selection(reader: SchemaReader, entity: Json, word: str) -> tuple[dict[str, Json], str]:
    """The state or flag of the members that a path's last segment selects, with the reason; empty if it names none."""
    key, (state, values) = letters(word), state_field(reader, entity)
    named = next((each for each in values if letters(each) == key), None)
    if named is not None:
        return {state: named}, f"'{word}' is a value of '{state}'"
    for name, schema in reader.properties(entity).items():
        flag = letters(name).removeprefix("is")
        if reader.types(schema) - {"null"} == {"boolean"} and key in (flag, f"un{flag}", f"in{flag}"):
            return {name: key == flag}, f"'{word}' means that '{name}' is {str(key == flag).lower()}"
    return {}, ""
