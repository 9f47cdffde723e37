"""The options for a new world, the same for each command that creates one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from counterfoil.cli.common import parse_pairs

if TYPE_CHECKING:
    from counterfoil.api import API
    from counterfoil.app import Application


@dataclass(frozen=True)
class WorldOptions:
    """What a new world is made from: a scenario's name or file, and overrides of its values."""

    scenario: str
    seed: int | None
    customers: int | None
    switches: dict[str, str]

    def build(self, apis: Sequence[str], own: Sequence[API]) -> Application:
        """Build a stand-in for the APIs with a new world. Raises what ``counterfoil.app.build`` raises."""
        from counterfoil.app import build

        return build(
            apis,
            own=own,
            scenario_name=self.scenario,
            seed=self.seed,
            customers=self.customers,
            switches=self.switches,
        )


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


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds ``--scenario``, ``--seed``, ``--customers`` and ``--switch``; the command gets them as ``world``."""

    @wraps(command)
    def with_world(
        *, scenario: str, seed: int | None, customers: int | None, switches: dict[str, str], **others: Any
    ) -> None:
        command(world=WorldOptions(scenario, seed, customers, switches), **others)

    decorated: Callable[..., None] = with_world
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
