"""Converts invoice summaries to Flexprice's JSON, and makes its response headers.

Amounts are strings without trailing zeros (docs/vendors/flexprice.md#decimal-strings); members come in the order of the
vendor's type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from counterfoil.api import Json
from counterfoil.apis.flexprice.summary import Summary
from counterfoil.world.to_json import shortest_text

if TYPE_CHECKING:
    from counterfoil.world.world import World

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Access-Control-Allow-Origin", "*"),
)
"""Sent with every response (docs/vendors/flexprice.md#authentication)."""

CROSS_ORIGIN = (("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*, Authorization"))
"""Sent with responses to OPTIONS too; an assumption, from "CORS *"."""

REQUEST_ID = "X-Request-ID"


_CUSTOMER = re.compile(r"cust_([0-9]{8,16})", re.ASCII)
_REQUEST_ID = re.compile(r"[!-~]{1,200}", re.ASCII)


def customer_id_of(customer: int) -> str:
    """``cust_00000001`` for the ledger's customer 1."""
    return f"cust_{customer:08d}"


def customer_number(customer_id: str) -> int | None:
    """The ledger's number for ``cust_00000001``; None for text that is not a customer id."""
    match = _CUSTOMER.fullmatch(customer_id)
    if match is None:
        return None
    number = int(match[1])
    return number if customer_id_of(number) == customer_id else None


def customer_summaries(customer_id: str, summaries: Sequence[Summary]) -> Json:
    """A CustomerMultiCurrencyInvoiceSummary: always with all three members; ``summaries`` is never null."""
    return {
        "customer_id": customer_id,
        "default_currency": summaries[0].currency if summaries else "",
        "summaries": [_summary(customer_id, summary) for summary in summaries],
    }


def _summary(customer_id: str, summary: Summary) -> Json:
    return {
        "customer_id": customer_id,
        "currency": summary.currency,
        "total_revenue_amount": shortest_text(summary.revenue),
        "total_unpaid_amount": shortest_text(summary.unpaid),
        "total_overdue_amount": shortest_text(summary.overdue),
        "total_invoice_count": summary.count,
        "unpaid_invoice_count": summary.unpaid_count,
        "overdue_invoice_count": summary.overdue_count,
        "unpaid_usage_charges": shortest_text(summary.usage),
        "unpaid_fixed_charges": shortest_text(summary.fixed),
    }


def headers(sent_id: str | None, world: World, request: str) -> tuple[tuple[str, str], ...]:
    """The vendor's headers, with the caller's request id, or one derived from the world and ``request`` if it is invalid."""
    return ((REQUEST_ID, valid_request_id(sent_id) or _derived_id(world, request)), *SECURITY_HEADERS)


def valid_request_id(sent_id: str | None) -> str | None:
    """The caller's request id if it is valid in a header: up to 200 printable ASCII characters."""
    return sent_id if sent_id and _REQUEST_ID.fullmatch(sent_id) else None


def _derived_id(world: World, request: str) -> str:
    """A UUID (version 8, RFC 9562) that is the same in every replay: it depends on no clock and no randomness."""
    seen = repr((world.scenario.digest, world.seed, world.version, world.now.isoformat(), request))
    digest = blake2b(seen.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"
