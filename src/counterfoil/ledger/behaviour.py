"""What simulated customers do as time passes: which services they use each month, and when and how much they pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from counterfoil.ledger.money import ZERO
from counterfoil.ledger.tariffs import Service


@dataclass(frozen=True, slots=True)
class RecurringUsage:
    """Usage each month on ``day`` at noon: ``quantity``, plus or minus up to ``spread`` times ``quantity``."""

    day: int
    service: Service
    country: str
    quantity: Decimal
    spread: Decimal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a simulated customer does. ``salt`` varies its quantities and payment dates; the same salt gives the same ones.

    It pays ``pays_share`` of each bill (0: nothing, 1: all), ``pays_after`` days after the due date, plus or minus up to
    ``pays_varies`` days. Usage stops on ``ends_on``.
    """

    salt: int
    usage: tuple[RecurringUsage, ...] = ()
    pays_after: int = 0
    pays_varies: int = 0
    pays_share: Decimal = ZERO
    ends_on: date | None = None
