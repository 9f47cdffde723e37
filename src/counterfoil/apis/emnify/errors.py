"""Renders errors as emnify's API does, or as its gateway does for an unreadable token (docs/vendors/emnify.md#errors)."""

from __future__ import annotations

from typing import Any

from counterfoil.api import ApiError, Reason, Response

MEDIA_TYPE = "application/json; charset=UTF-8"  # as in recorded traffic, docs/vendors/emnify.md#media-type

# Clients may compare this text; it is copied from the vendor's table.
FORBIDDEN = "You do not have the necessary permissions to access this entry point. Please contact your administrator."

_TOKENS = {
    1000: "BadRequest",
    1103: "TokenExpired",
    1104: "Forbidden",
    1105: "TooManyRequests",
    1201: "NotFound",
    1401: "InvalidReference",
    1403: "InvalidFormat",
    1406: "NotAllowed",
    1500: "InternalServerError",
    1501: "NotImplemented",
    1503: "ServiceUnavailable",
}
_CODES: dict[Reason, int] = {
    "malformed": 1000,
    "required": 1000,
    "expired": 1103,
    "forbidden": 1104,
    "unknown_path": 1201,
    "unknown_resource": 1401,
    "method_not_allowed": 1406,
    "not_acceptable": 1000,
    "unsupported_media_type": 1000,
    "too_large": 1000,
    "conflict": 1406,
    "too_many_requests": 1105,
    "not_implemented": 1501,
    "unavailable": 1503,
    "internal": 1500,
}


def render(error: ApiError) -> Response:
    """The response for an error.

    ``detail`` may hold ``error_code``, where the reason does not determine it, and ``retry_after`` in seconds.
    """
    if error.reason == "unauthenticated":
        return Response(
            error.status, {"message": error.message}, (("x-amzn-ErrorType", "AccessDeniedException"),), MEDIA_TYPE
        )
    code: Any = error.detail.get("error_code", _CODES[error.reason])
    body = {
        "error_code": code,
        "error_token": _TOKENS[code],
        "message": _message(error),
    }
    retry = error.detail.get("retry_after")
    headers = (("Retry-After", str(retry)),) if retry is not None else ()
    return Response(error.status, body, headers, MEDIA_TYPE)


def _message(error: ApiError) -> str:
    """The vendor's wording where one was recorded (docs/vendors/emnify.md#recorded-400), else the error's own."""
    if error.reason == "forbidden":
        return FORBIDDEN
    value = error.detail.get("value")
    if error.where == "org_id" and value is not None:
        return f'Cannot parse parameter org_id as Long: For input string: "{value}"'
    return error.message
