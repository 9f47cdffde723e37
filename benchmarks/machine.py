"""Describes the machine and the versions that a result was measured with."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("uvicorn", "uvloop", "httptools", "connexion", "starlette", "jsonschema-rs", "msgspec", "orjson")


def describe() -> dict[str, str]:
    """Processor, memory, system, and versions."""
    return {
        "processor": f"{os.cpu_count()} cores, {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "node": _says("node", "--version"),
        "java": _says("java", "-version"),
        "load": _says("wrk", "--version"),
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "busy": f"{os.getloadavg()[0]:.1f} load average in the minute before the run",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _says(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "not installed"
    done = subprocess.run(command, capture_output=True, text=True)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0].partition(" Copyright")[0] if lines else "?"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
