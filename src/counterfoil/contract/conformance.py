"""Does every answer have the shape the spec says? Schemathesis finds out; this module only steers it and reads its events.

Schemathesis is used through its public doors: ``schemathesis.openapi.from_dict``, its configuration (what
``schemathesis.toml`` may hold), hooks, and the event stream of its engine. What it reports is taken as it is, but for the
``EXCLUSIONS``: each has a reason and, where there is one, an issue.

Run as ``python -m counterfoil.contract.conformance`` it reads a job as JSON on standard input (so that a credential is in no
process list) and writes its events as JSON lines; that is how several APIs are checked at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from counterfoil.contract.books import credential_scheme, document
from counterfoil.contract.probe import LONGEST_WAIT
from counterfoil.contract.target import Target, secrets_of
from counterfoil.contract.verdict import Finding, Record

PHASES = ("examples", "coverage", "fuzzing", "stateful")
FAST_PHASES = ("examples", "coverage")
READING = ("GET", "HEAD", "OPTIONS")
LOGIN_PATH = "/authenticate"
"""Trading credentials for a token changes nothing, so it may be tried without ``--writes``."""

Progress = Callable[[str], None]
_ONE_AT_A_TIME = threading.Lock()
"""Schemathesis keeps hooks for a whole process."""


class CouldNotConform(Exception):
    """Schemathesis could not run: one line."""


@dataclass(frozen=True)
class Exclusion:
    """One kind of failure that says nothing about the target. ``check`` is Schemathesis' name of it."""

    check: str
    reason: str
    issue: str
    applies: Callable[[Any, Any, Any], bool]
    """Given the failure, the case and the response."""


def _of_unknown_query(failure: Any, case: Any, response: Any) -> bool:
    return (
        type(failure).__name__ == "AcceptedNegativeData"
        and "in query - violates `additionalProperties`" in failure.message
    )


EXCLUSIONS: tuple[Exclusion, ...] = (
    Exclusion(
        "negative_data_rejection",
        "OpenAPI has no way to say whether a query parameter that is not in the document is refused; these vendors pass over it.",
        "https://github.com/schemathesis/schemathesis/issues/3730",
        _of_unknown_query,
    ),
)
"""Every kind of failure that is passed over. An entry that Schemathesis no longer needs is removed."""


@dataclass
class Job:
    """One run of Schemathesis. ``base`` is the target's URL, ``headers`` hold the credential."""

    api: str
    base: str
    headers: dict[str, str] = field(default_factory=dict)
    fast: bool = False
    writes: bool = False
    max_examples: int = 12
    seed: int = 0
    rate: float | None = None
    max_time: float | None = None
    timeout: float = 10.0
    patient: bool = True
    """Whether to wait as long as a 429 asks for (within ``LONGEST_WAIT``); a stand-in's clock would not move meanwhile."""


def job_for(api: str, target: Target, *, token: str | None = None, **options: Any) -> Job:
    """The job that checks ``api`` at ``target``; ``token`` is one fetched by login."""
    name, prefix = credential_scheme(document(api))
    headers = dict(target.headers)
    if token or target.token:
        headers[name] = f"{prefix}{token or target.token}"
    return Job(api, target.url.rstrip("/"), headers, patient=not target.ours, **options)


def configuration(job: Job) -> dict[str, Any]:
    """What a ``schemathesis.toml`` for this job would hold."""
    phases = FAST_PHASES if job.fast else PHASES
    config: dict[str, Any] = {
        "seed": job.seed,
        "base-url": job.base,
        "headers": job.headers,
        "workers": 1,
        "continue-on-failure": True,
        "request-timeout": job.timeout,
        "generation": {
            "max-examples": job.max_examples,
            "deterministic": True,
            "database": "none",
            # An invented credential beside the good one says nothing where a spec takes either of two.
            "with-security-parameters": False,
        },
        "phases": {name: {"enabled": name in phases} for name in PHASES},
        "output": {"sanitization": {"enabled": True}},
        "warnings": False,
        "suppress-health-check": ["all"],
    }
    if job.rate:
        config["rate-limit"] = f"{max(1, round(job.rate * 60))}/m"
    return config


def assumed(value: Any) -> Any:
    """A copy of the document in which ``x-assumed`` (what holds while a switch is at its default) counts as the schema's."""
    if isinstance(value, list):
        return [assumed(part) for part in value]
    if not isinstance(value, dict):
        return value
    own = {name: assumed(part) for name, part in value.items() if name != "x-assumed"}
    more = value.get("x-assumed") or {}
    return own | {name: part for name, part in more.items() if name != "switch"}


def run(job: Job, *, app: Any = None, progress: Progress = lambda text: None) -> list[Record]:
    """One record for each operation and check that Schemathesis made. Raises ``CouldNotConform``."""
    records = _Records(job)
    with _ONE_AT_A_TIME:
        for event in _events(job, app):
            records.add(event, progress)
    return records.finish()


