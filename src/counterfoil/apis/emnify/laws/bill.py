"""Laws about one bill: its members, number formats, currency, period, profiles, parties and payment are consistent."""

from __future__ import annotations

import re
from calendar import month_name, monthrange
from decimal import Decimal
from typing import Any

from counterfoil.apis.emnify.laws.amounts import tariffs_of, zones_of
from counterfoil.apis.emnify.laws.requests import MEMBERS, NEVER_NULL, FetchedBill, bills
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import quoted
from counterfoil.contract.laws.arithmetic import amount, amount_at, at, has_places, is_number, values_of
from counterfoil.contract.laws.items import Mismatch


def all_members(fetched: FetchedBill) -> Mismatch:
    """All fourteen members are present, null where there is no value; six of them are never null."""
    lacking = [name for name in MEMBERS if name not in fetched.bill]
    if lacking:
        return f"the member {lacking[0]}", sorted(fetched.bill)
    empty = [name for name in NEVER_NULL if fetched.bill[name] is None]
    return (f"a value in {empty[0]}", None) if empty else None


def forms(fetched: FetchedBill) -> Mismatch:
    """Sums are numbers; rates and volumes in strings have six places, and a country's cost has ten."""
    bill, wrong = fetched.bill, []
    numbers = [(path, at(bill, path)) for path in ("total.cost", "sub_total.cost", "vat.cost")]
    numbers += [(f"{name}: cost", each["cost"]) for name, each in (*tariffs_of(bill), *zones_of(bill))]
    totals = [at(bill, f"traffic.{service}.total", {}) for service in ("data", "sms")]
    numbers += [
        ("a traffic total", value) for total in totals for value in (total.get("cost"), total.get("volume")) if total
    ]
    wrong += [(f"a number in {name}", value) for name, value in numbers if not is_number(value)]
    six = [("vat.rate", at(bill, "vat.rate"))]
    six += [(f"{name}: volume", each["volume"]) for name, each in (*tariffs_of(bill), *zones_of(bill))]
    wrong += [(f"a number or six places in {n}", v) for n, v in six if not (is_number(v) or has_places(v, 6))]
    wrong += [
        (f"six places in {n}: rate", z["rate"]) for n, z in zones_of(bill, "data") if not has_places(z["rate"], 6)
    ]
    for name, zone in zones_of(bill):
        for country in zone["countries"]:
            strings = [(member, 6) for member in ("rate", "volume") if member in country] + [("cost", 10)]
            for member, count in strings:
                if not has_places(country[member], count):
                    wrong.append((f"{count} places in {name}, a country's {member}", country[member]))
    return wrong[0] if wrong else None


def one_currency(fetched: FetchedBill) -> Mismatch:
    """Every currency in a bill is the same: three capital letters."""
    codes = {currency["code"] for currency in values_of(fetched.bill, "currency")}
    good = len(codes) == 1 and all(isinstance(code, str) and re.fullmatch("[A-Z]{3}", code) for code in codes)
    return None if good else ("one currency code", sorted(map(str, codes)))


def period_in_words(fetched: FetchedBill) -> Mismatch:
    """period names the month requested, from its first to its last day."""
    year, month = divmod(fetched.month, 100)
    want = f"{month_name[month]} 1 - {month_name[month]} {monthrange(year, month)[1]}, {year}"
    return None if fetched.bill["period"] == want else (f"period {quoted(want)}", fetched.bill["period"])


def no_place_twice(fetched: FetchedBill) -> Mismatch:
    """No country is repeated in a rate zone, and no rate zone in a tariff."""
    for name, tariff in tariffs_of(fetched.bill):
        zones = [zone["id"] for zone in tariff["ratezone"]]
        if len(set(zones)) < len(zones):
            return f"each rate zone once in {name}", zones
    for name, zone in zones_of(fetched.bill):
        countries = [country["country"]["name"] for country in zone["countries"]]
        if len(set(countries)) < len(countries):
            return f"each country once in {name}", countries
    return None


def profile(tariff: Any) -> Any:
    return at(tariff, "tariff_profile.id")


