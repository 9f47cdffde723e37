"""Runs conformance in a separate process, so that several APIs are checked at once.

Run as ``python -m counterfoil.contract.conformance.process`` it reads a job as JSON on standard input (so that no credential
appears in a process list) and writes its events as JSON lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from math import inf
from typing import Any

from counterfoil.contract.conformance.bounded_bodies import bound_bodies
from counterfoil.contract.conformance.records import ConformanceError, Progress
from counterfoil.contract.conformance.run import Job, run, time_used_up
from counterfoil.contract.http_client import TIME_USED_UP, is_loopback
from counterfoil.contract.verdict import Finding, Record
from counterfoil.garbage import collect_rarely

INTERRUPTED = "the check was interrupted"
LOOK_EVERY = 0.2
"""Seconds between two looks at whether the check was interrupted."""
GRACE = 1.0
"""Seconds between the time limit of a process and the moment it is killed, so that it can end by itself."""


class ConformanceProcess:
    """A job in its own process, which ends when this process ends, at ``until`` (a ``time.monotonic()``), or soon after
    ``interrupted`` is set."""

    def __init__(
        self,
        job: Job,
        progress: Progress = lambda text: None,
        until: float | None = None,
        interrupted: threading.Event | None = None,
    ) -> None:
        self._api, self._progress, self._until = job.api, progress, until
        self._interrupted = interrupted or threading.Event()
        self._records: list[Record] = []
        self._error: str | None = None
        self._left_behind: list[str] = []
        self._notes: list[str] = []
        environ = dict(os.environ) | ({"NO_PROXY": "*", "no_proxy": "*"} if is_loopback(job.base) else {})
        # The library requests would send a password from .netrc instead of the credential, or where none must be sent.
        environ["NETRC"] = os.devnull
        # Schemathesis writes its curl lines for the shell that this variable names, and adds text to them if it knows none.
        environ["SHELL"] = "bash"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "counterfoil.contract.conformance.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        # The pipe stays open: when this process ends, for whatever reason, the other one reads end-of-file and stops.
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
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
            elif "notes" in event:
                self._notes = event["notes"]
            elif "records" in event:
                self._records = [record_from(each) for each in event["records"]]

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._last_errors = [*self._last_errors[-2:], line.strip()]

    def records(self, left_behind: list[str], notes: list[str]) -> list[Record]:
        """Wait for the end; adds the paths of created resources to ``left_behind``, and notes to ``notes``. Returns the records,
        or those so far if the time is used up. Raises ``ConformanceError``."""
        code = self._wait()
        for reader in self._readers:
            reader.join(GRACE)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        left_behind += self._left_behind
        notes += self._notes
        if self._error == TIME_USED_UP and self._records:
            return [*self._records, time_used_up(self._api)]
        if self._error is not None:
            raise ConformanceError(self._error)
        if code != 0 or not self._records:
            raise ConformanceError(f"Schemathesis ended with code {code}: {' '.join(self._last_errors)[:300]}")
        return self._records

    def _wait(self) -> int:
        """The exit code. When the time is used up or the check is interrupted, ends the process and returns -1."""
        while not self._interrupted.is_set():
            left = inf if self._until is None else self._until + GRACE - time.monotonic()
            try:
                return self._process.wait(max(0.0, min(left, LOOK_EVERY)))
            except subprocess.TimeoutExpired:
                if left <= LOOK_EVERY:
                    self._error = TIME_USED_UP
                    break
        else:
            self._error = INTERRUPTED
        self.stop()
        return -1

    def stop(self) -> None:
        """End the process at once."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def record_from(value: Mapping[str, Any]) -> Record:
    """A record read from JSON."""
    findings = tuple(
        Finding(**{**each, "requests": tuple(each["requests"]), "clauses": tuple(each["clauses"])})
        for each in value["findings"]
    )
    return Record(**{**value, "findings": findings})


def main() -> None:
    """Read a job from standard input, run it, write its events. Ends at once when standard input ends."""
    collect_rarely()
    job = Job(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    exceeded = bound_bodies(job.timeout)
    out = sys.stdout
    sys.stdout = sys.stderr  # what libraries print must not mix with the events
    left_behind: list[str] = []
    notes: list[str] = []

    def write_event(**what: Any) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    def progress(text: str) -> None:
        write_event(progress=text)
        write_event(left_behind=left_behind)

    def write_records(records: list[Record]) -> None:
        write_event(left_behind=left_behind)
        write_event(notes=notes)
        write_event(records=[asdict(record) for record in records])

    try:
        write_records(run(job, progress=progress, left_behind=left_behind, notes=notes, partly=write_records))
    except ConformanceError as error:
        write_event(left_behind=left_behind)
        write_event(error=": ".join([str(error), *exceeded[:1]]))


def _end_with_parent() -> None:
    # Not sys.stdin.read(): a thread that holds its lock at interpreter shutdown is a fatal error.
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
