"""Chooses the alternative of ``oneOf`` or ``anyOf`` that a value is made for, and the value of its discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.apis.generic.data.scalars import UNSET, Scalars
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any


class Alternatives:
    """The alternatives in the schemas of one document."""

    def __init__(self, reader: SchemaReader, scalars: Scalars) -> None:
        self.reader = reader
        self.scalars = scalars

    def order(self, group: list[Json], given: Json, above: tuple[int, ...]) -> list[int]:
        """The alternatives' indices in the order in which they are tried: those that fit ``given`` first, then simple ones."""

        def rank(number: int) -> tuple[int, int]:
            branch = group[number]
            merged = self.reader.merged(branch)
            types = self.reader.types(branch)
            if types == {"null"}:
                return (0 if given is None else 9), number
            if isinstance(given, dict):
                known = self.reader.properties(branch)
                if self._contradicts(known, given) or (types and "object" not in types):
                    return 9, number
                return (8 if known else 7) - sum(each in known for each in given), number
            if given is not UNSET and not isinstance(given, list):
                return (
                    0 if self.scalars.coerce(merged, types, given) is not UNSET and "object" not in types else 5
                ), number
            if id(merged) in above:
                return 8, number
            return (1 if "object" in types and len(above) > 2 else 0), number

        return sorted(range(len(group)), key=rank)

    def _contradicts(self, known: Mapping[str, Json], given: Mapping[str, Json]) -> bool:
        """Whether ``given`` has a value that the enum or const of an alternative with these properties excludes."""
        for name, value in given.items():
            if isinstance(value, str | bool | int) and name in known:
                merged = self.reader.merged(known[name])
                listed = [merged["const"]] if "const" in merged else merged.get("enum")
                if isinstance(listed, list) and not any(
                    each == value and isinstance(each, bool) == isinstance(value, bool) for each in listed
                ):
                    return True
        return False

    def discriminator(self, merged: Mapping[str, Json], branch: Json) -> dict[str, Json]:
        """The discriminator property and its value for an alternative; empty without a discriminator."""
        discriminator = merged.get("discriminator")
        reference = branch.get("$ref") if isinstance(branch, dict) else None
        if (
            not isinstance(discriminator, dict)
            or not isinstance(discriminator.get("propertyName"), str)
            or not isinstance(reference, str)
        ):
            return {}
        if self.reader.merged(branch).get("choices"):
            return {}  # the alternative has alternatives of its own, which have the value
        stated = discriminator.get("mapping")
        mapping: dict[str, Json] = stated if isinstance(stated, dict) else {}
        last = reference.rpartition("/")[2]
        value = next((name for name, each in mapping.items() if each in (reference, last)), None)
        if value is None:
            property_schema = self.reader.properties(branch).get(discriminator["propertyName"], {})
            allowed = self.reader.merged(property_schema).get("enum")
            value = allowed[0] if isinstance(allowed, list) and allowed else last
        return {discriminator["propertyName"]: value}
