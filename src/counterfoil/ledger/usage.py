"""Usage records and one-off charges, before they are billed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from counterfoil.ledger.tariffs import Service


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One use of a service. ``quantity`` is in the service's unit; if not ``rated``, it has no price yet."""

    ordinal: int
    subscription: int
    service: Service
    country: str
    quantity: Decimal
    started_at: datetime
    rated: bool = True


@dataclass(frozen=True, slots=True)
class OneOffCharge:
    """A one-off charge (a credit, if negative), net of tax, in the account's currency."""

    ordinal: int
    account: int
    description: str
    amount: Decimal
    dated: date
