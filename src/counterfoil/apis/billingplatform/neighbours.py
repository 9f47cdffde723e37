"""billingplatform.uk's read-only lists of customers and invoices.

Source: docs/vendors/billingplatform.md#neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Json, Request, Response
from counterfoil.apis.billingplatform.serializers import currency_text, day_text
from counterfoil.ledger.receivables import Bill, bills_of

if TYPE_CHECKING:
    from counterfoil.world.world import World

MAX_LIMIT = 1000
"""The longest list, and its length without ``limit``."""


def list_customers(request: Request, world: World) -> Response:
    """Customers by ascending id, after ``idAfter``; ``accountNumber`` finds one or none."""
    query = request.query
    numbers = _visible(request, world)
    if "accountNumber" in query:
        numbers = [each for each in numbers if _account_number(each) == query["accountNumber"]]
    if "idAfter" in query:
        numbers = [each for each in numbers if each > query["idAfter"]]
    first = query.get("offset", 0)
    return Response(200, [_customer(each, world) for each in numbers[first : first + query.get("limit", MAX_LIMIT)]])


def get_customer(request: Request, world: World) -> Response:
    return Response(200, _customer(_number(request, world), world))


def list_invoices(request: Request, world: World) -> Response:
    """The invoices of all customers that match."""
    return _invoices(request, world, _visible(request, world))


def list_customer_invoices(request: Request, world: World) -> Response:
    """The invoices of one customer that match."""
    return _invoices(request, world, [_number(request, world)])


def _invoices(request: Request, world: World, numbers: list[int]) -> Response:
    query = request.query
    skipped, limit = query.get("offset", 0), query.get("limit", MAX_LIMIT)
    found: list[Json] = []
    for number, bill in _bills(world, numbers):
        invoice = bill.invoice
        issued, due = invoice.issued_on.isoformat(), invoice.due_on.isoformat()
        if not (
            query.get("minDate", issued) <= issued <= query.get("maxDate", issued)
            and query.get("minDueDate", due) <= due <= query.get("maxDueDate", due)
            and query.get("invoiceNumber", name := _invoice_number(number, bill)) == name
        ):
            continue
        if skipped:
            skipped -= 1
        elif len(found) < limit:
            found.append(_invoice(number, bill, world))
        else:
            break
    return Response(200, found)


def _bills(world: World, numbers: list[int]) -> Iterator[tuple[int, Bill]]:
    for number in numbers:
        for bill in bills_of(world.ledger.state_of(number)):
            yield number, bill


def _visible(request: Request, world: World) -> list[int]:
    """The customers that the credential may see."""
    customer = request.principal.customer if request.principal else None
    return (
        list(range(1, world.ledger.customers + 1)) if customer is None else sorted(world.ledger.payees_below(customer))
    )


def _number(request: Request, world: World) -> int:
    given: str = request.path["id"]
    if (
        given.isascii()
        and given.isdecimal()
        and given[0] != "0"
        and len(given) <= 18
        and int(given) in _visible(request, world)
    ):
        return int(given)
    raise ApiError("unknown_resource", f"there is no customer {given[:80]}", where="id")


def _account_number(number: int) -> str:
    return f"C{number:05d}"


def _customer(number: int, world: World) -> Json:
    contact = world.contact_of(number)
    return {
        "id": str(number),
        "accountNumber": _account_number(number),
        "name": contact.name,
        "email": contact.email,
        "telephone": contact.phone or None,
    }


def _invoice_number(number: int, bill: Bill) -> str:
    return f"{_account_number(number)}-{bill.invoice.account + 1}-{bill.invoice.ordinal}"


def _invoice(number: int, bill: Bill, world: World) -> Json:
    return {
        "invoiceNumber": _invoice_number(number, bill),
        "customer": str(number),
        "billingRun": None if bill.invoice.run is None else str(bill.invoice.run),
        "invoiceDate": day_text(bill.invoice.issued_on, world),
        "dueDate": day_text(bill.invoice.due_on, world),
        "amount": currency_text(bill.total, world),
        "currency": bill.invoice.currency,
    }
