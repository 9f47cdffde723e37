"""The recipes for other languages, run against a real server: curl in a shell, JavaScript with Node, Java if it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from counterfoil.testing import SandboxServer

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "examples" / "other-languages"


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = SandboxServer()
    yield server.origin
    server.stop()


def needed(program: str) -> str:
    """The program's path. If it is missing, the test fails in CI and is skipped elsewhere, with a message."""
    found = shutil.which(program)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{program} is not there, and CI must try this recipe")
    if found is None:
        pytest.skip(f"{program} is not there: this recipe was NOT tried")
    return found


def run(*command: str, origin: str) -> str:
    done = subprocess.run(
        command,
        cwd=RECIPES,
        env=os.environ | {"ORIGIN": origin},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_shell_recipe(origin: str) -> None:
    assert '"overdue_invoice_count":1' in run("sh", "recipe.sh", origin=origin)


def test_the_javascript_recipe(origin: str) -> None:
    said = run(needed("node"), "--test", "reminders.test.mjs", origin=origin)
    assert re.search(r"^(#|ℹ) pass 3$", said, re.MULTILINE), said


def test_the_java_recipe(origin: str) -> None:
    assert '"overdue_invoice_count":1' in run(needed("java"), "CounterfoilWorld.java", origin, origin=origin)


def test_the_compose_file_and_the_dockerfile_agree() -> None:
    compose = yaml.safe_load((RECIPES / "compose.yaml").read_text())
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert compose["services"]["counterfoil"]["build"] == "../.."
    assert "EXPOSE 8000" in dockerfile
    assert "HEALTHCHECK" in dockerfile
    assert re.search(r"^USER (?!root)\w+$", dockerfile, re.MULTILINE), "it does not run as root"
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE)
    assert all((ROOT / name).exists() for line in copied for name in line.split())
