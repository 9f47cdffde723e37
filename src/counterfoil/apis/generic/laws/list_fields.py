"""The fields of a list's items, for laws that filter and sort by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from counterfoil.apis.generic.model import NESTED, Place, place_text
from counterfoil.apis.generic.places import at
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.contract.fields import DATE, DATE_TIME, INTEGER, NUMBER, TEXT, Field

Json = Any


class ListFields:
    """The fields of a list's items, with the type that their values are compared as."""

    def __init__(self, reader: SchemaReader, entity: Json) -> None:
        self._reader, self._entity = reader, entity

    def field(self, place: Place) -> Field | None:
        """The field at ``place``; None if it is not a scalar."""
        schema = self._reader.member(self._entity, place) if self._entity is not None else None
        if schema is None:
            return None
        types = self._reader.types(schema) - {"null"}
        if not types or types & {"object", "array"}:
            return None
        kind = _kind(types, self._reader.merged(schema))
        return Field(place_text(place), kind, at=lambda item: _in_a_query(at(item, place)))

    def named(self, name: str) -> Field | None:
        """The field that a sort order calls ``name``: the item's own, or one inside an object of ``NESTED``."""
        places: list[Place] = [(name,), *((group, name) for group in NESTED)]
        found = next((each for place in places if (each := self.field(place)) is not None), None)
        return None if found is None else replace(found, name=name)


def _in_a_query(value: Json) -> Json:
    """A value as it is written in a query: ``true`` for True."""
    return str(value).lower() if isinstance(value, bool) else value


def _kind(types: frozenset[str], schema: Mapping[str, Json]) -> str:
    if "integer" in types:
        return INTEGER
    if "number" in types:
        return NUMBER
    return {"date-time": DATE_TIME, "date": DATE}.get(str(schema.get("format")), TEXT)
