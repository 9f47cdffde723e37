"""Finds what a user's document says of a request or a response: the operation, and the schemas of bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.json_schema.validators import Schemas
from counterfoil.openapi import SchemaDialect, resolve


def schemas_in(document: Mapping[str, Any] | None, *, exact: bool = False, formats: bool = True) -> Schemas | None:
    """The schemas of a user's document, in the dialect of its OpenAPI version. ``exact`` and ``formats`` as for ``Schemas``."""
    if not document:
        return None
    dialect: SchemaDialect = "draft4" if is_draft4(document) else "2020-12"
    return Schemas(document, dialect, is_lenient=True, exact=exact, formats=formats)


def is_draft4(document: Mapping[str, Any]) -> bool:
    """Whether the document's schemas are those of OpenAPI 3.0."""
    return str(document.get("openapi", "")).startswith("3.0")


def request_schema(document: Mapping[str, Any], case: Any) -> Any:
    """The schema of a JSON body. Raises ``LookupError``, ``StopIteration``, ``TypeError`` or ``SpecError`` if there is none."""
    content = resolve(document, operation_of(document, case)["requestBody"])["content"]
    return _json_schema(content)


def body_schema(document: Mapping[str, Any], case: Any) -> Any:
    """The schema of a body in the media type that was sent. Raises ``LookupError``, ``TypeError`` or ``SpecError`` if there is
    none."""
    content = resolve(document, operation_of(document, case)["requestBody"])["content"]
    return content[case.media_type]["schema"]


def response_schema(document: Mapping[str, Any], case: Any, response: Any) -> Any:
    """The schema of a JSON response. Raises as ``request_schema`` does."""
    responses = operation_of(document, case)["responses"]
    status = str(response.status_code)
    name = next(each for each in (status, f"{status[0]}XX", "default") if each in responses)
    return _json_schema(resolve(document, responses[name])["content"])


def operation_of(document: Mapping[str, Any], case: Any) -> Any:
    """The operation of a case as the document has it. Raises ``LookupError``."""
    return document["paths"][case.operation.path][case.operation.method.lower()]


def _json_schema(content: Mapping[str, Any]) -> Any:
    return next(each["schema"] for kind, each in content.items() if "json" in kind or "*" in kind)
