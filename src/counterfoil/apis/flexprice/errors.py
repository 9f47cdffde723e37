"""Renders errors as Flexprice does: plain text, a short JSON body or a longer one, by the kind of error."""

from __future__ import annotations

from collections.abc import Mapping

from counterfoil.api import ApiError, Json, Response
from counterfoil.apis.flexprice.serializers import REQUEST_ID, SECURITY_HEADERS, valid_request_id

SENT_REQUEST_ID = "sent request id"
"""The key of an error's ``detail`` for the request id that the caller sent."""

NOT_ROUTED = b"404 page not found"
UNAUTHORIZED = "Unauthorized"
WRONG_SCHEME = "Invalid authorization header format"
INVALID_TOKEN = "Invalid token"  # noqa: S105 - a message, not a token

CODES: Mapping[int, str] = {
    403: "permission_denied",
    404: "not_found",
    409: "version_conflict",
    429: "too_many_requests",
    500: "internal_error",
    501: "not_implemented",
    503: "service_unavailable",
}


def render(error: ApiError) -> Response:
    """Plain text for an unknown path or method, a short body for 401 and 403, the general form otherwise."""
    sent_id = valid_request_id(error.detail.get(SENT_REQUEST_ID))
    common = (*(((REQUEST_ID, sent_id),) if sent_id else ()), *SECURITY_HEADERS)
    if error.reason in ("unknown_path", "method_not_allowed"):
        return Response(404, NOT_ROUTED, common, "text/plain")
    if error.status == 401:
        known = error.message in (UNAUTHORIZED, WRONG_SCHEME, INVALID_TOKEN)
        return Response(401, {"error": error.message if known else UNAUTHORIZED}, common)
    if error.status == 403:
        return Response(403, {"message": "insufficient permissions"}, common)
    if error.status in (429, 503):
        common = (*common, ("Retry-After", "1"))
    return Response(error.status, _body(error), common)


def _body(error: ApiError) -> Json:
    fallback = "validation_error" if error.status < 500 else "system_error"
    named = f"{error.where}: " if error.where and error.where not in error.message else ""
    return {
        "code": CODES.get(error.status, fallback),
        "message": f"{named}{error.message}",
        "http_status_code": error.status,
    }
