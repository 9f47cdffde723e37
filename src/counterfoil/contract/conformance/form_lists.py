"""Recognizes refused forms with a list of one item where a text is allowed, too: both are written ``name=item``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.contract.conformance.described import body_schema, schemas_in
from counterfoil.openapi import SpecError, resolve

MAX_DEPTH = 8
"""How deep nested alternatives and objects are followed."""


class FormLists:
    """The forms of one document's requests; the document is None for an API of the catalog, where every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document
        self._schemas = schemas_in(document)

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether a form was refused that has such a list, and that is invalid if the list is read as a text."""
        if self._document is None or self._schemas is None or type(failure).__name__ != "RejectedPositiveData":
            return False
        if "form" not in str(case.media_type):
            return False
        try:
            schema = body_schema(self._document, case)
            read = self._with_texts(case.body, schema)
            return read != case.body and not self._schemas.validator(schema, "request").is_valid(read)
        except (LookupError, ValueError, TypeError, SpecError):
            return False

    def _with_texts(self, value: Any, schema: Any, depth: int = 0) -> Any:
        """The value with the text in place of each list of one text, where the schema allows both."""
        alternatives = list(self._alternatives(schema))
        if isinstance(value, list):
            types = {each.get("type") for each in alternatives}
            is_such = len(value) == 1 and isinstance(value[0], str) and types >= {"array", "string"}
            return value[0] if is_such else value
        if not isinstance(value, dict) or depth >= MAX_DEPTH:
            return value
        read = dict(value)
        for one in alternatives:
            for name, member in one.get("properties", {}).items():
                if name in read:
                    read[name] = self._with_texts(read[name], member, depth + 1)
        return read

    def _alternatives(self, schema: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
        assert self._document is not None
        resolved = resolve(self._document, schema)
        yield resolved
        for key in ("allOf", "anyOf", "oneOf"):
            for each in resolved.get(key, ()) if depth < MAX_DEPTH else ():
                yield from self._alternatives(each, depth + 1)
