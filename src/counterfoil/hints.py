"""How to write dates and times: hints for error messages."""

from __future__ import annotations

DATE_TIME = "write it as in 2026-01-31T09:00:00Z or 2026-01-31T10:00:00+01:00"
DATE_TIME_IN_A_URL = f"{DATE_TIME} (in a URL, + is %2B)"
DATE = "write it as in 2026-01-31"
