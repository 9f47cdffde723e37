"""The kinds of failure that Schemathesis finds and that say nothing about the target, each with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from counterfoil.contract.conformance.urls import (
    is_other_method,
    of_empty_in_query,
    of_like_path,
    of_long_url,
    of_method_of_like_path,
    of_operation_at_like_path,
)
from counterfoil.media_types import FORM


@dataclass(frozen=True)
class Exclusion:
    """One kind of failure that says nothing about the target. ``check`` names Schemathesis' check, or checks."""

    check: str
    reason: str
    issue: str
    applies: Callable[[Any, Any, Any], bool]
    """Given the failure, the case and the response."""


def _is_about_unknown_query(failure: Any, case: Any, response: Any) -> bool:
    """Whether all that was wrong with an accepted request is a query parameter that the document does not have."""
    violations = re.findall(r"violates `(\w+)`", failure.message)
    return (
        type(failure).__name__ == "AcceptedNegativeData"
        and "in query - violates `additionalProperties`" in failure.message
        and set(violations) == {"additionalProperties"}
    )


def _is_about_unknown_header(failure: Any, case: Any, response: Any) -> bool:
    """Whether all that was wrong with an accepted request is a header or cookie that the document does not have."""
    found = re.search(r"Invalid component: in (?:header|cookie) - (?P<what>.*)", str(failure.message), re.IGNORECASE)
    return (
        type(failure).__name__ == "AcceptedNegativeData"
        and found is not None
        and found["what"].strip().lower() == "object with unexpected properties"
    )


def _of_unrouted_method(failure: Any, case: Any, response: Any) -> bool:
    """Whether a method that the document does not have got the plain-text 404 that the document gives for what is not routed.

    A 404 in JSON means an unknown resource: a server that sends it for a method that the path does not have is wrong.
    """
    documented = case.operation.definition.raw.get("responses", {})
    is_plain = b"".join(response.content.split()) == b"404pagenotfound"
    return is_other_method(case) and response.status_code == 404 and "404" in documented and is_plain


def _of_unimplemented_method(failure: Any, case: Any, response: Any) -> bool:
    """Whether a method that the document does not have got 501, where the document has that status."""
    documented = case.operation.definition.raw.get("responses", {})
    return is_other_method(case) and response.status_code == 501 and "501" in documented


def _of_xml_body(failure: Any, case: Any, response: Any) -> bool:
    """Whether all that was wrong with an accepted request to an own document's API was a body in XML."""
    own = "x-assumptions" not in case.operation.schema.raw_schema
    return own and type(failure).__name__ == "AcceptedNegativeData" and "xml" in str(case.media_type)


def _of_body_without_types(failure: Any, case: Any, response: Any) -> bool:
    """Whether the only defect of an accepted form, or of another body that is not JSON, is a value's type; or whether a form was
    refused with a value that it cannot express. A form has only fields of text: a list of one item looks like a text, and an
    empty list is not sent."""
    if case.media_type is None or any(kind in str(case.media_type) for kind in ("json", "xml")):
        return False
    if type(failure).__name__ == "RejectedPositiveData":
        is_form = "form" in str(case.media_type) or str(case.media_type).startswith("multipart/")
        return _has_empty(case.body) or (is_form and (isinstance(case.body, list) or _has_objects_in_lists(case.body)))
    if "fewer items than allowed" in failure.message and "in body" in failure.message:
        return type(failure).__name__ == "AcceptedNegativeData" and _has_empty(case.body)
    said = set(re.findall(r"incorrect type|violates `\w+`", failure.message.lower()))
    return (
        type(failure).__name__ == "AcceptedNegativeData"
        and "in body" in failure.message
        and bool(said)
        and said <= {"incorrect type", "violates `type`"}
    )


def _of_empty_form(failure: Any, case: Any, response: Any) -> bool:
    """Whether the only defect of an accepted form is that it has no field, if the document does not require a body: an empty form
    and no body are the same bytes."""
    body = case.operation.definition.raw.get("requestBody", {})
    return (
        type(failure).__name__ == "AcceptedNegativeData"
        and case.media_type == FORM
        and not case.body
        and "$ref" not in body
        and not body.get("required", False)
        and any(said in failure.message for said in ("Missing required property", "violates `required`"))
    )