def split_by_profile(fetched: FetchedBill) -> Mismatch:
    """A tariff appears once in data traffic, or once for each profile; without profiles in sim_items no tariff has one."""
    tariffs = at(fetched.bill, "traffic.data.tariff", ())
    keys = [(tariff["id"], profile(tariff)) for tariff in tariffs]
    if len(set(keys)) < len(keys):
        return "no two entries with one tariff and one profile", keys
    for tariff in tariffs:
        if profile(tariff) is None and [one["id"] for one in tariffs].count(tariff["id"]) > 1:
            return f"a tariff_profile in each entry of tariff {tariff['id']}", keys
    split = [key for key in keys if key[1] is not None]
    return (
        ("no profile where sim_items lists none", split)
        if split and not at(fetched.bill, "sim_items.data", ())
        else None
    )


def profiles_listed(fetched: FetchedBill) -> Mismatch:
    """Every profile in data traffic is listed in sim_items, and listed once."""
    listed = [profile(item) for item in at(fetched.bill, "sim_items.data", ())]
    if len(set(listed)) < len(listed):
        return "each profile once in sim_items", listed
    used = {profile(tariff) for tariff in at(fetched.bill, "traffic.data.tariff", ())} - {None}
    return None if used <= set(listed) else (f"profiles {sorted(used)} in sim_items", listed)


def parties(ctx: LawContext) -> None:
    """customer_org is the requested organisation; issuer_org is the same in every bill, and is not the customer."""
    issuers: dict[Any, str] = {}
    for name, fetched in bills(ctx):
        ctx.cases += 1
        customer, issuer = fetched.bill["customer_org"]["id"], fetched.bill["issuer_org"]["id"]
        ctx.expect(str(customer) == fetched.org, f"customer_org.id {fetched.org} ({name})", customer)
        ctx.expect(issuer != customer, f"an issuer other than the customer ({name})", issuer)
        issuers.setdefault(issuer, name)
        ctx.expect(len(issuers) == 1, "one issuer of all bills", issuers)
    ctx.require(ctx.cases, "no bill to try it on")


def preview_or_invoice(fetched: FetchedBill) -> Mismatch:
    """A bill without an invoice is a preview and has no payment_option. refresh_allowed is true, false or null."""
    allowed = fetched.bill.get("refresh_allowed")
    if allowed is not None and not isinstance(allowed, bool):
        return "refresh_allowed true, false or null", allowed
    if fetched.bill.get("invoice") is None and fetched.bill.get("payment_option") is not None:
        return "no payment_option without invoice", fetched.bill["payment_option"]
    return None


def charges_once(fetched: FetchedBill) -> Mismatch:
    """No two entries of the data packages have the same id."""
    ids = [each["id"] for each in at(fetched.bill, "mrc.data_packages.data", ())]
    return None if len(set(ids)) == len(ids) else ("each id once in mrc.data_packages", ids)


def paid_has_invoice(fetched: FetchedBill) -> Mismatch:
    """Only a paid invoice has a payment_option."""
    if fetched.bill.get("payment_option") is None:
        return None
    invoice = fetched.bill.get("invoice")
    status = at(invoice, "status.description")
    return (
        None if invoice is not None and status in (None, "Paid") else ("a paid invoice beside payment_option", invoice)
    )


def paid_within_total(fetched: FetchedBill) -> Mismatch:
    """total_paid is between zero and the total; if the bill is Paid or has a payment_option, total_paid plus total_credited is
    the total."""
    paid = at(fetched.bill, "invoice.total_paid")
    if paid is None:
        return None
    total, got = amount_at(fetched.bill, "total.cost"), amount(paid)
    slack = Decimal("0.02") if at(fetched.bill, "total.currency.code") in ("EUR", "USD", "GBP", "CHF") else Decimal(1)
    if not -slack <= got <= max(total, Decimal(0)) + slack:
        return f"total_paid between 0 and {total}", got
    covered = got + amount(at(fetched.bill, "invoice.total_credited") or 0)
    due = fetched.bill.get("payment_option") is not None or at(fetched.bill, "invoice.status.description") == "Paid"
    return None if not due or covered >= total - slack else (f"total_paid {total} of what is paid", got)
