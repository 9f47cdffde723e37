"""Defects of emnify in the members that may be null, in names, in splits by profile, and in refreshing a preview."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ... import wire
from ...common import control
from ...wire import Ask, Request, Response
from .shared import BILL, DATA_TARIFF, Row, amount_of, changed_at, defect, part_of_bill


def _member(name: str) -> Callable[[Callable[[Any, Row], Any]], wire.Defect]:
    """``f(value, bill) -> value`` of a member of a bill, null included."""

    def made(function: Callable[[Any, Row], Any]) -> wire.Defect:
        @wire.body(BILL)
        @functools.wraps(function)
        def changed(bill: Row) -> Row:
            return {**bill, name: function(bill[name], bill)} if name in bill else bill

        return changed

    return made


@defect("agreement")
@_member("payment_option")
def paid_bills_do_not_say_how(option: Any, bill: Row) -> Any:
    """payment_option is null, paid or not."""
    return None


@defect("form")
@_member("tariff_plan")
def a_plan_comes_for_each_subscription(plans: Any, bill: Row) -> Any:
    """tariff_plan lists a plan once for each subscription to it."""
    return plans and [*plans, *plans]


@defect("form")
@_member("sim_items")
def without_sims_there_is_an_empty_list(sims: Any, bill: Row) -> Any:
    """sim_items is [] where it should be null."""
    return [] if sims is None else sims


@defect("form")
@_member("invoice_items")
def invoice_items_are_the_first_item(items: Any, bill: Row) -> Any:
    """invoice_items is the first item itself, not a list."""
    return items[0] if items else items


@defect("form")
@_member("vat")
def previews_have_no_vat(vat: Any, bill: Row) -> Any:
    """vat is null until there is an invoice."""
    return vat if bill["invoice"] else None


@defect("form")
@_member("issuer_org")
def previews_have_no_issuer(issuer: Any, bill: Row) -> Any:
    """issuer_org is null until there is an invoice."""
    return issuer if bill["invoice"] else None


@defect("arithmetic")
@part_of_bill("invoice_items.*")
def unit_prices_hold_the_tax(item: Row) -> Row:
    """unit_price of an item is gross, its cost net."""
    return {"unit_price": round(amount_of(item["unit_price"]) * Decimal("1.19"), 2)}


@defect("arithmetic")
@part_of_bill("invoice_items.*")
def quantities_are_line_numbers(item: Row) -> Row:
    """quantity of an item is its place on the bill."""
    return {"quantity": item["quantity"] + 1}


@defect("agreement")
@part_of_bill("sim_items.total")
def sims_are_not_counted(total: Row) -> Row:
    """number_of_active_sims_chargeable is 0 beside hosting fees."""
    return {"number_of_active_sims_chargeable": 0}


@defect("agreement")
@part_of_bill("sim_items.total")
def sims_count_the_suspended(total: Row) -> Row:
    """number_of_active_sims_chargeable counts SIMs that are in no profile."""
    return {"number_of_active_sims_chargeable": total["number_of_active_sims_chargeable"] + 7}


@defect("form")
@part_of_bill("invoice")
def instants_end_in_z(invoice: Row) -> Row:
    """created is 2026-02-01T09:00:00Z."""
    return {"created": f"{invoice['created'][:19]}Z"}


@defect("form")
@part_of_bill("payment_option")
def paid_at_is_a_day(option: Row) -> Row:
    """paid_at has no time."""
    return {"paid_at": option["paid_at"][:10]}


# --- names ------------------------------------------------------------------------------------------


@defect("agreement")
@part_of_bill("customer_org")
def every_customer_is_somebody_else(customer: Row) -> Row:
    """customer_org is called Somebody Else."""
    return {"name": "Somebody Else"}


@defect("agreement")
@part_of_bill("issuer_org")
def issuers_are_called_by_their_brand(issuer: Row) -> Row:
    """issuer_org has a short name that its own token is not told."""
    return {"name": str(issuer["name"]).split()[0]}


# --- splits by profile ------------------------------------------------------------------------------


@defect("agreement")
@wire.body(BILL)
def several_volumes_are_packages(bill: Row) -> Row:
    """Only with several inclusive volumes: they are listed as packages, and no tariff names its profile."""
    volumes = (bill["sim_items"] or {}).get("data") or []
    if len(volumes) < 2:
        return bill
    packages = bill["mrc"]["data_packages"]
    moved = [
        {**packages["data"][0], "id": 77_000_000 + n, "volume": each["inclusive_volume"], "rate": each["cost"],
         "ratezone": {"id": n, "name": each["tariff_profile"]["name"]}}
        for n, each in enumerate(volumes)
    ]  # fmt: skip
    total = {
        **packages["total"],
        "cost": packages["total"]["cost"] + sum(each["rate"] for each in moved),
        "volume": packages["total"]["volume"] + sum(each["volume"] for each in moved),
    }
    sims = {**bill["sim_items"]["total"], "cost": bill["sim_items"]["total"]["sim_hosting_fees"]}
    changed = {
        **bill,
        "mrc": {"data_packages": {"data": [*packages["data"], *moved], "total": total}},
        "sim_items": {"total": sims, "data": []},
    }
    return changed_at(
        changed,
        DATA_TARIFF.split("."),
        lambda tariff: {name: value for name, value in tariff.items() if name != "tariff_profile"},
    )


@defect("lifecycle")
@wire.exchange(BILL)
async def invoices_are_split_by_todays_profiles(request: Request, ask: Ask) -> Response:
    """Only after a further subscription: an older invoice's sim_items lists its profile, too."""
    response = await ask(request)
    if response.status != 200 or not (bill := response.json)["invoice"]:
        return response
    customer = await control(request, ask, f"/customers/{request.segment(-3)}")
    first = ask.memory.setdefault(request.segment(-3), len(customer["subscriptions"]))
    more = [
        {"tariff_profile": {"id": n, "name": f"Profile {n}"}, "number_of_active_sims": 1, "inclusive_volume": 0, "cost": 0,
         "currency": bill["total"]["currency"]}
        for n in range(first + 1, len(customer["subscriptions"]) + 1)
    ]  # fmt: skip
    sims = bill["sim_items"] or {"total": {"sim_hosting_fees": 0, "cost": 0}, "data": []}
    return response.with_json({**bill, "sim_items": {**sims, "data": [*sims["data"], *more]}}) if more else response


