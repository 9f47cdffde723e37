"""billingplatform.uk: billing runs, listed, fetched, created and changed. Facts: docs/vendors/billingplatform.md.

The route table, who may ask, and the switches. It refuses to know how a run is produced: that is the ledger's.
"""

from __future__ import annotations

from collections.abc import Mapping

from counterfoil.api import API, ApiError, Principal
from counterfoil.apis.billingplatform import handlers, serializers
from counterfoil.world.switches import Switch
from counterfoil.world.world import World

NAME = "billingplatform"

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
        "What a PATCH of a locked field answers: a refusal that names the field and changes nothing (409 or 422), or "
        "success with that field left as it was (ignore).",
        "409",
        ("409", "422", "ignore"),
        "docs/vendors/billingplatform.md#locked-response",
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
        "What a body member that is unknown or not writable does; nothing, or the request is refused.",
        "ignore",
        ("ignore", "400"),
        "docs/vendors/billingplatform.md#unknown-field",
    ),
    Switch(
        "billingplatform.unknown_parameter",
        "What a query parameter that is not documented does; nothing, or the request is refused.",
        "ignore",
        ("ignore", "400"),
        "docs/vendors/billingplatform.md#unknown-parameter",
    ),
    Switch(
        "billingplatform.since",
        "Whether createdSince and updatedSince include the very instant given.",
        "inclusive",
        ("inclusive", "exclusive"),
        "docs/vendors/billingplatform.md#since",
    ),
)


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """The user behind ``Authorization: Bearer KEY``; there is no token exchange and no expiry
    (docs/vendors/billingplatform.md#api-key)."""
    scheme, _, key = headers.get("authorization", "").strip().partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise ApiError("unauthenticated", "an API key is required: send it as 'Authorization: Bearer KEY'")
    grant = world.grant(key)
    if grant is None:
        raise ApiError("unauthenticated", "this API key is not known")
    if not grant.allows(NAME):
        raise ApiError("forbidden", "this user may not work with billing runs")
    return Principal(key, grant.customer)


# What the vendor has besides (docs/vendors/billingplatform.md#neighbours), and this stand-in does not: 501.
UNIMPLEMENTED = (
    "GET /customers/",
    "GET /customers/{id}",
    "POST /customers/{id}/invoices/",
    "GET /invoices/",
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
    },
    authenticate=authenticate,
    error=serializers.error,
    switches=SWITCHES,
    strict_query=lambda world: world.switches["billingplatform.unknown_parameter"] == "400",
    unimplemented=UNIMPLEMENTED,
)
