"""Computes the data and SMS traffic of a bill by tariff, rate zone and country."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from counterfoil.api import Json
from counterfoil.apis.emnify.countries import country
from counterfoil.apis.emnify.numbers import grouped, places, sum_of
from counterfoil.apis.emnify.sim_items import profile_reference
from counterfoil.ledger.documents import UsageLine
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.tariffs import Service
from counterfoil.world.to_json import shortest_number


def traffic_of(usage: Sequence[UsageLine], by_profile: bool, money: Json) -> Json:
    if not usage:
        return None
    data = [line for line in usage if line.rate.service is Service.DATA]
    sms = [line for line in usage if line.rate.service is Service.SMS]
    data_tariffs = grouped(data, lambda line: (line.subscription if by_profile else 0, line.tariff.number))
    sms_tariffs = grouped(sms, lambda line: line.tariff.number)
    return {
        "data": {
            "tariff": [_data_tariff(lines, by_profile, money) for lines in data_tariffs],
            "total": _traffic_total(data, money),
        },
        "sms": {
            "tariff": [_sms_tariff(lines, money) for lines in sms_tariffs],
            "total": _traffic_total(sms, money),
        },
    }


def _traffic_total(lines: Sequence[UsageLine], money: Json) -> Json:
    return {"volume": shortest_number(sum_of(line.quantity for line in lines)), "cost": _cost(lines), "currency": money}


def _zones(lines: Sequence[UsageLine]) -> list[list[UsageLine]]:
    return grouped(lines, lambda line: line.rate.zone.number)


def _countries(lines: Sequence[UsageLine]) -> list[list[UsageLine]]:
    return grouped(lines, lambda line: line.country)


def _data_tariff(lines: Sequence[UsageLine], by_profile: bool, money: Json) -> Json:
    tariff = lines[0].tariff
    entry = {
        "id": tariff.number,
        "name": tariff.name,
        "volume": _volume(lines),
        "cost": _cost(lines),
        "currency": money,
        "ratezone": [_data_zone(each, by_profile, money) for each in _zones(lines)],
    }
    if by_profile:
        entry["tariff_profile"] = profile_reference(lines[0].subscription, tariff)
    return entry


def _data_zone(lines: Sequence[UsageLine], by_profile: bool, money: Json) -> Json:
    """A rate zone. Volume covered by packages costs nothing here; countries keep the nominal price
    (docs/vendors/emnify.md#covered-usage)."""
    rate = lines[0].rate
    covered = shortest_number(sum_of(line.covered for line in lines))
    return {
        "id": rate.zone.number,
        "name": rate.zone.name,
        "tariff": lines[0].tariff.name,
        "rate": places(rate.per_unit, 6),
        "volume": _volume(lines),
        "data_package_volume": ZERO if by_profile else covered,
        "inclusive_volume": covered if by_profile else ZERO,
        "cost": _cost(lines),
        "currency": money,
        "countries": [_data_country(each, money) for each in _countries(lines)],
    }


def _data_country(lines: Sequence[UsageLine], money: Json) -> Json:
    first = lines[0]
    return {
        "country": {"name": country(first.country).name},
        "ratezone": first.rate.zone.name,
        "ratezone_id": str(first.rate.zone.number),
        "rate": places(first.price, 6),
        "volume": places(sum_of(line.quantity for line in lines), 6),
        "cost": places(sum_of(line.nominal for line in lines), 10),
        "currency": money,
    }


def _sms_tariff(lines: Sequence[UsageLine], money: Json) -> Json:
    tariff = lines[0].tariff
    return {
        "id": tariff.number,
        "name": tariff.name,
        "volume": shortest_number(sum_of(line.quantity for line in lines)),
        "cost": _cost(lines),
        "currency": money,
        "ratezone": [_sms_zone(each, money) for each in _zones(lines)],
    }


def _sms_zone(lines: Sequence[UsageLine], money: Json) -> Json:
    zone = lines[0].rate.zone
    return {
        "id": zone.number,
        "name": zone.name,
        "tariff": lines[0].tariff.name,
        "volume": shortest_number(sum_of(line.quantity for line in lines)),
        "cost": _cost(lines),
        "currency": money,
        "countries": [_sms_country(each, money) for each in _countries(lines)],
    }


def _sms_country(lines: Sequence[UsageLine], money: Json) -> Json:
    first = lines[0]
    return {
        "country": {"name": country(first.country).name},
        "ratezone": first.rate.zone.name,
        "ratezone_id": str(first.rate.zone.number),
        "tariff": first.tariff.name,
        "tariff_id": str(first.tariff.number),
        "volume": places(sum_of(line.quantity for line in lines), 6),
        "cost": places(sum_of(line.nominal for line in lines), 10),
        "currency": money,
    }


def _cost(lines: Iterable[UsageLine]) -> Decimal:
    return shortest_number(sum_of(line.amount for line in lines))


def _volume(lines: Sequence[UsageLine]) -> Decimal | str:
    """The volume of a data tariff or zone: a string if packages covered all of it, else a number, as in the vendor's sample."""
    quantity = sum_of(line.quantity for line in lines)
    return places(quantity, 6) if quantity == sum_of(line.covered for line in lines) else shortest_number(quantity)
