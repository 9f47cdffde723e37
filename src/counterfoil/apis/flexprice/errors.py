"""Renders errors as Flexprice does: plain text, a short JSON body or a longer one, by the kind of error."""

from __future__ import annotations

from collections.abc import Mapping

from counterfoil.api import ApiError, Json, Response

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
    """Plain text for an unknown path or method, a short body for 401 and 403, the general form otherwise.

    OPTIONS is 200 at every path (docs/vendors/flexprice.md#cors).
    """
    if error.reason in ("unknown_path", "method_not_allowed", "not_implemented") and error.method == "OPTIONS":
        return Response(200)
    if error.reason in ("unknown_path", "method_not_allowed"):
        return Response(404, NOT_ROUTED, media_type="text/plain")
    if error.status == 401:
        known = error.message in (UNAUTHORIZED, WRONG_SCHEME, INVALID_TOKEN)
        return Response(401, {"error": error.message if known else UNAUTHORIZED})
    if error.status == 403:
        return Response(403, {"message": "insufficient permissions"})
    headers = (("Retry-After", "1"),) if error.status in (429, 503) else ()
    return Response(error.status, _body(error), headers)


def _body(error: ApiError) -> Json:
    fallback = "validation_error" if error.status < 500 else "system_error"
    named = f"{error.where}: " if error.where and error.where not in error.message else ""
    return {
        "code": CODES.get(error.status, fallback),
        "message": f"{named}{error.message}",
        "http_status_code": error.status,
    }
