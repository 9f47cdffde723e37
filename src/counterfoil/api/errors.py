"""Status phrases for the error bodies that show them."""

from __future__ import annotations

from http import HTTPStatus

_CHANGED = {
    413: ("Content Too Large", "Payload Too Large", "Request Entity Too Large"),
    414: ("URI Too Long", "Request-URI Too Long"),
    416: ("Range Not Satisfiable", "Requested Range Not Satisfiable"),
    422: ("Unprocessable Content", "Unprocessable Entity"),
}
"""Phrases of RFC 9110, which Python has since 3.13, before those of earlier RFCs, which Python had: an answer must not depend
on the version of Python."""


def status_phrase(status: int, *, too_large: str = "Content Too Large") -> str:
    """The phrase of a status by RFC 9110; ``too_large`` for 413, whose phrase depends on the vendor. "Error" for a status that
    is not registered, such as 499, which a fault or ``Prefer`` may ask for."""
    if status == 413:
        return too_large
    return next(iter(status_phrases(status)), "Error")


def status_phrases(status: int) -> tuple[str, ...]:
    """Every phrase that a status has or had, that of RFC 9110 first; none for a status that is not registered."""
    if status in _CHANGED:
        return _CHANGED[status]
    try:
        return (HTTPStatus(status).phrase,)
    except ValueError:
        return ()
