"""Calendar arithmetic for billing: months, period ends, and when a day begins.

All dates are UTC dates: none of the five vendor documents names another time zone.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta

DAY = timedelta(days=1)

# The APIs accept any date, but arithmetic near the ends of Python's calendar overflows: bills are dated within these.
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)
HORIZON = timedelta(days=3660)


def bounded(day: date) -> date:
    """``day``, or the nearest day on which bills can be dated."""
    return min(max(day, EARLIEST), LATEST)


def start_of(day: date) -> datetime:
    """When ``day`` begins, in UTC."""
    return datetime.combine(day, time(), UTC)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the month's last day when it is shorter (31 January + 1 = 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def next_first_of_month(day: date) -> date:
    """The first day of the month after the month of ``day``."""
    return add_months(first_of_month(day), 1)


def month_key(day: date) -> int:
    """``202601`` for any day in January 2026."""
    return day.year * 100 + day.month


def month_from_key(key: int) -> date:
    """The first day of the month ``202601``. Raises ``ValueError`` for a month that does not exist."""
    return date(key // 100, key % 100, 1)
