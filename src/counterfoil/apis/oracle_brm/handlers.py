"""Handlers for customer bills, their rates, and bills on demand: each as a list and one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlencode

from counterfoil.api import ApiError, Json, Request, Response
from counterfoil.api.list_query import Selection, list_items
from counterfoil.apis.oracle_brm import demands, rates, serializers
from counterfoil.apis.oracle_brm.bills import ShownBill
from counterfoil.apis.oracle_brm.ids import from_bill
from counterfoil.apis.oracle_brm.objects import Renderer, form_of, select_members
from counterfoil.apis.oracle_brm.query import (
    bill_index,
    find_bill,
    find_rate,
    find_request,
    select_bills,
    select_rates,
    select_requests,
)
from counterfoil.ledger.bill_requests import BillRequest
from counterfoil.world.world import World

Row = TypeVar("Row")
Render = Callable[[int, Row], Json]

# --- customer bills --------------------------------------------------------------------------------


def list_bills(request: Request, world: World) -> Response:
    """GET /customerBill: the bills that match all filters."""
    bills = select_bills(world, request.query, _visible(request, world))
    return _page(request, world, bills, _bill_renderer(request, world))


def get_bill(request: Request, world: World) -> Response:
    """GET /customerBill/{id}: one bill, by its id or its number (docs/vendors/oracle-brm.md#by-id)."""
    reference = from_bill(request.path["id"])
    bill = find_bill(world, reference) if reference else None
    if reference is None or bill is None or _is_hidden(request, world, reference.customer):
        raise _not_found("customer bill", request)
    return Response(200, _bill_renderer(request, world)(reference.customer, bill))


def _bill_renderer(request: Request, world: World) -> Render[ShownBill]:
    """A function that renders a customer's bill in the type and with the members that the request asks for."""
    renderer = _renderer(request, world, serializers.EXTENDED)
    terms, members = bill_index(world).terms, serializers.members(_fields(request))
    state_of = world.ledger.store.__getitem__
    views: dict[tuple[int, int], serializers.SharedBillView] = {}
    current = 0  # the bills of a customer follow each other in a list

    def render(customer: int, bill: ShownBill) -> Json:
        nonlocal views, current
        if customer != current:
            views, current = serializers.shared_views(state_of(customer), terms, renderer.form), customer
        view = serializers.CustomerBillView(views[bill.account, bill.ordinal], customer, renderer)
        return serializers.customer_bill(view, members)

    return render


# --- applied rates ---------------------------------------------------------------------------------


def list_rates(request: Request, world: World) -> Response:
    """GET /appliedCustomerBillingRate: the lines of bills that match all filters."""
    found = select_rates(world, request.query, _visible(request, world))
    return _page(request, world, found, _rate_renderer(request, world))


def get_rate(request: Request, world: World) -> Response:
    """GET /appliedCustomerBillingRate/{id}: one line of a bill."""
    reference = rates.from_id(request.path["id"])
    rate = find_rate(world, reference) if reference else None
    if reference is None or rate is None or _is_hidden(request, world, reference.customer):
        raise _not_found("applied customer billing rate", request)
    return Response(200, _rate_renderer(request, world)(reference.customer, rate))


def _rate_renderer(request: Request, world: World) -> Render[rates.Rate]:
    renderer, fields = _renderer(request, world, rates.EXTENDED), _fields(request)
    return lambda customer, rate: select_members(rates.document(renderer, customer, rate), fields, renderer.form)


# --- bills on demand -------------------------------------------------------------------------------


def list_requests(request: Request, world: World) -> Response:
    """GET /customerBillOnDemand: the requests for a bill that match all filters."""
    found = select_requests(world, request.query, _visible(request, world))
    return _page(request, world, found, _request_renderer(request, world))


def get_request(request: Request, world: World) -> Response:
    """GET /customerBillOnDemand/{id}: one request, by its id or that of the bill it led to."""
    reference = demands.from_id(request.path["id"])
    bill_request = find_request(world, reference) if reference else None
    if reference is None or bill_request is None or _is_hidden(request, world, reference.customer):
        raise _not_found("customer bill on demand", request)
    return Response(200, _request_renderer(request, world)(reference.customer, bill_request))


def request_bill(request: Request, world: World) -> Response:
    """POST /customerBillOnDemand: request a bill; it is in progress at first (docs/vendors/oracle-brm.md#on-demand)."""
    command = demands.command_of(request.body, world, _visible(request, world))
    bill_request = world.execute(command)
    extended = request.body.get("@type") == demands.CREATE_EXTENDED
    renderer = Renderer(world, request.origin + request.base, form_of(world, extended=extended))
    body = select_members(demands.document(renderer, command.customer, bill_request), None, renderer.form)
    return Response(201, body, (("Location", body["href"]),))


def _request_renderer(request: Request, world: World) -> Render[BillRequest]:
    renderer, fields = _renderer(request, world, demands.EXTENDED), _fields(request)
    return lambda customer, bill_request: select_members(
        demands.document(renderer, customer, bill_request), fields, renderer.form
    )


# --- shared by the three ---------------------------------------------------------------------------


def _page(request: Request, world: World, found: Selection[Row], render: Render[Row]) -> Response:
    """The matches from ``offset`` on, at most ``limit``, with both counts (docs/vendors/oracle-brm.md#paging)."""
    start = request.query.get("offset", 0)
    limit = request.query.get("limit") or int(world.switches["oracle-brm.default_limit"]) or None
    stop = len(found) if limit is None else start + limit
    body = [render(customer, row) for customer, row in found.page(min(start, len(found)), stop)]
    counts = (("X-Result-Count", str(len(body))), ("X-Total-Count", str(len(found))))
    if len(body) < len(found) and world.switches["oracle-brm.partial_status"] == 206:
        return Response(206, body, (*counts, ("Link", _links(request, start, limit, len(found)))))
    return Response(200, body, counts)


def _renderer(request: Request, world: World, extended: str) -> Renderer:
    form = form_of(world, extended=request.query.get("@type") == extended)
    return Renderer(world, request.origin + request.base, form)


def _fields(request: Request) -> frozenset[str] | None:
    """The members named by ``fields``; None for all. A name that no bill has, such as ``none``, leaves id and href."""
    return frozenset(list_items(request.query.get("fields"))) or None


def _visible(request: Request, world: World) -> frozenset[int] | None:
    """The customers whose bills the caller may see: all (None), or its own customer and those it pays for."""
    own = request.principal.customer if request.principal else None
    return None if own is None else frozenset(world.ledger.payees_below(own))


def _is_hidden(request: Request, world: World, customer: int) -> bool:
    visible = _visible(request, world)
    return visible is not None and customer not in visible


def _not_found(what: str, request: Request) -> ApiError:
    return ApiError("unknown_resource", f"There is no {what} {request.path['id'][:80]}", where="id")


def _links(request: Request, start: int, limit: int | None, total: int) -> str:
    """The ``Link`` header: the pages around this one (RFC 8288). Without a limit, the page before holds all skipped items."""
    step = limit or max(start, 1)
    last = start + (total - 1 - start) // step * step if start < total else (total - 1) // step * step
    offsets = {"self": start, "first": 0, "last": max(last, 0)}
    if start > 0:
        offsets["prev"] = max(min(start, total) - step, 0)
    if limit is not None and start + limit < total:
        offsets["next"] = start + limit
    return ", ".join(f'<{_address(request, offset)}>; rel="{rel}"' for rel, offset in offsets.items())


def _address(request: Request, offset: int) -> str:
    query = {name: str(value) for name, value in request.query.items()} | {"offset": str(offset)}
    path = request.operation.partition(" ")[2]
    return f"{request.origin}{request.base}{path}?{urlencode(query, quote_via=quote)}"
