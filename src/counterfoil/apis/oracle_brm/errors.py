"""Renders errors as the TMF ``Error`` object."""

from __future__ import annotations

from counterfoil.api import ApiError, Response
from counterfoil.api.errors import status_phrase


def render(error: ApiError) -> Response:
    """The TMF ``Error``. Oracle lists no codes, so ``code`` is the HTTP status, as ``status`` is
    (docs/vendors/oracle-brm.md#error-codes)."""
    status = str(error.status)
    body = {
        "code": status,
        "reason": status_phrase(error.status),
        "message": error.message,
        "status": status,
        "@type": "Error",
    }
    return Response(error.status, body, headers=_headers(error))


def _headers(error: ApiError) -> tuple[tuple[str, str], ...]:
    if error.status == 401:
        return (("WWW-Authenticate", 'Bearer error="invalid_token"' if error.reason == "expired" else "Bearer"),)
    if error.status in (429, 503):
        return (("Retry-After", str(error.detail.get("retry_after", 1))),)
    return ()
