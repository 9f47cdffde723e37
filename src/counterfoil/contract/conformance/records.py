"""Converts the events of a Schemathesis run into records and findings, by operation and check."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from counterfoil.contract.curl_lines import shell_word
from counterfoil.contract.target import Target, secrets_of
from counterfoil.contract.verdict import FAILED, NOT_TRIED, PASSED, Finding, Record

if TYPE_CHECKING:
    from counterfoil.contract.conformance.run import Job

Progress = Callable[[str], None]


EXPECTED = {
    "not_a_server_error": "a status below 500",
    "status_code_conformance": "a status that the spec documents for this operation",
    "content_type_conformance": "a media type that the spec documents for this status",
    "response_headers_conformance": "the headers that the spec documents",
    "response_schema_conformance": "a body that fits the documented schema",
    "negative_data_rejection": "a refusal (4xx) of input that the spec does not allow",
    "positive_data_acceptance": "no refusal of input that the spec allows",
    "missing_required_header": "a refusal of a request without a required header",
    "unsupported_method": "405 for a method that the path does not have",
    "allow_header_conformance": "an Allow header that lists the methods of the path",
    "object_level_authorization": "a refusal of what belongs to another user",
    "ignored_auth": "401 or 403 without a valid credential",
    "use_after_free": "404 for a resource that was deleted",
    "ensure_resource_availability": "a created resource that can be fetched",
}


UNREADABLE = ("Schema Error", "Serialization not possible")
"""Schemathesis' titles for its own problems with a document, such as a dangling reference, a body in a media type that it cannot
write, or ``$ref`` in an example (seen in 4.32.5). They say nothing about the target."""
UNTESTED = "conformance.error.schema"
_WORD = re.compile(r"""(?:\$'(?:\\.|[^'\\])*'|'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+""")
"""A word of a shell, with its quotes; ``$'…'`` are those of Bash for bytes that are no text."""
MAX_KINDS = 8
"""Findings of one check at one operation: one for each kind of failure, and for each schema that a value does not fit."""


class ConformanceError(Exception):
    """Schemathesis could not run: one line."""


class RecordCollector:
    """Collects the events of one job by operation and check."""

    def __init__(self, job: Job, scenarios: int = 0) -> None:
        """``scenarios`` is how many there will be: one for each operation and phase."""
        self._job = job
        self._scenarios, self._started = scenarios, 0
        given = {name: value for name, value in job.headers.items() if name not in job.token_headers}
        self._secrets = secrets_of(Target(job.base, headers=given))
        for name in job.token_headers:
            self._secrets.add(job.headers[name].rsplit(" ", 1)[-1], "$COUNTERFOIL_TOKEN")
        for key in job.query_keys.values():
            self._secrets.add(key, "$COUNTERFOIL_TOKEN")
        self._shown = {
            f"{name}: [filtered]".lower(): f"{name}: {self._secrets.hide(value)}" for name, value in job.headers.items()
        }
        self._cases: dict[tuple[str, str], int] = {}
        self._findings: dict[tuple[str, str], dict[str, Finding]] = {}
        self._seconds: dict[str, float] = {}
        self._errors: list[str] = []
        self._unreadable: dict[str, str] = {}

    def add(self, event: Any, progress: Progress) -> None:
        kind = type(event).__name__
        if kind == "ScenarioStarted" and event.label:
            self._started += 1
            place = f"{min(self._started, self._scenarios)} of {self._scenarios}: " if self._scenarios else ""
            progress(f"{place}{event.phase.value.lower()}, {event.label}")
        elif kind == "ScenarioFinished":
            self._scenario(event)
        elif kind == "NonFatalError":
            words = [event.info.title, event.info.message, *(getattr(event.info, "extras", None) or [])]
            text = ": ".join(map(str, words))
            if self._job.document is not None and event.info.title in UNREADABLE:
                self._unreadable[event.label] = text
            else:
                self._errors.append(f"{event.label}: {text}")
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
        code = "\n".join(step.curl for step in info.steps) or info.code_sample
        kind = type(failure).__name__ + _pointer_of(failure)
        found = self._findings.setdefault(key, {})
        shorter = found.get(kind)
        # Most failures are of a known kind: return before their lines are parsed, which is slow.
        if len(code) >= sum(map(len, shorter.requests)) if shorter else len(found) >= MAX_KINDS:
            return
        words = " ".join(_words_of(failure).split())
        lines = tuple(self._runnable(line) for line in code.splitlines() if line.startswith(("curl ", "# ")))
        found[kind] = Finding(
            api=self._job.api,
            part="conformance",
            id=f"conformance.{check}",
            operation=operation,
            says=f"Requests and responses are as the spec documents them (Schemathesis' check {check}).",
            expected=EXPECTED.get(check, f"a response that passes {check}"),
            got=hide(": ".join(filter(None, [failure.title, words[:600]])) + answer),
            case=f"a generated request, phase {phase}",
            requests=lines[:8],
            family=_family(check, answer),
            pointer=_pointer_of(failure),
        )

    def _runnable(self, line: str) -> str:
        """A curl line of Schemathesis with its filtered credential as a variable that the shell expands."""
        try:
            return " ".join(map(self._word, _WORD.findall(line)))
        except ValueError:
            return self._hide(line)

    def _word(self, quoted: str) -> str:
        if quoted.startswith("$'"):  # bytes that are no text, in the quotes of Bash, which shlex does not know
            return self._hide(quoted)
        (word,) = shlex.split(quoted)
        return shell_word(self._hide(self._shown.get(word.lower(), word)))

    def _hide(self, text: str) -> str:
        return self._secrets.hide(text).replace("[Filtered]", "$COUNTERFOIL_TOKEN")

    @property
    def has_cases(self) -> bool:
        """Whether anything was checked yet."""
        return bool(self._cases)

    def finish(self) -> list[Record]:
        if not self._cases:
            errors = [*self._errors, *(f"{label}: {text}" for label, text in self._unreadable.items())]
            first = " ".join(errors[0].split())[:400] if errors else "Schemathesis judged no response"
            raise ConformanceError(self._hide(first))
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
        for label, text in self._unreadable.items():
            reason = f"Schemathesis cannot test it: {self._hide(' '.join(text.split())[:300])}"
            records.append(Record(api, "conformance", UNTESTED, label, NOT_TRIED, reason=reason))
        return records


def _words_of(failure: Any) -> str:
    """What was wrong, without the schema: for a value that does not fit one, its place and the violation; for accepted input,
    what is invalid in it."""
    if invalid := re.search(r"^Invalid components?:(.*)", str(failure.message), re.MULTILINE | re.DOTALL):
        return invalid[1].strip()
    if not getattr(failure, "validation_message", ""):
        return str(failure.message)
    where = "".join(f"/{step}" for step in getattr(failure, "instance_path", ()))
    return str(failure.validation_message) + (f", at {where}" if where else "")


def _pointer_of(failure: Any) -> str:
    """The JSON pointer of the schema in the document that a value does not fit."""
    if not getattr(failure, "validation_message", ""):
        return ""
    place = re.search(r"^Schema at (/\S+):$", str(failure.message), re.MULTILINE)
    return place[1] if place else ""


def _family(check: str, answer: str) -> str:
    """The family by which findings are grouped: a 5xx fails several checks of several operations and is one cause."""
    server_error = re.search(r"\(answered (5\d\d):", answer)
    return f"conformance: status {server_error[1]}" if server_error else f"conformance.{check}"


def _answer(recorder: Any, case_id: str, node: Any) -> str:
    """The response to a failing case, in a few words."""
    own = node.failure_info.failure.case_id or case_id
    response = recorder.find_response(case_id=own)
    if response is None:
        return ""
    text = (response.content or b"")[:300].decode("utf-8", "replace")
    return f" (answered {response.status_code}: {' '.join(text.split())})"
