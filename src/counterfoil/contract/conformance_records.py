"""Turn the events of a Schemathesis run into records and findings, by operation and check."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from counterfoil.contract.target import Target, secrets_of
from counterfoil.contract.verdict import FAILED, PASSED, Finding, Record

if TYPE_CHECKING:
    from counterfoil.contract.conformance import Job

Progress = Callable[[str], None]


class ConformanceError(Exception):
    """Schemathesis could not run: one line."""


class RecordCollector:
    """Collects the events of one job by operation and check."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._secrets = secrets_of(Target(job.base, headers=job.headers))
        self._cases: dict[tuple[str, str], int] = {}
        self._findings: dict[tuple[str, str], dict[str, Finding]] = {}
        self._seconds: dict[str, float] = {}
        self._errors: list[str] = []

    def add(self, event: Any, progress: Progress) -> None:
        kind = type(event).__name__
        if kind == "ScenarioStarted" and event.label:
            progress(f"{event.phase.value} {event.label}")
        elif kind == "ScenarioFinished":
            self._scenario(event)
        elif kind == "NonFatalError":
            self._errors.append(f"{event.label}: {event.info.title}: {event.info.message}")
        elif kind == "FatalError":
            raise ConformanceError(" ".join(str(event.exception).split())[:300])

    def _scenario(self, event: Any) -> None:
        recorder = event.recorder
        for case_id, nodes in recorder.checks.items():
            case = recorder.cases[case_id].value if case_id in recorder.cases else None
            operation = case.operation.label if case is not None else event.label or recorder.label
            self._seconds[operation] = self._seconds.get(operation, 0.0)
            for node in nodes:
                key = (operation, node.name)
                self._cases[key] = self._cases.get(key, 0) + 1
                if node.failure_info is not None:
                    self._failed(key, node.failure_info, str(event.phase.value), _answer(recorder, case_id, node))
        if event.label:
            self._seconds[event.label] = self._seconds.get(event.label, 0.0) + event.elapsed_time

    def _failed(self, key: tuple[str, str], info: Any, phase: str, answer: str) -> None:
        operation, check = key
        failure, hide = info.failure, self._hide
        kind = type(failure).__name__
        code = "\n".join(step.curl for step in info.steps) or info.code_sample
        lines = tuple(line for line in hide(code).splitlines() if line)
        finding = Finding(
            api=self._job.api,
            part="conformance",
            id=f"conformance.{check}",
            operation=operation,
            says=f"Schemathesis' check {check}",
            expected="no such failure",
            got=hide(f"{failure.title}: {' '.join(str(failure.message).split())[:600]}{answer}"),
            case=phase,
            requests=lines[:8],
            reproduce=f"counterfoil check {self._job.api} --seed {self._job.seed} --max-examples {self._job.max_examples}",
        )
        shorter = self._findings.setdefault(key, {}).get(kind)
        if shorter is None or len(code) < sum(map(len, shorter.requests)):
            self._findings[key][kind] = finding

    def _hide(self, text: str) -> str:
        return self._secrets.hide(text).replace("[Filtered]", "$COUNTERFOIL_TOKEN")

    def finish(self) -> list[Record]:
        if not self._cases:
            raise ConformanceError(self._hide("; ".join(self._errors[:3])) or "Schemathesis made no request")
        api = self._job.api
        records = []
        for (operation, check), cases in sorted(self._cases.items()):
            findings = tuple(self._findings.get((operation, check), {}).values())
            status = FAILED if findings else PASSED
            seconds = self._seconds.get(operation, 0.0) if check == "not_a_server_error" else 0.0
            records.append(
                Record(api, "conformance", f"conformance.{check}", operation, status, cases, seconds, findings=findings)
            )
        for number, error in enumerate(dict.fromkeys(self._errors)):
            finding = Finding(api, "conformance", "conformance.error", api, "Schemathesis can test the operation",
                           "no error", self._hide(" ".join(error.split())[:600]))  # fmt: skip
            records.append(
                Record(api, "conformance", f"conformance.error.{number}", api, FAILED, 1, findings=(finding,))
            )
        return records


def _answer(recorder: Any, case_id: str, node: Any) -> str:
    """The response to a failing case, in a few words."""
    own = node.failure_info.failure.case_id or case_id
    response = recorder.find_response(case_id=own)
    if response is None:
        return ""
    text = (response.content or b"")[:300].decode("utf-8", "replace")
    return f" (answered {response.status_code}: {' '.join(text.split())})"
