"""Tells which refused forms have a list of one item where a text is allowed, too: both are written ``name=item``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.contract.conformance.described import operation_of
from counterfoil.openapi import SpecError, resolve

MAX_DEPTH = 8
"""How deep alternatives, and objects in a form, are looked into."""


class FormLists:
    """The forms of one document's requests; None is an API's in the catalog, whose every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether a form was refused that has such a list, which reads as a text that may be none of those allowed."""
        if self._document is None or type(failure).__name__ != "RejectedPositiveData":
            return False
        if "form" not in str(case.media_type):
            return False
        try:
            body = resolve(self._document, operation_of(self._document, case)["requestBody"])
            return self._has_such_a_list(case.body, body["content"][case.media_type]["schema"])
        except (LookupError, ValueError, TypeError, SpecError):
            return False

    def _has_such_a_list(self, value: Any, schema: Any, depth: int = 0) -> bool:
        alternatives = list(self._alternatives(schema))
        if isinstance(value, list):
            types = {each.get("type") for each in alternatives}
            return len(value) == 1 and isinstance(value[0], str) and types >= {"array", "string"}
        if not isinstance(value, dict) or depth >= MAX_DEPTH:
            return False
        members = [
            (value[name], each)
            for one in alternatives
            for name, each in one.get("properties", {}).items()
            if name in value
        ]
        return any(self._has_such_a_list(*member, depth + 1) for member in members)

    def _alternatives(self, schema: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
        assert self._document is not None
        resolved = resolve(self._document, schema)
        yield resolved
        for key in ("allOf", "anyOf", "oneOf"):
            for each in resolved.get(key, ()) if depth < MAX_DEPTH else ():
                yield from self._alternatives(each, depth + 1)
