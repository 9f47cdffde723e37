"""Makes the headers that every response of Flexprice has (docs/vendors/flexprice.md#headers)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from counterfoil.world.world import World

REQUEST_ID = "X-Request-ID"
CROSS_ORIGIN = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"),
    # The vendor sends the star alone, which does not cover Authorization (Fetch, "CORS-preflight fetch"): added here, so
    # that a page may use a bearer token (docs/vendors/flexprice.md#cors).
    ("Access-Control-Allow-Headers", "*, Authorization"),
    ("Access-Control-Max-Age", "86400"),
)
SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Permissions-Policy", "geolocation=(), microphone=(), camera=()"),
)
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


def response_headers(method: str, sent: Mapping[str, str], new_id: str, world: World) -> tuple[tuple[str, str], ...]:
    """The caller's request id if the vendor accepts its form, else ``new_id``; the CORS headers, unless the world's switch
    turns them off; and the security headers, except on OPTIONS, which the vendor answers before it sets them."""
    sent_id = sent.get("x-request-id", "")
    request_id = (REQUEST_ID, sent_id if _ACCEPTED_ID.fullmatch(sent_id) else new_id)
    cross_origin = CROSS_ORIGIN if world.switches["flexprice.cors"] == "any" else ()
    return (request_id, *cross_origin, *(() if method == "OPTIONS" else SECURITY))
