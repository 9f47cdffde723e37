"""Runs third-party tools on the specs; reports what could not be tested because a tool is missing."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
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


_COMMANDS = """
import json, pkgutil, sys

main = pkgutil.resolve_name(sys.argv[1])
for arguments in json.loads(sys.argv[2]):
    print(*arguments, flush=True)
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    if status:
        sys.exit(f"{status}: the last command failed")
"""


def run_python(entry_point: str, commands: Sequence[Sequence[str | Path]]) -> None:
    """Give a Python program each of these lists of arguments, in one process: to start it takes longer than most commands.

    A failure shows the arguments it was of, last on stdout.
    """
    given = json.dumps([[str(each) for each in arguments] for arguments in commands])
    done = run(sys.executable, "-c", _COMMANDS, entry_point, given)
    assert done.returncode == 0, done.stdout + done.stderr


def npx(*command: str | Path, packages: tuple[str, ...], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command of npm packages of these releases; the first time, npx fetches them."""
    found = shutil.which("npx")
    if found is None:
        missing("Node.js (npx)")
    wanted = [argument for package in packages for argument in ("--package", package)]
    return run(found, "--yes", "--prefer-offline", *wanted, "--", *command, cwd=cwd)
