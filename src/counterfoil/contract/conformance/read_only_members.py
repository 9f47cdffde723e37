"""Recognizes accepted requests whose only defect is a read-only member in a body that is not JSON.

Such a member SHOULD NOT be sent (https://spec.openapis.org/oas/v3.0.3#schema-object), so a server may ignore it.
Schemathesis accepts this in a JSON body, but not in a form with a part in JSON (seen in 4.32.5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from counterfoil.contract.conformance.described import body_schema, schemas_in
from counterfoil.openapi import SpecError

_NOT_ALLOWED = re.compile(r"Invalid component: in body - [^\n]*: value is not allowed\s*", re.IGNORECASE)


class ReadOnlyMembers:
    """The bodies of one document's requests; the document is None for an API of the catalog, where every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document
        self._schemas = schemas_in(document)

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether a body is valid except for a read-only member, which may have any value."""
        if self._schemas is None or type(failure).__name__ != "AcceptedNegativeData":
            return False
        if self._document is None or not _NOT_ALLOWED.search(str(failure.message)):
            return False
        try:
            checks = self._schemas.validator(body_schema(self._document, case), "request")
            return checks.is_valid(_with_texts(case.body))
        except (LookupError, ValueError, TypeError, SpecError):
            return False


def _with_texts(value: Any) -> Any:
    """A value with texts in place of the bytes of files."""
    if isinstance(value, dict):
        return {name: _with_texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(_with_texts, value))
    return "" if isinstance(value, bytes) or type(value).__name__ == "Binary" else value