def _events(job: Job, app: Any) -> Iterator[Any]:
    import schemathesis
    from schemathesis.config import ConfigError, SchemathesisConfig
    from schemathesis.core.errors import SchemathesisError
    from schemathesis.engine import from_schema

    try:
        config = SchemathesisConfig.from_dict(configuration(job))
        schema: Any = schemathesis.openapi.from_dict(assumed(document(job.api)), config=config)
        if not job.writes:
            schema = schema.include(lambda context: _only_reads(context.operation))
        schema.app = app
        if job.patient:  # Schemathesis' own rate-limit "auto" waits however long it is told to
            schemathesis.hook("after_call")(_sit_out)
        if app is None:  # an application in this process has no elsewhere
            schemathesis.hook("before_call")(_stay_on_the_spot)
        schemathesis.hook("filter_failure")(_says_something)
        stream = from_schema(schema).execute()
        end = time.monotonic() + job.max_time if job.max_time else None
        for event in stream:
            yield event
            if end is not None and time.monotonic() > end:
                stream.stop()
    except (ConfigError, SchemathesisError) as error:
        raise CouldNotConform(" ".join(str(error).split())[:300]) from None
    finally:
        # before_call exists globally only, and a second run in this process must not call it twice.
        if job.patient:
            schemathesis.hooks.unregister(_sit_out)
        if app is None:
            schemathesis.hooks.unregister(_stay_on_the_spot)
        schemathesis.hooks.unregister(_says_something)


def _only_reads(operation: Any) -> bool:
    return operation.method.upper() in READING or operation.path == LOGIN_PATH


def _stay_on_the_spot(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """No redirect is followed: it may lead to somebody who did not ask to be tested."""
    kwargs["allow_redirects"] = False


def _sit_out(context: Any, case: Any, response: Any) -> None:
    """After a 429, as long a pause as was asked for, within bounds."""
    if response.status_code == 429:
        wait = (response.headers.get("retry-after") or ["1"])[0]
        time.sleep(min(float(wait) if wait.isdigit() else 1.0, LONGEST_WAIT))


def _says_something(context: Any, failure: Any, case: Any, response: Any) -> bool:
    return not any(exclusion.applies(failure, case, response) for exclusion in EXCLUSIONS)


class _Records:
    """Schemathesis' events, gathered by operation and check."""

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
            raise CouldNotConform(" ".join(str(event.exception).split())[:300])

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
            raise CouldNotConform(self._hide("; ".join(self._errors[:3])) or "Schemathesis made no request")
        api = self._job.api
        records = []
        for (operation, check), cases in sorted(self._cases.items()):
            findings = tuple(self._findings.get((operation, check), {}).values())
            status = "broken" if findings else "held"
            seconds = self._seconds.get(operation, 0.0) if check == "not_a_server_error" else 0.0
            records.append(
                Record(api, "conformance", f"conformance.{check}", operation, status, cases, seconds, findings=findings)  # type: ignore[arg-type]
            )
        for number, error in enumerate(dict.fromkeys(self._errors)):
            told = Finding(api, "conformance", "conformance.error", api, "Schemathesis can test the operation",
                           "no error", self._hide(" ".join(error.split())[:600]))  # fmt: skip
            records.append(
                Record(api, "conformance", f"conformance.error.{number}", api, "broken", 1, findings=(told,))
            )
        return records


def _answer(recorder: Any, case_id: str, node: Any) -> str:
    """What the target answered to a failing case, in a few words."""
    own = node.failure_info.failure.case_id or case_id
    response = recorder.find_response(case_id=own)
    if response is None:
        return ""
    text = (response.content or b"")[:300].decode("utf-8", "replace")
    return f" (answered {response.status_code}: {' '.join(text.split())})"


# ---------------------------------------------------------------- in a process of its own


class Running:
    """A job in a process of its own. ``records()`` waits for it; ``stop()`` ends it."""

    def __init__(self, job: Job, progress: Progress = lambda text: None) -> None:
        self._progress = progress
        self._records: list[Record] = []
        self._error: str | None = None
        self._process = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)))
        self._process.stdin.close()
        self._last_words: list[str] = []
        self._readers = [threading.Thread(target=reader, daemon=True) for reader in (self._read, self._listen)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if "progress" in said:
                self._progress(said["progress"])
            elif "error" in said:
                self._error = said["error"]
            elif "records" in said:
                self._records = [record_from(each) for each in said["records"]]

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._last_words = [*self._last_words[-2:], line.strip()]

    def records(self) -> list[Record]:
        """Wait for the end. Raises ``CouldNotConform``."""
        for reader in self._readers:
            reader.join()
        code = self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        if self._error is not None:
            raise CouldNotConform(self._error)
        if code != 0 or not self._records:
            raise CouldNotConform(f"Schemathesis ended with code {code}: {' '.join(self._last_words)[:300]}")
        return self._records

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def record_from(value: Mapping[str, Any]) -> Record:
    """A record that came as JSON."""
    findings = tuple(
        Finding(**{**each, "requests": tuple(each["requests"]), "clauses": tuple(each["clauses"])})
        for each in value["findings"]
    )
    return Record(**{**value, "findings": findings})


def main() -> None:
    """Read a job, write what came of it."""
    job = Job(**json.load(sys.stdin))
    out = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not mix with the events

    def say(**what: Any) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    try:
        say(records=[asdict(record) for record in run(job, progress=lambda text: say(progress=text))])
    except CouldNotConform as error:
        say(error=str(error))


if __name__ == "__main__":
    main()
