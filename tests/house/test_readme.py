"""What README tells people to run, runs: every block marked ``<!-- run -->``, in order, against a server."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"<!-- run -->\n```sh\n(.*?)```", README, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip()
]


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """A server started as README says, on a free port."""
    command = [str(Path(sys.executable).parent / "counterfoil"), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1].split("/billingplatform")[0]
        finally:
            process.terminate()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(command: str, origin: str) -> None:
    line = command.replace("http://127.0.0.1:8000", origin)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        shlex.split(line), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    if command.startswith("curl"):
        answer = json.loads(done.stdout)
        assert answer, "the README's curl lines show something"
        assert "error" not in answer


def test_ci_runs_the_readme_s_test_line() -> None:
    assert "<!-- test-line -->" in README
    assert "README.md" in (ROOT / ".ci" / "run").read_text()
