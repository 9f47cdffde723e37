"""Reads the request body of a search (``POST /customers/search``) as if its properties were query parameters of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from counterfoil.apis.generic.conditions import is_condition
from counterfoil.apis.generic.inference.queries import Queries, queries
from counterfoil.apis.generic.model import Pages, Place, place_text
from counterfoil.apis.generic.names import letters, word_set
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

GROUPS = word_set(
    "query filter filters where criteria pagination paging page options params selection conditions input args arguments request"
)
MAX_DEPTH = 4


def body_queries(
    reader: SchemaReader, parameters: list[Mapping[str, Json]], body: Json, entity: Json, envelope: Json, at: Place
) -> Queries:
    """What the query parameters and the properties of the body do. Properties are named by their places in the body."""
    places: dict[str, str] = {}
    found = [each for each in parameters if each.get("in") == "query"]
    for place, schema in _members(reader, body, (), 0):
        name = str(place[-1])
        if name not in places and not any(each.get("name") == name for each in found):
            places[name] = place_text(place)
            found.append({"in": "query", "name": name, "schema": schema})
    read = queries(reader, found, entity, envelope, at)

    def full(name: str) -> str:
        return places.get(name, name)

    pages: Pages = replace(
        read.pages, at=full(read.pages.at), size=full(read.pages.size), before=full(read.pages.before)
    )
    return replace(
        read,
        pages=pages,
        filters=[(full(name), each) for name, each in read.filters],
        names={what: full(each) for what, each in read.names.items()},
        unknown=[full(each) for each in read.unknown],
    )


def _members(reader: SchemaReader, schema: Json, below: Place, depth: int) -> Iterator[tuple[Place, Json]]:
    """The body's properties, with those of its groups (``query.filter.state``) in place of the groups."""
    for name, member in reader.properties(schema).items():
        key = letters(name)
        is_group = key in GROUPS or key.endswith(("filter", "filters", "query"))
        if is_condition(reader, member):
            yield (*below, name), member
        elif is_group and reader.is_object(member) and reader.properties(member) and depth < MAX_DEPTH:
            yield from _members(reader, member, (*below, name), depth + 1)
        else:
            yield (*below, name), member
