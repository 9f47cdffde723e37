"""Laws about applied billing rates and bills on demand, and about how bills in progress change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from counterfoil.apis.oracle_brm.laws.bills import BILLS, FETCH, OK_STATUSES, WHOLE, Bills, tmf_error
from counterfoil.contract.collection import SAMPLE_SIZE, Offsets
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field, sample_items
from counterfoil.contract.filters import equal
from counterfoil.contract.law import Law, says
from counterfoil.contract.laws import combining, counting, errors, filtering, items, paging, reading, representations
from counterfoil.contract.laws.auth import SampleRequest
from counterfoil.contract.laws.combining import Combined
from counterfoil.contract.laws.customer_bills import ACCOUNT, DUE, ID, NET, STATE, UPDATED, decimals
from counterfoil.contract.laws.items import Mismatch, close
from counterfoil.contract.laws.planning import planning_changes_nothing
from counterfoil.contract.laws.representations import Representations
from counterfoil.contract.laws.served import ServedCollection

RATES, RATE = "GET /appliedCustomerBillingRate", "GET /appliedCustomerBillingRate/{id}"
DEMANDS, DEMAND, CREATE = "GET /customerBillOnDemand", "GET /customerBillOnDemand/{id}", "POST /customerBillOnDemand"
CHARGE, CREDIT, PENALTY = "appliedBillingCharge", "appliedBillingCredit", "appliedPenaltyCharge"
IN_PROGRESS, FINAL_STATES = "inProgress", ("done", "rejected", "terminatedWithError")
MAX_DECISION_TIME = timedelta(hours=2)


class Served(ServedCollection, Bills):
    """A list that an installation may lack; the laws about it then do not apply."""


BILL_OF_RATE = Field("bill.id")
_PAGES = Offsets("offset", "limit", largest=1000)
_RATE_FILTERS = (equal(ID), equal(BILL_OF_RATE), equal(ACCOUNT), equal(Field("isBilled")))
ALL_RATES = Served(RATES, identity=ID, pages=_PAGES, filters=_RATE_FILTERS)
ALL_DEMANDS = Served(DEMANDS, identity=ID, pages=_PAGES, filters=(equal(ID), equal(ACCOUNT)))
RATE_MEMBERS = (
    "date",
    "description",
    "isBilled",
    "name",
    "type",
    "appliedTax",
    "bill",
    "billingAccount",
    "taxExcludedAmount",
)
RATE_TYPES = Representations(
    ALL_RATES, RATE, "@type", "AppliedCustomerBillingRate", "AppliedCustomerBillingRateOracle", always=("id", "href")
)


# --- rates -----------------------------------------------------------------------------------------


def rate_includes_its_taxes(rate: Any) -> Mismatch:
    """A rate's amount with tax is its amount before tax plus its taxes."""
    taxes = sum((Decimal(tax["taxAmount"]["value"]) for tax in rate["appliedTax"]), Decimal())
    want = Decimal(rate["taxExcludedAmount"]["value"]) + taxes
    holds = close(rate["taxIncludedAmount"]["value"], want, "0.000001")
    return None if holds else (f"taxIncludedAmount {want}", rate)


def rate_is_charge_or_credit(rate: Any) -> Mismatch:
    """A rate's type is one of TM Forum's three, and its amounts are not negative."""
    amounts = [Decimal(rate[name]["value"]) for name in ("taxExcludedAmount", "taxIncludedAmount") if rate.get(name)]
    holds = rate["type"] in (CHARGE, CREDIT, PENALTY) and all(amount >= 0 for amount in amounts)
    return None if holds else ("a documented type and positive amounts", rate)


def _has_taxes(rate: Any) -> bool:
    return bool(rate.get("appliedTax")) and None not in (rate.get("taxExcludedAmount"), rate.get("taxIncludedAmount"))


