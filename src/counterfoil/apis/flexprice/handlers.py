"""Flexprice's one route: read, sum up, render. And who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Principal, Reason, Request, Response
from counterfoil.apis.flexprice import serializers
from counterfoil.apis.flexprice.summary import summaries

if TYPE_CHECKING:
    from counterfoil.world.world import Grant, World

NAME = "flexprice"


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """A known key in ``x-api-key``; where that has none, a bearer token: a key again, or a token issued for this API."""
    grant = world.grant(headers.get("x-api-key", "")) or _bearer(headers, world)
    if not grant.allows(NAME):
        raise _refused(headers, "forbidden", "this key may not use this API")
    return Principal(grant.key, grant.customer)


def get_customer_invoice_summary(request: Request, world: World) -> Response:
    """An id nobody has, or that the key may not see, is answered 200 and empty (3.6, rule 4). Reading it announces nothing:
    the vendor's webhook for overdue invoices (rule 13) is not sent."""
    customer_id = request.path["id"]
    number = serializers.customer_number(customer_id)
    seen = number is not None and world.ledger.knows(number) and _may_see(request.principal, number, world)
    found = summaries(world, number) if seen and number is not None else []
    headers = serializers.headers(request.headers.get("x-request-id"), world, f"{request.operation} {customer_id}")
    return Response(200, serializers.customer_summaries(customer_id, found), headers)


def options(request: Request, world: World) -> Response:
    """A browser's question whether a page of another origin may read: any may (3.5)."""
    asked = f"{request.operation} {request.path['id']}"
    return Response(
        200, None, (*serializers.headers(request.headers.get("x-request-id"), world, asked), *serializers.CROSS_ORIGIN)
    )


def _may_see(principal: Principal | None, customer: int, world: World) -> bool:
    """Keys see their tenant's data only (3.5): here, one customer and those below it, where the key is narrowed."""
    only = principal.customer if principal else None
    payer: int | None = customer
    while payer not in (only, None):
        payer = world.ledger.state_of(customer).billed_to
        customer = payer or customer
    return only is None or payer == only


def _bearer(headers: Mapping[str, str], world: World) -> Grant:
    authorization = headers.get("authorization")
    if not authorization:
        raise _refused(headers, "unauthenticated", serializers.UNAUTHORIZED)
    if not authorization.startswith("Bearer "):
        raise _refused(headers, "unauthenticated", serializers.WRONG_SCHEME)
    credential = authorization.removeprefix("Bearer ").strip()
    token = world.tokens.find(credential)
    if token is not None and token.api == NAME and world.now < token.expires_at:
        credential = token.key
    grant = world.grant(credential)
    if grant is None:
        raise _refused(headers, "unauthenticated", serializers.INVALID_TOKEN)
    return grant


def _refused(headers: Mapping[str, str], reason: Reason, message: str) -> ApiError:
    return ApiError(reason, message, detail={serializers.SENT_REQUEST_ID: headers.get("x-request-id")})
