"""The commands in README work: every block marked ``<!-- run -->``, in order, against a server."""

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
EXAMPLES = "pytest -q -p no:cacheprovider examples/reminders"
NOT_INSTALLED = ("asyncio", "timeout", "xdist", "randomly", "hypothesispytest", "schemathesis")


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """A server started as README says, on a free port."""
    command = [str(Path(sys.executable).parent / "counterfoil"), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1].split("/billingplatform")[0]
        finally:
            process.kill()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(command: str, origin: str) -> None:
    done = run(command.replace("http://127.0.0.1:8000", origin))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    if command.startswith("curl"):
        answer = json.loads(done.stdout)
        assert answer, "the README's curl lines show something"
        assert "error" not in answer
    if command == EXAMPLES:
        assert "5 passed" in done.stdout


def run(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with pytest's other plugins turned off, as where only counterfoil and pytest are installed.

    README's first block installs no plugins of pytest but those that counterfoil needs itself. The usual test run covers the
    examples with all plugins.
    """
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTEST_ADDOPTS": " ".join(f"-pno:{each}" for each in NOT_INSTALLED),
    }
    return subprocess.run(
        shlex.split(command), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_examples_are_among_the_commands() -> None:
    assert EXAMPLES in COMMANDS, "what runs where only counterfoil and pytest are installed"


@pytest.mark.parametrize(("path", "block"), re.findall(r"<!-- from: (\S+) -->\n```python\n(.*?)```", README, re.DOTALL))
def test_code_in_the_readme_is_code_that_is_tested(path: str, block: str) -> None:
    assert block in (ROOT / path).read_text(), "README and the example it quotes have parted"


def test_the_coverage_table_is_what_the_command_prints() -> None:
    from counterfoil.catalog import api_names
    from counterfoil.contract.specs.coverage import as_markdown, coverage
    from counterfoil.resources import specs_dir

    printed = as_markdown(coverage(specs_dir() / api) for api in api_names())
    assert f"<!-- coverage -->\n{printed}\n<!-- coverage-end -->" in README, (
        "paste `counterfoil specs coverage --markdown`"
    )


def test_ci_runs_the_readme_s_test_line() -> None:
    assert "<!-- test-line -->" in README
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def test_tests_are_found_by_the_program_pytest_too() -> None:
    """As CONTRIBUTING.md runs it: ``python -m pytest`` adds the working directory to Python's path, ``pytest`` does not."""
    program = Path(sys.executable).with_name("pytest")
    command = [program, "-q", "--collect-only", "-p", "no:cacheprovider", "tests/store/test_conflicts.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
