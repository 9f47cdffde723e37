"""What the defects of elevate share: its operations, and how its requests and responses are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...lists import ListOf
from ...plant import defects_of

LIST = "GET /customer-billing-summaries"
LOGIN = "POST /authenticate"
FILTERS = ("customerId", "valueDifference", "percentageDifference", "ratingStatus", "billingStatus")
STATUSES = {
    "billingStatus": ("ACTIVE", "FIRST_INVOICE", "CEASED", "RESURRECTED", "NEVER_BILLED"),
    "ratingStatus": ("COMPLETE", "INCOMPLETE"),
}
MEMBERS = (*FILTERS, "openBillRunValue", "previousBillRunValue")
defect = defects_of("elevate")


def window_of(query: Any) -> tuple[int, int]:
    page, size = int(query["page"]), int(query["pageSize"])
    return (page - 1) * size, page * size


SUMMARIES = ListOf(LIST, "customerId", ("page", "pageSize"), window_of, {"page": "1", "pageSize": "1000"})


def is_plain(given: str) -> bool:
    return not given.startswith(("in:", "like:"))


def is_in(given: str) -> bool:
    return given.startswith("in:")


def is_like(given: str) -> bool:
    return given.startswith("like:")


def number_in(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def with_changed(query: dict[str, str], name: str, change: Any) -> dict[str, str]:
    """The query with ``change(value)`` of a parameter, where it is there."""
    return {**query, name: change(query[name])} if name in query else query


def with_keys(query: dict[str, str], change: Any) -> dict[str, str]:
    """The query with ``change(keys)`` of its sort keys, each a member's name and whether it is descending."""
    if not query.get("sort"):
        return query
    keys = [(key.removesuffix(":desc"), key.endswith(":desc")) for key in query["sort"].split(",")]
    return {**query, "sort": ",".join(name + ":desc" * descending for name, descending in change(keys))}
