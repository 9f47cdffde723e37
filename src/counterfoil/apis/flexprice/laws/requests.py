"""The operations of Flexprice's API, and the summaries that laws look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterfoil.contract.context import LawContext
from counterfoil.contract.laws.auth import SampleRequest

SUMMARY = "GET /customers/{id}/invoices/summary"
OPTIONS = "OPTIONS /customers/{id}/invoices/summary"
MAX_CUSTOMERS = 60
UNKNOWN_ID = "cust_counterfoil_knows_nobody"
OUTER = ("customer_id", "default_currency", "summaries")
AMOUNTS = (
    "total_revenue_amount", "total_unpaid_amount", "total_overdue_amount", "unpaid_usage_charges", "unpaid_fixed_charges",
)  # fmt: skip
COUNTS = ("total_invoice_count", "unpaid_invoice_count", "overdue_invoice_count")
INNER = ("customer_id", "currency", *AMOUNTS, *COUNTS)
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
    "Access-Control-Allow-Origin": "*",
}
CODES = {
    "not_found": 404, "already_exists": 409, "version_conflict": 409, "validation_error": 400, "invalid_operation": 400,
    "permission_denied": 403, "http_client_error": 500, "database_error": 500, "system_error": 500, "internal_error": 500,
    "service_unavailable": 503, "too_many_requests": 429, "not_implemented": 501,
}  # fmt: skip
SMALLEST_READ = SampleRequest(SUMMARY, path={"id": UNKNOWN_ID})


@dataclass(frozen=True)
class FetchedSummaries:
    """A response, and the customer it was requested for."""

    customer: str
    answer: Any


def fetch(ctx: LawContext, customer: str) -> Any:
    """The whole response for one customer, fetched again."""
    answer = ctx.request_json(SUMMARY, path={"id": customer})
    found = answer.get("summaries") if isinstance(answer, dict) else None
    ctx.expect(isinstance(found, list), "an object with an array of summaries, never null", answer)
    return answer


def answers(ctx: LawContext) -> Iterator[tuple[str, FetchedSummaries]]:
    """The responses for the known customers, fetched one by one, so that a failure's last request is its own."""
    for customer in ctx.known_ids("id")[:MAX_CUSTOMERS]:
        yield customer, FetchedSummaries(customer, ctx.cached(("answer", customer), lambda c=customer: fetch(ctx, c)))  # type: ignore[misc]


def summaries(ctx: LawContext) -> Iterator[tuple[str, Any]]:
    """Every summary of the known customers."""
    for name, fetched in answers(ctx):
        for summary in fetched.answer["summaries"]:
            yield f"{name} in {summary.get('currency')}", summary


def by_currency(answer: Any) -> dict[str, Any]:
    return {summary["currency"]: summary for summary in answer["summaries"]}
