"""Texts that several reports share: a finding as plain text, what was checked, why things were not tried."""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil import __version__
from counterfoil.contract.verdict import Finding, Record, Status, Verdict

COLUMNS: tuple[tuple[str, str], ...] = (
    ("cases", "cases"),
    ("held", "held"),
    ("broken", "broken"),
    ("accepted", "accepted"),
    ("not tried", "not tried"),
    ("not applicable", "n/a"),
)
"""What is counted for each API and operation, and its heading."""


def as_text(finding: Finding) -> str:
    """A finding as plain text."""
    lines = [finding.says, *finding.sentences, f"expected: {finding.expected}", f"got: {finding.got}"]
    lines += [f"with: {finding.case}"] * bool(finding.case) + list(finding.requests)
    lines += [f"again: {finding.reproduce}"] * bool(finding.reproduce)
    return "\n".join([*lines, *[f"spec: {finding.place}"] * bool(finding.place)])


def what_was_checked(verdict: Verdict) -> str:
    """Target, time, version and command on one line."""
    targets = "; ".join(f"{api} at {url}" for api, url in verdict.targets.items())
    return f"{targets} · started {verdict.started} · counterfoil {__version__} · {verdict.command}"


def by_reason(records: Iterable[Record], *statuses: Status) -> dict[tuple[Status, str, str], list[str]]:
    """The laws' ids (for conformance, the operations) of records with one of ``statuses``, by status, API and reason."""
    reasons: dict[tuple[Status, str, str], list[str]] = {}
    for record in records:
        if record.status in statuses:
            reasons.setdefault((record.status, record.api, record.reason), []).append(_about(record))
    order = {status: place for place, status in enumerate(statuses)}
    return dict(sorted(reasons.items(), key=lambda item: (order[item[0][0]], *item[0][1:])))


def _about(record: Record) -> str:
    is_operation = record.part == "conformance" and " " in record.operation
    return f"conformance of {record.operation}" if is_operation else record.id


def some(ids: list[str], most: int = 4) -> str:
    """The first ``most`` ids and how many more there are."""
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")
