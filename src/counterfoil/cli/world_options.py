"""The options that choose a new world, the same for each command that makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from counterfoil.cli.common import parse_pairs

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--scenario", default="demo", show_default=True, help="A scenario by name, or a YAML file."),
    click.option(
        "--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of generated data; by default the scenario's."
    ),
    click.option(
        "--customers", type=click.IntRange(0, 5_000_000), help="Total number of customers, simulated ones included."
    ),
    click.option(
        "--switch",
        "switches",
        multiple=True,
        callback=parse_pairs,
        metavar="NAME=VALUE",
        help="Set an assumption; repeatable. See `counterfoil specs show API`.",
    ),
)


def options(command: Command) -> Command:
    """``--scenario``, ``--seed``, ``--customers`` and ``--switch``, as ``counterfoil.app.build`` takes them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
