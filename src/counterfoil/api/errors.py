"""Status phrases for the error bodies of APIs that show them."""

from __future__ import annotations

from http import HTTPStatus

from counterfoil.api import ApiError

# 413 is left out: its phrase depends on the Python version and on the vendor.
_PHRASES = {status: HTTPStatus(status).phrase for status in {*ApiError.STATUS.values()} - {413}}


def status_phrase(status: int, *, too_large: str) -> str:
    """The phrase of a status that ``ApiError`` knows, ``too_large`` for 413, and ``Error`` for any other status."""
    return too_large if status == 413 else _PHRASES.get(status, "Error")
