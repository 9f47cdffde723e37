"""The command line from the outside: every mistake gives one clear line and exit code 2, and starts nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from counterfoil.cli import main

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds in which a busy machine ends a process that was asked to stop."""


def counterfoil(*arguments: str, cwd: Path = ROOT, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the command in a separate process, as a user does."""
    command = [sys.executable, "-m", "counterfoil", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)


def in_process(*arguments: str) -> Result:
    """The same without a separate process, which would take a second of CPU each time."""
    with chdir(ROOT):
        return CliRunner().invoke(main, arguments, prog_name="counterfoil")


MISTAKES: list[tuple[list[str], str]] = [
    (
        ["serve", "--port", "0", "stripe"],
        "there is no API 'stripe'; there are: billingplatform, elevate, emnify, flexprice, oracle-brm",
    ),
    (["serve", "--port", "0", "--scenario", "nope"], "there is no scenario 'nope'; there are: demo, every-state"),
    (["serve", "--port", "0", "--scenario", "none.yaml"], "none.yaml: cannot be read"),
    (["serve", "--seed", "soon"], "counterfoil serve: --seed: 'soon' is not a whole number from 0 to"),
    (
        ["serve", "--port", "99999"],
        "--port: 99999 is not a whole number from 0 to 65535 (see counterfoil serve --help)",
    ),
    (["serve", "--port", "0", "--host", "203.0.113.1"], "cannot listen on 203.0.113.1"),
    (["serve", "--port", "0", "--customers", "3"], "needs 12 customers"),
    (["serve", "--port", "0", "--customers", "-1"], "--customers: -1 is not a whole number from 0 to 5000000"),
    (["serve", "--workers", "x"], "--workers: 'x' is not a whole number from 1 to 64"),
    (["serve", "--format"], "counterfoil serve: no such option '--format'"),
    (["serve", "--quiet=3"], "option '--quiet' does not take a value"),
    (["check", "--rate", "x"], "--rate: 'x' is not a number from 0.01 to 10000"),
    (["check", "--url", "x", "elevate", "flexprice"], "--url: 'x': name its API: --url API=URL"),
    (["export", "--format", "zz", "x"], "--format: 'zz' is not one of 'http', 'bruno', 'postman'"),
    (["export"], "counterfoil export: DIR is missing (see counterfoil export --help)"),
    (["replay", "a", "b"], "counterfoil replay: got unexpected extra argument (b)"),
    (["serve", "--port", "0", "--switch", "elevate.sort=1"], "there is no switch 'elevate.sort'"),
    (["serve", "--port", "0", "--switch", "billingplatform.create_status=404"], "it can be 200, 201"),
    (["serve", "--port", "0", "--switch", "nonsense"], "is not NAME=VALUE"),
    (["serve", "--port", "0", "--capsule", "README.md"], "not a capsule"),
    (["replay", "none.json"], "none.json: No such file or directory"),
    (["scenarios", "show", "nope"], "there is no scenario 'nope'"),
    (["specs", "show", "nope"], "there is no API 'nope'"),
    (["specs", "lint", "tests"], "there is no openapi.yaml"),
    (["check", "nope"], "there is no API 'nope'"),
    (["check", "elevate", "--url", "elevate=ftp://x"], "must be a base such as"),
    (["dance"], "counterfoil: no such command 'dance' (see counterfoil --help)"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_two(arguments: list[str], says: str) -> None:
    done = in_process(*arguments)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("counterfoil")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("command", sorted({arguments[0] for arguments, _ in MISTAKES}))
def test_a_process_says_the_same(command: str) -> None:
    """The first mistake of each command, in a process of its own."""
    arguments = next(arguments for arguments, _ in MISTAKES if arguments[0] == command)
    done, said = counterfoil(*arguments), in_process(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said.stderr)


def test_a_broken_scenario_is_file_and_line(tmp_path: Path) -> None:
    story = tmp_path / "story.yaml"
    story.write_text((ROOT / "fixtures/scenarios/one-month.yaml").read_text().replace("monthly_fee", "monthly_fees"))
    done = in_process("serve", "--port", "0", "--scenario", str(story))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"counterfoil: {story}:17: unknown key 'monthly_fees'")
    done = in_process("scenarios", "lint", str(story))
    assert (done.exit_code, done.stdout.count("\n")) == (1, 1)


def test_a_busy_port_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = in_process("serve", "--port", str(port))
    assert done.exit_code == 2
    assert done.stderr == (
        f"counterfoil: cannot listen on 127.0.0.1:{port}: Address already in use; choose another with --port or --host\n"
    )


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``counterfoil serve``, killed at the end if it still runs."""
    command = [sys.executable, "-m", "counterfoil", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()  # nothing happens if it has ended


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(how: signal.Signals) -> None:
    with serving("elevate") as process:
        assert process.stdout is not None
        name, base = process.stdout.readline().split()
        assert (name, base.startswith("http://127.0.0.1:")) == ("elevate", True)
        assert process.stdout.readline() == f"page {'/'.join(base.split('/')[:3])}/\n"
        process.send_signal(how)
        assert process.wait(timeout=PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_interrupted_before_it_serves_it_leaves_no_trace() -> None:
    with serving("--customers", "200000") as process:
        time.sleep(0.15)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) in (0, 1, 130, -signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read()
        assert "counterfoil/" not in said or "KeyboardInterrupt" in said


def test_logs_can_be_json_and_never_hold_credentials() -> None:
    with serving("elevate", "--log-json") as process:
        assert process.stdout is not None
        base = process.stdout.readline().split()[1]
        for path in ("/customer-billing-summaries?page=1&pageSize=1&token=sesame-open", "/nowhere"):
            request = urllib.request.Request(base + path, headers={"Authorization": "Bearer counterfoil-key"})
            try:
                urllib.request.urlopen(request, timeout=10).close()
            except urllib.error.HTTPError as error:
                error.close()
        process.terminate()
        process.wait(timeout=PATIENCE)
        assert process.stderr is not None
        lines = [json.loads(line) for line in process.stderr]
    assert [line["status"] for line in lines] == [200, 404]
    assert "counterfoil-key" not in json.dumps(lines)
    assert "sesame" not in json.dumps(lines)


def test_lists_for_people_and_for_machines() -> None:
    assert "one-month" in counterfoil("scenarios", "list").stdout
    assert {each["name"] for each in json.loads(in_process("scenarios", "list", "--json").stdout)} >= {"demo", "quiet"}
    shown = json.loads(in_process("scenarios", "show", "late-payer", "--json").stdout)
    assert shown["people"] == {"1": "prompt", "2": "halfway", "3": "tardy"}
    assert {each["name"] for each in json.loads(in_process("specs", "list", "--json").stdout)} == {
        "billingplatform",
        "elevate",
        "emnify",
        "flexprice",
        "oracle-brm",
    }
    flexprice = json.loads(in_process("specs", "show", "flexprice", "--json").stdout)
    assert {switch["name"] for switch in flexprice["switches"]} >= {"flexprice.invoice_cap"}
    assert counterfoil("specs", "lint").stdout == "no findings\n"


def test_coverage_has_no_open_sentence() -> None:
    done = in_process("specs", "coverage", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert all(each["open"] == 0 and each["clauses"] >= 40 for each in found)
    for each in found:
        shown_by_requests = each["clauses"] - len(each["untestable"])
        assert each["by_law"] >= 0.85 * shown_by_requests, f"laws watch too few sentences of {each['api']}"


def test_diff_distinguishes_breaking_from_harmless(tmp_path: Path) -> None:
    if shutil.which("npx") is None:
        if os.environ.get("CI"):
            pytest.fail("npx is not there, and CI must try `specs diff`")
        pytest.skip("npx is not there: `specs diff` was NOT tried")
    old = ROOT / "specs/billingplatform/openapi.yaml"
    required = tmp_path / "required.yaml"
    required.write_text(re.sub(r"(name: idAfter\s+in: query\s+required:) false", r"\1 true", old.read_text()))
    assert required.read_text() != old.read_text()
    done = counterfoil("specs", "diff", str(old), str(required), timeout=200)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "breaking" in done.stdout
    assert "idAfter" in done.stdout
    same = counterfoil("specs", "diff", str(old), str(old), timeout=200)
    assert (same.returncode, same.stdout) == (0, "no changes\n")
    missing = in_process("specs", "diff", str(old), "none.yaml")
    assert (missing.exit_code, missing.stdout) == (3, "")


@pytest.mark.parametrize("command", ["", "serve", "check", "replay", "specs", "scenarios"])
def test_every_help_has_an_example(command: str) -> None:
    done = in_process(*filter(None, [command]), "--help")
    assert done.exit_code == 0
    assert "Example:" in done.stdout
