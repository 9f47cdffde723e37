"""Reads and applies a baseline: a file of accepted deviations, each with owner, reason and expiry.

A baseline is a YAML list. An entry names a law (or ``conformance.<check>``) and may name the operation; it must name its
owner, its reason and the day it expires. ::

    - id: elevate.summary.percentage
      owner: billing team
      reason: The vendor rounds half down; ticket 4711.
      expires: '2027-01-31'

An entry that has expired accepts nothing and is itself a finding; so is an entry whose law holds again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from counterfoil.contract.specs.reading import SpecUnreadable, read_yaml
from counterfoil.contract.verdict import ACCEPTED, FAILED, UNTRIED, Finding, Record

REQUIRED_MEMBERS = ("id", "owner", "reason", "expires")
MEMBERS = (*REQUIRED_MEMBERS, "operation", "api")


class BadBaseline(ValueError):
    """The baseline cannot be used: one line that names the entry."""


@dataclass(frozen=True)
class BaselineEntry:
    """One accepted deviation. A law's id names its API; for a conformance check ``api`` limits the entry to one API."""

    id: str
    owner: str
    reason: str
    expires: date
    operation: str = ""
    api: str = ""

    def applies_to(self, record: Record) -> bool:
        same_operation = not self.operation or self.operation == record.operation
        return self.id == record.id and same_operation and (not self.api or self.api == record.api)

    def __str__(self) -> str:
        return f"{self.id}{' ' + self.operation if self.operation else ''} ({self.owner}: {self.reason})"


def read_baseline(path: Path) -> tuple[BaselineEntry, ...]:
    """The entries of a file. Raises ``BadBaseline``."""
    try:
        content = read_yaml(path)
    except SpecUnreadable as error:
        raise BadBaseline(str(error)) from None
    if not isinstance(content, list):
        raise BadBaseline(f"{path}: a baseline is a list of entries with {', '.join(REQUIRED_MEMBERS)}")
    return tuple(_entry(f"{path}: entry {number}", value) for number, value in enumerate(content, 1))


def _entry(where: str, value: Any) -> BaselineEntry:
    if not isinstance(value, dict):
        raise BadBaseline(f"{where}: must have {', '.join(REQUIRED_MEMBERS)}")
    if missing := [name for name in REQUIRED_MEMBERS if not value.get(name)]:
        raise BadBaseline(f"{where}: has no {', '.join(missing)}")
    if unknown := [str(name) for name in value if name not in MEMBERS]:
        raise BadBaseline(f"{where}: {', '.join(unknown)} is not a member of an entry; known are {', '.join(MEMBERS)}")
    texts = {name: str(text) for name, text in value.items() if name != "expires"}
    try:
        return BaselineEntry(**texts, expires=date.fromisoformat(str(value["expires"])))
    except ValueError:
        raise BadBaseline(f"{where}: expires must be a date such as '2027-01-31', not {value['expires']!r}") from None


def accept(records: Sequence[Record], entries: Sequence[BaselineEntry], today: date) -> list[Record]:
    """``records`` with accepted failures marked as such, and a record for every entry that has expired or is not needed.

    An entry whose law was not tried (another API, not applicable here) is ignored.
    """
    result = []
    for record in records:
        entry = next((e for e in entries if e.applies_to(record) and e.expires >= today), None)
        if record.status == FAILED and entry is not None:
            record = replace(record, status=ACCEPTED, reason=f"{entry.owner}, until {entry.expires}: {entry.reason}")
        result.append(record)
    return result + [extra for entry in entries for extra in _entry_problems(entry, records, today)]


def _entry_problems(entry: BaselineEntry, records: Sequence[Record], today: date) -> list[Record]:
    tried = [record for record in records if entry.applies_to(record) and record.status not in UNTRIED]
    if not tried:
        return []
    broken = any(record.status == FAILED for record in tried)
    if broken and entry.expires >= today:
        return []
    expected = "an entry that has not expired" if broken else "an entry that is still needed"
    got = f"expired on {entry.expires}: {entry}" if broken else f"it holds now, remove: {entry}"
    first = tried[0]
    sentence = "Every accepted deviation is still there, and still accepted."
    finding = Finding(
        first.api, "baseline", "baseline.entry", entry.operation or first.operation, sentence, expected, got
    )
    return [Record(first.api, "baseline", "baseline.entry", finding.operation, FAILED, 1, findings=(finding,))]