def _of_empty_object_in_form(failure: Any, case: Any, response: Any) -> bool:
    """Whether an accepted form lacks a member of an empty object, which a form cannot express."""
    lacks = re.search(r"(?:^|- |: )(\S+(?: -> \S+)*) -> Missing required property", str(failure.message), re.MULTILINE)
    if type(failure).__name__ != "AcceptedNegativeData" or lacks is None or "form" not in str(case.media_type):
        return False
    value = case.body
    for name in lacks[1].split(" -> "):
        value = value.get(name) if isinstance(value, dict) else None
    return isinstance(value, dict) and not value


def _of_no_content(failure: Any, case: Any, response: Any) -> bool:
    """Whether a response lacks the body that a user's own document describes, because HTTP forbids a body with its status."""
    own = "x-assumptions" not in case.operation.schema.raw_schema
    kind = type(failure).__name__
    return (
        own
        and kind in ("MissingContentType", "JsonSchemaError", "MalformedJson")
        and response.status_code in (204, 205, 304)
        and not response.content
    )


def _of_ignored_header(failure: Any, case: Any, response: Any) -> bool:
    """Whether the defect of an accepted request is a missing or wrong header whose declaration OpenAPI says to ignore."""
    names, said = "(?:accept|content-type|authorization)", failure.message.lower()
    missing = re.search(rf"missing (?:required '|`){names}[`'] (?:at )?header", said)
    if missing is None and said.count(" in header - ") == 1 and "in body" not in said and "in query" not in said:
        missing = re.search(rf"parameter `{names}` in header - ", said)
    own = "x-assumptions" not in case.operation.schema.raw_schema
    return (
        own and missing is not None and type(failure).__name__ in ("MissingHeaderNotRejected", "AcceptedNegativeData")
    )


def _of_large_body(failure: Any, case: Any, response: Any) -> bool:
    """Whether an invalid request was refused for its size."""
    return type(failure).__name__ == "AcceptedNegativeData" and response.status_code == 413


def _has_objects_in_lists(value: Any) -> bool:
    """Whether a form's fields are lists of objects: Schemathesis writes the names of their members only (seen in 4.32.5)."""
    fields = value.values() if isinstance(value, dict) else ()
    return any(isinstance(each, dict) for field in fields if isinstance(field, list) for each in field)


def _has_empty(value: Any) -> bool:
    if isinstance(value, dict | list):
        return not value or any(map(_has_empty, value.values() if isinstance(value, dict) else value))
    return value is None or value in ("", b"")


def _of_json_written_twice(failure: Any, case: Any, response: Any) -> bool:
    """Whether a refused request has a parameter with an object that was encoded as JSON twice."""
    if type(failure).__name__ != "RejectedPositiveData":
        return False
    places = (case.headers, case.query, case.cookies)
    return any(_is_json_twice(value) for place in places for value in (place or {}).values())


def _is_json_twice(value: Any) -> bool:
    try:
        text = json.loads(value)
        return isinstance(text, str) and isinstance(json.loads(text), dict | list)
    except (TypeError, ValueError):
        return False


def _of_precondition(failure: Any, case: Any, response: Any) -> bool:
    """Whether a request was refused because a precondition such as ``If-Match`` does not hold; a user's own document may leave
    out the status."""
    conditional = any(str(name).lower().startswith("if-") for name in case.headers or ())
    own = "x-assumptions" not in case.operation.schema.raw_schema
    kinds = ("RejectedPositiveData", "UndefinedStatusCode") if own else ("RejectedPositiveData",)
    return type(failure).__name__ in kinds and response.status_code == 412 and conditional


USUAL_REFUSALS = frozenset({400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 429, 431})


def _of_usual_refusal(failure: Any, case: Any, response: Any) -> bool:
    """Whether a user's own document (one without ``x-assumptions``) leaves out a status with which any server may refuse."""
    own = "x-assumptions" not in case.operation.schema.raw_schema
    return own and type(failure).__name__ == "UndefinedStatusCode" and response.status_code in USUAL_REFUSALS


