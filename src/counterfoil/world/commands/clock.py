"""The command that advances the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from counterfoil.ledger.errors import BadValue, RuleBroken
from counterfoil.ledger.periods import add_months
from counterfoil.ledger.scheduler import run_until
from counterfoil.world.commands.command import Command, Instant

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState


_LATEST = datetime(2300, 1, 1, tzinfo=UTC)
_STEP_LIMIT = timedelta(days=3660)


class AdvanceClock(Command, frozen=True, kw_only=True, tag="advance_clock"):
    """Move the clock ``to`` an instant, or by months, then days, hours and minutes.

    Everything that becomes due on the way happens, in order.
    """

    to: Instant | None = None
    months: Annotated[int, Meta(ge=0, le=120)] = 0
    days: Annotated[int, Meta(ge=0, le=3660)] = 0
    hours: Annotated[int, Meta(ge=0, le=10**5)] = 0
    minutes: Annotated[int, Meta(ge=0, le=10**7)] = 0

    def months_from(self, now: datetime) -> float:
        """About how many months the command moves a clock that shows ``now``."""
        return (self._target(now) - now) / timedelta(days=30.44)

    def apply(self, world: WorldState) -> datetime:
        target = self._target(world.now)
        if target < world.now:
            raise RuleBroken(f"time cannot run backwards: it is {world.now.isoformat()}", field="to")
        if target - world.now > _STEP_LIMIT:
            raise BadValue("the clock can be advanced by ten years at most", field="to")
        run_until(world.ledger, target)
        world.now = target
        return target

    def _target(self, now: datetime) -> datetime:
        """Raises ``BadValue`` for a time after ``_LATEST``: dates computed from it would overflow."""
        if self.to is not None:
            target = self.to
        else:
            moved = datetime.combine(add_months(now.date(), self.months), now.timetz())
            target = moved + timedelta(days=self.days, hours=self.hours, minutes=self.minutes)
        if target > _LATEST:
            raise BadValue(f"the clock can be advanced to {_LATEST:%Y-%m-%d} at most", field="to")
        return target
