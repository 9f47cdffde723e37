"""Functions that the commands share: errors on one line, NAME=VALUE options, JSON output."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from counterfoil.plain_text import for_terminal, json_for_terminal

CONFIGURATION = 2


def echo(text: str, *, err: bool = False) -> None:
    """Print a line, with control characters from files and specs escaped."""
    click.echo(for_terminal(text), err=err)


def refuse(error: Exception) -> NoReturn:
    """Print the error as one line on standard error, several mistakes separated by semicolons, and exit with code 2."""
    field = getattr(error, "field", None)
    message = getattr(error, "message", None) or str(error)
    with contextlib.suppress(OSError):  # standard error is full, or closed
        between = "; " if getattr(error, "mistakes", ()) else " "
        one_line = between.join(" ".join(line.split()) for line in message.splitlines() if line.strip())
        echo(f"counterfoil: {one_line}{f' ({field})' if field else ''}", err=True)
    sys.exit(CONFIGURATION)


def exit_on_user_error(action: Callable[[], Any], *, pause_gc: bool = False) -> Any:
    """``action()``, with user errors printed as one line (exit code 2). With ``pause_gc``, garbage collection pauses until
    ``serving.serve`` enables it or ``action`` ends: during start-up it frees nothing and takes 20 to 40 ms."""
    if pause_gc:
        gc.disable()
    try:
        return _exit_on_user_error(action)
    finally:
        gc.enable()


def _exit_on_user_error(action: Callable[[], Any]) -> Any:
    from counterfoil.api import ConfigurationError
    from counterfoil.catalog import CatalogError
    from counterfoil.ledger.errors import LedgerError
    from counterfoil.lookup import UsageError
    from counterfoil.openapi import SpecError
    from counterfoil.processes.supervisor import WorkersFailed
    from counterfoil.serving import CannotListen
    from counterfoil.store.log import StoreError
    from counterfoil.world.capsule import CapsuleError
    from counterfoil.world.command_log import StoreUnavailable
    from counterfoil.world.scenario import ScenarioError

    try:
        return action()
    except BrokenPipeError:  # handled by ``Commands.main``
        raise
    except (
        CatalogError,
        ConfigurationError,
        UsageError,
        ScenarioError,
        SpecError,
        LedgerError,
        CapsuleError,
        CannotListen,
        StoreError,
        StoreUnavailable,
        WorkersFailed,
    ) as error:
        refuse(error)
    except OSError as error:
        refuse(error if error.filename is None else ValueError(f"{error.filename}: {error.strerror or error}"))
    except KeyboardInterrupt:
        sys.exit(130)


def parse_pairs(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"'{pair}' is not NAME=VALUE, as in oracle-brm.token=optional")
        chosen[name] = value
    return chosen


def print_json(value: Any) -> None:
    import orjson

    click.echo(json_for_terminal(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()))
