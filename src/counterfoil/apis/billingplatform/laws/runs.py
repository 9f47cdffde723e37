"""Laws about a single run, the list of runs, and its filters createdSince and updatedSince."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from counterfoil.apis.billingplatform.laws.resources import COMMENCED, COMPLETED, LIST, RUN, RUNS
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import quoted
from counterfoil.contract.laws import comparing
from counterfoil.contract.laws.items import Mismatch

INSTANT_TEXT = COMMENCED.write


def id_is_text(item: Any) -> Mismatch:
    """A run's id is a string."""
    return None if isinstance(item.get("id"), str) else ("a text in id", quoted(item.get("id")))


def commenced_in_step(item: Any) -> Mismatch:
    """commencedDate is set if and only if the run is Running or Complete."""
    due = item["status"] in ("Running", "Complete")
    return None if (item.get("commencedDate") is not None) == due else ("commencedDate in step with status", item)


def completed_in_step(item: Any) -> Mismatch:
    """completedDate is set if and only if the run is Complete, and is not before commencedDate."""
    completed, commenced = COMPLETED.value(item), COMMENCED.value(item)
    if (completed is not None) != (item["status"] == "Complete"):
        return "completedDate in step with status", item
    if completed is not None and commenced is not None and completed < commenced:
        return "completedDate not before commencedDate", item
    return None


def amount_in_step(item: Any) -> Mismatch:
    """A Complete run has an amount, a Pending run has none yet."""
    amount = item.get("invoiceAmount")
    if item["status"] == "Complete":
        return None if amount is not None else ("an invoiceAmount", item)
    return (
        None if item["status"] != "Pending" or amount is None or float(amount) == 0 else ("no invoiceAmount yet", item)
    )


# ---------------------------------------------------------------- since


FAR_PAST, FAR_FUTURE = "1990-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
SLACK = timedelta(seconds=5)
"""The most time between the response to a creation and the instant that the target records for it."""


def since_ends(param: str) -> Any:
    def check(ctx: LawContext) -> None:
        whole = RUNS.require_items(ctx)
        RUNS.same_items(ctx, RUNS.fetch_all(ctx, {param: FAR_PAST}), whole, f"{param} long ago leaves every run")
        found = RUNS.fetch_all(ctx, {param: FAR_FUTURE})
        ctx.expect(found == [], f"no run with {param} in the far future", RUNS.ids(found))

    return check


def since_narrows(param: str) -> Any:
    def check(ctx: LawContext) -> None:
        RUNS.require_items(ctx)
        wider: set[str] | None = None
        for moment in (f"{year}-{month:02}-01T00:00:00Z" for year in (2024, 2025, 2026) for month in (1, 4, 7, 10)):
            ctx.cases += 1
            found = set(RUNS.ids(RUNS.fetch_all(ctx, {param: moment})))
            ctx.expect(
                wider is None or found <= wider,
                f"{param}={moment} to leave no run that an earlier moment removed",
                found,
            )
            wider = found

    return check


def created_at(ctx: LawContext, made: Any) -> datetime:
    """When a run was created by the target's own clock, to the second.

    It comes from the capability ``now``, or from the Date header if that agrees with createdSince. Otherwise (the target's
    clock differs from its Date header) it is the last instant for which createdSince finds the run.
    """
    low, high = datetime.fromisoformat(FAR_PAST), datetime.fromisoformat(FAR_FUTURE)
    near = ctx.now()
    if "now" in ctx.client.target.capabilities:
        return near
    if _is_created_since(ctx, made, near - SLACK) and not _is_created_since(ctx, made, near + SLACK):
        return near
    ctx.expect(_is_created_since(ctx, made, low), f"run {made['id']} among those created since {FAR_PAST}")
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _is_created_since(ctx, made, middle) else (low, middle)
    return low


def _is_created_since(ctx: LawContext, made: Any, instant: datetime) -> bool:
    query = {"createdSince": INSTANT_TEXT(instant), "idAfter": str(int(made["id"]) - 1)}
    return made["id"] in RUNS.ids(RUNS.fetch_all(ctx, query))


