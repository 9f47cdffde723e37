"""Filters and pages the list of billing runs."""

from __future__ import annotations

import re
from operator import ge, gt
from typing import TYPE_CHECKING

from counterfoil import hints
from counterfoil.api import ApiError, Request
from counterfoil.world.timestamps import parse_timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from counterfoil.ledger.runs import BillingRun
    from counterfoil.world.world import World

_OFFSET = re.compile(r"(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)(?:\[[^\]]*\])?$", re.ASCII)


def select_runs(request: Request, world: World) -> list[BillingRun]:
    """The runs that match, by ascending id, from ``offset`` and at most ``limit``
    (docs/vendors/billingplatform.md#parameters)."""
    query = request.query
    runs = sorted(world.ledger.runs.values(), key=lambda run: run.number)
    if "idAfter" in query:
        runs = [run for run in runs if run.number > query["idAfter"]]
    compare = ge if world.switches["billingplatform.since"] == "inclusive" else gt
    if "createdSince" in query:
        since = _timestamp("createdSince", query["createdSince"], world)
        runs = [run for run in runs if compare(run.created_at, since)]
    if "updatedSince" in query:
        since = _timestamp("updatedSince", query["updatedSince"], world)
        runs = [run for run in runs if compare(run.updated_at, since)]
    first = query.get("offset", 0)
    return runs[first : first + query["limit"]] if "limit" in query else runs[first:]


def _timestamp(name: str, text: str, world: World) -> datetime:
    """The time in parameter ``name``, to the microsecond (docs/vendors/billingplatform.md#datetime-filter)."""
    if world.switches["billingplatform.datetime_filter"] == "lenient":
        if len(text) == len("2026-01-01"):
            text = f"{text}T00:00:00"
        text = text if _OFFSET.search(text) else f"{text}Z"
    try:
        return parse_timestamp(text)[0]
    except ValueError:
        message = f"{name} must be a date-time with an offset: {hints.DATE_TIME_IN_A_URL}"
        raise ApiError("malformed", message) from None
