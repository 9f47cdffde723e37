"""What can be asked: the list of customer bills, and one of them. Read, select, render."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from counterfoil.api import ApiError, Json, Principal, Request, Response
from counterfoil.apis.oracle_brm import serializers
from counterfoil.apis.oracle_brm.bills import ShownBill, from_bill_id, from_bill_number
from counterfoil.apis.oracle_brm.selection import bill_index, find, select
from counterfoil.world.world import World

API = "oracle-brm"


def list_bills(request: Request, world: World) -> Response:
    """The bills that fit, from ``offset`` on and at most ``limit``, with both counts (vendor facts 2.6, rules 7 to 9)."""
    bills = select(world, request.query, _visible(request, world))
    start = request.query.get("offset", 0)
    limit = request.query.get("limit") or int(world.switches["oracle-brm.default_limit"]) or None
    stop = len(bills) if limit is None else start + limit
    show = _renderer(request, world)
    body = [show(customer, bill) for customer, bill in bills.page(min(start, len(bills)), stop)]
    counts = (("X-Result-Count", str(len(body))), ("X-Total-Count", str(len(bills))))
    if len(body) < len(bills) and world.switches["oracle-brm.partial_status"] == 206:
        return Response(206, body, (*counts, ("Link", _links(request, start, limit, len(bills)))))
    return Response(200, body, counts)


def get_bill(request: Request, world: World) -> Response:
    """One bill, by its id or its number (rule 16)."""
    text = request.path["id"]
    name = from_bill_id(text) or from_bill_number(text)
    bill = find(world, name) if name else None
    visible = _visible(request, world)
    if name is None or bill is None or (visible is not None and name.customer not in visible):
        raise ApiError("unknown_resource", f"There is no customer bill {text[:80]}", where="id")
    return Response(200, _renderer(request, world)(name.customer, bill))


def authenticate(headers: Mapping[str, str], world: World) -> Principal:
    """Who a bearer token stands for. With the switch ``token`` at optional, a request without one may see all.

    A token that is sent must be good even then: that it is not is a mistake of the client's either way.
    """
    sent = headers.get("authorization")
    if sent is None and world.switches["oracle-brm.token"] == "optional":
        return Principal(key="")
    scheme, _, value = (sent or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise ApiError("unauthenticated", "Send a bearer token in the Authorization header")
    token = world.tokens.find(value.strip())
    if token and token.api == API and token.expires_at <= world.now:
        raise ApiError("expired", "This token has expired")
    grant = world.grant(token.key if token and token.api == API else value.strip())
    if grant is None:
        raise ApiError("unauthenticated", "This token is not known")
    if not grant.allows(API):
        raise ApiError("forbidden", "This token may not read customer bills")
    return Principal(key=grant.key, customer=grant.customer)


def _renderer(request: Request, world: World) -> Callable[[int, ShownBill], Json]:
    """How this request wants a bill shown: in which type, with which members."""
    extended = request.query.get("@type") == serializers.EXTENDED
    terms, site, criteria = (
        bill_index(world).terms,
        request.origin + request.base,
        serializers.members(_fields(request)),
    )
    book_of = world.ledger.store.__getitem__
    views: dict[tuple[int, int], serializers.SharedBillView] = {}
    whose = 0  # a customer's bills stand together in a list

    def show(customer: int, bill: ShownBill) -> Json:
        nonlocal views, whose
        if customer != whose:
            views, whose = serializers.views(book_of(customer), terms, extended), customer
        return serializers.bill(
            serializers.CustomerBillView(views[bill.account, bill.ordinal], customer, world, site), criteria
        )

    return show


def _fields(request: Request) -> frozenset[str] | None:
    """The members asked for; None for all. ``none``, like any name that no bill has, adds nothing to id and href."""
    text = request.query.get("fields", "")
    return frozenset(name.strip() for name in text.split(",")) if text.strip() else None


def _visible(request: Request, world: World) -> frozenset[int] | None:
    """The customers whose bills may be seen: all (None), or one and those it pays for, however far below."""
    if request.principal is None or request.principal.customer is None:
        return None
    seen, waiting = set[int](), [request.principal.customer]
    while waiting:
        customer = waiting.pop()
        seen.add(customer)
        waiting.extend(world.ledger.paid_for_by(customer))
    return frozenset(seen)


def _links(request: Request, start: int, limit: int | None, total: int) -> str:
    """The parts of the list around this one (RFC 8288); without a limit, the part before is all that was passed over."""
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
