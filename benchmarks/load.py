"""Drives one server with wrk for some seconds, and reads what wrk found. Loopback only."""

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
SCRIPT = Path(__file__).with_name("requests.lua")
HINT = "wrk is needed to make load; on Debian: apt-get update && apt-get install -y wrk"


class Unfit(Exception):
    """A run that may not be counted: something was refused, or a connection broke."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one run came to: requests per second, latencies in milliseconds, and how many requests were answered."""

    per_second: float
    p50: float
    p99: float
    requests: int


def present() -> bool:
    """Whether the load tool is installed."""
    return shutil.which("wrk") is not None


def pinned(core: int | None, command: Sequence[str]) -> list[str]:
    """``command`` kept on one core, where there are several to choose from."""
    if core is None or shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return list(command)
    return ["taskset", "-c", str(core), *command]


def write(calls: Sequence[Call], host: str, target: Path) -> Path:
    """Put the calls into a file for ``requests.lua``."""
    with target.open("wb") as file:
        for call in calls:
            raw = call.raw(host)
            file.write(f"{len(raw)}\n".encode() + raw)
    return target


def drive(file: Path, port: int, seconds: float, *, first: int = 0, core: int | None = None) -> Round:
    """Send the file's requests, from number ``first`` on, over 16 connections. Raises ``Unfit``."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(SCRIPT)]
    command += [f"http://127.0.0.1:{port}/", "--", str(file), str(first)]
    done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=seconds + 60)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if done.returncode or line is None:
        raise Unfit(f"wrk failed: {(done.stderr or done.stdout).strip()[-200:]}")
    found = json.loads(line.removeprefix("RESULT "))
    if not found["requests"]:
        raise Unfit(f"answered nothing within {seconds:g} s")
    if found["refused"] or found["broken"]:
        raise Unfit(f"{found['refused']} of {found['requests']} requests refused, {found['broken']} connections broken")
    return Round(found["requests"] / found["seconds"], found["p50_ms"], found["p99_ms"], found["requests"])
