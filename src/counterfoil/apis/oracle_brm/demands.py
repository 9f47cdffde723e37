"""Bills on demand: parses a request for one, and renders its state."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from counterfoil.api import ApiError, Json
from counterfoil.apis.oracle_brm.ids import (
    account_id,
    from_account,
    from_bill,
    from_request_id,
    request_id,
    series_on_demand,
    with_plus,
)
from counterfoil.apis.oracle_brm.objects import Renderer
from counterfoil.apis.oracle_brm.rates import types
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.bill_requests import BillRequest, RequestState
from counterfoil.world.commands import RequestBill
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.world import World

BASE, EXTENDED = "CustomerBillOnDemand", "CustomerBillOnDemandOracle"
CREATE_EXTENDED = "CustomerBillOnDemand_CreateOracle"
MAX_MINUTES = 10**6
STATES: Mapping[RequestState, str] = {
    RequestState.IN_PROGRESS: "inProgress",
    RequestState.DONE: "done",
    RequestState.REJECTED: "rejected",
    RequestState.FAILED: "terminatedWithError",
}


class Reference(msgspec.Struct, frozen=True):
    """The target of an id: a customer's request by its ordinal, or the request that led to a bill (``account``, ``bill``)."""

    customer: int
    ordinal: int | None = None
    account: int | None = None
    bill: int | None = None

    def matches(self, customer: int, request: BillRequest) -> bool:
        if customer != self.customer:
            return False
        if self.ordinal is not None:
            return request.ordinal == self.ordinal
        return request.account == self.account and self.bill in (None, request.invoice)


def from_id(text: str) -> Reference | None:
    """The request that an id refers to: the request's own id, or the id of its bill (docs/vendors/oracle-brm.md#on-demand-id)."""
    found = from_request_id(text)
    if found:
        return Reference(found[0], ordinal=found[1])
    bill = from_bill(text)
    if bill is None:
        return None
    # A bill on demand has its ordinal in its number.
    ordinal = bill.ordinal or (int(bill.series[1:]) if bill.series and bill.series[0] == "D" else 0)
    return Reference(bill.customer, account=bill.account, bill=ordinal)


def from_account_id(text: str) -> Reference | None:
    """All requests of the account with that id or number."""
    found = from_account(text)
    return Reference(found.customer, account=found.account) if found else None


def requests_of(state: AccountState) -> tuple[BillRequest, ...]:
    return state.requests


def command_of(body: Mapping[str, Json], world: World, visible: frozenset[int] | None) -> RequestBill:
    """The command for a request body. Raises ``ApiError`` (conflict) if it names an unknown account, or a party or billing
    cycle that is not the account's."""
    account_reference = body["billingAccount"]
    text = str(account_reference.get("id") or account_reference.get("accountNumber") or "")
    account = from_account(text)
    if (
        account is None
        or not world.ledger.knows(account.customer)
        or account.account >= len(world.ledger.state_of(account.customer).accounts)
        or (visible is not None and account.customer not in visible)
    ):
        raise ApiError("conflict", f"billingAccount: there is no account {text[:80]}", where="billingAccount")
    parties = (account.customer, world.ledger.state_of(account.customer).billed_to)
    party = (body.get("relatedParty") or {}).get("id")
    if party is not None and party not in map(str, parties):
        raise ApiError("conflict", f"relatedParty: {party[:80]} is not a party of the account", where="relatedParty")
    cycle = (body.get("billingCycleSpecification") or {}).get("id")
    if cycle is not None and with_plus(cycle) != account_id(account.customer, account.account, "billinfo"):
        message = f"billingCycleSpecification: {cycle[:80]} is not the account's"
        raise ApiError("conflict", message, where="billingCycleSpecification")
    return RequestBill(
        customer=account.customer,
        account=account.account,
        minutes=min(int(world.switches["oracle-brm.on_demand_minutes"]), MAX_MINUTES),
        rated_only=world.switches["oracle-brm.on_demand_unrated"] == "terminatedWithError",
        name=body.get("name"),
        description=body.get("description"),
    )


def document(renderer: Renderer, customer: int, request: BillRequest) -> dict[str, Json]:
    """The request as the vendor's JSON, with None for members that are not set."""
    id_ = request_id(customer, request.ordinal)
    bill = None
    if request.invoice is not None:
        bill = renderer.bill(customer, request.account, request.invoice, series_on_demand(request.invoice))
    found = {
        "id": id_,
        "href": renderer.address("customerBillOnDemand", id_),
        "description": request.description,
        "lastUpdate": format_timestamp(request.changed_at),
        "name": request.name,
        "billingAccount": renderer.billing_account(customer, request.account),
        "customerBill": bill,
        "relatedParty": renderer.party(customer, "customer"),
        "state": STATES[request.state],
        **types(renderer, BASE, EXTENDED),
    }
    if renderer.form.extended:
        found["billingCycleSpecification"] = renderer.billing_cycle(customer, request.account)
    return found
