"""The API of Oracle BRM's customer bills (TMF678 v4): its route table and switches.

It shows the ledger's bills, and for each account with open charges one more: the bill in progress. Bills on demand,
applied rates, PATCH and the hub are not in the spec. Source: docs/vendors/oracle-brm.md#sources.
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
        "Production systems ask for one, a test system takes requests without.",
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
        text="What a query parameter that is not in this document gets. "
        "Refused is 400; ignored lets extension parameters pass.",
        default="ignore",
        choices=("refuse", "ignore"),
        source="docs/vendors/oracle-brm.md#unknown-parameter",
    ),
    Switch(
        name="oracle-brm.default_limit",
        text="How many bills a list without `limit` holds at most; 0 means all of them. Any whole number from 0 on.",
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
)


def _refuses_unknown_query(world: World) -> bool:
    return world.switches["oracle-brm.unknown_query"] == "refuse"


# Operations that the vendor has (docs/vendors/oracle-brm.md#neighbours) and this stand-in does not: answered 501.
UNIMPLEMENTED = (
    "GET /customerBillOnDemand",
    "POST /customerBillOnDemand",
    "GET /customerBillOnDemand/{id}",
    "GET /appliedCustomerBillingRate",
    "PATCH /billFormat/{id}",
)

api = API(
    name=NAME,
    title="Oracle BRM Customer Bill Management (TMF678)",
    prefix="/oracle-brm/brm/customerBillManagement/v4",
    routes={
        "GET /customerBill": handlers.list_bills,
        "GET /customerBill/{id}": handlers.get_bill,
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
