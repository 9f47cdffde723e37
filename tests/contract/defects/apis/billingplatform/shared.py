"""What the defects of billingplatform share: its operations, and how its requests and responses are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import wire
from ...lists import ListOf
from ...plant import defects_of
from ...wire import Request

LIST, CREATE = "GET /billingRuns/", "POST /billingRuns/"
FETCH, CHANGE = "GET /billingRuns/{id}", "PATCH /billingRuns/{id}"
RUN = (LIST, FETCH, CREATE, CHANGE)
LOCKED = ("invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate", "invoiceMessage")
FIELDS = ("name", "subrun", *LOCKED)
SINCE = ("createdSince", "updatedSince")
defect = defects_of("billingplatform")


def window_of(query: Any) -> tuple[int, int]:
    offset = int(query.get("offset", 0))
    return offset, offset + int(query.get("limit", 10**6))


RUNS = ListOf(LIST, "id", ("offset", "limit"), window_of, {})


def asked(function: Callable[[dict[str, str]], dict[str, str]]) -> wire.Defect:
    """``f(query) -> query`` of the list, where its numbers are numbers."""

    def changed(query: dict[str, str]) -> dict[str, str]:
        numbers = [query[name] for name in ("offset", "limit", "idAfter") if name in query]
        return function(query) if all(number.isdecimal() for number in numbers) else query

    changed.__name__, changed.__doc__ = function.__name__, function.__doc__
    return wire.query(LIST)(changed)


def list_path(request: Request) -> str:
    return request.path.rstrip("/").rpartition("/")[0] + "/"
