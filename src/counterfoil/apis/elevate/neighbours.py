"""Elevate's read-only lists of customers and bill runs.

Source: docs/vendors/elevate.md#neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from counterfoil.api import ApiError, Json, Request, Response
from counterfoil.api.list_query import list_items
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import bills_of
from counterfoil.ledger.runs import BillingRun, RunStatus
from counterfoil.world.timestamps import format_timestamp

if TYPE_CHECKING:
    from counterfoil.world.world import World

CUSTOMER_MEMBERS = (
    "id", "customerType", "customerName", "customerAccountNumber", "startDate", "endDate", "onlineEmailAddress", "billingCycleId",
)  # fmt: skip
RUN_MEMBERS = (
    "id", "name", "billingCycleId", "created", "periodStartDate", "periodEndDate", "invoiceDate", "includeUsageUntilDate",
    "billRunStatus", "summaryStatus", "parallel", "revenueInMajorCurrency", "usageSuspenseCount", "paused",
)  # fmt: skip
CYCLE = 1
"""The id of the only billing cycle: a scenario has one."""
MAX_NAMES_GENERATED = 500
"""The most customers whose generated names can be searched or sorted; a name takes about 0.1 ms to generate."""

# docs/vendors/elevate.md#bill-run-status
_STATUS = {
    RunStatus.PENDING: ("OPEN", "STARTING"),
    RunStatus.REQUESTED: ("CLOSED", "REPORTING"),
    RunStatus.RUNNING: ("CLOSED", "DISTRIBUTION"),
    RunStatus.COMPLETE: ("FINALIZED", "FINISHED"),
}
_FIRST_STAGES = ((timedelta(minutes=1), "DRAFT_INVOICES"), (timedelta(minutes=3), "FULL_INVOICES"))
"""The first stages of a running run: each lasts until that time after the start."""
_DATE_FILTER = re.compile(r"(?:(lt|gt|gtn):)?([0-9]{4}-[0-9]{2}-[0-9]{2})", re.ASCII)


def list_customers(request: Request, world: World) -> Response:
    """One page of the customers that match, by ascending id unless ``sort`` says otherwise."""
    numbers: Iterable[int] = range(1, world.ledger.customers + 1)
    principal = request.principal
    if principal and principal.customer is not None:
        numbers = sorted(world.ledger.payees_below(principal.customer))
    query = request.query
    keys = _sort_keys(query.get("sort"), CUSTOMER_MEMBERS, world)
    tests = _tests(query, ("customerName", "customerType", "customerAccountNumber"), ("startDate", "endDate"))
    if not tests and not keys:  # the usual case, fast in a large world: only the customers of the page are needed
        shown = list(numbers)[_page(query)]
        return _answer([_customer(number, world) for number in shown], query, CUSTOMER_MEMBERS, world)
    if world.ledger.customers > MAX_NAMES_GENERATED and "customerName" in query:
        numbers = [number for number in numbers if (known := world.identity_overrides.get(number)) and known.name]
    if world.ledger.customers > MAX_NAMES_GENERATED and any(
        key in ("customerName", "onlineEmailAddress") for key, _ in keys
    ):
        raise ApiError(
            "malformed", f"more than {MAX_NAMES_GENERATED} customers cannot be sorted by name or address", where="sort"
        )
    rows = [_customer(number, world, with_name=False) for number in numbers]
    if any(name in query for name in ("customerName",)) or keys:
        rows = [_named(row, world) for row in rows]
    rows = _sorted([row for row in rows if all(test(row) for test in tests)], keys)[_page(query)]
    return _answer([_named(row, world) for row in rows], query, CUSTOMER_MEMBERS, world)


def list_bill_runs(request: Request, world: World) -> Response:
    """One page of the bill runs that match, by ascending id unless ``sort`` says otherwise."""
    query = request.query
    keys = _sort_keys(query.get("sort"), RUN_MEMBERS, world)
    runs = sorted(world.ledger.runs.values(), key=lambda run: run.number)
    tests = _tests(query, ("billRunStatus",), ())
    if query.get("billingCycleId", CYCLE) != CYCLE:
        runs = []
    suspended = world.cached("elevate.suspended", lambda: _unrated(world))
    revenue = world.cached("elevate.revenue", lambda: _revenue(world))
    rows = [_bill_run(run, runs, revenue.get(run.number, 0), suspended, world) for run in runs]
    rows = _sorted([row for row in rows if all(test(row) for test in tests)], keys)
    return _answer(rows[_page(query)], query, RUN_MEMBERS, world)


# --- one item ------------------------------------------------------------------------------------


def _customer(number: int, world: World, *, with_name: bool = True) -> dict[str, Json]:
    state = world.ledger.state_of(number)
    ends = [each.ended for each in state.subscriptions]
    ended = max(filter(None, ends)) if ends and all(end is not None and end <= world.today for end in ends) else None
    row: dict[str, Json] = {
        "id": number,
        "customerType": "BUSINESS",
        "customerName": None,
        "customerAccountNumber": f"C-{number:06d}",
        "startDate": state.opened.isoformat(),
        "endDate": None if ended is None else ended.isoformat(),
        "onlineEmailAddress": None,
        "billingCycleId": CYCLE,
    }
    return _named(row, world) if with_name else row


def _named(row: dict[str, Json], world: World) -> dict[str, Json]:
    if row["customerName"] is None:
        contact = world.contact_of(row["id"])
        row["customerName"], row["onlineEmailAddress"] = contact.name, contact.email
    return row


def _bill_run(run: BillingRun, runs: list[BillingRun], revenue: int, suspended: int, world: World) -> dict[str, Json]:
    status, summary = _stage(run, world)
    invoiced = run.invoice_date or world.today
    until = (run.cutoff_date or invoiced) - timedelta(days=1)
    earlier = [
        each.cutoff_date for each in runs if each.number < run.number and each.subrun == run.subrun and each.cutoff_date
    ]
    since = earlier[-1] if earlier else world.scenario.definition.starts.date()
    return {
        "id": run.number,
        "name": (run.name or f"Run {run.number}")[:22],
        "billingCycleId": CYCLE,
        "created": format_timestamp(run.created_at),
        "periodStartDate": min(since, until).isoformat(),
        "periodEndDate": until.isoformat(),
        "invoiceDate": invoiced.isoformat(),
        "includeUsageUntilDate": None if run.cutoff_date is None else until.isoformat(),
        "billRunStatus": status,
        "summaryStatus": summary,
        "parallel": run.subrun is not None,
        "revenueInMajorCurrency": revenue,
        "usageSuspenseCount": 0 if status == "FINALIZED" else suspended,
        "paused": False,
    }


def _stage(run: BillingRun, world: World) -> tuple[str, str]:
    status, last = _STATUS[run.status]
    if run.status is not RunStatus.RUNNING or run.commenced_at is None:
        return status, last
    elapsed = world.now - run.commenced_at
    return status, next((stage for until, stage in _FIRST_STAGES if elapsed < until), last)


def _revenue(world: World) -> dict[int, int]:
    """The sum each run billed in the seller's currency, net of tax, in whole units."""
    totals = dict.fromkeys(world.ledger.runs, ZERO)
    for state, refcount in world.ledger.store.unique_states():
        for bill in bills_of(state):
            run = bill.invoice.run
            if (
                run is not None and bill.invoice.currency == world.scenario.seller.currency
            ):  # a bill on demand has no run
                totals[run] = totals.get(run, ZERO) + refcount * bill.net
    return {number: int(total) for number, total in totals.items()}


