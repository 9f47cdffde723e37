"""What the defects of oracle-brm share: its operations, and how its requests and responses are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ... import wire
from ...lists import ListOf, Row
from ...plant import defects_of
from ...wire import Request

LIST, FETCH = "GET /customerBill", "GET /customerBill/{id}"
EXTENDED = "CustomerBillOracle"
AMOUNTS = ("amountDue.value", "remainingAmount.value")
INSTANTS = (
    "billDate",
    "billingPeriod.endDateTime",
    "billingPeriod.startDateTime",
    "lastUpdate",
    "paymentDueDate",
)
BOUNDS = ("", ".gt", ".gte", ".lt", ".lte")
TIMES = tuple(name + bound for name in INSTANTS for bound in BOUNDS)
NUMBERS = tuple(name + bound for name in AMOUNTS for bound in BOUNDS)
LIKES = ("billNo.like", "remainingAmount.value.like")
FILTERS = (*TIMES, *NUMBERS, *LIKES, "billNo", "billingAccount.id", "id", "state")
NOT_YET_NUMBERED = "bill in progress"
STATES = ("new", "onHold", "inProgress", "partiallyPaid", "settled", "sent", "validated")
defect = defects_of("oracle-brm")


def window_of(query: Any) -> tuple[int, int]:
    offset = int(query.get("offset", 0))
    return offset, offset + int(query.get("limit", 10**6))


BILLS = ListOf(LIST, "id", ("offset", "limit"), window_of, {}, ("x-result-count", "x-total-count"))


def value_at(row: Row, path: str) -> Any:
    """The amount or instant at a path, None where there is none."""
    found: Any = row
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return instant_in(found) if path in INSTANTS and found is not None else found


def instant_in(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number_in(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def compares(
    names: Collection[str], bound: str, compare: Callable[[Any, Any], bool]
) -> Callable[[Callable[[], None]], wire.Defect]:
    """The filters ``names`` with this bound compare by ``compare(value, bound)``."""

    def made(function: Callable[[], None]) -> wire.Defect:
        @BILLS.matching([name + bound for name in names])
        @functools.wraps(function)
        def changed(row: Row, name: str, given: str, was: bool) -> bool:
            path = name.removesuffix(bound)
            value, limit = value_at(row, path), (instant_in if path in INSTANTS else number_in)(given)
            return was if value is None or limit is None else compare(value, limit)

        return changed

    return made


def renamed(query: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    return {names.get(name, name): value for name, value in query.items()}


def reads_texts(names: Collection[str], change: Callable[[str], str]) -> Callable[[Callable[[], None]], wire.Defect]:
    """The filters ``names`` are read as ``change(text)``."""

    def made(function: Callable[[], None]) -> wire.Defect:
        @wire.query(LIST)
        @functools.wraps(function)
        def changed(query: dict[str, str]) -> dict[str, str]:
            return {name: change(value) if name in names else value for name, value in query.items()}

        return changed

    return made


def passes_over(when: Callable[[Request], bool], *names: str, of: str = LIST) -> Callable[[Any], wire.Defect]:
    """``names`` are ignored if ``when(request)``."""

    def made(function: Callable[[], None]) -> wire.Defect:
        @wire.changes_request(of)
        @functools.wraps(function)
        def changed(request: Request) -> Request:
            return request.without(*names) if when(request) else request

        return changed

    return made


def always(request: Request) -> bool:
    return True


def party_of(bill: Row) -> str:
    return str(bill["relatedParty"][0]["id"])


def is_extended(bill: Row) -> bool:
    return bill.get("@type") == EXTENDED
