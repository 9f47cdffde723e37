"""The API of Elevate Billing: its route table and switches.

It shows each customer's value in the open bill run against the previous one. Source: docs/vendors/elevate.md#sources.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.elevate import errors, handlers, neighbours
from counterfoil.apis.elevate.auth import NAME, authenticate

SWITCHES = (
    Switch(
        "elevate.unknown_sort_field",
        "What happens when `sort` names a field the resource does not have: the request is refused, or the name is ignored.",
        "400",
        ("400", "ignore"),
        "docs/vendors/elevate.md#unknown-fields",
    ),
    Switch(
        "elevate.unknown_fields_name",
        "What happens when `fields` names a field the resource does not have: the name is ignored, or the request is refused.",
        "ignore",
        ("ignore", "400"),
        "docs/vendors/elevate.md#unknown-fields",
    ),
    Switch(
        "elevate.like",
        "How `like:` compares: whether the text occurs in the value, ignoring case (contains) or with the same case "
        "(case_sensitive).",
        "contains",
        ("contains", "case_sensitive"),
        "docs/vendors/elevate.md#like",
    ),
    Switch(
        "elevate.enum_filter_outside",
        "What happens when a status filter names a value that is not a status: nothing matches, or the request is refused.",
        "empty",
        ("empty", "400"),
        "docs/vendors/elevate.md#enum-filter",
    ),
    Switch(
        "elevate.difference_sign",
        "Whether `valueDifference` and `percentageDifference` are negative when the open run is below the previous one "
        "(signed), or never (absolute).",
        "signed",
        ("signed", "absolute"),
        "docs/vendors/elevate.md#value-difference",
    ),
    Switch(
        "elevate.percentage_without_base",
        "What `percentageDifference` is when the previous run's value is zero, so that no percentage exists.",
        "zero",
        ("zero", "null"),
        "docs/vendors/elevate.md#percentage-without-base",
    ),
    Switch(
        "elevate.credit_notes",
        "Whether credit notes over the previous run's bill are subtracted from previousBillRunValue.",
        "ignore",
        ("ignore", "subtract"),
        "docs/vendors/elevate.md#credit-notes",
    ),
    Switch(
        "elevate.values",
        "Whether the bill run values are without tax (net) or with tax (gross).",
        "net",
        ("net", "gross"),
        "docs/vendors/elevate.md#open-and-previous",
    ),
)

# Operations that the vendor has (docs/vendors/elevate.md#neighbours) and this stand-in does not: answered 501.
UNIMPLEMENTED = (
    "GET /customers/{id}",
    "PATCH /customers/{id}",
    "GET /bill-runs/{id}",
    "PATCH /bill-runs/{id}",
    "POST /adjust-bill-run-schedule/{id}",
    "GET /adhoc-bill-runs",
    "GET /adhoc-bill-runs/{id}",
    "GET /invoices",
    "GET /billing-cycles",
    "GET /contract-owners",
    "GET /users",
    "POST /users",
    "GET /user-roles",
    "GET /app-clients",
    "POST /app-clients",
)

api = API(
    name=NAME,
    title="Elevate Billing",
    prefix="/elevate/v1",
    routes={
        "POST /authenticate": handlers.create_bearer_token,
        "GET /customer-billing-summaries": handlers.list_billing_summaries,
        "GET /customers": neighbours.list_customers,
        "GET /bill-runs": neighbours.list_bill_runs,
    },
    customer_view="/customer-billing-summaries?page=1&pageSize=10&customerId={customerId}",
    authenticate=authenticate,
    error=errors.render,
    switches=SWITCHES,
    ids=lambda world, customer: {"customerId": str(customer)},
    unimplemented=UNIMPLEMENTED,
)
