"""Handlers for Flexprice's invoice summary and for the customers it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Request, Response
from counterfoil.apis.flexprice import customers, serializers
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
    number = _visible(serializers.customer_number(customer_id), request, world)
    found = summaries(world, number) if number is not None else []
    return Response(200, serializers.customer_summaries(customer_id, found))


def get_customer(request: Request, world: World) -> Response:
    """GET /customers/{id}: unlike the summary, 404 for an unknown one."""
    customer_id = request.path["id"]
    number = _visible(serializers.customer_number(customer_id), request, world)
    if number is None:
        raise ApiError("unknown_resource", f"Customer with ID {customer_id} was not found")
    return Response(200, serializers.customer(world, number))


def get_customer_by_external_id(request: Request, world: World) -> Response:
    """GET /customers/external/{external_id}."""
    external_id = request.path["external_id"]
    number = _visible(serializers.customer_with(world, external_id), request, world)
    if number is None:
        raise ApiError("unknown_resource", f"Customer with external ID {external_id} was not found")
    return Response(200, serializers.customer(world, number))


def list_customers(request: Request, world: World) -> Response:
    """GET /customers: the filter is in the query."""
    return Response(200, serializers.customer_list(world, customers.select(request.query, request.principal, world)))


def query_customers(request: Request, world: World) -> Response:
    """POST /customers/search: the filter is the body. Nothing is changed."""
    return Response(
        200, serializers.customer_list(world, customers.select(request.body or {}, request.principal, world))
    )


def options(request: Request, world: World) -> Response:
    """A browser's CORS preflight request; its headers are those of every response (docs/vendors/flexprice.md#cors)."""
    return Response(200)


def _visible(number: int | None, request: Request, world: World) -> int | None:
    """The customer's number, or None if there is no such customer or the key may not see it."""
    if number is None or not world.ledger.knows(number) or not may_see(request.principal, number, world):
        return None
    return number
