"""Rules that tools check: style, types and import contracts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["importlinter.cli", "lint-imports"],
    ],
    ids=["ruff", "format", "mypy", "imports"],
)
def test_the_tool_finds_nothing(command: list[str]) -> None:
    module, *arguments = command
    if module == "importlinter.cli":
        line = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    else:
        line = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
