"""Laws about the amounts of one bill: totals, VAT, packages, SIMs, tariffs, rate zones and countries add up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

from counterfoil.apis.emnify.laws.requests import FetchedBill
from counterfoil.contract.laws.arithmetic import NOISE, agrees, amount, amount_at, at, first, sums_to, total_of
from counterfoil.contract.laws.items import Mismatch


def total_adds_up(fetched: FetchedBill) -> Mismatch:
    """total.cost is sub_total.cost plus vat.cost, unrounded."""
    bill = fetched.bill
    want = amount_at(bill, "sub_total.cost") + amount_at(bill, "vat.cost")
    return agrees(amount_at(bill, "total.cost"), want, "total.cost")


def vat_follows(fetched: FetchedBill) -> Mismatch:
    """vat.cost is sub_total.cost at vat.rate percent, unrounded."""
    bill = fetched.bill
    want = amount_at(bill, "sub_total.cost") * amount_at(bill, "vat.rate") / 100
    return agrees(amount_at(bill, "vat.cost"), want, "vat.cost")


def sub_total_adds_up(fetched: FetchedBill) -> Mismatch:
    """sub_total.cost is the sum of data packages, SIM items, data and SMS, plus invoice_items where they are added."""
    bill = fetched.bill
    paths = ("mrc.data_packages.total", "sim_items.total", "traffic.data.total", "traffic.sms.total")
    parts = sum((amount_at(bill, f"{path}.cost") for path in paths), Decimal(0))
    got, extra = amount_at(bill, "sub_total.cost"), total_of(at(bill, "invoice_items", ()), "cost")
    if agrees(got, parts + extra, "") is None:
        return None
    return agrees(got, parts, "sub_total.cost")


def packages_add_up(fetched: FetchedBill) -> Mismatch:
    """The data packages' total volume and cost are the sums of their volumes and rates."""
    packages = at(fetched.bill, "mrc.data_packages", {})
    data, total = at(packages, "data", ()), at(packages, "total", {})
    return first((
        agrees(amount_at(total, "cost"), total_of(data, "rate"), "data_packages.total.cost"),
        agrees(amount_at(total, "volume"), total_of(data, "volume"), "data_packages.total.volume"),
    ))  # fmt: skip


def sims_add_up(fetched: FetchedBill) -> Mismatch:
    """sim_items.total.cost is the SIMs' hosting fees plus the cost of the profiles' inclusive volumes."""
    sims = at(fetched.bill, "sim_items", {})
    want = amount_at(sims, "total.sim_hosting_fees") + total_of(at(sims, "data", ()), "cost")
    return agrees(amount_at(sims, "total.cost"), want, "sim_items.total.cost")


def tariffs_of(bill: Any, *services: str) -> Iterator[tuple[str, Any]]:
    for service in services or ("data", "sms"):
        for tariff in at(bill, f"traffic.{service}.tariff", ()):
            yield f"{service} tariff {tariff['name']}", tariff


def zones_of(bill: Any, *services: str) -> Iterator[tuple[str, Any]]:
    for name, tariff in tariffs_of(bill, *services):
        for zone in tariff["ratezone"]:
            yield f"{name}, rate zone {zone['name']}", zone


def _tree(bill: Any, member: str) -> Mismatch:
    for service in ("data", "sms"):
        total, parts = at(bill, f"traffic.{service}.total", {}), at(bill, f"traffic.{service}.tariff", ())
        if mismatch := sums_to(total, parts, member, f"total of {service}"):
            return mismatch
    return first(sums_to(tariff, tariff["ratezone"], member, name) for name, tariff in tariffs_of(bill))


def costs_add_up(fetched: FetchedBill) -> Mismatch:
    """A traffic total's cost is the sum of its tariffs, and a tariff's cost the sum of its rate zones, for data and SMS."""
    return _tree(fetched.bill, "cost")


def volumes_add_up(fetched: FetchedBill) -> Mismatch:
    """Volumes add up at every level: countries to rate zone, rate zones to tariff, tariffs to the total."""
    return _tree(fetched.bill, "volume") or first(
        sums_to(zone, zone["countries"], "volume", name, NOISE * (1 + len(zone["countries"])))
        for name, zone in zones_of(fetched.bill)
    )


def country_costs(fetched: FetchedBill) -> Mismatch:
    """The cost of a country's data is its volume times its rate, within the printed places."""

    def wrong(name: str, country: Any) -> Mismatch:
        with localcontext(prec=80):
            volume, rate = amount(country["volume"]), amount(country["rate"])
            within = (abs(volume) + abs(rate) + 1) * Decimal("0.0000006")
            return agrees(
                amount(country["cost"]), volume * rate, f"cost of {country['country']['name']} in {name}", within
            )

    return first(wrong(name, each) for name, zone in zones_of(fetched.bill, "data") for each in zone["countries"])


def covered_is_free(fetched: FetchedBill) -> Mismatch:
    """In a rate zone, data covered by packages is free, and the rest costs what the rates of its countries say."""

    def wrong(name: str, zone: Any) -> Mismatch:
        volume = amount(zone["volume"])
        free = max(volume - amount_at(zone, "data_package_volume") - amount_at(zone, "inclusive_volume"), Decimal(0))
        if free == volume:
            return sums_to(zone, zone["countries"], "cost", f"{name}, of which nothing is covered")
        rates = [amount(country["rate"]) for country in zone["countries"]] or [Decimal(0)]
        slack = NOISE * (1 + free)
        low, high, cost = free * min(rates) - slack, free * max(rates) + slack, amount(zone["cost"])
        return None if low <= cost <= high else (f"{name}, with {free} not covered, to cost {low} to {high}", cost)

    return first(wrong(name, zone) for name, zone in zones_of(fetched.bill, "data"))


def messages_cost(fetched: FetchedBill) -> Mismatch:
    """The cost of an SMS rate zone is the sum of its countries."""
    return first(sums_to(zone, zone["countries"], "cost", name) for name, zone in zones_of(fetched.bill, "sms"))
