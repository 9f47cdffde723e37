"""Describes the lines of a bill by kind: title, item id, date, period and characteristics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from counterfoil.ledger.documents import FeeLine, Line, OneOffLine, PackageLine, SimLine, UsageLine
from counterfoil.ledger.periods import next_first_of_month, start_of
from counterfoil.ledger.tariffs import Service

UNITS: Mapping[Service, str] = {Service.DATA: "MB", Service.SMS: "SMS"}


def signed_amount(line: Line) -> Decimal:
    """The exact net amount; a credit is negative."""
    return line.amount


def title(line: Line) -> str:
    """A short description of the line."""
    if isinstance(line, FeeLine):
        return f"{line.tariff.name}, monthly fee"
    if isinstance(line, SimLine):
        return f"{line.tariff.name}, {line.sims} SIMs"
    if isinstance(line, PackageLine):
        return f"{line.tariff.name}, {line.package.name}"
    if isinstance(line, UsageLine):
        return f"{line.tariff.name}, {line.rate.service} in {line.country}"
    return line.charge.description


def item_of(line: Line) -> tuple[str, str]:
    """The kind of item, and a text that is unique among the lines of that kind on a bill; both are part of its id."""
    if isinstance(line, OneOffLine):
        return "item-purchase", str(line.charge.ordinal)
    if isinstance(line, UsageLine):
        return "item-usage", f"{line.subscription}-{line.rate.service}-{line.rate.zone.number}-{line.country}"
    dated = f"{line.subscription}-{line.dated:%Y%m%d}"
    if isinstance(line, PackageLine):
        return "item-package", f"{dated}-{line.package.number}"
    return ("item-sims" if isinstance(line, SimLine) else "item-cycle"), dated


def dated(line: Line, usage_times: Mapping[int, datetime]) -> datetime:
    """The date of the line; for usage, that of its last record, whose instants are in ``usage_times`` by ordinal."""
    if isinstance(line, UsageLine):
        return max(usage_times[ordinal] for ordinal in line.records)
    return start_of(line.charge.dated if isinstance(line, OneOffLine) else line.dated)


def covers(line: Line) -> tuple[date, date] | None:
    """The month that a fee is for; None for usage, which its bill's period covers, and for one-off charges."""
    if isinstance(line, UsageLine | OneOffLine):
        return None
    return line.dated, next_first_of_month(line.dated)


def characteristics(line: Line) -> list[tuple[str, str, str]]:
    """The inputs of the amount's computation: name, value and value type."""
    if isinstance(line, SimLine):
        return [("sims", str(line.sims), "integer"), ("fee", f"{line.fee:f}", "decimal")]
    if isinstance(line, PackageLine):
        return [("volume", f"{line.package.volume:f}", "decimal"), ("unit", UNITS[Service.DATA], "string")]
    if isinstance(line, UsageLine):
        return [
            ("quantity", f"{line.quantity:f}", "decimal"),
            ("covered", f"{line.covered:f}", "decimal"),
            ("unit", UNITS[line.rate.service], "string"),
            ("price", f"{line.price:f}", "decimal"),
            ("country", line.country, "string"),
        ]
    return []
