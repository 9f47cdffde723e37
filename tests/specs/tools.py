"""Runs third-party tools on the specs; reports what could not be tested because a tool is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted((ROOT / "specs").glob("*/openapi.yaml"))
SECONDS = 300

QUIET = {
    "NO_UPDATE_NOTIFIER": "1",
    "npm_config_update_notifier": "false",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "SCARF_ANALYTICS": "false",
}


def missing(what: str) -> NoReturn:
    """Report a missing tool: as a failure in CI, elsewhere as a skip that the end of the run lists."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed: it did not look at the specs")


def need_module(module: str, package: str) -> None:
    """Go on only if a Python package of the ``test`` extra is installed."""
    if importlib.util.find_spec(module) is None:
        missing(package)


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its output is text."""
    return subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        env={**os.environ, **QUIET, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def npx(*command: str | Path, packages: tuple[str, ...], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command of npm packages of these releases; the first time, npx fetches them."""
    found = shutil.which("npx")
    if found is None:
        missing("Node.js (npx)")
    wanted = [argument for package in packages for argument in ("--package", package)]
    return run(found, "--yes", "--prefer-offline", *wanted, "--", *command, cwd=cwd)
