"""Write a baseline that accepts what a check found: ``counterfoil check --baseline FILE --baseline-update``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from counterfoil.contract.baseline import BaselineEntry
from counterfoil.contract.verdict import FAILED, PASSED, Record
from counterfoil.whole_files import write_whole

DAYS = 90
"""Days for which a new or renewed entry is accepted."""
OWNER = "(fill in)"
MAX_REASON_LENGTH = 200

HEAD = """\
# Deviations that `counterfoil check` accepts. Each has an owner, a reason and the last day on which it is accepted;
# an entry that has expired, or whose law holds again, is a finding. --baseline-update rewrites this file: it keeps owner
# and reason of the entries, adds what is broken now and removes what holds now. Comments are not kept.
"""


def updated(entries: Sequence[BaselineEntry], records: Sequence[Record], today: date) -> list[BaselineEntry]:
    """``entries`` with one for every broken record, and without those whose law holds now.

    An entry is kept as it is if nothing that it applies to was tried.
    """
    kept = [entry for entry in (_renewed(entry, records, today) for entry in entries) if entry is not None]
    return [*kept, *_missing(kept, records, today)]


def _renewed(entry: BaselineEntry, records: Sequence[Record], today: date) -> BaselineEntry | None:
    statuses = {record.status for record in records if entry.applies_to(record)}
    if FAILED in statuses:
        return entry if entry.expires >= today else replace(entry, expires=today + timedelta(DAYS))
    return None if PASSED in statuses else entry


def _missing(entries: Sequence[BaselineEntry], records: Sequence[Record], today: date) -> Iterator[BaselineEntry]:
    for record in records:
        if record.status != FAILED or any(entry.applies_to(record) for entry in entries):
            continue
        first = record.findings[0]
        reason = f"expected {first.expected}; got {first.got}"[:MAX_REASON_LENGTH]
        narrow = {} if record.part == "law" else {"operation": record.operation, "api": record.api}
        yield BaselineEntry(record.id, OWNER, " ".join(reason.split()), today + timedelta(DAYS), **narrow)


def write_baseline(path: Path, entries: Sequence[BaselineEntry]) -> None:
    """Write ``entries`` so that ``read_baseline`` reads them. Raises ``OSError``."""
    import yaml

    values = [
        {
            "id": entry.id,
            **{name: value for name in ("api", "operation") if (value := getattr(entry, name))},
            "owner": entry.owner,
            "reason": entry.reason,
            "expires": entry.expires.isoformat(),
        }
        for entry in entries
    ]
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110) if values else "[]\n"
    write_whole(path, (HEAD + text).encode())
