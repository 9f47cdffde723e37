"""Defects of emnify in the sums down a bill."""

from __future__ import annotations

from decimal import Decimal

from ... import wire
from .shared import BILL, DATA_TARIFF, DATA_ZONE, SMS_ZONE, Row, amount_of, defect, part_of_bill


@defect("arithmetic")
@wire.body(BILL)
def total_leaves_the_vat_out(bill: Row) -> Row:
    """total.cost is sub_total.cost."""
    return {**bill, "total": bill["sub_total"]}


def _taxed(bill: Row, net: Decimal, vat: Decimal) -> Row:
    return {
        **bill,
        "sub_total": {**bill["sub_total"], "cost": net},
        "vat": {**bill["vat"], "cost": vat},
        "total": {**bill["total"], "cost": net + vat},
    }


@defect("arithmetic")
@wire.body(BILL)
def vat_on_total(bill: Row) -> Row:
    """vat.cost is worked out on what holds the VAT already."""
    gross = amount_of(bill["total"]["cost"])
    return _taxed(bill, amount_of(bill["sub_total"]["cost"]), gross * amount_of(bill["vat"]["rate"]) / 100)


@defect("arithmetic")
@part_of_bill("vat")
def vat_rate_is_a_fraction(vat: Row) -> Row:
    """vat.rate is 0.19 where it should be 19."""
    return {"rate": f"{amount_of(vat['rate']) / 100:.6f}"}


@defect("arithmetic")
@wire.body(BILL)
def sub_total_leaves_sms_out(bill: Row) -> Row:
    """Only with messages: sub_total.cost has no SMS."""
    sms = bill["traffic"]["sms"]["total"]["cost"] if bill["traffic"] else 0
    net = amount_of(bill["sub_total"]["cost"]) - amount_of(sms)
    return _taxed(bill, net, net * amount_of(bill["vat"]["rate"]) / 100)


@defect("arithmetic")
@part_of_bill("mrc.data_packages")
def packages_total_counts_the_first(packages: Row) -> Row:
    """Only with several packages: their total is the first one's."""
    return {"total": {**packages["total"], "volume": packages["data"][0]["volume"]}}


@defect("arithmetic")
@part_of_bill("sim_items.total")
def sims_total_leaves_the_volumes_out(total: Row) -> Row:
    """Only where a bill is split by profile: the total of the SIMs has no inclusive volumes."""
    return {"cost": total["sim_hosting_fees"]}


@defect("arithmetic")
@part_of_bill(DATA_TARIFF)
def a_tariff_costs_its_first_zone(tariff: Row) -> Row:
    """Only with several rate zones: a data tariff costs what its first one does."""
    return {"cost": tariff["ratezone"][0]["cost"]}


@defect("arithmetic")
@part_of_bill("traffic.data.total", "traffic.sms.total")
def volumes_are_added_up_in_bytes(total: Row) -> Row:
    """Only in the total: the volume of data is in other units than its parts."""
    return {"volume": total["volume"] * 1024}


@defect("arithmetic")
@part_of_bill(DATA_ZONE)
def a_zone_shows_its_first_country_s_volume(zone: Row) -> Row:
    """Only with several countries: a rate zone's volume is the first one's."""
    return {"volume": zone["countries"][0]["volume"]} if len(zone["countries"]) > 1 else {}


@defect("arithmetic")
@part_of_bill(DATA_ZONE)
def countries_cost_their_zone_s_rate(zone: Row) -> Row:
    """Only for a country with a price of its own: it costs the zone's."""
    rate = amount_of(zone["rate"])
    return {"countries": [{**each, "cost": f"{amount_of(each['volume']) * rate:.10f}"} for each in zone["countries"]]}


@defect("arithmetic")
@part_of_bill(DATA_ZONE)
def covered_traffic_costs_its_price(zone: Row) -> Row:
    """Only where a package covers data: the zone costs its nominal price."""
    return {"cost": sum(amount_of(country["cost"]) for country in zone["countries"])}


@defect("arithmetic")
@part_of_bill(DATA_ZONE)
def covered_volume_is_the_whole_package(zone: Row) -> Row:
    """Only where a package covers a part: data_package_volume is all of the traffic."""
    return {"data_package_volume": amount_of(zone["volume"])}


@defect("arithmetic")
@part_of_bill(SMS_ZONE)
def a_zone_of_messages_costs_a_message(zone: Row) -> Row:
    """A rate zone of SMS costs what one message costs."""
    return {"cost": amount_of(zone["cost"]) / amount_of(zone["volume"])}


@defect("arithmetic")
@part_of_bill("invoice_items.*")
def one_off_charges_are_listed_at_twice_their_cost(item: Row) -> Row:
    """Only with one-off charges: a charge is listed with twice what the sub-total has of it."""
    return {"cost": item["cost"] * 2}
