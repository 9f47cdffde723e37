"""What the defects of flexprice share: its operations, and how its requests and responses are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from ... import wire
from ...common import control, now
from ...plant import defects_of
from ...wire import Ask, Request, Response

Row = dict[str, Any]
SUMMARY = "GET /customers/{id}/invoices/summary"
OPTIONS = "OPTIONS /customers/{id}/invoices/summary"
SECURITY = ("x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy")
defect = defects_of("flexprice", scenario="multi-currency")


def amount_of(value: Decimal) -> str:
    """As flexprice writes an amount: without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


async def customer_of(request: Request, ask: Ask) -> Row | None:
    """What the control API returns about the requested customer, or ``None``."""
    number = unquote(request.segment(-3)).removeprefix("cust_")
    found = await control(request, ask, f"/customers/{int(number)}") if number.isdecimal() else None
    return found if isinstance(found, dict) and "bills" in found else None


async def bills_of(request: Request, ask: Ask) -> list[Row]:
    """The invoices that are not void, the customer's own and those it pays for."""
    customer = await customer_of(request, ask)
    if customer is None:
        return []
    payees = [await control(request, ask, f"/customers/{number}") for number in customer["pays_for"]]
    return [bill for each in (customer, *payees) for bill in each["bills"] if bill["settlement"] != "cancelled"]


def total_of(bills: Iterable[Row], member: str) -> Decimal:
    return sum((Decimal(bill[member]) for bill in bills), Decimal(0))


def charges(bills: Iterable[Row], is_meant: Callable[[str], bool]) -> Decimal:
    return sum(
        (Decimal(line["amount"]) for bill in bills for line in bill["lines"] if is_meant(line["kind"])), Decimal(0)
    )


def is_usage(kind: str) -> bool:
    return kind == "usage"


def is_fixed(kind: str) -> bool:
    return kind != "usage"


def due_at(bill: Row) -> datetime:
    return datetime.fromisoformat(bill["due_on"]).replace(tzinfo=UTC)


def late_bills(bills: Iterable[Row], instant: datetime) -> list[Row]:
    return [bill for bill in bills if bill["settlement"] != "paid" and due_at(bill) < instant]


def summed(function: Callable[[Row, list[Row], datetime], Row]) -> wire.Defect:
    """``f(summary, bills in its currency, now) -> members that are different``; amounts as decimals."""

    @wire.exchange(SUMMARY)
    @functools.wraps(function)
    async def defect(request: Request, ask: Ask) -> Response:
        response = await ask(request)
        if response.status != 200 or not (found := response.json)["summaries"]:
            return response
        bills, instant = await bills_of(request, ask), await now(request, ask)

        def changed(shown: Row) -> Row:
            members = function(shown, [b for b in bills if b["currency"].lower() == shown["currency"]], instant)
            written = {name: amount_of(v) if isinstance(v, Decimal) else v for name, v in members.items()}
            return {**shown, **written}

        return response.with_json({**found, "summaries": [changed(shown) for shown in found["summaries"]]})

    return defect


def if_unpaid(bills: list[Row], is_unpaid: Callable[[Row], bool]) -> Row:
    """The members of a summary if these bills were unpaid."""
    unpaid = [bill for bill in bills if is_unpaid(bill)]
    return {
        "total_unpaid_amount": total_of(unpaid, "remaining"),
        "unpaid_invoice_count": len(unpaid),
        "unpaid_usage_charges": charges(unpaid, is_usage),
        "unpaid_fixed_charges": charges(unpaid, is_fixed),
    }


def each_summary(function: Callable[[Row], Row]) -> wire.Defect:
    """``f(summary) -> members that are different``."""

    def changed(body: Row) -> Row:
        return {**body, "summaries": [{**shown, **function(shown)} for shown in body["summaries"]]}

    return wire.body(SUMMARY)(functools.wraps(function)(changed))
