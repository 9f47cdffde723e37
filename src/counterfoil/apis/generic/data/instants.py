"""Makes times (instants) in the notation of an example, and recognises names of fields that hold a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from counterfoil.apis.generic.data.seeds import number_of

INSTANT_NAMES = re.compile(
    r"(?:_|^)(?:at|time|timestamp|date|created|updated|modified|expires|expiry)$|(?:At|Time|Timestamp|Date)$"
)
_MOMENTS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "%Y-%m-%dT%H:%M:%S.000Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "%Y-%m-%dT%H:%M:%SZ"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00"), "%Y-%m-%dT%H:%M:%S+00:00"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "%Y-%m-%d"),
    (re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"), "%a, %d %b %Y %H:%M:%S +0000"),
)


def instant_of(key: str, anchor: int) -> datetime:
    """A time up to 400 days before ``anchor``, which is in seconds since 1970."""
    return datetime.fromtimestamp(anchor, UTC) - timedelta(seconds=number_of(key) % (400 * 86400))


def like_instant(example: str, key: str, anchor: int) -> str | None:
    """A time in the notation of the example; None if the example is not a time."""
    for written, form in _MOMENTS:
        if written.fullmatch(example):
            return instant_of(key, anchor).strftime(form)
    return None
