"""Summaries, and whatever went wrong, as Flexprice writes them: amounts are strings, members in its record's order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Json, Response
from counterfoil.apis.flexprice.summary import Summary

if TYPE_CHECKING:
    from counterfoil.world.world import World

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Access-Control-Allow-Origin", "*"),
)
"""On every answer (docs/vendors/flexprice.md#headers)."""

CROSS_ORIGIN = (("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*, Authorization"))
"""On answers to OPTIONS besides; that these are sent is our reading of "CORS *"."""

REQUEST_ID = "X-Request-ID"
SENT_REQUEST_ID = "sent request id"
"""Under which a refusal's ``detail`` carries the caller's request id, where the one who refuses has seen it."""

NOT_ROUTED = b"404 page not found"
UNAUTHORIZED = "Unauthorized"
WRONG_SCHEME = "Invalid authorization header format"
INVALID_TOKEN = "Invalid token"  # noqa: S105 - what is said of one

CODES: Mapping[int, str] = {
    403: "permission_denied",
    404: "not_found",
    409: "version_conflict",
    429: "too_many_requests",
    500: "internal_error",
    501: "not_implemented",
    503: "service_unavailable",
}

_CUSTOMER = re.compile(r"cust_([0-9]{8,16})", re.ASCII)
_ECHOED = re.compile(r"[!-~]{1,200}", re.ASCII)


def customer_id_of(customer: int) -> str:
    """``cust_00000001`` for the ledger's customer 1."""
    return f"cust_{customer:08d}"


def customer_number(customer_id: str) -> int | None:
    """The ledger's number for ``cust_00000001``; None for what no customer is called."""
    match = _CUSTOMER.fullmatch(customer_id)
    if match is None:
        return None
    number = int(match[1])
    return number if customer_id_of(number) == customer_id else None


def customer_summaries(customer_id: str, summaries: Sequence[Summary]) -> Json:
    """A CustomerMultiCurrencyInvoiceSummary: all three members always, summaries never null."""
    return {
        "customer_id": customer_id,
        "default_currency": summaries[0].currency if summaries else "",
        "summaries": [_summary(customer_id, summary) for summary in summaries],
    }


def _summary(customer_id: str, summary: Summary) -> Json:
    return {
        "customer_id": customer_id,
        "currency": summary.currency,
        "total_revenue_amount": amount(summary.revenue),
        "total_unpaid_amount": amount(summary.unpaid),
        "total_overdue_amount": amount(summary.overdue),
        "total_invoice_count": summary.count,
        "unpaid_invoice_count": summary.unpaid_count,
        "overdue_invoice_count": summary.overdue_count,
        "unpaid_usage_charges": amount(summary.usage),
        "unpaid_fixed_charges": amount(summary.fixed),
    }


def amount(value: Decimal) -> str:
    """A decimal string without trailing zeros: 100, 99.5, 0 (docs/vendors/flexprice.md#decimal-strings)."""
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


def headers(sent_id: str | None, world: World, asked: str) -> tuple[tuple[str, str], ...]:
    """The vendor's headers, with the caller's request id if it can be one, or one made of the world's state and ``asked``."""
    return ((REQUEST_ID, echoed(sent_id) or _made_id(world, asked)), *SECURITY_HEADERS)


def echoed(sent_id: str | None) -> str | None:
    """The caller's request id, if it can stand in a header: up to 200 printable ASCII characters."""
    return sent_id if sent_id and _ECHOED.fullmatch(sent_id) else None


def _made_id(world: World, asked: str) -> str:
    """In the form of a UUID (version 8, RFC 9562), and the same in every replay: no clock, no chance."""
    seen = repr((world.scenario.digest, world.seed, world.version, world.now.isoformat(), asked))
    digest = blake2b(seen.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"


def error(refusal: ApiError) -> Response:
    """Plain text for what is not routed, a wrong method included; a body of its own for 401 and 403; the flat form else."""
    sent_id = echoed(refusal.detail.get(SENT_REQUEST_ID))
    common = (*(((REQUEST_ID, sent_id),) if sent_id else ()), *SECURITY_HEADERS)
    if refusal.reason in ("unknown_path", "method_not_allowed"):
        return Response(404, NOT_ROUTED, common, "text/plain")
    if refusal.status == 401:
        known = refusal.message in (UNAUTHORIZED, WRONG_SCHEME, INVALID_TOKEN)
        return Response(401, {"error": refusal.message if known else UNAUTHORIZED}, common)
    if refusal.status == 403:
        return Response(403, {"message": "insufficient permissions"}, common)
    if refusal.status in (429, 503):
        common = (*common, ("Retry-After", "1"))
    return Response(refusal.status, _flat(refusal), common)


def _flat(refusal: ApiError) -> Json:
    fallback = "validation_error" if refusal.status < 500 else "system_error"
    named = f"{refusal.where}: " if refusal.where and refusal.where not in refusal.message else ""
    return {
        "code": CODES.get(refusal.status, fallback),
        "message": f"{named}{refusal.message}",
        "http_status_code": refusal.status,
    }
