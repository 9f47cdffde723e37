"""Responses of the vendor's own code are no findings: a replica of flexprice/flexprice e4b5303 where it differs from ours.

Facts only: `internal/api/router.go` routes the customers; `middleware/cors.go` answers OPTIONS with 200 before the security
headers are added; `middleware/security_headers.go` sends a policy with `frame-ancestors`; `ee/service/invoice.go` sums the
gross amounts of lines, while what is due is after discounts.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import httpx
from checking import check_laws

from counterfoil.contract import Target
from counterfoil.contract.law_books import law_book

BASE, KEY = "/v1", "a-key"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}


def summary(
    customer: str, currency: str, revenue: str, unpaid: str, usage: str, fixed: str, count: int
) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "currency": currency,
        "total_revenue_amount": revenue,
        "total_unpaid_amount": unpaid,
        "total_overdue_amount": "0",
        "total_invoice_count": 2,
        "unpaid_invoice_count": count,
        "overdue_invoice_count": 0,
        "unpaid_usage_charges": usage,
        "unpaid_fixed_charges": fixed,
    }


CUSTOMERS = {
    # 40 + 60 = 100.00 of lines under a coupon of half: 50.00 is due, and all of it unpaid.
    "cust_coupon": [summary("cust_coupon", "usd", "50", "50", "40", "60", 1)],
    "cust_paid": [
        summary("cust_paid", "eur", "119", "0", "0", "0", 0),
        summary("cust_paid", "usd", "7.5", "7.5", "0", "7.5", 1),
    ],
}


def flexprice(request: httpx.Request) -> httpx.Response:
    if request.method == "OPTIONS":
        return httpx.Response(200, headers=CORS)
    sent = request.headers.get("X-Request-ID", "")
    headers = {**CORS, **SECURITY, "X-Request-ID": sent if REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())}

    def answer(status: int, body: Any) -> httpx.Response:
        if isinstance(body, str):
            return httpx.Response(status, headers={**headers, "Content-Type": "text/plain"}, content=body)
        return httpx.Response(status, headers={**headers, "Content-Type": "application/json"}, content=json.dumps(body))

    path = request.url.path.removeprefix(BASE).split("/")[1:]
    if (request.method, path) == ("POST", ["customers", "search"]):
        wanted = json.loads(request.content or b"{}")
    elif request.method == "GET" and is_routed(path):
        wanted = dict(request.url.params)
    else:
        return answer(404, "404 page not found")
    refused = refusal(request)
    if refused is not None:
        return answer(401, {"error": refused})
    if path[2:] == ["invoices", "summary"]:
        found = CUSTOMERS.get(path[1], [])
        currency = found[0]["currency"] if found else ""
        return answer(200, {"customer_id": path[1], "default_currency": currency, "summaries": found})
    if len(path) == 1 or path[-1] == "search":
        return answer(200, page_of_customers(wanted))
    known = [each for each in RECORDS if path[-1] == each["external_id" if path[1] == "external" else "id"]]
    if known:
        return answer(200, known[0])
    return answer(404, {"code": "not_found", "message": "Customer not found", "http_status_code": 404})


def is_routed(path: list[str]) -> bool:
    if path[:1] != ["customers"]:
        return False
    return len(path) < 3 or path[2:] == ["invoices", "summary"] or (len(path) == 3 and path[1] == "external")


REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
RECORDS = [
    {
        "id": name,
        "external_id": f"ext-{name}",
        "name": name,
        "email": f"{name}@customer.example",
        "status": "published",
        "tenant_id": "tenant_1",
        "created_at": f"2026-01-0{day}T00:00:00Z",
        "updated_at": f"2026-01-0{day}T00:00:00Z",
    }
    for day, name in ((2, "cust_coupon"), (1, "cust_paid"))
]
"""The newest first, as the list is without an order."""


def page_of_customers(wanted: dict[str, Any]) -> dict[str, Any]:
    """`internal/service/customer.go`: the filtered customers of a page; offset is where the next page begins."""
    found = [each for each in RECORDS if wanted.get("external_id") in (None, each["external_id"])]
    ordered = found[::-1] if wanted.get("order") == "asc" else found
    limit, offset = int(wanted.get("limit", 50)), int(wanted.get("offset", 0))
    items = ordered[offset : offset + limit]
    pagination = {"total": len(found), "limit": limit, "offset": offset + limit if items else offset}
    return {"items": items, "pagination": pagination}


def refusal(request: httpx.Request) -> str | None:
    if request.headers.get("x-api-key") == KEY:
        return None
    if "x-api-key" in request.headers or "authorization" not in request.headers:
        return "Unauthorized"
    return (
        "Invalid token"
        if request.headers["authorization"].startswith("Bearer ")
        else "Invalid authorization header format"
    )


def test_the_real_flexprice_is_fine() -> None:
    target = Target(
        f"http://flexprice{BASE}", KEY, transport=httpx.MockTransport(flexprice), known={"id": tuple(CUSTOMERS)}
    )
    verdict = check_laws(law_book("flexprice"), target, writes=True, seed=1)
    assert [(finding.id, finding.expected, finding.got) for finding in verdict.findings] == []
    held = {record.id for record in verdict.records if record.status == "held"}
    assert {
        "flexprice.headers.security",
        "flexprice.summary.charges",
        "flexprice.errors.path",
        "flexprice.options.open",
    } <= held
