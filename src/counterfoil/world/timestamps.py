"""Reads and writes RFC 3339 timestamps."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

Timestamp = tuple[datetime, int]
"""A UTC time to the microsecond, and 1 if the text named a slightly later time (digits beyond microseconds).

Compare it with ``(moment, 0)``.
"""

BEFORE_EVERYTHING: Timestamp = (datetime.min.replace(tzinfo=UTC), -1)
AFTER_EVERYTHING: Timestamp = (datetime.max.replace(tzinfo=UTC), 2)

_RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))",
    re.ASCII,
)


def format_timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC: ``2026-01-01T00:00:00Z``. ``moment`` must be a UTC time."""
    return moment.isoformat().replace("+00:00", "Z")


def parse_timestamp(text: str) -> Timestamp:
    """The time that an RFC 3339 timestamp names. Raises ``ValueError`` for any other text.

    RFC 3339 allows more than ``datetime``: second 60 is read as the second after it, digits beyond microseconds as
    "slightly later", and times before year 1 or after year 9999 as before or after everything.
    """
    found = _RFC_3339.fullmatch(text)
    if found is None:
        raise ValueError(f"not an RFC 3339 timestamp: {text[:40]}")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    digits = found[7] or ""
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    if year == 0:
        return BEFORE_EVERYTHING
    moment = datetime(year, month, day, hour, minute, min(second, 59), int(digits[:6].ljust(6, "0")), tzinfo=UTC)
    try:
        moment += (offset if found[8] == "-" else -offset) + timedelta(seconds=1 if second == 60 else 0)
    except OverflowError:
        return BEFORE_EVERYTHING if year == 1 else AFTER_EVERYTHING
    return moment, 1 if digits[6:].strip("0") else 0
