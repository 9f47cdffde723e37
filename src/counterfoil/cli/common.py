"""What all commands share: refusing in one line, reading NAME=VALUE options, writing JSON."""

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
    """Print a line. What files and specs say is shown, never obeyed by the terminal."""
    click.echo(for_terminal(text), err=err)


def refuse(error: Exception) -> NoReturn:
    """One line on standard error, and exit code 2."""
    field = getattr(error, "field", None)
    message = getattr(error, "message", None) or str(error)
    with contextlib.suppress(OSError):  # standard error is full, or closed
        echo(f"counterfoil: {' '.join(message.split())}{f' ({field})' if field else ''}", err=True)
    sys.exit(CONFIGURATION)


def guarded(act: Callable[[], Any], *, quickly: bool = False) -> Any:
    """``act()``, with whatever a user can get wrong as one line. ``quickly``: the collector pauses until ``act`` wakes it
    (``serving.serve`` does) or ends: what is built to start is here to stay, and looking it over took 20 to 40 ms."""
    if quickly:
        gc.disable()
    try:
        return _guarded(act)
    finally:
        gc.enable()


def _guarded(act: Callable[[], Any]) -> Any:
    from counterfoil.api import ConfigurationError
    from counterfoil.app import UsageError
    from counterfoil.catalog import CatalogError
    from counterfoil.ledger.errors import LedgerError
    from counterfoil.openapi import SpecError
    from counterfoil.serving import CannotListen
    from counterfoil.store.log import StoreError
    from counterfoil.world.capsule import CapsuleError
    from counterfoil.world.command_log import StoreUnavailable
    from counterfoil.world.scenario import ScenarioError

    try:
        return act()
    except BrokenPipeError:  # the reader of our output has enough
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
        OSError,
    ) as error:
        refuse(error)
    except KeyboardInterrupt:
        sys.exit(130)


def pairs_of(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"'{pair}' is not NAME=VALUE, as in oracle-brm.token=optional")
        chosen[name] = value
    return chosen


def shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def print_json(value: Any) -> None:
    import orjson

    click.echo(json_for_terminal(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()))
