"""Laws about the members of a bill that may be null: their values, and when they must not be null."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from counterfoil.apis.emnify.laws.requests import BILL, OWN, FetchedBill, bills
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import NotApplicable, quoted
from counterfoil.contract.laws.arithmetic import agrees, amount, amount_at, at
from counterfoil.contract.laws.items import Mismatch

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+0000", re.ASCII)
OBJECTS, LISTS = ("mrc", "sim_items", "traffic", "invoice", "payment_option"), ("invoice_items", "tariff_plan")


def null_or_documented(seen: FetchedBill) -> Mismatch:
    """mrc, sim_items, traffic, invoice and payment_option are objects or null; invoice_items and tariff_plan are lists of objects
    without repeated ids, or null; traffic.data and traffic.sms list their tariffs."""
    for name in OBJECTS:
        if seen.bill.get(name) is not None and not isinstance(seen.bill[name], dict):
            return f"an object or null in {name}", seen.bill[name]
    for name in LISTS:
        value = seen.bill.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(each, dict) for each in value)):
            return f"a list of objects or null in {name}", value
        ids = [each["id"] for each in value or () if each.get("id") is not None]
        if len(set(ids)) < len(ids):
            return f"each entry once in {name}", ids
    for service in ("data", "sms"):
        part = at(seen.bill, f"traffic.{service}")
        if part is not None and not isinstance(at(part, "tariff", []), list):
            return f"an array of tariffs in traffic.{service}", part
    return None


def items_multiply(seen: FetchedBill) -> Mismatch:
    """The cost of an entry of invoice_items is its quantity times its unit_price."""
    for item in seen.bill["invoice_items"]:
        if None not in (item.get("quantity"), item.get("unit_price"), item.get("cost")):
            want = amount(item["quantity"]) * amount(item["unit_price"])
            if mismatch := agrees(amount(item["cost"]), want, f"cost of {item.get('description')}"):
                return mismatch
    return None


def sims_are_counted(seen: FetchedBill) -> Mismatch:
    """With hosting fees there are chargeable SIMs, and no more of them than the profiles have active SIMs."""
    sims = seen.bill["sim_items"]
    count = at(sims, "total.number_of_active_sims_chargeable")
    if count is None:
        return None
    if amount_at(sims, "total.sim_hosting_fees") > 0 and count <= 0:
        return "a number of SIMs that the hosting fees are for", sims["total"]
    listed = [at(each, "number_of_active_sims") for each in at(sims, "data", ())]
    if listed and None not in listed and count > sum(listed):
        return f"at most {sum(listed)} SIMs, as the profiles have", sims["total"]
    return None


def instants_have_milliseconds(seen: FetchedBill) -> Mismatch:
    """created, due_date and paid_at look like 2021-11-18T08:25:53.000+0000."""
    for path in ("invoice.created", "invoice.due_date", "payment_option.paid_at"):
        value = at(seen.bill, path)
        if value is not None and not _INSTANT.fullmatch(str(value)):
            return f"an instant like 2021-11-18T08:25:53.000+0000 in {path}", value
    return None


def is_paid(seen: FetchedBill) -> bool:
    paid = at(seen.bill, "invoice.total_paid")
    return at(seen.bill, "invoice.status.description") == "Paid" and paid is not None and amount(paid) > 0


def paid_says_how(seen: FetchedBill) -> Mismatch:
    """A bill with a paid invoice has a payment_option."""
    return None if seen.bill.get("payment_option") is not None else ("a payment_option of a paid bill", None)


def several_volumes_are_split(ctx: LawContext) -> None:
    """A bill with several inclusive volumes is split by tariff profile: they are listed in sim_items, not among the packages."""
    ctx.require(ctx.switch("emnify.multi_profile") != "never", "with emnify.multi_profile=never no bill is split")
    for name, seen in bills(ctx):
        ctx.cases += 1
        packages = at(seen.bill, "mrc.data_packages.data", ())
        volumes = {
            (at(each, "tariff.id"), at(each, "ratezone.id"), amount(each["volume"]))
            for each in packages
            if amount_at(each, "volume") > 0
        }
        ctx.expect(len(volumes) < 2, f"a split by profile of several inclusive volumes ({name})", packages)
        for profile, active in _profiles(seen.bill):
            ctx.expect(active is None or active > 0, f"SIMs of the profile {profile} ({name})", seen.bill["sim_items"])
    ctx.require(ctx.cases, "there is no bill")


def _profiles(bill: Any) -> Iterator[tuple[Any, Any]]:
    for each in at(bill, "sim_items.data", ()):
        if at(each, "inclusive_volume") is not None and amount(each["inclusive_volume"]) > 0:
            yield at(each, "tariff_profile.name"), at(each, "number_of_active_sims")


def own_name_is_on_bills(ctx: LawContext) -> None:
    """A party has the same name on bills as in GET /organisation/my with the party's own token."""
    own = [ctx.request_json(OWN)]
    names = {str(own[0]["id"]): own[0]["name"]}
    try:
        restricted = ctx.perform("restricted_credential")
        other = ctx.request_json(OWN, token=restricted["token"])
        names[str(other["id"])] = other["name"]
    except NotApplicable:
        pass  # the first token alone
    for name, seen in bills(ctx):
        for member in ("issuer_org", "customer_org"):
            party = seen.bill[member]
            if str(party.get("id")) in names:
                ctx.cases += 1
                want = names[str(party["id"])]
                ctx.expect(
                    party.get("name") == want,
                    f"{member} {quoted(want)}, as GET /organisation/my says ({name})",
                    party.get("name"),
                )
    ctx.require(ctx.cases, f"no bill of {BILL} is of a token's own organisation")
