"""What simulated customers do by themselves as time passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from counterfoil.ledger.money import ZERO
from counterfoil.ledger.tariffs import Service


@dataclass(frozen=True, slots=True)
class RecurringUsage:
    """Use that recurs each month on ``day`` at noon: ``quantity``, give or take up to ``spread`` (a share of it)."""

    day: int
    service: Service
    country: str
    quantity: Decimal
    spread: Decimal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a customer does by itself as time passes. ``salt`` makes its numbers its own, and the same in every run.

    Bills are paid ``pays_after`` days after they fall due, ``pays_share`` of each (0 never, 1 in full).
    """

    salt: int
    usage: tuple[RecurringUsage, ...] = ()
    pays_after: int = 0
    pays_share: Decimal = ZERO
    ends_on: date | None = None
