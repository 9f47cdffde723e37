"""The command line. Each command reads its options, calls one function, and prints the result.

Exit codes: 0 fine, 1 findings, 2 usage or configuration, 3 could not run, or the output could not be written. Every error is one
line on standard error.
A command's module is imported only when the command is used, so that ``serve`` does not import what ``check`` needs.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from counterfoil.plain_text import for_terminal

COULD_NOT_RUN = 3
READER_GONE = 128 + 13
"""A shell's exit code for a program ended by SIGPIPE, as most programs that write to ``head`` are."""
INTERRUPTED = 128 + 2
_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_COMMAND_PATHS = {
    "check": "counterfoil.cli.check:check",
    "export": "counterfoil.cli.export:export",
    "infer": "counterfoil.cli.infer:infer",
    "mcp": "counterfoil.cli.mcp:mcp",
    "new-api": "counterfoil.cli.new_api:new_api",
    "replay": "counterfoil.cli.replay:replay",
    "scenarios": "counterfoil.cli.scenarios:scenarios",
    "serve": "counterfoil.cli.serve:serve",
    "specs": "counterfoil.cli.specs:specs",
    "store": "counterfoil.cli.store:store",
}


class Commands(click.Group):
    """Finds commands by name, and imports only the one that is called."""

    def main(self, args: Any = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command, and exit with its code.

        If the output cannot be written, the exit code is not 1, as in click and Python, because 1 means findings.
        """
        if not extra.pop("standalone_mode", True):
            return super().main(args, prog_name, standalone_mode=False, **extra)
        output = sys.stdout
        try:
            code = self._run(args, prog_name, **extra)
            if sys.stdout is not output:  # click replaces it on a broken pipe, and would exit with 1
                _end(READER_GONE)
            if sys.stdout is not None:  # closed before the process was started
                sys.stdout.flush()
        except BrokenPipeError:
            _end(READER_GONE)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            with contextlib.suppress(OSError):
                print(for_terminal(f"counterfoil: {error.strerror or error}{where}"), file=sys.stderr)
            _end(COULD_NOT_RUN if error.errno in _CANNOT_WRITE else 2)
        sys.exit(code)

    def _run(self, args: Any, prog_name: str | None, **extra: Any) -> int:
        try:
            code = super().main(args, prog_name, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            return error.exit_code
        except click.ClickException as error:
            from counterfoil.cli.mistakes import one_line

            print(for_terminal(one_line(error)), file=sys.stderr)
            return error.exit_code
        except click.Abort:
            return INTERRUPTED
        except SystemExit as ended:
            if not isinstance(ended.code, int | None):
                raise
            return ended.code or 0
        return code if isinstance(code, int) else 0

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMAND_PATHS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMAND_PATHS:
            return None
        module, _, name = _COMMAND_PATHS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


def _end(code: int) -> NoReturn:
    """Exit without writing what standard output has buffered."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="counterfoil", prog_name="counterfoil")
def main() -> None:
    """A stateful stand-in for five billing APIs, and a checker that holds any implementation to the same contract.

    \b
    Example:
      counterfoil serve elevate flexprice --scenario late-payer
    """
