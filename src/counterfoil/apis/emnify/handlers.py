"""Handlers for emnify's operations."""

from __future__ import annotations

import re
from decimal import Decimal

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.emnify import serializers
from counterfoil.apis.emnify.auth import log_in
from counterfoil.apis.emnify.months import MonthlyBill, empty_bill, monthly_bill, months_with_a_bill, refreshed
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.periods import month_key
from counterfoil.world.world import World

PER_PAGE = 100
LONG_RANGE = 2**63  # the range of Java's Long is -LONG_RANGE to LONG_RANGE - 1


def authenticate(request: Request, world: World) -> Response:
    """POST /authenticate. A refused login is 401 without a body (docs/vendors/emnify.md#login-refused)."""
    tokens = log_in(request.body, world)
    return Response(401) if tokens is None else Response(200, tokens)


def list_periods(request: Request, world: World) -> Response:
    """GET /organisation/{org_id}/billing: the whole list as one page, described by headers
    (docs/vendors/emnify.md#collection-headers)."""
    org_id = _visible_organisation(request, world)
    months = [] if org_id == serializers.ISSUER else months_with_a_bill(world.ledger.state_of(org_id), world.today)
    headers = (
        ("X-Total-Count", str(len(months))),
        ("X-Total-Pages", "1"),
        ("X-Current-Page", "1"),
        ("X-Count-Per-Page", str(max(PER_PAGE, len(months)))),
    )
    return Response(200, [serializers.period(month) for month in months], headers)


def get_bill(request: Request, world: World) -> Response:
    """GET /organisation/{org_id}/billing/{billing_period}.

    A preview is always up to date, so ``force_refresh`` changes nothing. For a final bill it returns a preview with the usage
    that was rated after the invoice (docs/vendors/emnify.md#refresh); if there is none, it is ignored or refused.
    """
    month = _month(str(request.path["billing_period"]))
    org_id = _visible_organisation(request, world)
    if org_id == serializers.ISSUER:
        raise _no_bill(month)  # the issuer has no bills
    state = world.ledger.state_of(org_id)
    bill = _bill(world, state, month)
    refreshed_bill = refreshed(state, bill) if world.switches["emnify.late_usage"] == "refresh" else None
    allowed = bill.is_preview or refreshed_bill is not None
    if request.query.get("force_refresh", False):
        if not allowed and world.switches["emnify.refresh_refused"] == 409:
            raise ApiError("conflict", f"the bill of {month} is final and cannot be refreshed", where="force_refresh")
        bill = refreshed_bill or bill
    return Response(200, serializers.bill_details(world, org_id, state, bill, refresh_allowed=allowed))


def get_own_organisation(request: Request, world: World) -> Response:
    """GET /organisation/my: the token's own organisation; for an unrestricted token, the issuer."""
    own = request.principal.customer if request.principal else None
    return Response(200, serializers.own_organisation(world, serializers.ISSUER if own is None else own))


def _bill(world: World, state: AccountState, month: int) -> MonthlyBill:
    bill = monthly_bill(state, month, world.today)
    if bill is not None:
        return bill
    if world.switches["emnify.empty_period"] == 200 and 101 <= month <= month_key(world.today):
        return empty_bill(state, month)
    raise _no_bill(month)


def _no_bill(month: int) -> ApiError:
    return ApiError("unknown_resource", f"Billing period with Id '{month:06d}' not found.", where="billing_period")


def _month(text: str) -> int:
    """The month ``YYYYMM``. The spec's pattern has been checked, but its ``\\d`` matches digits of every script."""
    if not re.fullmatch("[0-9]{6}", text):
        raise ApiError("malformed", "billing_period must be six digits, YYYYMM", where="billing_period")
    if not 1 <= int(text[4:]) <= 12:
        raise ApiError(
            "malformed",
            f"billing_period {text} has no month {text[4:]}",
            where="billing_period",
            status=422,
            detail={"error_code": 1403},
        )
    return int(text)


def _visible_organisation(request: Request, world: World) -> int:
    """The organisation in the path. Raises ``ApiError`` if it does not exist or the caller may not see it
    (docs/vendors/emnify.md#visibility)."""
    org_id = _organisation_id(request.path["org_id"])
    if org_id != serializers.ISSUER and not world.ledger.knows(org_id):
        raise _no_organisation(org_id, world)
    own = request.principal.customer if request.principal else None
    if own is not None and not world.ledger.pays_for(own, org_id):
        if world.switches["emnify.foreign_org"] == 404:
            raise _no_organisation(org_id, world)
        raise ApiError("forbidden", f"organisation {org_id} is not below {own}")
    return org_id


def _organisation_id(value: Decimal) -> int:
    """The id in the path, which the vendor types as a double: ``1.0`` is ``1`` (docs/vendors/emnify.md#org-id)."""
    if not -LONG_RANGE <= value < LONG_RANGE or value != value.to_integral_value():
        raise ApiError("malformed", "org_id must be a whole number", where="org_id", detail={"value": str(value)})
    return int(value)


def _no_organisation(org_id: int, world: World) -> ApiError:
    code = world.switches["emnify.unknown_org_code"]
    return ApiError(
        "unknown_resource", f"Organisation with Id '{org_id}' not found.", where="org_id", detail={"error_code": code}
    )