def bill_is_the_sum_of_its_rates(ctx: LawContext) -> None:
    """A bill's amount before tax is the sum of its charges less its credits, rounded once; 0 if the credits are more."""
    listed = ALL_RATES.require_items(ctx)
    rates = [rate for rate in listed if rate.get("type") and rate.get("taxExcludedAmount")]
    ctx.require(rates, "no rate shows its type and its amount")
    # only the first part of a long list is read: rates of the last bill and of other bills may be missing
    is_part = len(listed) >= SAMPLE_SIZE
    last = BILL_OF_RATE.raw(listed[-1])
    sums: dict[Any, Decimal] = {}
    for rate in rates:
        amount = Decimal(rate["taxExcludedAmount"]["value"]) * (-1 if rate["type"] == CREDIT else 1)
        sums[BILL_OF_RATE.raw(rate)] = sums.get(BILL_OF_RATE.raw(rate), Decimal()) + amount
    for bill in WHOLE.whole_list(ctx):
        if is_part and (bill["id"] not in sums or bill["id"] == last):
            continue
        want, got = max(sums.get(bill["id"], Decimal()), Decimal()), NET.value(bill)
        if got is not None:
            ctx.cases += 1
            unit = Decimal(1).scaleb(-decimals(bill))
            ctx.expect(abs(got - want) < unit, f"taxExcludedAmount {want} of bill {bill['id']}, as its rates say", got)


def billed_rates_are_on_issued_bills(ctx: LawContext) -> None:
    """isBilled is true for the rates on issued bills, and false for those on bills in progress."""
    states = {bill["id"]: STATE.raw(bill) for bill in WHOLE.whole_list(ctx)}
    known = [rate for rate in ALL_RATES.require_items(ctx) if BILL_OF_RATE.raw(rate) in states]
    ctx.require(known, "no rate names a bill that is listed")
    for rate in known:
        ctx.cases += 1
        want = states[BILL_OF_RATE.raw(rate)] != IN_PROGRESS
        ctx.expect(rate.get("isBilled") in (None, want), f"isBilled {want} of rate {rate['id']}", rate)


# --- bills on demand -------------------------------------------------------------------------------


def demanded_bill_is_off_cycle(ctx: LawContext) -> None:
    """A bill on demand is in progress first and decided later; the bill that it leads to has run type offCycle."""
    ALL_DEMANDS.fetch(ctx, {"limit": 1})
    open_bills = [bill for bill in WHOLE.whole_list(ctx) if STATE.raw(bill) == IN_PROGRESS and ACCOUNT.raw(bill)]
    ctx.require(open_bills, "no account has a bill in progress")
    account = ACCOUNT.raw(sample_items(open_bills, 1)[0])
    response = ctx.request(CREATE, body={"billingAccount": {"id": account}})
    made = ctx.json_body(response, 201)
    ctx.expect(bool(response.headers.get("location")), "a Location header", dict(response.headers))
    ctx.expect(made["state"] in (IN_PROGRESS, *FINAL_STATES), "a documented state", made)
    found = ctx.request_json(DEMAND, path={"id": made["id"]})
    ctx.expect(found["id"] == made["id"], f"the bill on demand {made['id']} by itself", found)
    listed = ALL_DEMANDS.fetch_all(ctx, {"billingAccount.id": account})
    ctx.expect(made["id"] in ALL_DEMANDS.ids(listed), f"{made['id']} among those of {account}", ALL_DEMANDS.ids(listed))
    ctx.perform("advance", MAX_DECISION_TIME.total_seconds())
    final = ctx.request_json(DEMAND, path={"id": made["id"]})
    ctx.expect(final["state"] in FINAL_STATES, f"one of {', '.join(FINAL_STATES)}", final)
    ctx.expect(bool(final.get("customerBill")) == (final["state"] == "done"), "a bill if it is done", final)
    if final.get("customerBill"):
        bill = ctx.request_json(FETCH, path={"id": final["customerBill"]["id"]})
        ctx.expect(bill.get("runType") in (None, "offCycle"), "runType offCycle", bill)
        ctx.expect(STATE.raw(bill) != IN_PROGRESS, "a bill that is issued", bill)
        ctx.expect(ACCOUNT.raw(bill) == account, f"a bill of {account}", bill)


# --- how bills change ------------------------------------------------------------------------------


def last_update_is_past(ctx: LawContext) -> None:
    """No bill was last updated in the future."""
    bills = [bill for bill in WHOLE.whole_list(ctx) if UPDATED.raw(bill)]
    ctx.require(bills, "no bill says when it was last updated")
    now = ctx.now()
    for bill in bills:
        ctx.cases += 1
        ctx.expect(UPDATED.value(bill) <= now, f"lastUpdate up to {now.isoformat()}", bill)


