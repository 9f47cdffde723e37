"""Converts billing summaries and tokens to Elevate's JSON, with members in the order of its document."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from counterfoil.api import Json
from counterfoil.apis.elevate.summary import Summary
from counterfoil.world.to_json import shortest_number

ID = "customerId"
NUMBERS = ("openBillRunValue", "previousBillRunValue", "valueDifference", "percentageDifference")
STATUSES: Mapping[str, tuple[str, ...]] = {
    "billingStatus": ("ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED"),
    "ratingStatus": ("COMPLETE", "INCOMPLETE"),
}
MEMBERS = (ID, *STATUSES, *NUMBERS)


class Style(msgspec.Struct, frozen=True):
    """How differences are written: signed or absolute, and the percentage where the previous value is zero."""

    signed: bool
    zero_base_percentage: Decimal | None


def summary_document(summary: Summary, style: Style) -> dict[str, Json]:
    """A CustomerBillingSummary without its customerId; amounts are JSON numbers without trailing zeros."""
    percentage = style.zero_base_percentage if summary.percentage is None else summary.percentage
    return {
        "billingStatus": summary.status,
        "ratingStatus": "COMPLETE" if summary.fully_rated else "INCOMPLETE",
        "openBillRunValue": shortest_number(summary.open_value),
        "previousBillRunValue": shortest_number(summary.previous_value),
        "valueDifference": shortest_number(summary.difference if style.signed else abs(summary.difference)),
        "percentageDifference": percentage
        if percentage is None
        else shortest_number(percentage if style.signed else abs(percentage)),
    }


def text(value: Json) -> str:
    """A member as the response shows it, for comparing with ``like:``; empty for null."""
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def token(value: str) -> Json:
    return {"token": value}
