"""Recognizes responses and requests whose only defect is that a value fits several alternatives of an own document's ``oneOf``.

Documents often have alternatives that overlap completely, so that no response can be valid. Then the document contradicts
itself: a note names the place, and the target does not fail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from counterfoil.contract.conformance.described import request_schema, response_schema, schemas_in
from counterfoil.openapi import SpecError

_PLACE = re.compile(r"Schema at (\S+?):?\s")
_ELSEWHERE = re.compile(r"\b(?:in|at) (?:query|header|path|cookie)\b")
AMBIGUOUS = "ambiguous with a sibling `oneOf` branch"
SEVERAL = "valid under more than one of the schemas listed in the 'oneOf' keyword"
UNREADABLE = (LookupError, StopIteration, ValueError, TypeError, SpecError)


class Overlaps:
    """The overlapping alternatives of one document, which is None for an API of the catalog, where every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document
        self._schemas = schemas_in(document)
        self._exact = schemas_in(document, exact=True)

    def place(self, failure: Any, case: Any, response: Any) -> str | None:
        """Where the document's alternatives overlap, if the response is valid otherwise; else None."""
        if self._schemas is None or type(failure).__name__ != "JsonSchemaError":
            return None
        if not self._is_explained(case, response, is_told=SEVERAL in failure.validation_message):
            return None
        found = _PLACE.search(failure.message)
        place, operation = found[1] if found else "", f"{case.method.upper()} {case.operation.path}"
        return place if place.startswith("/components/") else f"{operation}, its answer's {place or 'schema'}"

    def request_place(self, failure: Any, case: Any) -> str | None:
        """Where alternatives of a request overlap, if the accepted request is valid otherwise; else None."""
        message = str(getattr(failure, "message", ""))
        if self._document is None or type(failure).__name__ != "AcceptedNegativeData" or _ELSEWHERE.search(message):
            return None
        assert self._schemas is not None
        assert self._exact is not None
        try:
            schema = request_schema(self._document, case)
            if not self._schemas.validator(schema, "request").is_valid(case.body):
                return None
            is_told = AMBIGUOUS in message or not self._exact.validator(schema, "request").is_valid(case.body)
        except UNREADABLE:
            return None
        return f"{case.method.upper()} {case.operation.path}, its body" if is_told else None

    def _is_explained(self, case: Any, response: Any, *, is_told: bool) -> bool:
        """Whether a response is valid if ``oneOf`` is read as ``anyOf``, and invalid as written. The failure says the latter
        (``is_told``) unless the ``oneOf`` is itself one of several alternatives."""
        assert self._schemas is not None
        assert self._exact is not None
        assert self._document is not None
        try:
            schema, answer = response_schema(self._document, case, response), json.loads(response.content)
            if not self._schemas.validator(schema, "response").is_valid(answer):
                return False
            return is_told or not self._exact.validator(schema, "response").is_valid(answer)
        except UNREADABLE:
            return False
