"""The API of Flexprice: its route table and switches.

It shows what one customer was billed, still owes and is late with, by currency. Source: docs/vendors/flexprice.md#sources.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.flexprice import errors, handlers, serializers
from counterfoil.apis.flexprice.auth import NAME, authenticate

SWITCHES = (
    Switch(
        "flexprice.subscription_status",
        "Which subscriptions give a customer its currencies: only active ones, as the vendor's code has it since March "
        "2026, or every one that is not cancelled, as it had before.",
        "active",
        ("active", "all-but-cancelled"),
        "docs/vendors/flexprice.md#active-only",
    ),
    Switch(
        "flexprice.invoice_cap",
        "How many of the newest invoices each of the two look-ups (owned by the customer, billed through it as a parent) "
        "may see before the currency is filtered; none counts every invoice.",
        50,
        (50, "none"),
        "docs/vendors/flexprice.md#fifty",
    ),
)

# Operations that the vendor has (docs/vendors/flexprice.md#neighbours) and this stand-in does not: answered 501.
UNIMPLEMENTED = (
    "POST /customers",
    "PUT /customers",
    "GET /customers/{id}",
    "DELETE /customers/{id}",
    "GET /customers/external/{id}",
    "POST /customers/search",
    "POST /subscriptions",
    "GET /subscriptions/{id}",
    "POST /subscriptions/{id}/cancel",
    "POST /subscriptions/search",
    "GET /invoices",
    "POST /invoices",
    "GET /invoices/{id}",
    "PUT /invoices/{id}",
    "POST /invoices/search",
    "POST /invoices/{id}/finalize",
    "POST /invoices/{id}/void",
    "PUT /invoices/{id}/payment",
    "GET /payments",
    "POST /payments",
)

api = API(
    name=NAME,
    title="Flexprice",
    prefix="/flexprice/v1",
    routes={
        "GET /customers/{id}/invoices/summary": handlers.get_customer_invoice_summary,
        "OPTIONS /customers/{id}/invoices/summary": handlers.options,
    },
    customer_view="/customers/{id}/invoices/summary",
    credential_header="x-api-key",
    authenticate=authenticate,
    error=errors.render,
    switches=SWITCHES,
    ids=lambda world, customer: {"id": serializers.customer_id_of(customer)},
    unimplemented=UNIMPLEMENTED,
)
