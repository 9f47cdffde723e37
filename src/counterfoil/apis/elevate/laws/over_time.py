"""Laws about how billing runs and re-rating change the summaries, and about the lists of customers and runs."""

from __future__ import annotations

from counterfoil.apis.elevate.laws.summaries import BILL_RUNS, CUSTOMER, CUSTOMERS, OPEN, PAGE, PREVIOUS, SUMMARIES
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import sample_items
from counterfoil.contract.law import NotApplicable
from counterfoil.contract.laws.items import close
from counterfoil.contract.laws.planning import planning_changes_nothing
from counterfoil.contract.laws.served import served

# ---------------------------------------------------------------- over time


def open_becomes_previous(ctx: LawContext) -> None:
    """When the open run completes, openBillRunValue becomes previousBillRunValue; below zero nothing is invoiced."""
    ctx.perform("advance", 600)  # runs that are under way complete first
    before = {
        CUSTOMER.value(item): OPEN.value(item)
        for item in SUMMARIES.require_items(ctx)
        if item["ratingStatus"] == "COMPLETE" and OPEN.value(item) >= 0
    }
    ctx.perform("complete_run")
    for item in SUMMARIES.fetch_all(ctx):
        was = before.get(CUSTOMER.value(item))
        if was is not None and item["ratingStatus"] == "COMPLETE":
            ctx.cases += 1
            ctx.expect(close(PREVIOUS.value(item), was), f"previousBillRunValue {was}, what was open", item)
    ctx.require(ctx.cases, "no customer's usage is rated completely")


def rating_again_moves_only_incomplete(ctx: LawContext) -> None:
    """Re-rating may change the open value of customers whose rating is INCOMPLETE, but no other open or previous value."""
    listed = SUMMARIES.require_items(ctx)
    for customer in sample_items([str(CUSTOMER.raw(item)) for item in listed if OPEN.value(item) > 0], 2):
        try:
            ctx.perform("use", customer, rated=False)
        except NotApplicable:
            continue
    before = {CUSTOMER.value(item): item for item in SUMMARIES.fetch_all(ctx)}
    unrated = [key for key, item in before.items() if item["ratingStatus"] == "INCOMPLETE"]
    ctx.require(unrated, "every customer's rating is complete")
    ctx.perform("rate_again")
    moved = []
    for item in SUMMARIES.fetch_all(ctx):
        was = before[CUSTOMER.value(item)]
        ctx.cases += 1
        if was["ratingStatus"] == "COMPLETE":
            ctx.expect(item == was, f"the summary as it was, since it was rated: {was}", item)
        ctx.expect(PREVIOUS.value(item) == PREVIOUS.value(was), f"previousBillRunValue {PREVIOUS.raw(was)}", item)
        moved += [item] * (CUSTOMER.value(item) in unrated and OPEN.value(item) != OPEN.value(was))
    ctx.expect(bool(moved), "another openBillRunValue of a customer whose usage was rated now", unrated)


# ---------------------------------------------------------------- customers and runs


def customers_have_summaries(ctx: LawContext) -> None:
    """Each customer in GET /customers is listed once and has a summary."""
    listed = [item["id"] for item in served(ctx, CUSTOMERS, PAGE)]
    summed = [CUSTOMER.value(item) for item in SUMMARIES.fetch_all(ctx)]
    ctx.expect(set(listed) <= set(summed), "a summary for each customer listed", listed)
    ctx.expect(len(set(listed)) == len(listed), "each customer once", listed)


def customer_filters_select(ctx: LawContext) -> None:
    """customerAccountNumber selects one customer; page and pageSize select from the same list; fields=id leaves only the id."""
    listed = served(ctx, CUSTOMERS, PAGE)
    for position in {0, len(listed) - 1}:
        wanted = listed[position]
        found = served(ctx, CUSTOMERS, PAGE, customerAccountNumber=wanted["customerAccountNumber"])
        ctx.expect(found == [wanted], f"customer {wanted['id']} alone", found)
        page = served(ctx, CUSTOMERS, {"page": position + 1, "pageSize": 1})
        ctx.expect(page == [wanted], f"customer {wanted['id']} on page {position + 1}", page)
    found = served(ctx, CUSTOMERS, PAGE, fields="id")
    ctx.expect(found == [{"id": item["id"]} for item in listed], "the ids alone", found)


def run_statuses_select(ctx: LawContext) -> None:
    """billRunStatus is OPEN, CLOSED or FINALIZED, and as a filter selects the runs with that status."""
    listed = served(ctx, BILL_RUNS, PAGE)
    for status in ("OPEN", "CLOSED", "FINALIZED"):
        wanted = [item for item in listed if item["billRunStatus"] == status]
        found = ctx.request_json(BILL_RUNS, query={**PAGE, "billRunStatus": status})
        ctx.expect(found == wanted, f"the {len(wanted)} runs that are {status}", found)
    others = [item for item in listed if item["billRunStatus"] not in ("OPEN", "CLOSED", "FINALIZED")]
    ctx.expect(not others, "a status that is documented", others)


def planning_changes_no_value(ctx: LawContext) -> None:
    """Planning a billing run, with any cutoff, changes no openBillRunValue."""
    planning_changes_nothing(ctx, lambda: {CUSTOMER.value(item): OPEN.value(item) for item in SUMMARIES.fetch_all(ctx)})
