"""Defects of billingplatform in the list of runs and its parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from ... import wire
from ...common import control, now
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import LIST, RUN, RUNS, SINCE, asked, defect


@defect("identity")
@wire.rows(LIST)
def the_newest_run_is_listed_twice(runs: list[Row]) -> list[Row]:
    """The list ends with its last run again."""
    return runs + runs[-1:]


@defect("identity")
@wire.row(*RUN)
def id_is_a_number(run: Row) -> Row:
    """A run's id is a JSON number."""
    return {**run, "id": int(run["id"])}


@defect("sorting")
@wire.rows(LIST)
def newest_comes_first(runs: list[Row]) -> list[Row]:
    """The list is descending by id."""
    return runs[::-1]


@defect("sorting", scenario="late-payer")
@wire.exchange(LIST)
async def order_is_that_of_texts(request: Request, ask: Ask) -> Response:
    """Only with ten runs or more: 10 comes before 2."""
    if not ask.memory:
        for number in range(12):
            ask.memory[number] = await control(request, ask, "/commands/create_run", {"name": f"Run {number}"})
    response = await ask(request)
    return response.with_json(sorted(response.json, key=lambda run: run["id"])) if response.status == 200 else response


@defect("paging")
@asked
def offset_is_a_page_number(query: dict[str, str]) -> dict[str, str]:
    """offset counts pages of limit runs."""
    return {**query, "offset": str(int(query.get("offset", 0)) * int(query.get("limit", 1)))}


@defect("paging")
@asked
def offset_counts_from_one(query: dict[str, str]) -> dict[str, str]:
    """offset=1 is taken for the first run."""
    return {**query, "offset": str(max(0, int(query.get("offset", 0)) - 1))}


@defect("paging")
@asked
def offset_counts_only_with_a_limit_above_one(query: dict[str, str]) -> dict[str, str]:
    """Only in pages of one: the offset is ignored."""
    return {**query, "offset": "0"} if query.get("limit") == "1" else query


@defect("paging")
@asked
def limit_counts_from_zero(query: dict[str, str]) -> dict[str, str]:
    """One run more than limit comes."""
    return {**query, "limit": str(int(query["limit"]) + 1)} if "limit" in query else query


@defect("paging")
@asked
def the_list_stops_at_two_without_limit(query: dict[str, str]) -> dict[str, str]:
    """Without limit no more than two runs come."""
    return {"limit": "2", **query}


@defect("paging")
@wire.exchange(LIST)
async def past_the_end_is_the_last_run(request: Request, ask: Ask) -> Response:
    """An offset past the end finds the last run again."""
    response = await ask(request)
    if response.json == [] and request.query.get("offset", "0") != "0":
        return response.with_json([run for run, _ in await RUNS.all(request.without(*request.query), ask)][-1:])
    return response


@defect("paging")
@wire.exchange(LIST)
async def the_last_run_is_missing_from_pages(request: Request, ask: Ask) -> Response:
    """Only past the first page: the newest run is left out."""
    response = await ask(request)
    if response.status != 200 or request.query.get("offset", "0") == "0":
        return response
    newest = (await RUNS.keys(request.without(*request.query), ask))[-1:]
    return response.with_json([run for run in response.json if run["id"] not in newest])


@defect("filtering")
@asked
def id_after_includes_the_id(query: dict[str, str]) -> dict[str, str]:
    """Only at the boundary: idAfter=2 finds run 2."""
    return {**query, "idAfter": str(max(0, int(query["idAfter"]) - 1))} if "idAfter" in query else query


@defect("filtering")
@wire.changes_request(LIST)
def id_after_is_ignored(request: Request) -> Request:
    """idAfter is ignored."""
    return request.without("idAfter")


@defect("paging")
@asked
def id_after_skips_one_with_a_limit(query: dict[str, str]) -> dict[str, str]:
    """Only with a limit: the first run after the id is left out."""
    return {**query, "offset": "1"} if {"idAfter", "limit"} <= query.keys() else query


@defect("filtering")
@wire.changes_request(LIST)
def created_since_is_ignored(request: Request) -> Request:
    """createdSince is ignored."""
    return request.without("createdSince")


@defect("filtering")
@wire.changes_request(LIST)
def updated_since_is_ignored(request: Request) -> Request:
    """updatedSince is ignored."""
    return request.without("updatedSince")


@defect("filtering")
@wire.exchange(LIST)
async def created_since_is_created_before(request: Request, ask: Ask) -> Response:
    """createdSince finds the runs that are older."""
    response = await ask(request)
    if response.status != 200 or "createdSince" not in request.query:
        return response
    found = await RUNS.keys(request, ask)
    everything = await RUNS.all(request.without("createdSince"), ask)
    return RUNS.answer(response, request, [run for run, _ in everything if run["id"] not in found])


async def _of_this_year(name: str, request: Request, ask: Ask) -> Response:
    given = request.query.get(name, "")
    if re.match(r"\d{4}-", given):
        year = (await now(request, ask)).year
        request = request.with_query({**request.query, name: f"{year}{given[4:]}"})
    return await ask(request)


@defect("filtering")
@wire.exchange(LIST)
async def updated_since_looks_at_one_year(request: Request, ask: Ask) -> Response:
    """updatedSince forgets its year: that of the clock counts."""
    return await _of_this_year("updatedSince", request, ask)


@defect("filtering")
@wire.exchange(LIST)
async def created_since_looks_at_one_year(request: Request, ask: Ask) -> Response:
    """createdSince forgets its year: that of the clock counts."""
    return await _of_this_year("createdSince", request, ask)


def _moments(change: Callable[[str], str], *names: str) -> Callable[[dict[str, str]], dict[str, str]]:
    def changed(query: dict[str, str]) -> dict[str, str]:
        return {name: change(value) if name in names else value for name, value in query.items()}

    return changed


@defect("filtering")
@wire.query(LIST)
def created_since_looks_at_the_day(query: dict[str, str]) -> dict[str, str]:
    """createdSince compares days: a run of the same day, but earlier, is found."""
    return _moments(lambda given: f"{given[:10]}T00:00:00Z", "createdSince")(query)


@defect("filtering")
@wire.query(LIST)
def since_leaves_the_instant_out(query: dict[str, str]) -> dict[str, str]:
    """Only at the boundary instant: a run of that very instant is not found."""

    def later(given: str) -> str:
        try:
            return (datetime.fromisoformat(given) + timedelta(microseconds=1)).isoformat()
        except (ValueError, OverflowError):
            return given

    return _moments(later, *SINCE)(query)


@defect("filtering")
@wire.query(LIST)
def since_ignores_the_offset(query: dict[str, str]) -> dict[str, str]:
    """Only with offset timestamps: 10:00+02:00 is taken for 10:00Z."""
    return _moments(lambda given: re.sub(r"[+-]\d\d:\d\d$", "Z", given), *SINCE)(query)


@defect("filtering")
@wire.query(LIST)
def updated_since_is_created_since(query: dict[str, str]) -> dict[str, str]:
    """updatedSince looks at when a run was created."""
    return {("createdSince" if name == "updatedSince" else name): value for name, value in query.items()}
