"""Run conformance in a process of its own, so that several APIs are checked at once.

Run as ``python -m counterfoil.contract.conformance_process`` it reads a job as JSON on standard input (so that no credential
appears in a process list) and writes its events as JSON lines.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from counterfoil.contract.conformance import Job, run
from counterfoil.contract.conformance_records import ConformanceError, Progress
from counterfoil.contract.verdict import Finding, Record


class ConformanceProcess:
    """A job in its own process. ``records()`` waits for the result; ``stop()`` ends the process."""

    def __init__(self, job: Job, progress: Progress = lambda text: None) -> None:
        self._progress = progress
        self._records: list[Record] = []
        self._error: str | None = None
        self._left_behind: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "counterfoil.contract.conformance_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)))
        self._process.stdin.close()
        self._last_errors: list[str] = []
        self._readers = [
            threading.Thread(target=reader, daemon=True) for reader in (self._read_events, self._read_errors)
        ]
        for reader in self._readers:
            reader.start()

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if "progress" in event:
                self._progress(event["progress"])
            elif "left_behind" in event:
                self._left_behind = event["left_behind"]
            elif "error" in event:
                self._error = event["error"]
            elif "records" in event:
                self._records = [record_from(each) for each in event["records"]]

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._last_errors = [*self._last_errors[-2:], line.strip()]

    def records(self, left_behind: list[str]) -> list[Record]:
        """Wait for the end, and add the paths of created resources to ``left_behind``. Raises ``ConformanceError``."""
        for reader in self._readers:
            reader.join()
        code = self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        left_behind += self._left_behind
        if self._error is not None:
            raise ConformanceError(self._error)
        if code != 0 or not self._records:
            raise ConformanceError(f"Schemathesis ended with code {code}: {' '.join(self._last_errors)[:300]}")
        return self._records

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def record_from(value: Mapping[str, Any]) -> Record:
    """A record read from JSON."""
    findings = tuple(
        Finding(**{**each, "requests": tuple(each["requests"]), "clauses": tuple(each["clauses"])})
        for each in value["findings"]
    )
    return Record(**{**value, "findings": findings})


def main() -> None:
    """Read a job from standard input, run it, write its events."""
    job = Job(**json.load(sys.stdin))
    out = sys.stdout
    sys.stdout = sys.stderr  # what libraries print must not mix with the events

    def say(**what: Any) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    left_behind: list[str] = []
    try:
        records = run(job, progress=lambda text: say(progress=text), left_behind=left_behind)
        say(left_behind=left_behind)
        say(records=[asdict(record) for record in records])
    except ConformanceError as error:
        say(left_behind=left_behind)
        say(error=str(error))


if __name__ == "__main__":
    main()
