"""The API of billingplatform.uk: its route table and switches for billing runs.

Source: docs/vendors/billingplatform.md#sources.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.billingplatform import errors, handlers, neighbours
from counterfoil.apis.billingplatform.auth import NAME, authenticate

SWITCHES = (
    Switch(
        "billingplatform.create_status",
        "The status of a successful POST.",
        200,
        (200, 201),
        "docs/vendors/billingplatform.md#create-status",
    ),
    Switch(
        "billingplatform.locked_field",
        "What happens when a PATCH changes a locked field: it is refused, names the field and changes nothing (409 or 422), "
        "or it succeeds and leaves that field as it was (ignore).",
        "409",
        ("409", "422", "ignore"),
        "docs/vendors/billingplatform.md#locked-response",
    ),
    Switch(
        "billingplatform.credit_notes",
        "Whether credit notes over the run's invoices are subtracted from invoiceAmount.",
        "ignore",
        ("ignore", "subtract"),
        "docs/vendors/billingplatform.md#credit-notes",
    ),
    Switch(
        "billingplatform.currency_as",
        "Whether amounts are JSON strings with two decimals, or JSON numbers.",
        "string",
        ("string", "number"),
        "docs/vendors/billingplatform.md#serialisation",
    ),
    Switch(
        "billingplatform.status_writable",
        "Whether PATCH may set status to Requested, as the request button does. Otherwise a status other than the run's "
        "own is refused with 409.",
        False,
        (False, True),
        "docs/vendors/billingplatform.md#status-writable",
    ),
    Switch(
        "billingplatform.request_needs_invoice_date",
        "Whether requesting bills for a run without an invoice date is refused (409).",
        True,
        (True, False),
        "docs/vendors/billingplatform.md#request-needs-invoice-date",
    ),
    Switch(
        "billingplatform.unknown_field",
        "What happens when a body has a member that is unknown or not writable: it is ignored, or the request is refused.",
        "ignore",
        ("ignore", "400"),
        "docs/vendors/billingplatform.md#unknown-field",
    ),
    Switch(
        "billingplatform.unknown_parameter",
        "What happens when a query parameter is not documented: it is ignored, or the request is refused.",
        "ignore",
        ("ignore", "400"),
        "docs/vendors/billingplatform.md#unknown-parameter",
    ),
    Switch(
        "billingplatform.since",
        "Whether createdSince and updatedSince include the given instant itself.",
        "inclusive",
        ("inclusive", "exclusive"),
        "docs/vendors/billingplatform.md#since",
    ),
    Switch(
        "billingplatform.date_as",
        "How responses write dates: 2026-02-01 (iso) or 01/02/2026 (british). Bodies and filters are read as iso.",
        "iso",
        ("iso", "british"),
        "docs/vendors/billingplatform.md#serialisation",
    ),
    Switch(
        "billingplatform.datetime_filter",
        "Which times createdSince and updatedSince accept: date-times with an offset (rfc3339), or also dates alone and times "
        "without an offset, which are then in UTC (lenient).",
        "rfc3339",
        ("rfc3339", "lenient"),
        "docs/vendors/billingplatform.md#datetime-filter",
    ),
    Switch(
        "billingplatform.preset_values",
        "Which names subrun and invoiceMessage accept: any text, or only those in use: a subrun that an account is in, a "
        "message that some run has (known).",
        "any",
        ("any", "known"),
        "docs/vendors/billingplatform.md#preset-value",
    ),
)

# Operations that the vendor has (docs/vendors/billingplatform.md#neighbours) and this stand-in does not: answered 501.
UNIMPLEMENTED = (
    "GET /numbers/",
    "GET /services/",
    "GET /features/",
    "GET /featureTypes/",
)

api = API(
    name=NAME,
    title="billingplatform.uk – billing runs",
    prefix="/billingplatform/backend/api/v1",
    routes={
        "GET /billingRuns/": handlers.list_runs,
        "POST /billingRuns/": handlers.create_run,
        "GET /billingRuns/{id}": handlers.get_run,
        "PATCH /billingRuns/{id}": handlers.update_run,
        "GET /customers/": neighbours.list_customers,
        "GET /customers/{id}": neighbours.get_customer,
        "GET /customers/{id}/invoices/": neighbours.list_customer_invoices,
        "GET /invoices/": neighbours.list_invoices,
    },
    customer_view="/billingRuns/",
    authenticate=authenticate,
    error=errors.render,
    switches=SWITCHES,
    strict_query=lambda world: world.switches["billingplatform.unknown_parameter"] == "400",
    unimplemented=UNIMPLEMENTED,
)