def created_now_is_found(ctx: LawContext) -> None:
    """A new run is found with createdSince just before its creation, and not with createdSince just after it."""
    RUNS.whole_list(ctx)
    first = created_at(ctx, RUN.make(ctx, {}))
    made = RUN.make(ctx, {})
    now = created_at(ctx, made)
    ctx.expect(now >= first - SLACK, f"run {made['id']} created no earlier than the one before, {first}", now)
    before, after = (INSTANT_TEXT(now + timedelta(seconds=s)) for s in (-5, 5))
    ctx.expect(
        made["id"] in RUNS.ids(RUNS.fetch_all(ctx, {"createdSince": before})),
        f"run {made['id']} among those since {before}",
    )
    ctx.expect(
        made["id"] not in RUNS.ids(RUNS.fetch_all(ctx, {"createdSince": after})),
        f"run {made['id']} not among those since {after}",
    )


def since_includes_the_instant(ctx: LawContext) -> None:
    """createdSince and updatedSince include the given instant itself."""
    ctx.require("now" in ctx.client.target.capabilities, "this target's clock cannot be read exactly")
    instant = INSTANT_TEXT(ctx.now())
    made = RUN.make(ctx, {})
    for param in ("createdSince", "updatedSince"):
        found = RUNS.ids(RUNS.fetch_all(ctx, {param: instant}))
        ctx.expect(
            made["id"] in found, f"run {made['id']}, created at {instant}, among those with {param}={instant}", found
        )


def since_knows_offsets(ctx: LawContext) -> None:
    """createdSince and updatedSince treat an instant the same with any offset, and with a fraction of a second."""
    made = RUN.make(ctx, {})
    now = created_at(ctx, made)
    for param in ("createdSince", "updatedSince"):
        for seconds, is_in in ((-5, True), (5, False)):
            for text in comparing.spellings(now + timedelta(seconds=seconds)):
                ctx.cases += 1
                found = RUNS.ids(RUNS.fetch_all(ctx, {param: text}))
                description = f"run {made['id']} {'' if is_in else 'not '}among those with {param}={text}"
                ctx.expect((made["id"] in found) == is_in, description, found)


def update_is_seen(ctx: LawContext) -> None:
    """updatedSince finds a run only after the run was changed; createdSince does not find it even then."""
    RUNS.whole_list(ctx)
    made = RUN.make(ctx, {})
    created = created_at(ctx, made)
    since = INSTANT_TEXT(created + timedelta(seconds=1))
    ctx.expect(
        made["id"] not in RUNS.ids(RUNS.fetch_all(ctx, {"updatedSince": since})),
        f"run {made['id']} not yet updated since {since}",
    )
    ctx.pause(2.1)
    if "advance" not in ctx.client.target.capabilities:
        later = created_at(ctx, RUN.make(ctx, {}))
        ctx.require(later > created, "the target's clock does not move")
    RUN.patch(ctx, made["id"], {"name": "changed later"})
    ctx.expect(
        made["id"] in RUNS.ids(RUNS.fetch_all(ctx, {"updatedSince": since})), f"run {made['id']} updated since {since}"
    )
    ctx.expect(
        made["id"] not in RUNS.ids(RUNS.fetch_all(ctx, {"createdSince": since})),
        f"run {made['id']} not created since {since}",
    )


# ---------------------------------------------------------------- the rest


def slash_or_none(ctx: LawContext) -> None:
    """The list is the same with and without a trailing slash, and neither address redirects."""
    with_, without = ctx.request_json(LIST), ctx.request_json("GET /billingRuns")
    ctx.expect(with_ == without, "the same list without the slash", without)


def slash_or_none_posting(ctx: LawContext) -> None:
    """A run is created with and without a trailing slash."""
    made = ctx.request_json("POST /billingRuns", body={"name": "no slash"}, status=RUN.created)
    ctx.expect(made["name"] == "no slash", "a new run named as sent", made)


def list_comes_whole(ctx: LawContext) -> None:
    """Without limit the response is the whole list."""
    whole = RUNS.require_items(ctx)
    RUNS.same_items(ctx, RUNS.fetch(ctx, {}), whole, "the whole list without limit")
