"""The kinds of failure, due to how paths and URLs are written, that say nothing about the target."""

from __future__ import annotations

from typing import Any

from counterfoil.openapi.path_templates import PARAMETER

LONG_URL = 8000
"""Bytes of a URL that every server should take (RFC 9110, 4.1)."""


def is_other_method(case: Any) -> bool:
    return bool(case.method.upper() != case.operation.method.upper())


def _alike(case: Any) -> list[Any]:
    """The path items whose paths have the shape of the case's path: they differ only in the names of parameters."""
    shape = PARAMETER.sub("{}", case.operation.path)
    paths = case.operation.schema.raw_schema["paths"]
    return [item for path, item in paths.items() if PARAMETER.sub("{}", path) == shape]


def of_operation_at_like_path(failure: Any, case: Any, response: Any) -> bool:
    """Whether a value that is invalid in a path was accepted, or answered in another way, by a path of the same shape."""
    kind, meta = type(failure).__name__, getattr(case, "meta", None)
    if meta is None or not meta.generation.mode.is_negative or "x-assumptions" in case.operation.schema.raw_schema:
        return False
    is_meant = kind in ("JsonSchemaError", "UndefinedContentType", "UndefinedStatusCode")
    return (is_meant or (kind == "AcceptedNegativeData" and "in path" in failure.message)) and len(_alike(case)) > 1


def of_like_path(failure: Any, case: Any, response: Any) -> bool:
    """Whether an ``Allow`` header names the methods that a user's own document has under several paths of one shape."""
    document = case.operation.schema.raw_schema
    if "x-assumptions" in document or "Allow" not in str(getattr(failure, "message", "")):
        return False
    alike = _alike(case)
    known = {str(name).upper() for item in alike for name in item} | {"HEAD", "OPTIONS"}
    allowed = {each.strip() for text in response.headers.get("allow", []) for each in text.split(",")}
    return len(alike) > 1 and bool(allowed) and allowed <= known


def of_method_of_like_path(failure: Any, case: Any, response: Any) -> bool:
    """Whether a method that a path does not have was handled as the method of a path of the same shape."""
    if type(failure).__name__ != "UnsupportedMethodResponse" or not is_other_method(case):
        return False
    own = "x-assumptions" not in case.operation.schema.raw_schema
    return own and case.method.upper() in {str(name).upper() for item in _alike(case) for name in item}


def of_empty_in_query(failure: Any, case: Any, response: Any) -> bool:
    """Whether a refused request has an empty list or object in its query, which is not in the URL."""
    sent = case.query or {}
    empty = any(isinstance(value, dict | list) and not value for value in sent.values()) or any(
        each.get("in") == "query" and each.get("required") and each["name"] not in sent and _may_be_empty(each)
        for each in case.operation.definition.raw.get("parameters", ())
    )
    return type(failure).__name__ == "RejectedPositiveData" and response.status_code in (400, 422) and empty


def _may_be_empty(parameter: Any) -> bool:
    return (parameter.get("schema") or {}).get("type") in ("object", "array")


def of_long_url(failure: Any, case: Any, response: Any) -> bool:
    """Whether a URL was refused for a length that no server has to support; the operation did not send the response."""
    kinds = ("UndefinedContentType", "JsonSchemaError", "RejectedPositiveData")
    url = str(getattr(getattr(response, "request", None), "url", None) or "")
    return type(failure).__name__ in kinds and response.status_code in (413, 414, 431) and len(url) > LONG_URL
