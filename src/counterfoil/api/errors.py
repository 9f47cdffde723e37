"""Status phrases for the error bodies that show them."""

from __future__ import annotations

from http import HTTPStatus

_CHANGED = {
    413: ("Content Too Large", "Payload Too Large", "Request Entity Too Large"),
    414: ("URI Too Long", "Request-URI Too Long"),
    416: ("Range Not Satisfiable", "Requested Range Not Satisfiable"),
    422: ("Unprocessable Content", "Unprocessable Entity"),
}
"""Statuses whose phrase changed: RFC 9110's phrase first, which Python has since 3.13, then those of earlier RFCs. A response
must not depend on the version of Python."""


def status_phrase(status: int, *, too_large: str = "Content Too Large") -> str:
    """The phrase of a status by RFC 9110. ``too_large`` is the vendor's phrase for 413. "Error" for a status that is not
    registered, such as 499, which a fault or ``Prefer`` may request."""
    if status == 413:
        return too_large
    return next(iter(status_phrases(status)), "Error")


def status_phrases(status: int) -> tuple[str, ...]:
    """Every phrase that a status has or had, RFC 9110's first; none for a status that is not registered."""
    if status in _CHANGED:
        return _CHANGED[status]
    try:
        return (HTTPStatus(status).phrase,)
    except ValueError:
        return ()
