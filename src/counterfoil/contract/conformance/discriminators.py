"""Recognizes responses with a type that an own document's discriminator does not know, because the document contradicts itself.

A discriminator without ``mapping`` names each alternative after its schema (OpenAPI 3.0.3, Discriminator Object). If that schema
lists other values for the property, no response can fit both: a note names the contradiction, and the target does not fail.
Every discriminator in the response is examined, since Schemathesis reports only the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from counterfoil.contract.conformance.described import response_schema
from counterfoil.json_schema.alternatives import listed_values, property_of
from counterfoil.openapi import SpecError, resolve

Json = Any


@dataclass(frozen=True)
class Unknown:
    """A value that a discriminator does not know. ``contradicts`` names the schema that lists it all the same."""

    property: str
    value: str
    known: tuple[str, ...]
    contradicts: str = ""


class Discriminators:
    """The discriminators of one document, which is None for an API of the catalog, where every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document

    def contradiction(self, failure: Any, case: Any, response: Any) -> str | None:
        """How the document contradicts itself, if that explains all unknown discriminator values in the response.

        Otherwise None: a value is wrong.
        """
        if self._document is None or type(failure).__name__ != "DiscriminatorMismatch":
            return None
        try:
            schema = response_schema(self._document, case, response)
            found = list(dict.fromkeys(self._unknown(schema, json.loads(response.content))))
        except (LookupError, StopIteration, ValueError, TypeError, AttributeError, SpecError):
            return None
        wrong = next((each for each in found if not each.contradicts), None)
        if wrong is not None:
            failure.message = (
                f"Response contains discriminator property '{wrong.property}' with value {wrong.value!r}, "
                f"which does not match any of the known schema values: {', '.join(wrong.known)}"
            )
        if wrong is not None or not found:
            return None
        said = "; ".join(
            f"{each.contradicts} lists {each.value!r} for '{each.property}', and the discriminator knows only "
            f"{', '.join(each.known)}"
            for each in found
        )
        return f"{case.method.upper()} {case.operation.path}: the document contradicts itself: {said}"

    def _unknown(self, schema: Json, value: Json) -> Iterator[Unknown]:
        """The unknown values in a response. The schemas are followed along the value, so the value bounds the work."""
        waiting, seen = [(schema, value)], set()
        while waiting:
            schema, value = waiting.pop()
            if not isinstance(schema, dict) or not isinstance(value, dict | list) or (id(schema), id(value)) in seen:
                continue
            seen.add((id(schema), id(value)))
            if "$ref" in schema:
                waiting.append((resolve(self._document, schema), value))
            if isinstance(value, list):
                waiting += [(schema.get("items"), each) for each in value]
                continue
            yield from self._at(schema, value)
            members = schema.get("properties", {})
            waiting += [(members[name], each) for name, each in value.items() if name in members]

    def _at(self, schema: Json, value: Json) -> Iterator[Unknown]:
        name = property_of(schema)
        said = value.get(name)
        if name is None or not isinstance(said, str):
            return
        mapping = schema["discriminator"].get("mapping") or {}
        names = {each: self._names(mapping, each) for each in _references(schema)}
        known = {*mapping, *(each for of_one in names.values() for each in of_one)}
        if not known or said in known:
            return
        for reference, called in names.items():
            listed = set(listed_values(self._document, {"$ref": reference}, name))
            if said in listed and not listed & called:
                yield Unknown(name, said, tuple(sorted(known)), reference.rpartition("/")[2])
                return
        yield Unknown(name, said, tuple(sorted(known)))

    def _names(self, mapping: Mapping[str, Json], reference: str) -> set[str]:
        last = reference.rpartition("/")[2]
        return {last, *(str(key) for key, each in mapping.items() if each in (reference, last))}


def _references(schema: Json) -> list[str]:
    """The references of a schema's alternatives."""
    groups = (each for key in ("anyOf", "oneOf") for each in schema.get(key) or ())
    return [each["$ref"] for each in groups if isinstance(each, dict) and isinstance(each.get("$ref"), str)]
