"""The API of Oracle BRM's customer bills (TMF678 v4): its route table and switches.

It shows the ledger's bills, for each account with open charges one more (the bill in progress), their lines as applied
rates, and bills on demand. PATCH and the hub are not in the spec. Source: docs/vendors/oracle-brm.md#sources.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.oracle_brm import errors, handlers, ids
from counterfoil.apis.oracle_brm.auth import NAME, authenticate
from counterfoil.world.world import World

SWITCHES = (
    Switch(
        name="oracle-brm.token",
        text="Whether a request needs a bearer token. "
        "Production systems require one; a test system accepts requests without one.",
        default="required",
        choices=("required", "optional"),
        source="docs/vendors/oracle-brm.md#token",
    ),
    Switch(
        name="oracle-brm.partial_status",
        text="The status of a list that holds fewer bills than matched. Oracle names only 200; TMF630 allows 206.",
        default=200,
        choices=(200, 206),
        source="docs/vendors/oracle-brm.md#partial",
    ),
    Switch(
        name="oracle-brm.like_percent",
        text="How many characters a percent sign stands for in the `.like` filters. "
        "SQL says zero or more, Oracle's page one or more.",
        default="zero-or-more",
        choices=("zero-or-more", "one-or-more"),
        source="docs/vendors/oracle-brm.md#like-percent",
    ),
    Switch(
        name="oracle-brm.unknown_query",
        text="What happens when a query parameter is not in this document: it is refused with 400, or ignored, which lets "
        "extension parameters pass.",
        default="ignore",
        choices=("refuse", "ignore"),
        source="docs/vendors/oracle-brm.md#unknown-parameter",
    ),
    Switch(
        name="oracle-brm.default_limit",
        text="How many bills a list without `limit` has at most; 0 means all of them. Any whole number from 0 on.",
        default=0,
        choices=None,
        source="docs/vendors/oracle-brm.md#limit-offset",
    ),
    Switch(
        name="oracle-brm.comma_is_or",
        text="Whether a comma inside a filter's value separates alternatives, as in TMF630. "
        "Off, the comma is part of the value. Only where any text is a value (ids, numbers and patterns).",
        default=False,
        choices=(False, True),
        source="docs/vendors/oracle-brm.md#comma-or",
    ),
    Switch(
        name="oracle-brm.bill_document",
        text="What a bill shows of its document: a reference with id, name and media type, the text itself too (content), or "
        "nothing (none).",
        default="reference",
        choices=("reference", "content", "none"),
        source="docs/vendors/oracle-brm.md#bill-document",
    ),
    Switch(
        name="oracle-brm.reference_members",
        text="Whether references and other objects have their href, @baseType, @referredType and @schemaLocation, and an "
        "extended bill its billing cycle (set). They are null by default, as in Oracle's printed samples.",
        default="null",
        choices=("null", "set"),
        source="docs/vendors/oracle-brm.md#reference-members",
    ),
    Switch(
        name="oracle-brm.on_demand_minutes",
        text="How many minutes of the world's clock a bill on demand stays in progress. Any whole number from 0 on; with 0 it is "
        "decided at once.",
        default=5,
        choices=None,
        source="docs/vendors/oracle-brm.md#on-demand-timing",
    ),
    Switch(
        name="oracle-brm.on_demand_unrated",
        text="What happens to a bill on demand while usage without a price is open: it ends with an error, or it is issued "
        "without that usage, as by a regular run.",
        default="terminatedWithError",
        choices=("terminatedWithError", "done"),
        source="docs/vendors/oracle-brm.md#on-demand-outcome",
    ),
)


def _refuses_unknown_query(world: World) -> bool:
    return world.switches["oracle-brm.unknown_query"] == "refuse"


# Operations that the vendor has (docs/vendors/oracle-brm.md#neighbours) and this stand-in does not: answered 501.
UNIMPLEMENTED = ("PATCH /billFormat/{id}",)

api = API(
    name=NAME,
    title="Oracle BRM Customer Bill Management (TMF678)",
    prefix="/oracle-brm/brm/customerBillManagement/v4",
    routes={
        "GET /customerBill": handlers.list_bills,
        "GET /customerBill/{id}": handlers.get_bill,
        "GET /customerBillOnDemand": handlers.list_requests,
        "POST /customerBillOnDemand": handlers.request_bill,
        "GET /customerBillOnDemand/{id}": handlers.get_request,
        "GET /appliedCustomerBillingRate": handlers.list_rates,
        "GET /appliedCustomerBillingRate/{id}": handlers.get_rate,
    },
    customer_view="/customerBill?billingAccount.id={billingAccount.id}&limit=50",
    authenticate=authenticate,
    error=errors.render,
    media_type="application/json;charset=utf-8",
    switches=SWITCHES,
    strict_query=_refuses_unknown_query,
    ids=ids.ids_of,
    unimplemented=UNIMPLEMENTED,
)
