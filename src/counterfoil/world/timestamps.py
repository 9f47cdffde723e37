"""Parses and formats timestamps: RFC 3339, and similar formats that clients send. The result is in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from counterfoil import hints

Timestamp = tuple[datetime, int]
"""A UTC time to the microsecond, and 1 if the text named a slightly later time (digits beyond microseconds).

Compare it with ``(moment, 0)``.
"""

BEFORE_EVERYTHING: Timestamp = (datetime.min.replace(tzinfo=UTC), -1)
AFTER_EVERYTHING: Timestamp = (datetime.max.replace(tzinfo=UTC), 2)

_RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)(?:\[[A-Za-z0-9_+/-]{1,40}\])?",
    re.ASCII,
)


def format_timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC: ``2026-01-01T00:00:00Z``. ``moment`` must be a UTC time."""
    return moment.isoformat().replace("+00:00", "Z")


def parse_timestamp(text: str) -> Timestamp:
    """The time that a timestamp names. Raises ``ValueError`` that says how to write one.

    Besides RFC 3339 it reads offsets without a colon or minutes (``+0100``, ``+01``: Java's SimpleDateFormat), times
    without seconds and a zone's name in brackets (``2026-01-01T00:00Z[UTC]``: Java's ZonedDateTime).

    RFC 3339 allows more than ``datetime``: second 60 is read as the second after it, digits beyond microseconds as
    "slightly later", and times before year 1 or after year 9999 as before or after everything.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an instant: '{text[:40]}'; {hints.DATE_TIME}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    digits = match[7] or ""
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    if int(match[9] or 0) > 23 or int(match[10] or 0) > 59 or second > 60:
        raise ValueError(f"there is no such time or offset: '{text[:40]}'; {hints.DATE_TIME}")
    if year == 0:
        return BEFORE_EVERYTHING
    moment = datetime(year, month, day, hour, minute, min(second, 59), int(digits[:6].ljust(6, "0")), tzinfo=UTC)
    try:
        moment += (offset if match[8] == "-" else -offset) + timedelta(seconds=1 if second == 60 else 0)
    except OverflowError:
        return BEFORE_EVERYTHING if year == 1 else AFTER_EVERYTHING
    return moment, 1 if digits[6:].strip("0") else 0


def read_instant(text: str) -> datetime:
    """The UTC time that a timestamp names, to the microsecond. Raises ``ValueError`` that says how to write one."""
    try:
        moment, _ = parse_timestamp(text)
    except ValueError as error:
        message = str(error)
        raise ValueError(message if hints.DATE_TIME in message else f"{message}; {hints.DATE_TIME}") from None
    return moment


def as_utc(moment: datetime) -> datetime:
    """The same instant in UTC. Raises ``ValueError`` if it has no offset."""
    if moment.tzinfo is None:
        raise ValueError(f"an instant needs its offset: {hints.DATE_TIME}")
    try:
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"there is no such time in UTC: {moment.isoformat()}") from None
