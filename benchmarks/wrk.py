"""Runs wrk against one server for some seconds and reads its result. Loopback only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.calls import Call

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("wrk.lua")
HINT = "wrk is needed; on Debian: apt-get update && apt-get install -y wrk"


class InvalidRun(Exception):
    """A run that does not count: a response was not 2xx, or a connection broke."""


@dataclass(frozen=True, slots=True)
class Round:
    """The result of one run: requests per second, latencies in milliseconds, number of requests answered."""

    per_second: float
    p50: float
    p99: float
    requests: int


def installed() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def pinned(core: int | None, command: Sequence[str]) -> list[str]:
    """``command`` pinned to one core, if there is more than one."""
    if core is None or shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return list(command)
    return ["taskset", "-c", str(core), *command]


def write_requests(calls: Sequence[Call], host: str, target: Path) -> Path:
    """Write the requests into a file for ``wrk.lua``."""
    with target.open("wb") as file:
        for call in calls:
            raw = call.raw(host)
            file.write(f"{len(raw)}\n".encode() + raw)
    return target


def run_wrk(file: Path, port: int, seconds: float, *, first: int = 0, core: int | None = None) -> Round:
    """Send the file's requests, from number ``first`` on, over 16 connections. Raises ``InvalidRun``."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(SCRIPT)]
    command += [f"http://127.0.0.1:{port}/", "--", str(file), str(first)]
    done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=seconds + 60)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if done.returncode or line is None:
        raise InvalidRun(f"wrk failed: {(done.stderr or done.stdout).strip()[-200:]}")
    found = json.loads(line.removeprefix("RESULT "))
    if not found["requests"]:
        raise InvalidRun(f"no response within {seconds:g} s")
    if found["refused"] or found["broken"]:
        raise InvalidRun(
            f"{found['refused']} of {found['requests']} requests refused, {found['broken']} connections broken"
        )
    return Round(found["requests"] / found["seconds"], found["p50_ms"], found["p99_ms"], found["requests"])
