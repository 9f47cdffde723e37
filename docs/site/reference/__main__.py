"""Writes ``docs/reference`` from the code: ``python docs/site/reference``. With ``--check`` it only says which pages differ.

Run it after a change of options, commands, scenario keys, laws, switches or the fixture.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import api_pages
import check_pages
import cli_pages
import python_pages
import world_pages

from counterfoil.catalog import api_names

FOLDER = Path(__file__).parents[2] / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "command-line.md": cli_pages.command_line,
    "environment.md": cli_pages.environment,
    "exit-codes.md": cli_pages.exit_codes,
    "scenario-files.md": world_pages.scenario_files,
    "scenario.schema.json": world_pages.schema_json,
    "world-commands.md": world_pages.world_commands,
    "faults.md": world_pages.faults,
    "control-api.md": world_pages.control_api,
    "switches.md": api_pages.switches,
    "operations.md": api_pages.operations,
    "fixture.md": python_pages.fixture,
    "reports.md": check_pages.reports,
    **{f"laws-{api}.md": partial(check_pages.laws, api) for api in api_names()},
}
FIDELITY = FOLDER.parent / "explanation" / "fidelity.md"
"""A page that has one generated table, between two comments."""
BEGIN, END = "<!-- generated: fidelity -->", "<!-- generated-end -->"


def _with_fidelity() -> str:
    before, begin, rest = FIDELITY.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{FIDELITY}: the comments {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n\n{api_pages.fidelity()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """The exit code: 1 if a page differs and ``--check`` is given."""
    texts = {FOLDER / name: write() for name, write in PAGES.items()} | {FIDELITY: _with_fidelity()}
    differing = [path for path, text in texts.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" not in arguments:
        for path in differing:
            path.write_text(texts[path], encoding="utf-8")
    for path in differing:
        print(
            f"docs/{path.relative_to(FOLDER.parent)} {'differs from the code' if '--check' in arguments else 'written'}"
        )
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
