"""Flexprice: what one customer was billed, still owes and is late with, by currency.

The route table and the switches; ``operations`` answers, ``summary`` counts as the vendor's code counts, ``wire`` says it
in the vendor's words.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.flexprice import handlers, serializers

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

# What the vendor has besides (docs/vendors/flexprice.md#neighbours), and this stand-in does not: 501.
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
    name="flexprice",
    title="Flexprice",
    prefix="/flexprice/v1",
    routes={
        "GET /customers/{id}/invoices/summary": handlers.get_customer_invoice_summary,
        "OPTIONS /customers/{id}/invoices/summary": handlers.options,
    },
    authenticate=handlers.authenticate,
    error=serializers.error,
    switches=SWITCHES,
    ids=lambda world, customer: {"id": serializers.customer_id_of(customer)},
    unimplemented=UNIMPLEMENTED,
)
