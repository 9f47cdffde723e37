"""Handlers for the list of customer bills, and for one bill."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

from counterfoil.api import ApiError, Json, Request, Response
from counterfoil.apis.oracle_brm import serializers
from counterfoil.apis.oracle_brm.bills import ShownBill
from counterfoil.apis.oracle_brm.ids import from_bill_id, from_bill_number
from counterfoil.apis.oracle_brm.query import bill_index, find, select_bills
from counterfoil.world.world import World


def list_bills(request: Request, world: World) -> Response:
    """The matching bills from ``offset`` on, at most ``limit``, with both counts (docs/vendors/oracle-brm.md#paging)."""
    bills = select_bills(world, request.query, _visible(request, world))
    start = request.query.get("offset", 0)
    limit = request.query.get("limit") or int(world.switches["oracle-brm.default_limit"]) or None
    stop = len(bills) if limit is None else start + limit
    render = _renderer(request, world)
    body = [render(customer, bill) for customer, bill in bills.page(min(start, len(bills)), stop)]
    counts = (("X-Result-Count", str(len(body))), ("X-Total-Count", str(len(bills))))
    if len(body) < len(bills) and world.switches["oracle-brm.partial_status"] == 206:
        return Response(206, body, (*counts, ("Link", _links(request, start, limit, len(bills)))))
    return Response(200, body, counts)


def get_bill(request: Request, world: World) -> Response:
    """One bill, by its id or its number (docs/vendors/oracle-brm.md#by-id)."""
    text = request.path["id"]
    reference = from_bill_id(text) or from_bill_number(text)
    bill = find(world, reference) if reference else None
    visible = _visible(request, world)
    if reference is None or bill is None or (visible is not None and reference.customer not in visible):
        raise ApiError("unknown_resource", f"There is no customer bill {text[:80]}", where="id")
    return Response(200, _renderer(request, world)(reference.customer, bill))


def _renderer(request: Request, world: World) -> Callable[[int, ShownBill], Json]:
    """A function that renders a customer's bill in the type and with the members that the request asks for."""
    extended = request.query.get("@type") == serializers.EXTENDED
    terms, site, members = bill_index(world).terms, request.origin + request.base, serializers.members(_fields(request))
    state_of = world.ledger.store.__getitem__
    views: dict[tuple[int, int], serializers.SharedBillView] = {}
    current = 0  # the bills of a customer follow each other in a list

    def render(customer: int, bill: ShownBill) -> Json:
        nonlocal views, current
        if customer != current:
            views, current = serializers.shared_views(state_of(customer), terms, extended), customer
        view = serializers.CustomerBillView(views[bill.account, bill.ordinal], customer, world, site)
        return serializers.customer_bill(view, members)

    return render


def _fields(request: Request) -> frozenset[str] | None:
    """The members named by ``fields``; None for all. A name that no bill has, such as ``none``, leaves id and href."""
    text = request.query.get("fields", "")
    return frozenset(name.strip() for name in text.split(",")) if text.strip() else None


def _visible(request: Request, world: World) -> frozenset[int] | None:
    """The customers whose bills the caller may see: all (None), or its own customer and those it pays for."""
    own = request.principal.customer if request.principal else None
    return None if own is None else frozenset(world.ledger.payees_below(own))


def _links(request: Request, start: int, limit: int | None, total: int) -> str:
    """The ``Link`` header: the pages around this one (RFC 8288). Without a limit, the page before holds all skipped bills."""
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
    return f"{request.origin}{request.base}/customerBill?{urlencode(query, quote_via=quote)}"
