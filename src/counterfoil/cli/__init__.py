"""The command line. Each command reads its options, calls one function, and says what came of it.

Exit codes: 0 fine, 1 findings, 2 usage or configuration, 3 could not run. Every mistake is one line on standard error.
A command's module is imported when the command is called for: ``serve`` should not wait for what ``check`` needs.
"""

from __future__ import annotations

from importlib import import_module

import click

_WHERE = {
    "check": "counterfoil.cli.check:check",
    "infer": "counterfoil.cli.infer:infer",
    "new-api": "counterfoil.cli.new_api:new_api",
    "replay": "counterfoil.cli.serve:replay",
    "scenarios": "counterfoil.cli.scenarios:scenarios",
    "serve": "counterfoil.cli.serve:serve",
    "specs": "counterfoil.cli.specs:specs",
}


class Commands(click.Group):
    """Finds commands by name, and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _WHERE:
            return None
        module, _, name = _WHERE[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="counterfoil", prog_name="counterfoil")
def main() -> None:
    """A stateful stand-in for five billing APIs, and a checker that holds any implementation to the same contract.

    \b
    Example:
      counterfoil serve elevate flexprice --scenario late-payer
    """
