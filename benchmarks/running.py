"""A contender as data, and as a process: started, found ready, weighed, and stopped with whatever it started itself.

It knows no contender by name: those are in ``peers``.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks import documents
from benchmarks.facts import Facts
from benchmarks.load import pinned

Answers = Literal["real", "canned", "random"]


class Absent(Exception):
    """A peer that cannot be installed or started; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contender starts: its port, a folder of its own, what it must hold, and the APIs it must serve."""

    port: int
    folder: Path
    facts: Facts | None
    apis: tuple[str, ...]
    customers: int

    def document(self) -> str:
        """The OpenAPI document for spec-driven peers."""
        assert self.facts is not None
        return str(documents.write(self.apis, self.facts, self.folder / "openapi.json"))


@dataclass(frozen=True, slots=True)
class Contender:
    """One that takes part. ``style`` says whose words its requests are in, ``answers`` how they are judged."""

    name: str
    style: str
    answers: Answers
    works: frozenset[str]
    command: Callable[[Place], list[str]]
    leaves_out: str = ""
    package: str | None = None
    prepare: Callable[[Place], None] = lambda place: None
    environment: Mapping[str, str] = field(default_factory=dict)


# --- starting and stopping -----------------------------------------------------------------------

NOT_PASSED_ON = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
STAY_HERE = {"SPECMATIC_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "NO_UPDATE_NOTIFIER": "1"}
"""Nothing that is measured here has business off this machine."""


class Running:
    """A started contender. Use it as a context; leaving stops it and whatever it started."""

    def __init__(
        self,
        contender: Contender,
        place: Place,
        *,
        core: int | None = None,
        patience: float = 60,
        ready: Callable[[int], bool] | None = None,
    ) -> None:
        self.contender = contender
        self._ready = ready or answers_http
        self.port = place.port
        self._log = (place.folder / f"{contender.name.replace(' ', '-')}.log").open("wb+")
        environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | STAY_HERE
        self.process = subprocess.Popen(
            pinned(core, contender.command(place)),
            cwd=place.folder,
            env={**environment, **contender.environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._wait(patience)
            contender.prepare(place)
        except BaseException:
            self.stop()
            raise

    def _wait(self, patience: float) -> None:
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Absent(f"stopped at start with code {self.process.returncode}: {self._last_words()}")
            if self._ready(self.port):
                return
            time.sleep(0.002)
        raise Absent(f"no answer within {patience:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        return next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "it said nothing")[
            :160
        ]

    def memory(self) -> float:
        """Resident memory of the process and those it started, in MB."""
        return sum(resident(pid) for pid in family(self.process.pid))

    def stop(self) -> None:
        """End it, by its own process group."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sent)
            except ProcessLookupError:
                break
            try:
                self.process.wait(5)
                break
            except subprocess.TimeoutExpired:
                continue
        self._log.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def answers_http(port: int, path: str = "/") -> bool:
    """Whether something on this port answers HTTP, with any status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def free_port() -> int:
    """A port nothing listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def family(pid: int) -> list[int]:
    """A process and those it started, however far below."""
    found = [pid]
    for each in found:
        try:
            children = Path(f"/proc/{each}/task/{each}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
    return found


def resident(pid: int) -> float:
    """Resident memory of one process in MB; 0 once it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
