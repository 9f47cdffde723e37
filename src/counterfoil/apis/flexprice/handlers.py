"""Handlers for Flexprice's invoice summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.api import Request, Response
from counterfoil.apis.flexprice import serializers
from counterfoil.apis.flexprice.auth import may_see
from counterfoil.apis.flexprice.summary import summaries

if TYPE_CHECKING:
    from counterfoil.world.world import World


def get_customer_invoice_summary(request: Request, world: World) -> Response:
    """The customer's summaries; 200 without any for an unknown id or one the key may not see
    (docs/vendors/flexprice.md#no-subscription).

    The vendor's webhook for overdue invoices (docs/vendors/flexprice.md#overdue-webhook) is not sent.
    """
    customer_id = request.path["id"]
    number = serializers.customer_number(customer_id)
    visible = number is not None and world.ledger.knows(number) and may_see(request.principal, number, world)
    found = summaries(world, number) if visible and number is not None else []
    headers = serializers.headers(request.headers.get("x-request-id"), world, f"{request.operation} {customer_id}")
    return Response(200, serializers.customer_summaries(customer_id, found), headers)


def options(request: Request, world: World) -> Response:
    """A browser's CORS preflight request: pages of every origin may read (docs/vendors/flexprice.md#headers)."""
    asked = f"{request.operation} {request.path['id']}"
    headers = serializers.headers(request.headers.get("x-request-id"), world, asked)
    return Response(200, None, (*headers, *serializers.CROSS_ORIGIN))
