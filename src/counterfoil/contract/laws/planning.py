"""What planning a billing run must leave as it is: what was charged is open, whatever run is going to bill it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from counterfoil.contract.context import LawContext

CUTOFFS = (-400, -10, 0, 40)
"""Up to which day the planned run bills, in days from today."""


def moves_nothing(ctx: LawContext, read: Callable[[], Mapping[object, Decimal | None]]) -> None:
    """``read`` gives the open amounts by id; they are the same while a run is planned. The plan is taken back at the end."""
    before = read()
    ctx.require(any(before.values()), "nothing is open")
    try:
        for days in CUTOFFS:
            ctx.perform("plan_run", days)
            after = read()
            for key, amount in before.items():
                ctx.cases += 1
                ctx.expect(
                    after.get(key) == amount, f"{amount} open at {key}, as before a run was planned", after.get(key)
                )
    finally:
        ctx.perform("plan_run", None)
