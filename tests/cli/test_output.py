"""The command line's output: text from files never controls the terminal, and a closed output does not count as findings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from counterfoil.cli import main

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "counterfoil"]
ONE_MONTH = (ROOT / "fixtures/scenarios/one-month.yaml").read_text(encoding="utf-8")
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
"""Control characters but tab and line feed, and one that turns the direction of writing."""
NASTY = r"\e[2J\e]0;owned\a\x9b31m\u202Etxt"


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, cwd=ROOT, check=False, **options)  # type: ignore[call-overload,no-any-return]


def in_process(*arguments: str) -> tuple[int, str]:
    """The exit code, and both outputs as they were written."""
    done = CliRunner().invoke(main, arguments, prog_name="counterfoil")
    return done.exit_code, (done.stdout_bytes + done.stderr_bytes).decode()


@pytest.fixture
def nasty_scenario(tmp_path: Path) -> Path:
    """A scenario whose title, text and names hold escape sequences."""
    file = tmp_path / "nasty.yaml"
    text = ONE_MONTH.replace("title: One month of one customer", f'title: "{NASTY}"')
    file.write_text(text.replace("name: Acme Robotics GmbH", f'name: "{NASTY}"'), encoding="utf-8")
    return file


def test_a_scenarios_text_is_shown_and_not_obeyed(nasty_scenario: Path) -> None:
    for options in ((), ("--json",)):
        shown = run("scenarios", "show", str(nasty_scenario), *options)
        assert shown.returncode == 0, shown.stderr
        assert not STEERING.findall(shown.stdout.decode())
    assert json.loads(shown.stdout)["title"] == "\x1b[2J\x1b]0;owned\x07\x9b31m\u202etxt"


def test_a_mistake_in_a_file_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(ONE_MONTH + f'"{NASTY}": 1\n', encoding="utf-8")
    for command in (("scenarios", "lint"), ("scenarios", "show"), ("specs", "lint"), ("serve", "--scenario")):
        code, said = in_process(*command, str(broken))
        assert code in (1, 2)
        assert not STEERING.findall(said)
        assert "Traceback" not in said


def test_what_is_inferred_from_a_document_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(
        f'openapi: 3.0.3\ninfo: {{title: T, version: "1"}}\n'
        f'paths:\n  "/{NASTY}":\n    get: {{responses: {{"200": {{description: ok}}}}}}\n',
        encoding="utf-8",
    )
    for options in ((), ("--why", "/\x1b[2J\x1b]0;owned\x07\x9b31m\u202etxt")):
        code, said = in_process("infer", str(spec), *options)
        assert code == 0, said
        assert "txt" in said
        assert not STEERING.findall(said)


def test_a_specs_text_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(
        f'openapi: 3.0.3\ninfo: {{title: "{NASTY}", version: "1"}}\npaths:\n  "/{NASTY}":\n    get: {{responses: {{}}}}\n',
        encoding="utf-8",
    )
    code, said = in_process("specs", "lint", str(spec))
    assert code == 1
    assert "txt" in said
    assert not STEERING.findall(said)


# --- an output that takes no more ----------------------------------------------------------------

COMMANDS = (
    ("scenarios", "list"),
    ("specs", "show", "oracle-brm"),
    ("--help",),
    ("check", "--list-laws"),
    ("scenarios", "lint", "fixtures/scenarios/one-month.yaml"),
)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line_and_exit_code_three(command: tuple[str, ...], unbuffered: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*PROGRAM, *command],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (3, 1), done.stderr
    assert b"No space left" in done.stderr


@pytest.mark.parametrize("command", COMMANDS[:3], ids=" ".join)
def test_a_reader_that_has_enough_is_no_failure(command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*PROGRAM, *command], stdout=writing, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_check_that_cannot_tell_its_findings_does_not_end_with_the_code_of_findings() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*PROGRAM, "check", "emnify", "--only", "emnify.auth", "--url", "emnify=http://127.0.0.1:9"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("option", [("check", "--report", ""), ("serve", "--port", "0", "--capsule", "")])
def test_an_empty_name_of_a_file_is_refused(option: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run([*PROGRAM, *option], capture_output=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("paths", "written", "surveyed"),
    [
        (["/time"], "1 operation\n", "0 of 1 operation answers from state, 1 is made up"),
        (["/time", "/date"], "2 operations\n", "0 of 2 operations answer from state, 2 are made up"),
    ],
)
def test_one_of_a_kind_is_not_written_as_several(paths: list[str], written: str, surveyed: str, tmp_path: Path) -> None:
    document = tmp_path / "clock.yaml"
    operation = "{get: {responses: {'200': {description: now}}}}"
    lines = [f"  {path}: {operation}" for path in paths]
    document.write_text("\n".join(["openapi: 3.0.3", "info: {title: Clock, version: '1'}", "paths:", *lines]))
    _, said = in_process("infer", str(document), "--write", str(tmp_path / "model.yaml"))
    assert said.endswith(f"0 collections, {written}")
    assert surveyed in in_process("infer", str(document))[1]
