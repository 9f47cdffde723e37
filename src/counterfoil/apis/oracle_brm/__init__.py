"""Oracle BRM's customer bills (TMF678 v4): the route table, and the assumptions a user may need the other way.

The ledger's bills go by their POIDs and bill numbers here, and each account with something still open shows one more,
the bill in progress. What is not here (bills on demand, applied rates, PATCH, the hub) is not in the spec either.
"""

from __future__ import annotations

from counterfoil.api import API
from counterfoil.apis.oracle_brm import bills, handlers, serializers
from counterfoil.world.switches import Switch
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


# What the vendor has besides (docs/vendors/oracle-brm.md#neighbours), and this stand-in does not: 501.
UNIMPLEMENTED = (
    "GET /customerBillOnDemand",
    "POST /customerBillOnDemand",
    "GET /customerBillOnDemand/{id}",
    "GET /appliedCustomerBillingRate",
    "PATCH /billFormat/{id}",
)

api = API(
    name=handlers.API,
    title="Oracle BRM Customer Bill Management (TMF678)",
    prefix="/oracle-brm/brm/customerBillManagement/v4",
    routes={
        "GET /customerBill": handlers.list_bills,
        "GET /customerBill/{id}": handlers.get_bill,
    },
    authenticate=handlers.authenticate,
    error=serializers.error,
    media_type="application/json;charset=utf-8",
    switches=SWITCHES,
    strict_query=_refuses_unknown_query,
    ids=bills.ids_of,
    unimplemented=UNIMPLEMENTED,
)
