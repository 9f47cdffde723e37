"""Tells which refused requests that Schemathesis takes for valid have a parameter, or a text in the body, that is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.contract.conformance.described import operation_of, request_schema, schemas_in
from counterfoil.openapi import SpecError, resolve


class InvalidParameters:
    """The parameters of one document; None for an API of the catalog, of which every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document
        self._schemas = schemas_in(document)

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether a request was refused that has a text which the document's own schema for it does not allow (seen in
        Schemathesis 4.32.5: ``0`` for a header with a pattern)."""
        if self._schemas is None or type(failure).__name__ != "RejectedPositiveData":
            return False
        try:
            if any(not self._schemas.validator(*each[:2]).is_valid(each[2]) for each in self._texts(case)):
                return True
            return self._has_wrong_formats(case)
        except (LookupError, StopIteration, ValueError, TypeError, AttributeError, SpecError):
            return False

    def _has_wrong_formats(self, case: Any) -> bool:
        """Whether all that is wrong with a JSON body is a text that is not of its ``format`` (seen in Schemathesis 4.32.5: ""
        for an e-mail address)."""
        assert self._document is not None
        assert self._schemas is not None
        if "json" not in str(case.media_type) or "requestBody" not in operation_of(self._document, case):
            return False
        checks = self._schemas.validator(request_schema(self._document, case), "request")
        wrong = [error.schema_path[-1] for _, error in checks.errors(case.body)]
        return bool(wrong) and all(each == "format" for each in wrong)

    def _texts(self, case: Any) -> Iterator[tuple[Any, Any, str]]:
        """Each text that was sent as a parameter that is a text, with its schema."""
        assert self._document is not None
        item = self._document["paths"][case.operation.path]
        operation = item[case.operation.method.lower()]
        sent = {"header": _lower(case.headers), "query": dict(case.query or {})}
        for declared in (*item.get("parameters", ()), *operation.get("parameters", ())):
            each = resolve(self._document, declared)
            name = each["name"].lower() if each["in"] == "header" else each["name"]
            value = sent.get(each["in"], {}).get(name)
            schema = resolve(self._document, each.get("schema", {}))
            if isinstance(value, str) and schema.get("type") == "string":
                yield schema, "request", value


def _lower(headers: Any) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in (headers or {}).items()}
