"""Every block of commands and code in README and ``docs/`` is run as printed, or says why not.

A comment on the line before a block says what it is:

* ``run`` or ``run: exit code 1``: commands that must end so;
* ``serve``: a command that starts a server, which later blocks of the page use in place of ``http://127.0.0.1:8000``;
* ``output``: lines that the commands before it print, in this order; ``…`` stands for any text;
* ``file: NAME``, ``add to: NAME``: a file for the commands that follow;
* ``from: PATH``: a part of a file of the repository that is tested;
* ``not run: WHY``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from counterfoil import yaml_reader

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ORIGIN = "http://127.0.0.1:8000"
BLOCK = re.compile(
    r"^(?:(?P<mark> *<!-- [^\n]* -->)\n)?(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.M | re.S
)
PAGES = sorted(path for path in DOCS.rglob("*.md") if "site" not in path.relative_to(DOCS).parts)
EVERY_PAGE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]
MARKS = ("run", "serve", "output", "file", "add to", "from", "not run", "test-line")
PRELUDE = """set -eu
touch KEPT
. KEPT
trap 'export -p >KEPT' EXIT
curl() { command curl --fail-with-body "$@"; echo; }
"""
"""In front of a block's commands: what the blocks before it exported is there, and curl fails where the server refuses."""


@dataclass(frozen=True)
class Block:
    """One block of a page: ``mark`` is the first word or words of its comment, ``argument`` what follows the colon."""

    mark: str
    argument: str
    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        comment = (match["mark"] or "").strip().removeprefix("<!--").removesuffix("-->").strip()
        mark, _, argument = comment.partition(":")
        line = text.count("\n", 0, match.start("language")) + 1
        found.append(Block(mark.strip(), argument.strip(), match["language"], textwrap.dedent(match["text"]), line))
    return found


@dataclass
class Scratch:
    """The folder in which a page's commands run, with the server that it started and what was printed last."""

    folder: Path
    origin: str = ORIGIN
    printed: str = ""
    servers: list[subprocess.Popen[str]] = field(default_factory=list)

    def do(self, block: Block) -> None:
        """Do what a block says; an assertion fails if it does not work."""
        path = self.folder / block.argument
        if block.mark == "file":
            path.write_text(block.text, encoding="utf-8")
        elif block.mark == "add to":
            path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{block.text}", encoding="utf-8")
        elif block.mark == "serve":
            self._serve(block.text)
        elif block.mark == "run":
            self._run(block)
        elif block.mark == "output":
            assert in_order(block.text, self.printed), f"printed:\n{self.printed}"

    def _serve(self, command: str) -> None:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command.strip()} --port 0"],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.servers.append(process)
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert found, f"{command!r} printed {first!r}"
        self.origin = found[0]

    def _here(self, text: str) -> str:
        """Commands with the address of the page's server in place of the printed one."""
        return text.replace(ORIGIN, self.origin).replace("localhost:8000", self.origin.removeprefix("http://"))

    def _run(self, block: Block) -> None:
        expected = int(block.argument.removeprefix("exit code ") or 0)
        script = PRELUDE.replace("KEPT", str(self.folder.parent / "environment"))
        done = subprocess.run(
            ["bash", "-c", script + self._here(block.text)],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.printed = done.stdout.replace(self.origin, ORIGIN)
        assert done.returncode == expected, self.printed


def environment() -> dict[str, str]:
    """The environment of a command: this interpreter's programs, no pytest plugin but ours, no settings from outside."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERFOIL_", "PYTEST_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "counterfoil.pytest_plugin"}
    return inherited | plugins | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def in_order(expected: str, printed: str) -> bool:
    """Whether each line of ``expected`` is found in ``printed``, after the one before it. ``…`` is any text in a line."""
    lines = iter(printed.splitlines())
    for wanted in expected.strip().splitlines():
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.strip().split("…")))
        if not any(pattern.fullmatch(line.strip()) for line in lines):
            return False
    return True


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    folder = tmp_path / "project"
    folder.mkdir()
    made = Scratch(folder)
    yield made
    for server in made.servers:
        server.kill()
        server.communicate(timeout=60)


def _is_run(page: Path) -> bool:
    return any(block.mark in ("run", "serve") for block in blocks(page))


TUTORIAL = [
    DOCS / "tutorial" / f"{name}.md" for name in ("first-test", "billing-month", "faults-and-time", "check-in-ci")
]


def test_the_tutorial_works_from_beginning_to_end(scratch: Scratch) -> None:
    """Its chapters are one project, in one folder."""
    for page in TUTORIAL:
        for block in blocks(page):
            scratch.do(block)
    assert sorted(path.name for path in scratch.folder.glob("test_*.py")) == [
        "test_billing.py",
        "test_faults.py",
        "test_month.py",
        "test_wrong.py",
    ]


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page.stem) for page in PAGES if _is_run(page) and page not in TUTORIAL]
)
def test_the_commands_of_a_page_work(page: Path, scratch: Scratch) -> None:
    for block in blocks(page):
        scratch.do(block)


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in EVERY_PAGE])
def test_every_command_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.language in ("sh", "bash", "console", "python", "java", "js"):
            assert block.mark in MARKS, (
                f"{where}: put a comment before it that says how it is tested, or `not run: WHY`"
            )
        if block.mark == "not run":
            assert len(block.argument) > 10, f"{where}: say why it is not run"
        elif block.mark == "from":
            assert block.text.strip() in textwrap.dedent((ROOT / block.argument).read_text(encoding="utf-8")), (
                f"{where}: {block.argument} has other code"
            )
        elif block.language == "yaml":
            yaml_reader.read(block.text, where)
        elif block.language == "json":
            json.loads(block.text)


def test_output_is_compared_line_by_line_in_order() -> None:
    assert in_order("2 passed in …", "..\n2 passed in 0.1s\n")
    assert in_order("a…c\nd", "x\n  abc\n  y\n  d\n")
    assert not in_order("d\na", "a\nd\n")
    assert not in_order("3 passed", "2 passed")
