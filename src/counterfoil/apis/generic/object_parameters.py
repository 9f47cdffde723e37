"""Splits query parameters that are objects into their properties: ``page[number]``, ``filter[status]``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from counterfoil.apis.generic.model import NESTED
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

FILTERS = frozenset(["filter", "filters", "where"])
"""Names of object parameters for filters: their properties are fields, even if the document does not list them."""
MAX_MEMBERS = 200


def members_of(reader: SchemaReader, parameter: Mapping[str, Json], entity: Json = None) -> list[dict[str, Json]]:
    """A parameter for each property of an object parameter in the query, with its name in a request; empty for others.

    Style ``deepObject`` sends ``page[number]``, an exploded ``form`` sends ``number`` (OpenAPI 3.1, Style Examples). A filter
    without listed properties gets the scalar fields of the ``entity``.
    """
    schema = parameter.get("schema")
    style = parameter.get("style", "form")
    if parameter.get("in") != "query" or schema is None or not reader.is_object(schema):
        return []
    name = str(parameter.get("name", ""))
    declared = reader.properties(schema)
    if style == "deepObject":
        if not declared and letters(name) in FILTERS and entity is not None:
            rest = reader.merged(schema).get("additionalProperties", {})
            names = _plain_fields(reader, entity) if rest is not False else ()
            declared = dict.fromkeys(names, rest if isinstance(rest, dict) else {})
        named = {f"{name}[{member}]": each for member, each in declared.items()}
    elif style == "form" and parameter.get("explode", True):
        named = dict(declared)
    else:
        return []
    return [{"in": "query", "name": full, "schema": each} for full, each in list(named.items())[:MAX_MEMBERS]]


def split_objects(
    reader: SchemaReader, parameters: Iterable[Mapping[str, Json]], entity: Json, keep: Collection[str]
) -> list[Mapping[str, Json]]:
    """The parameters, with object parameters replaced by their properties; those in ``keep`` stay whole."""
    found: list[Mapping[str, Json]] = []
    for each in parameters:
        parts = members_of(reader, each, entity) if each.get("name") not in keep else []
        found.extend(parts or [each])
    return found


def of_kind(named: Collection[str], kinds: Collection[str]) -> list[str]:
    """The names in ``named`` that are one of ``kinds``, in singular or plural (``articles`` of ``fields[articles]``)."""
    wanted = {singular(letters(kind)) for kind in kinds}
    return [name for name in named if singular(letters(name)) in wanted]


def noun(path: str) -> str:
    """The noun of a collection: the last part of its path that is not a parameter."""
    return next((each for each in reversed(path.split("/")) if each and not each.startswith("{")), "")


def with_members(query: Mapping[str, Json], names: Collection[str]) -> dict[str, Json]:
    """The query with additional entries for ``names`` that are properties of object parameters."""
    found = dict(query)
    for name, value in query.items():
        if isinstance(value, dict):
            for member, each in value.items():
                for full in (f"{name}[{member}]", member):
                    if full in names:
                        found.setdefault(full, each)
    return found


def as_sent(query: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Names and values of a query, with each property of an object as ``page[number]``."""
    for name, value in query.items():
        if isinstance(value, dict):
            yield from as_sent({f"{name}[{member}]": each for member, each in value.items()})
        else:
            yield name, value


def _plain_fields(reader: SchemaReader, entity: Json) -> Iterator[str]:
    """The names of the entity's scalar fields, including those in ``NESTED`` objects."""
    for name, member in reader.properties(entity).items():
        if name in NESTED:
            yield from (inner for inner, each in reader.properties(member).items() if not _has_members(reader, each))
        elif not _has_members(reader, member):
            yield name


def _has_members(reader: SchemaReader, schema: Json) -> bool:
    return reader.is_object(schema) or reader.is_array(schema)