def _unrated(world: World) -> int:
    """How many usage records have no price yet."""
    return sum(
        refcount * sum(not record.rated for record in state.usage)
        for state, refcount in world.ledger.store.unique_states()
    )


# --- queries -------------------------------------------------------------------------------------


def _page(query: Mapping[str, Any]) -> slice:
    return slice((query["page"] - 1) * query["pageSize"], query["page"] * query["pageSize"])


def _answer(rows: list[dict[str, Json]], query: Mapping[str, Any], members: tuple[str, ...], world: World) -> Response:
    wanted = list_items(query.get("fields")) or members
    unknown = [name for name in wanted if name not in members]
    if unknown and world.switches["elevate.unknown_fields_name"] == "400":
        raise ApiError(
            "malformed", f"'{unknown[0][:60]}' is not a field: give any of {', '.join(members)}", where="fields"
        )
    shown = [name for name in members if name in wanted]
    return Response(200, [{name: row[name] for name in shown} for row in rows])


def _sort_keys(given: str | None, members: tuple[str, ...], world: World) -> list[tuple[str, bool]]:
    keys = []
    for part in list_items(given):
        name, colon, direction = part.partition(":")
        if name in members and (not colon or direction == "desc"):
            keys.append((name, bool(colon)))
        elif world.switches["elevate.unknown_sort_field"] == "400":
            message = (
                f"'{part[:60]}' is not a field to sort by: give any of {', '.join(members)}, with :desc for descending"
            )
            raise ApiError("malformed", message, where="sort")
    return keys


def _sorted(rows: list[dict[str, Json]], keys: list[tuple[str, bool]]) -> list[dict[str, Json]]:
    for name, descending in reversed(keys):
        rows = sorted(rows, key=lambda row: (row[name] is not None, row[name]), reverse=descending)
    return rows


def _tests(
    query: Mapping[str, Any], texts: tuple[str, ...], days: tuple[str, ...]
) -> list[Callable[[dict[str, Json]], bool]]:
    """A test for each filter in the query: text as in the summaries, days as docs/vendors/elevate.md#sibling-filters has them."""
    tests = [_text_test(name, query[name]) for name in texts if name in query]
    return tests + [_day_test(name, query[name]) for name in days if name in query]


def _text_test(name: str, given: str) -> Callable[[dict[str, Json]], bool]:
    if given.startswith("like:"):
        return lambda row: given[5:].lower() in (row[name] or "").lower()
    values = list_items(given[3:]) if given.startswith("in:") else [given]
    return lambda row: row[name] in values


def _day_test(name: str, given: str) -> Callable[[dict[str, Json]], bool]:
    found = _DATE_FILTER.fullmatch(given)
    try:
        day = date.fromisoformat(found[2]).isoformat() if found else None
    except ValueError:
        day = None
    if found is None or day is None:
        raise ApiError("malformed", "give a date as yyyy-MM-dd, or after lt:, gt: or gtn:", where=name)
    relation, wanted = found[1], day
    if relation == "lt":
        return lambda row: row[name] is not None and row[name] < wanted
    if relation == "gt":
        return lambda row: row[name] is not None and row[name] > wanted
    if relation == "gtn":
        return lambda row: row[name] is None or row[name] > wanted
    return lambda row: row[name] == wanted
