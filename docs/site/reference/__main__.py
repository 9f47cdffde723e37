"""Writes ``docs/reference`` from the code: ``python docs/site/reference``. With ``--check`` it only says which pages differ."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

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
    "switches.md": world_pages.switches,
    "fixture.md": python_pages.fixture,
    "reports.md": check_pages.reports,
    **{f"laws-{api}.md": partial(check_pages.laws, api) for api in api_names()},
}


def main(arguments: list[str]) -> int:
    """The exit code: 1 if a page differs and ``--check`` is given."""
    differing = []
    for name, write in PAGES.items():
        path, text = FOLDER / name, write()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            differing.append(name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    for name in differing:
        print(f"docs/reference/{name} {'differs from the code' if '--check' in arguments else 'written'}")
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
