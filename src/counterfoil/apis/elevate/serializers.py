"""A customer's standing, and whatever went wrong, as Elevate writes them. Members come in the order of the document."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from counterfoil.api import ApiError, Json, Response
from counterfoil.apis.elevate.summary import Summary

ID = "customerId"
NUMBERS = ("openBillRunValue", "previousBillRunValue", "valueDifference", "percentageDifference")
STATUSES: Mapping[str, tuple[str, ...]] = {
    "billingStatus": ("ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED"),
    "ratingStatus": ("COMPLETE", "INCOMPLETE"),
}
MEMBERS = (ID, *STATUSES, *NUMBERS)

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class Style(msgspec.Struct, frozen=True):
    """How differences are written: with their sign or without, and what stands where no percentage exists."""

    signed: bool
    without_base: Decimal | None


def summary_document(summary: Summary, style: Style) -> dict[str, Json]:
    """A CustomerBillingSummary without its customerId; amounts are JSON numbers without trailing zeros."""
    percentage = style.without_base if summary.percentage is None else summary.percentage
    return {
        "billingStatus": summary.status,
        "ratingStatus": "COMPLETE" if summary.fully_rated else "INCOMPLETE",
        "openBillRunValue": number(summary.open_value),
        "previousBillRunValue": number(summary.previous_value),
        "valueDifference": number(summary.difference if style.signed else abs(summary.difference)),
        "percentageDifference": percentage
        if percentage is None
        else number(percentage if style.signed else abs(percentage)),
    }


def number(value: Decimal) -> Decimal:
    """``value`` written the short way: 12.50 is 12.5, 100.00 is 100 (not 1E+2), -0.00 is 0."""
    if value == value.to_integral_value():
        return Decimal(int(value))
    return value.normalize()


def text(value: Json) -> str:
    """A member as the answer shows it, for comparing with ``like:``; nothing where it shows null."""
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def token(value: str) -> Json:
    return {"token": value}


def error(refusal: ApiError) -> Response:
    """``{error, message}``: the vendor says bodies may jitter and generally hold these two."""
    title = TITLES.get(refusal.status, "Error")
    headers = (("Retry-After", "1"),) if refusal.status in (429, 503) else ()
    return Response(refusal.status, {"error": title, "message": _message(refusal)}, headers)


def _message(refusal: ApiError) -> str:
    if refusal.status != 400:
        return refusal.message
    if refusal.where in (None, "", "body", "query"):
        return f"Validation failed: {refusal.message}"
    where = str(refusal.where)
    kind = "field" if where.startswith("/") else "parameter"
    return f"Validation failed for {kind} '{where.strip('/')}': {refusal.message}"