# --- refreshing -------------------------------------------------------------------------------------


@defect("lifecycle")
@wire.exchange(BILL)
async def previews_are_made_once_a_day(request: Request, ask: Ask) -> Response:
    """A preview is the one that was made first, also when it is asked for with force_refresh."""
    response = await ask(request)
    if response.status != 200 or response.json["invoice"] is not None:
        return response
    return response.with_json(ask.memory.setdefault(request.path, response.json))


@defect("lifecycle")
@wire.exchange(BILL)
async def a_refresh_rates_again_what_was_rated(request: Request, ask: Ask) -> Response:
    """Every further refresh adds the charges to a preview once more."""
    response = await ask(request)
    if response.status != 200 or "force_refresh" not in request.query or response.json["invoice"] is not None:
        return response
    count = ask.memory[request.path] = ask.memory.get(request.path, -1) + 1
    bill = response.json
    net, vat = bill["sub_total"]["cost"], bill["vat"]["cost"]
    more = (bill["traffic"] or {}).get("data") or {"total": {"cost": 0}}
    added = count * (net + 1)
    if not bill["invoice_items"] or not more:
        return response
    items = [
        *bill["invoice_items"],
        {**bill["invoice_items"][0], "id": 10**6, "quantity": 1, "unit_price": added, "cost": added},
    ]
    changed = {**bill, "invoice_items": items}
    changed["sub_total"] = {**bill["sub_total"], "cost": net + added}
    changed["vat"] = {**bill["vat"], "cost": vat}
    changed["total"] = {**bill["total"], "cost": net + added + vat}
    return response.with_json(changed)
