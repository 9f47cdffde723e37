"""Status phrases for the error bodies of APIs that show them."""

from __future__ import annotations

from http import HTTPStatus

_RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""Phrases of RFC 9110 that Python has since 3.13, and others before: an answer must not depend on that."""


def status_phrase(status: int, *, too_large: str) -> str:
    """The phrase of a status by RFC 9110; ``too_large`` for 413, whose phrase depends on the vendor."""
    if status == 413:
        return too_large
    if status in _RENAMED:
        return _RENAMED[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a status without a name, which a fault may have
        return "Error"
