"""The result of a check: a record for every operation and law or check, findings, errors, and the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from counterfoil.contract.causes import cause_of, causes
from counterfoil.contract.finding import CheckPart as CheckPart
from counterfoil.contract.finding import Finding as Finding
from counterfoil.plain_text import counted

Status = Literal["held", "broken", "accepted", "question", "not applicable", "not tried"]

PASSED: Status = "held"
FAILED: Status = "broken"
ACCEPTED: Status = "accepted"
QUESTION: Status = "question"
NOT_APPLICABLE: Status = "not applicable"
NOT_TRIED: Status = "not tried"
UNTRIED = (NOT_APPLICABLE, NOT_TRIED)
"""The statuses as reports spell them."""

FINE, FINDINGS, USAGE, COULD_NOT_RUN = 0, 1, 2, 3
"""Exit codes."""


@dataclass(frozen=True)
class Record:
    """The result of one law or check on one operation. ``cases`` counts inputs, ``reason`` says why it did not apply."""

    api: str
    part: CheckPart
    id: str
    operation: str
    status: Status
    cases: int = 0
    seconds: float = 0.0
    reason: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class RunError:
    """Why an API, or a part of its check, could not be run: one line."""

    api: str
    message: str


@dataclass
class Verdict:
    """The result of one ``counterfoil check``: ``targets`` are URLs by API, ``started`` is an ISO 8601 date-time."""

    seed: int = 0
    records: list[Record] = field(default_factory=list)
    errors: list[RunError] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    strict: bool = False
    targets: dict[str, str] = field(default_factory=dict)
    started: str = ""
    command: str = ""

    @property
    def findings(self) -> list[Finding]:
        """Findings that no baseline entry accepts."""
        return [finding for record in self.records if record.status == FAILED for finding in record.findings]

    @property
    def apis(self) -> list[str]:
        return list(dict.fromkeys([*(r.api for r in self.records), *(t.api for t in self.errors)]))

    @property
    def not_tried(self) -> list[Record]:
        """Laws and parts of conformance that could apply but were not tried, each with its reason."""
        return [record for record in self.records if record.status == NOT_TRIED]

    @property
    def exit_code(self) -> int:
        """0 fine · 1 findings · 3 something could not be run, or nothing was checked, or with ``strict`` something was not tried.

        An error outweighs findings, and findings outweigh what was not tried.
        """
        if self.errors or not any(record.status not in UNTRIED for record in self._over_http()):
            return COULD_NOT_RUN
        if self.findings:
            return FINDINGS
        return COULD_NOT_RUN if self.strict and self.not_tried else FINE

    def _over_http(self) -> list[Record]:
        return [record for record in self.records if record.part in ("conformance", "law")]

    @property
    def summary_line(self) -> str:
        """The verdict in one line."""
        untried = len(self.not_tried)
        accepted = sum(record.status == ACCEPTED for record in self.records)
        rest = f"; {accepted} accepted by the baseline" if accepted else ""
        questions = sum(record.status == QUESTION for record in self.records)
        rest += f"; {counted(questions, 'question')}" if questions else ""
        rest += f"; {untried} {'were' if untried > 1 else 'was'} not tried" if untried else ""
        if self.errors:
            return f"COULD NOT RUN: {self.errors[0].message}"
        if not any(record.status not in UNTRIED for record in self._over_http()):
            return f"NOTHING WAS CHECKED: no law and no conformance check applied{rest}"
        if self.findings:
            count = len(causes(self.findings))
            more = f", {counted(len(self.findings), 'finding')}" if len(self.findings) > count else ""
            return f"BROKEN: {counted(count, 'cause')}{more}{rest}"
        if untried:
            return f"PARTLY TRIED: what was tried holds{rest}"
        return f"FINE: everything that could be tried holds{rest}"

    def count(self, api: str, operation: str | None = None) -> Counter[str]:
        """Records by status, and cases, for an API or one of its operations."""
        chosen = [r for r in self.records if r.api == api and operation in (None, r.operation)]
        totals: Counter[str] = Counter(record.status for record in chosen)
        totals["cases"] = sum(record.cases for record in chosen)
        return totals

    def operations(self, api: str) -> list[str]:
        return list(dict.fromkeys(record.operation for record in self.records if record.api == api))

    def as_json(self) -> dict[str, Any]:
        """The verdict as JSON; its names are stable."""
        return {
            "version": 1,
            "verdict": self.summary_line,
            "exit_code": self.exit_code,
            "seed": self.seed,
            "seconds": round(self.seconds, 2),
            "targets": self.targets,
            "started": self.started,
            "command": self.command,
            "not_tried": len(self.not_tried),
            "apis": {
                api: {"totals": self.count(api), "operations": {op: self.count(api, op) for op in self.operations(api)}}
                for api in self.apis
            },
            "troubles": [asdict(error) for error in self.errors],
            "findings": [
                asdict(finding) | {"cause": cause_of(group[0])} for group in causes(self.findings) for finding in group
            ],
            "records": [
                {name: value for name, value in asdict(record).items() if name != "findings"} for record in self.records
            ],
            "left_behind": self.left_behind,
            "notes": self.notes,
        }
