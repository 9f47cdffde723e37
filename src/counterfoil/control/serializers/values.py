"""Formats quantities, amounts and times for the control API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.tariffs import Service
from counterfoil.world.timestamps import format_timestamp

UNITS = {Service.DATA: "MB", Service.SMS: "SMS"}


def exact(number: Decimal) -> str:
    """A quantity or a percentage without exponent and without trailing zeros: ``1000``, ``0.5``."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if number else "0"


def money(amount: Decimal, currency: str) -> str:
    """An amount or a price, exact, with at least the decimals the currency has: ``10.00``, ``0.045``, ``0.00``."""
    rounded = to_minor_unit(amount, currency)
    return f"{rounded or abs(rounded):f}" if rounded == amount else exact(amount)


def optional(moment: datetime | date | None) -> str | None:
    """An instant or a date in ISO 8601; None for None."""
    if moment is None:
        return None
    return format_timestamp(moment) if isinstance(moment, datetime) else moment.isoformat()
