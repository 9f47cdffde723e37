"""Recognizes requests refused only for a number such as 2.0 where a user's OpenAPI 3.0 document wants an integer.

OpenAPI 3.0 leaves open whether 2.0 is an integer: draft 4 of JSON Schema says no, later ones say yes
(https://json-schema.org/draft-06/json-schema-release-notes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.contract.conformance.described import is_draft4, request_schema, schemas_in
from counterfoil.openapi import SpecError


class WholeFloats:
    """The bodies of one document's requests; the document is None for an API of the catalog, where every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document if document is not None and is_draft4(document) else None
        self._schemas = schemas_in(self._document)

    def explain(self, failure: Any, case: Any, response: Any) -> bool:
        """Whether a JSON body was refused that is valid only if whole numbers such as 2.0 are integers."""
        if self._schemas is None or self._document is None or type(failure).__name__ != "RejectedPositiveData":
            return False
        if response.status_code not in (400, 422) or "json" not in str(case.media_type):
            return False
        try:
            checks = self._schemas.validator(request_schema(self._document, case), "request")
            return not checks.is_valid(case.body) and checks.is_valid(_with_integers(case.body))
        except (LookupError, StopIteration, ValueError, TypeError, SpecError):
            return False


def _with_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_integers(each) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(_with_integers, value))
    return int(value) if isinstance(value, float) and value.is_integer() else value
