"""Shows customers, bills, runs and figures."""

from __future__ import annotations

from counterfoil.api import Request, Response
from counterfoil.control import customers, figures
from counterfoil.control.handlers import world_of
from counterfoil.control.world_service import WorldService


def list_customers(service: WorldService, request: Request) -> Response:
    query = request.query
    return Response(
        200,
        customers.page(
            world_of(service, request),
            service.apis,
            search=query.get("search", ""),
            sort=query["sort"],
            only=query["only"],
            offset=query["offset"],
            limit=query["limit"],
        ),
    )


def get_customer(service: WorldService, request: Request) -> Response:
    return Response(200, customers.details(world_of(service, request), service.apis, request.path["customer"]))


def explain_bill(service: WorldService, request: Request) -> Response:
    path = request.path
    return Response(
        200, customers.explained_bill(world_of(service, request), path["customer"], path["account"], path["bill"])
    )


def list_runs(service: WorldService, request: Request) -> Response:
    return Response(200, figures.runs(world_of(service, request), request.query["offset"], request.query["limit"]))


def get_run(service: WorldService, request: Request) -> Response:
    return Response(200, figures.run(world_of(service, request), request.path["run"]))


def show_figures(service: WorldService, request: Request) -> Response:
    return Response(200, figures.figures(world_of(service, request)))
