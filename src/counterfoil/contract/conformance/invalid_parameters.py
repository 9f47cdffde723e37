"""Recognizes refused requests that Schemathesis considers valid although a parameter, or a text in the body, is invalid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.contract.conformance.described import operation_of, request_schema, schemas_in
from counterfoil.contract.conformance.path_texts import plain_value
from counterfoil.openapi import SpecError, resolve


class InvalidParameters:
    """The parameters of one document, which is None for an API of the catalog, where every failure counts."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document
        self._schemas = schemas_in(document)
        self._without_formats = schemas_in(document, formats=False)

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether a refused request has a value that its schema in the document does not allow (seen in Schemathesis 4.32.5:
        ``0`` for a header with a pattern)."""
        if self._schemas is None or type(failure).__name__ != "RejectedPositiveData":
            return False
        try:
            if any(not self._schemas.validator(*each[:2]).is_valid(each[2]) for each in self._texts(case)):
                return True
            if self._has_null(case) or self._is_of_other_type(case) or self._has_wrong_formats(case):
                return True
            if any(_has_no_form(value) for _, value in self._sent(case)):
                return True
            return any(self._is_unclear(*each) for each in self._objects(case))
        except (LookupError, StopIteration, ValueError, TypeError, AttributeError, SpecError):
            return False

    def _is_of_other_type(self, case: Any) -> bool:
        """Whether a JSON body is a plain value where the document wants an object or a list (seen in Schemathesis 4.32.5: 0)."""
        assert self._document is not None
        if "json" not in str(case.media_type) or not isinstance(case.body, str | int | float | None):
            return False
        return resolve(self._document, request_schema(self._document, case)).get("type") in ("object", "array")

    def _has_wrong_formats(self, case: Any) -> bool:
        """Whether the only defect of a JSON body is a text that does not have its ``format``, even within alternatives (seen in
        Schemathesis 4.32.5: "" for an e-mail address)."""
        assert self._document is not None
        assert self._schemas is not None
        assert self._without_formats is not None
        if "json" not in str(case.media_type) or "requestBody" not in operation_of(self._document, case):
            return False
        schema = request_schema(self._document, case)
        if self._schemas.validator(schema, "request").is_valid(case.body):
            return False
        return self._without_formats.validator(schema, "request").is_valid(case.body)

    def _has_null(self, case: Any) -> bool:
        """Whether a parameter is valid only if its text ``null`` is read as null: how null is written is not defined
        (https://spec.openapis.org/oas/v3.0.4#style-values)."""
        assert self._schemas is not None
        for schema, value in self._sent(case):
            texts = ["null" if each is None else each for each in (value if isinstance(value, list) else [value])]
            if "null" not in texts:
                continue
            checks, is_list = self._schemas.validator(schema, "request"), isinstance(value, list)
            read = [None if each == "null" else each for each in texts]
            readings = [read, [plain_value(each) for each in texts]] if is_list else [None]
            if not checks.is_valid(texts if is_list else "null") and any(map(checks.is_valid, readings)):
                return True
        return False

    def _is_unclear(self, schema: Mapping[str, Any], parts: Mapping[str, Any]) -> bool:
        """Whether a ``deepObject`` in the query is empty, or has null, or a list or an object in it: how these are written is
        not defined. Or whether a text in it is not valid."""
        if not parts or any("[" in name or _has_no_form(value) or value == "null" for name, value in parts.items()):
            return True
        assert self._document is not None
        assert self._schemas is not None
        for name, member in (schema.get("properties") or {}).items():
            described = resolve(self._document, member)
            if name in parts and (described.get("type") in ("object", "array") or "properties" in described):
                return True
            is_text = name in parts and described.get("type") == "string"
            if is_text and not self._schemas.validator(described, "request").is_valid(parts[name]):
                return True
        return False

    def _objects(self, case: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Each ``deepObject`` of the query that was sent or is required: its schema, and its parts as they were sent."""
        assert self._document is not None
        query = dict(case.query or {})
        for each in self._parameters(case):
            if each.get("in") != "query" or each.get("style") != "deepObject" or each["name"] in query:
                continue
            start = f"{each['name']}["
            parts = {
                key[len(start) : -1].replace("][", "["): value for key, value in query.items() if key.startswith(start)
            }
            if parts or each.get("required"):
                yield resolve(self._document, each.get("schema", {})), parts

    def _texts(self, case: Any) -> Iterator[tuple[Any, Any, str]]:
        """Each text that was sent for a parameter of type string, with its schema."""
        for schema, value in self._sent(case):
            if isinstance(value, str) and schema.get("type") == "string":
                yield schema, "request", value

    def _sent(self, case: Any) -> Iterator[tuple[Any, Any]]:
        """Each parameter of the query and the headers that was sent: its schema, and what was sent."""
        assert self._document is not None
        sent = {"header": _lower(case.headers), "query": dict(case.query or {})}
        for each in self._parameters(case):
            name = each["name"].lower() if each["in"] == "header" else each["name"]
            if name in sent.get(each["in"], {}):
                yield resolve(self._document, each.get("schema", {})), sent[each["in"]][name]

    def _parameters(self, case: Any) -> Iterator[Any]:
        """What the document declares as parameters of the operation and of its path."""
        assert self._document is not None
        item = self._document["paths"][case.operation.path]
        for declared in (*item.get("parameters", ()), *item[case.operation.method.lower()].get("parameters", ())):
            yield resolve(self._document, declared)


def _has_no_form(value: Any) -> bool:
    """Whether OpenAPI does not define how the value is written: an empty list or object, or one that contains another
    (https://spec.openapis.org/oas/v3.0.4#style-values)."""
    if not isinstance(value, list | dict):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return not value or any(isinstance(each, list | dict) for each in parts)


def _lower(headers: Any) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in (headers or {}).items()}
