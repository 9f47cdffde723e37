"""Checks that planning a billing run changes no open amount: charges stay open whichever run will bill them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from counterfoil.contract.context import LawContext

CUTOFFS = (-400, -10, 0, 40)
"""The cutoff days of the planned run, relative to today."""


def planning_changes_nothing(ctx: LawContext, read: Callable[[], Mapping[object, Decimal | None]]) -> None:
    """Checks that the open amounts by id, as ``read`` returns them, are the same while a run is planned. Cancels the plan."""
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
