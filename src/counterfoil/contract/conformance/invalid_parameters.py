"""Tells which refused requests that Schemathesis takes for valid have a header or query parameter that is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.json_schema import Schemas
from counterfoil.openapi import SpecError, resolve


class InvalidParameters:
    """The parameters of one document; None is an API's in the catalog, whose every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document
        is_2020 = document is not None and not str(document.get("openapi", "")).startswith("3.0")
        self._schemas = Schemas(document, "2020-12" if is_2020 else "draft4", is_lenient=True) if document else None

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether a request was refused that has a text which the document's own schema for it does not allow (seen in
        Schemathesis 4.32.5: ``0`` for a header with a pattern)."""
        if self._schemas is None or type(failure).__name__ != "RejectedPositiveData":
            return False
        try:
            return any(not self._schemas.validator(*each[:2]).is_valid(each[2]) for each in self._texts(case))
        except (LookupError, TypeError, AttributeError, SpecError):
            return False

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
