"""Describes the sort orders of a list for the families of laws: which fields, and how a direction is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from counterfoil.apis.generic.laws.list_fields import ListFields
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.schemas import SchemaReader
from counterfoil.contract.collection import Sort
from counterfoil.contract.fields import TEXT, Field

Json = Any
_DIRECTED = re.compile(r"(.+?)([_:., -])(asc|desc|ASC|DESC)")
"""A sort value that includes the direction: ``price_desc``."""


def sort_order(
    operation: Operation, parameters: Iterable[Mapping[str, Json]], fields: ListFields, reader: SchemaReader
) -> tuple[tuple[Field, ...], Sort]:
    """The fields in the sort parameter's enum, and the way an order is written; no fields without an enum."""
    parameters = [*parameters]
    values = next((_values(each, reader) for each in parameters if each.get("name") == operation.sort), [])
    if directed := [found for each in values if (found := _DIRECTED.fullmatch(each)) is not None]:
        return _directed_sort(operation, directed, fields)
    known = [fields.named(value.removeprefix("-")) for value in values]
    named = {
        value.removeprefix("-"): each
        for value, each in zip(values, known, strict=True)
        if each is not None and each.kind != TEXT
    }
    signed = {value.removeprefix("-") for value in values if value.startswith("-")}
    usable = tuple(each for name, each in named.items() if name in signed or not signed)
    if operation.direction and not signed:
        described = next((each for each in parameters if each.get("name") == operation.direction), {})
        direction = _direction(operation.direction, _values(described, reader) or ["asc", "desc"])
        return usable if direction else (), Sort(operation.sort, descending="{}", direction=direction)
    return usable, Sort(operation.sort, descending="-{}" if signed else "")


def _direction(parameter: str, values: Sequence[str]) -> tuple[str, str, str] | None:
    """The parameter of a direction, and its values for ascending and descending; None if they are not known."""
    ascending = next((each for each in values if each.lower().startswith("asc")), None)
    descending = next((each for each in values if each.lower().startswith("desc")), None)
    return None if ascending is None or descending is None else (parameter, ascending, descending)


def _directed_sort(
    operation: Operation, values: Sequence[re.Match[str]], fields: ListFields
) -> tuple[tuple[Field, ...], Sort]:
    """As ``sort_order``, if values include a direction (``price_asc``, ``price:desc``); only fields with both directions."""
    directions: dict[str, dict[bool, str]] = {}
    for each in values:
        directions.setdefault(each[1], {})[each[3].lower() == "desc"] = f"{each[2]}{each[3]}"
    endings = {(way[False], way[True]) for way in directions.values() if len(way) > 1}
    if len(endings) != 1:
        return (), Sort(operation.sort)
    ascending, descending = endings.pop()
    named = (fields.named(name) for name, way in directions.items() if len(way) > 1)
    usable = tuple(each for each in named if each is not None and each.kind != TEXT)
    return usable, Sort(operation.sort, descending="{}" + descending, ascending="{}" + ascending)


def _values(parameter: Mapping[str, Json], reader: SchemaReader) -> list[str]:
    """The texts that a parameter, or an item of it, may have; none if it may have any."""
    schema = reader.merged(parameter.get("schema") or {})
    enum = schema.get("enum") or reader.merged(schema.get("items") or {}).get("enum") or []
    return [value for value in enum if isinstance(value, str)]
