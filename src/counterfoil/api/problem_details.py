"""Problem details (RFC 9457): the error body of everything that is not a vendor's API."""

from __future__ import annotations

from typing import Any

from counterfoil.api.errors import status_phrase

MEDIA_TYPE = "application/problem+json"


def problem_details(status: int, detail: str, **members: Any) -> dict[str, Any]:
    """The body for a status; ``detail`` is one line that says what is wrong, ``members`` are added (RFC 9457, 3.2)."""
    return {"type": "about:blank", "title": status_phrase(status), "status": status, "detail": detail, **members}
