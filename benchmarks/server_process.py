"""A measured server as data and as a process: starts it, waits until it responds, reads its memory, stops it."""

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
from benchmarks.dataset import Dataset
from benchmarks.wrk import pinned

Answers = Literal["real", "canned", "random"]


class Unavailable(Exception):
    """A server that cannot be installed or started; the message says why."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a server is started with: port, working folder, data, APIs, number of customers."""

    port: int
    folder: Path
    dataset: Dataset | None
    apis: tuple[str, ...]
    customers: int

    def document(self) -> str:
        """The OpenAPI document for spec-driven peers."""
        assert self.dataset is not None
        return str(documents.write(self.apis, self.dataset, self.folder / "openapi.json"))


@dataclass(frozen=True, slots=True)
class Server:
    """One measured server. ``style`` names the request format it takes, ``answers`` how its responses are checked."""

    name: str
    style: str
    answers: Answers
    workloads: frozenset[str]
    command: Callable[[Setup], list[str]]
    leaves_out: str = ""
    package: str | None = None
    prepare: Callable[[Setup], None] = lambda setup: None
    environment: Mapping[str, str] = field(default_factory=dict)


# --- starting and stopping -----------------------------------------------------------------------

NOT_PASSED_ON = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
STAY_HERE = {"SPECMATIC_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "NO_UPDATE_NOTIFIER": "1"}
"""Turns off telemetry and update checks: no measured server may leave this machine."""


class ServerProcess:
    """A started server, as a context manager: leaving stops it and its child processes."""

    def __init__(
        self,
        server: Server,
        setup: Setup,
        *,
        core: int | None = None,
        timeout: float = 60,
        ready: Callable[[int], bool] | None = None,
    ) -> None:
        self.server = server
        self._ready = ready or answers_http
        self.port = setup.port
        self._log = (setup.folder / f"{server.name.replace(' ', '-')}.log").open("wb+")
        environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | STAY_HERE
        self.process = subprocess.Popen(
            pinned(core, server.command(setup)),
            cwd=setup.folder,
            env={**environment, **server.environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._wait(timeout)
            server.prepare(setup)
        except BaseException:
            self.stop()
            raise

    def _wait(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Unavailable(f"exited at start with code {self.process.returncode}: {self._last_error()}")
            if self._ready(self.port):
                return
            time.sleep(0.002)
        raise Unavailable(f"no answer within {timeout:.0f} s: {self._last_error()}")

    def _last_error(self) -> str:
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        return next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "no output")[:160]

    def memory(self) -> float:
        """Resident memory of the process and its children, in MB."""
        return sum(resident(pid) for pid in process_tree(self.process.pid))

    def stop(self) -> None:
        """Stop the process group: SIGTERM, then SIGKILL after 5 s."""
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

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def answers_http(port: int, path: str = "/") -> bool:
    """Whether a server on this port answers HTTP, with any status."""
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
    """A port that is free now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def process_tree(pid: int) -> list[int]:
    """A process id and those of all its descendants."""
    found = [pid]
    for each in found:
        try:
            children = Path(f"/proc/{each}/task/{each}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
    return found


def resident(pid: int) -> float:
    """Resident memory of one process in MB; 0 if it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
