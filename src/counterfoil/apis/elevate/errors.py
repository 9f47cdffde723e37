"""Renders errors as Elevate's JSON."""

from __future__ import annotations

from counterfoil.api import ApiError, Response
from counterfoil.api.errors import status_phrase


def render(error: ApiError) -> Response:
    """``{error, message}``: the vendor says that bodies vary and generally have these two members."""
    phrase = status_phrase(error.status, too_large="Payload Too Large")
    headers = (("Retry-After", "1"),) if error.status in (429, 503) else ()
    return Response(error.status, {"error": phrase, "message": _message(error)}, headers)


def _message(error: ApiError) -> str:
    if error.status != 400:
        return error.message
    if error.where in (None, "", "body", "query"):
        return f"Validation failed: {error.message}"
    where = str(error.where)
    kind = "field" if where.startswith("/") else "parameter"
    return f"Validation failed for {kind} '{where.strip('/')}': {error.message.removeprefix(f'{where}: ')}"