def changed_bill_is_found_by_last_update(ctx: LawContext) -> None:
    """Once a bill in progress has changed, lastUpdate.gte with an instant from before the change finds it."""
    now = ctx.now()
    charged = ctx.known_ids("billingAccount.id")
    ctx.require(charged, "no account is known")
    ctx.perform("charge", charged[0], 3)
    query = {"billingAccount.id": charged[0], "lastUpdate.gte": now.isoformat()}
    found = BILLS.fetch_all(ctx, query)
    whole = [bill for bill in WHOLE.fetch_all(ctx) if ACCOUNT.raw(bill) == charged[0]]
    changed = [bill for bill in whole if STATE.raw(bill) == IN_PROGRESS]
    ctx.expect(set(BILLS.ids(changed)) <= set(BILLS.ids(found)), f"{BILLS.ids(changed)}, which just changed", found)
    ctx.require(changed, "the charged account has no bill in progress")
    ctx.cases += 1


def planning_changes_no_amount(ctx: LawContext) -> None:
    """Planning a billing run, with any cutoff, does not change the amount of any bill in progress."""
    planning_changes_nothing(
        ctx, lambda: {ID.raw(bill): DUE.value(bill) for bill in WHOLE.fetch_all(ctx, {"state": IN_PROGRESS})}
    )


def _law(id: str, operation: str, family: str, check: Callable[[LawContext], None], *clauses: str, **more: Any) -> Law:
    return Law(f"oracle-brm.{id}", operation, family, clauses, says(check), check, **more)


LAWS: tuple[Law, ...] = (
    filtering.selects("oracle-brm.rate.id", ALL_RATES, _RATE_FILTERS[0], "v24", least=3),
    filtering.selects("oracle-brm.rate.bill", ALL_RATES, _RATE_FILTERS[1], "v22", least=1),
    filtering.selects("oracle-brm.rate.account", ALL_RATES, _RATE_FILTERS[2], "v23", least=1),
    filtering.selects("oracle-brm.rate.is-billed", ALL_RATES, _RATE_FILTERS[3], "v25", least=1),
    items.unique("oracle-brm.rate.unique", ALL_RATES, "v24"),
    reading.list_item_is_single("oracle-brm.rate.as-listed", ALL_RATES, RATE, "v21"),
    reading.href_resolves("oracle-brm.rate.href", ALL_RATES, "v21"),
    representations.complete("oracle-brm.rate.extended", RATE_TYPES, "v26"),
    paging.slices("oracle-brm.rate.slice", ALL_RATES, "v20", least=4),
    counting.headers("oracle-brm.rate.counts", ALL_RATES, "v20", good=OK_STATUSES,
                     in_body="X-Result-Count", in_all="X-Total-Count"),
    combining.together(
        "oracle-brm.rate.together",
        Combined(ALL_RATES, RATE_MEMBERS, always=RATE_TYPES.always, extras=RATE_TYPES.queries,
                 counts=("X-Result-Count", "X-Total-Count"), good=OK_STATUSES),
        "v20", "v22", "v23", "v25", "v26",
    ),
    items.each(
        "oracle-brm.rate.taxes", ALL_RATES, rate_includes_its_taxes, "v20", only=_has_taxes, lacking="no rate shows taxes"
    ),
    items.each(
        "oracle-brm.rate.type", ALL_RATES, rate_is_charge_or_credit, "v27", family="agreement",
        only=lambda rate: bool(rate.get("type")), lacking="no rate says its type",
    ),
    _law("rate.sum", RATES, "arithmetic", bill_is_the_sum_of_its_rates, "v20"),
    _law("rate.billed", RATES, "agreement", billed_rates_are_on_issued_bills, "v25"),
    _law("demand.outcome", CREATE, "lifecycle", demanded_bill_is_off_cycle, "v14", "v16", "v17", "v18", "v19", writes=True,
         needs=("advance",)),
    errors.bad_requests(
        "oracle-brm.errors.related-not-found",
        [SampleRequest(operation, path={"id": text}) for operation in (RATE, DEMAND) for text in ("nobody", "0.0.0.1+-bill+0")],
        "c173", "v12", status=404, text="An unknown rate or bill on demand gives 404 with an Error.", error_body=tmf_error,
    ),
    _law("update.past", BILLS.operation, "agreement", last_update_is_past, "c67"),
    _law("update.found", BILLS.operation, "lifecycle", changed_bill_is_found_by_last_update, "c30", "c67",
         needs=("charge", "now")),
)  # fmt: skip
