"""The API of Flexprice: its route table and switches.

It shows what one customer was billed, owes and is overdue with, by currency, and the list of customers. Source:
docs/vendors/flexprice.md#sources.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.flexprice import errors, handlers, serializers
from counterfoil.apis.flexprice.auth import NAME, authenticate
from counterfoil.apis.flexprice.headers import response_headers
from counterfoil.apis.flexprice.unimplemented import UNIMPLEMENTED

SWITCHES = (
    Switch(
        "flexprice.subscription_status",
        "Which subscriptions determine a customer's currencies: only active ones, as in the vendor's code since March "
        "2026, or all that are not cancelled, as before.",
        "active",
        ("active", "all-but-cancelled"),
        "docs/vendors/flexprice.md#active-only",
    ),
    Switch(
        "flexprice.invoice_cap",
        "How many of the newest invoices each of the two look-ups (billed to the customer, subscribed by it) returns "
        "before the currency is filtered; none means all invoices.",
        50,
        (50, "none"),
        "docs/vendors/flexprice.md#fifty",
    ),
    Switch(
        "flexprice.overpaid_status",
        "The payment status of an invoice after a payment of more than what remains: OVERPAID, as through PUT "
        "/invoices/{id}/payment, which counts as unpaid with nothing left to pay, or SUCCEEDED, as through POST /payments, "
        "which counts as paid.",
        "OVERPAID",
        ("OVERPAID", "SUCCEEDED"),
        "docs/vendors/flexprice.md#overpayment",
    ),
    Switch(
        "flexprice.cors",
        "Whether pages of any origin may read the responses in a browser, as the vendor allows, or none may. With any, every "
        "web site that is open in a browser can read a stand-in on the same machine.",
        "any",
        ("any", "none"),
        "docs/vendors/flexprice.md#cors",
    ),
)

api = API(
    name=NAME,
    title="Flexprice",
    prefix="/flexprice/v1",
    routes={
        "GET /customers/{id}/invoices/summary": handlers.get_customer_invoice_summary,
        "OPTIONS /customers/{id}/invoices/summary": handlers.options,
        "GET /customers": handlers.list_customers,
        "POST /customers/search": handlers.query_customers,
        "GET /customers/{id}": handlers.get_customer,
        "GET /customers/external/{external_id}": handlers.get_customer_by_external_id,
    },
    customer_view="/customers/{id}/invoices/summary",
    credential_header="x-api-key",
    authenticate=authenticate,
    error=errors.render,
    media_type="application/json; charset=utf-8",
    switches=SWITCHES,
    ids=lambda world, customer: {"id": serializers.customer_id_of(customer)},
    unimplemented=UNIMPLEMENTED,
    ignores_accept=True,
    response_headers=response_headers,
)