EXCLUSIONS: tuple[Exclusion, ...] = (
    Exclusion(
        "negative_data_rejection",
        "OpenAPI cannot say whether a query parameter that is not in the document is refused; these vendors ignore it.",
        "https://github.com/schemathesis/schemathesis/issues/3730",
        _is_about_unknown_query,
    ),
    Exclusion(
        "negative_data_rejection",
        "A server ignores headers and cookies that it does not know.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-5.1",
        _is_about_unknown_header,
    ),
    Exclusion(
        "unsupported_method",
        "Flexprice answers the plain text 404 page not found to a method that it does not route, and its document says so.",
        "https://github.com/gin-gonic/gin/blob/v1.10.0/gin.go#L107",
        _of_unrouted_method,
    ),
    Exclusion(
        "negative_data_rejection",
        "OpenAPI 3.0 and 3.1 do not define how a body in XML is held against a schema.",
        "https://github.com/OAI/OpenAPI-Specification/issues/630",
        _of_xml_body,
    ),
    Exclusion(
        "negative_data_rejection, positive_data_acceptance",
        "A form, or any text, has no types: a=0 may be a text, a number, or a list of one. A list in a form is never empty.",
        "https://url.spec.whatwg.org/#application/x-www-form-urlencoded",
        _of_body_without_types,
    ),
    Exclusion(
        "negative_data_rejection",
        "A form without fields is zero bytes, like no body, which the document allows.",
        "https://url.spec.whatwg.org/#application/x-www-form-urlencoded",
        _of_empty_form,
    ),
    Exclusion(
        "negative_data_rejection",
        "A form cannot express an object without members: it looks like no object.",
        "https://url.spec.whatwg.org/#application/x-www-form-urlencoded",
        _of_empty_object_in_form,
    ),
    Exclusion(
        "content_type_conformance, response_schema_conformance",
        "A user's own document may describe a body of 204, 205 or 304, which has none.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-15.3.5",
        _of_no_content,
    ),
    Exclusion(
        "missing_required_header, negative_data_rejection",
        "OpenAPI ignores parameters named Accept, Content-Type or Authorization, but documents declare and require them.",
        "https://spec.openapis.org/oas/v3.0.3#parameter-object",
        _of_ignored_header,
    ),
    Exclusion(
        "negative_data_rejection",
        "413 refuses a body that is too large to be examined.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14",
        _of_large_body,
    ),
    Exclusion(
        "allow_header_conformance",
        "Paths that differ only in the names of their parameters are one path, but some documents have several.",
        "https://spec.openapis.org/oas/v3.0.3#paths-object",
        of_like_path,
    ),
    Exclusion(
        "unsupported_method",
        "Paths that differ only in the names of their parameters are one path, with the methods of all.",
        "https://spec.openapis.org/oas/v3.0.3#paths-object",
        of_method_of_like_path,
    ),
    Exclusion(
        "negative_data_rejection, response_schema_conformance, content_type_conformance, status_code_conformance",
        "Paths that differ only in the names of their parameters are one path: a value invalid in one may be valid in another.",
        "https://spec.openapis.org/oas/v3.0.3#paths-object",
        of_operation_at_like_path,
    ),
    Exclusion(
        "positive_data_acceptance",
        "A query cannot express an empty list or object, so a required one is missing.",
        "https://spec.openapis.org/oas/v3.0.3#style-values",
        of_empty_in_query,
    ),
    Exclusion(
        "content_type_conformance, response_schema_conformance, positive_data_acceptance",
        "A URL of more than 8000 bytes may be too long for a server, which refuses it before it knows the operation.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-4.1",
        of_long_url,
    ),
    Exclusion(
        "positive_data_acceptance",
        "Schemathesis writes an object in a header that is described by content as JSON twice (seen in 4.32.5, coverage phase).",
        "https://github.com/schemathesis/schemathesis/issues/3701",
        _of_json_written_twice,
    ),
    Exclusion(
        "positive_data_acceptance, status_code_conformance",
        "A schema cannot say which entity tag a resource has now.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.13",
        _of_precondition,
    ),
    Exclusion(
        "status_code_conformance",
        "A user's own document often leaves out statuses that HTTP gives to any request, such as 401, 404 or 415.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-15.5",
        _of_usual_refusal,
    ),
    Exclusion(
        "unsupported_method, not_a_server_error",
        "501 is the documented status of a method that the vendor has and this server does not.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-15.6.2",
        _of_unimplemented_method,
    ),
)
"""Every kind of failure that is ignored. An entry that Schemathesis no longer needs is removed."""
