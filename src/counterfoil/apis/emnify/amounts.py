"""Computes the amounts of a monthly bill as emnify shows them: monthly charges, SIMs, data and SMS traffic.

Traffic is split by tariff, rate zone and country. Source: docs/vendors/emnify.md#bill and
docs/vendors/emnify.md#arithmetic. Only amounts in
strings are rounded, to their fixed number of decimals. Which members are strings follows the vendor's sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal, localcontext
from typing import TypeVar

from counterfoil.api import Json
from counterfoil.apis.emnify.countries import country
from counterfoil.apis.emnify.months import MonthlyBill
from counterfoil.ledger.accounts import AccountState, Subscription
from counterfoil.ledger.documents import FeeLine, OneOffLine, PackageLine, SimLine, UsageLine
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import tax_on
from counterfoil.ledger.tariffs import Service, Tariff
from counterfoil.world.to_json import shortest_number

T = TypeVar("T")

WIDE = Context(prec=80)  # enough digits for the largest quantity times the largest price
BASIC_CHARGE = 1_000_000  # ids of basic charges start here; those of data packages count from 1
PER_SUBSCRIPTION = 10_000_000  # the first subscription's charges have these ids; those of the others come after them
SUBSCRIPTIONS = 1_000  # and the charges of earlier months on the same bill after those of this many subscriptions
NO_ZONE = {"id": 0, "name": "All zones"}
CURRENCIES = {"EUR": (1, "€"), "USD": (2, "$"), "GBP": (3, "£"), "JPY": (4, "¥"), "CHF": (5, "CHF")}


def amounts(state: AccountState, bill: MonthlyBill, split: str, vat_rate: str) -> dict[str, Json]:
    """The members of the bill that depend on its lines.

    ``split`` and ``vat_rate`` are the values of the switches ``emnify.multi_profile`` and ``emnify.vat_rate``.
    """
    with localcontext(WIDE):
        return _amounts(state, bill, split, vat_rate)


def _amounts(state: AccountState, bill: MonthlyBill, split: str, vat_rate: str) -> dict[str, Json]:
    fees = [line for line in bill.lines if isinstance(line, FeeLine)]
    sims = [line for line in bill.lines if isinstance(line, SimLine)]
    packages = [line for line in bill.lines if isinstance(line, PackageLine)]
    usage = [line for line in bill.lines if isinstance(line, UsageLine)]
    one_offs = [line for line in bill.lines if isinstance(line, OneOffLine)]
    money = {"code": bill.currency}
    net = _sum(line.amount for line in bill.lines)
    vat = tax_on(net, bill.tax_rate)
    by_profile = _is_split(packages, split)
    profiles = _profiles(state, [*sims, *packages, *usage]) if by_profile else []
    return {
        "total": {"cost": shortest_number(net + vat), "currency": money},
        "sub_total": {"cost": shortest_number(net), "currency": money},
        "vat": {
            "rate": places(bill.tax_rate, 6) if vat_rate == "string" else shortest_number(bill.tax_rate),
            "cost": shortest_number(vat),
            "currency": money,
        },
        "mrc": _monthly_charges(fees, [] if by_profile else packages, bill),
        "sim_items": _sim_items(sims, packages, profiles, money),
        "traffic": _traffic(usage, by_profile, money),
        "invoice_items": [_one_off(line, money) for line in one_offs] or None,
        "tariff_plan": [_plan(tariff) for tariff in bill.plans] or None,
    }


# --- numbers -------------------------------------------------------------------------------------


def places(value: Decimal, count: int) -> str:
    """``value`` as a string with ``count`` decimals, rounded if it has more: ``"12.345678"``."""
    return f"{value:.{count}f}"


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def _cost(lines: Iterable[UsageLine]) -> Decimal:
    return shortest_number(_sum(line.amount for line in lines))


def _volume(lines: Sequence[UsageLine]) -> Decimal | str:
    """The volume of a data tariff or zone: a string if packages covered all of it, else a number, as in the vendor's sample."""
    quantity = _sum(line.quantity for line in lines)
    return places(quantity, 6) if quantity == _sum(line.covered for line in lines) else shortest_number(quantity)


def _grouped(items: Iterable[T], key: Callable[[T], object]) -> list[list[T]]:
    groups: dict[object, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


# --- monthly charges -----------------------------------------------------------------------------


def _monthly_charges(fees: Sequence[FeeLine], packages: Sequence[PackageLine], bill: MonthlyBill) -> Json:
    """Data packages, and basic charges as packages without volume, so that the totals add up
    (docs/vendors/emnify.md#arithmetic).

    That is an assumption: the vendor's text mentions a basic charge here and shows no member for it.
    """
    if not fees and not packages:
        return None
    money = _currency(bill.currency)
    data = [_basic_charge(line, bill.month, money) for line in fees]
    data += [_package(line, bill.month, money) for line in packages]
    total = {
        "cost": shortest_number(_sum(item["rate"] for item in data)),
        "volume": shortest_number(_sum(item["volume"] for item in data)),
        "currency": money,
    }
    return {"data_packages": {"data": data, "total": total}}


def _charge_id(number: int, line: FeeLine | PackageLine, month: int) -> int:
    """An id that no other monthly charge on the bill of ``month`` has: the same tariff may be subscribed to twice, and a bill
    may have charges of earlier months."""
    months_ago = (month // 100 - line.dated.year) * 12 + month % 100 - line.dated.month
    return number + PER_SUBSCRIPTION * (line.subscription - 1 + SUBSCRIPTIONS * max(months_ago, 0))


def _package(line: PackageLine, month: int, money: Json) -> dict[str, Json]:
    package = line.package
    return {
        "id": _charge_id(package.number, line, month),
        "tariff": _tariff_reference(line.tariff),
        "ratezone": {"id": package.zone.number, "name": package.zone.name},
        "currency": money,
        "volume": shortest_number(package.volume),
        "rate": shortest_number(line.amount),
        "description": f"{package.name}, {line.dated:%Y-%m}",
    }


def _basic_charge(line: FeeLine, month: int, money: Json) -> dict[str, Json]:
    return {
        "id": _charge_id(BASIC_CHARGE + line.tariff.number, line, month),
        "tariff": _tariff_reference(line.tariff),
        "ratezone": NO_ZONE,
        "currency": money,
        "volume": ZERO,
        "rate": shortest_number(line.amount),
        "description": f"Basic charge {line.tariff.name}, {line.dated:%Y-%m}",
    }


def _tariff_reference(tariff: Tariff) -> Json:
    return {"id": tariff.number, "name": tariff.name}


def _currency(code: str) -> Json:
    number, symbol = CURRENCIES.get(code, (100 + int(code, 36), code))
    return {"id": number, "code": code, "symbol": symbol}


def _plan(tariff: Tariff) -> Json:
    return {
        "id": tariff.number,
        "name": tariff.name,
        "rate": shortest_number(tariff.monthly_fee),
        "currency": {"code": tariff.currency},
    }


def _one_off(line: OneOffLine, money: Json) -> Json:
    charge = line.charge
    return {
        "id": charge.ordinal,
        "description": charge.description,
        "quantity": 1,
        "unit_price": shortest_number(charge.amount),
        "cost": shortest_number(charge.amount),
        "currency": money,
    }


# --- tariff profiles and SIMs --------------------------------------------------------------------


def _is_split(packages: Sequence[PackageLine], split: str) -> bool:
    """Whether usage and inclusive volumes are split by profile; by default if several inclusive volumes were active, of one
    subscription or of several (docs/vendors/emnify.md#tariff-profiles)."""
    if split == "auto":
        return len({(line.subscription, line.package.number) for line in packages}) > 1
    return split == "always"


def _profiles(state: AccountState, lines: Sequence[SimLine | PackageLine | UsageLine]) -> list[Subscription]:
    """The subscriptions on a bill. Each is a profile: a tariff with its volume for a number of SIMs."""
    found = {line.subscription for line in lines}
    return [subscription for subscription in state.subscriptions if subscription.ordinal in found]


def _profile(subscription: int, tariff: Tariff) -> Json:
    return {"id": subscription, "name": f"{tariff.name} {subscription}"}


def _sim_items(
    sims: Sequence[SimLine], packages: Sequence[PackageLine], profiles: Sequence[Subscription], money: Json
) -> Json:
    """Fees for active SIMs and, in a split bill, the inclusive volumes by profile (instead of under packages).

    ``total`` has ``cost`` in addition to ``sim_hosting_fees``; an assumption: it is those fees plus the costs in ``data``.
    """
    if not sims and not profiles:
        return None
    data = [_sim_item(each, [p for p in packages if p.subscription == each.ordinal], money) for each in profiles]
    fees = _sum(line.amount for line in sims)
    total = {
        "number_of_active_sims_chargeable": sum(
            max(line.sims for line in lines) for lines in _grouped(sims, lambda line: line.subscription)
        ),
        "sim_hosting_fees": shortest_number(fees),
        "cost": shortest_number(fees + _sum(item["cost"] for item in data)),
    }
    return {"total": total, "data": data}


def _sim_item(profile: Subscription, packages: Sequence[PackageLine], money: Json) -> dict[str, Json]:
    return {
        "tariff_profile": _profile(profile.ordinal, profile.tariff),
        "number_of_active_sims": profile.sims,
        "inclusive_volume": shortest_number(_sum(line.package.volume for line in packages)),
        "cost": shortest_number(_sum(line.amount for line in packages)),
        "currency": money,
    }


# --- traffic -------------------------------------------------------------------------------------


def _traffic(usage: Sequence[UsageLine], by_profile: bool, money: Json) -> Json:
    if not usage:
        return None
    data = [line for line in usage if line.rate.service is Service.DATA]
    sms = [line for line in usage if line.rate.service is Service.SMS]
    data_tariffs = _grouped(data, lambda line: (line.subscription if by_profile else 0, line.tariff.number))
    sms_tariffs = _grouped(sms, lambda line: line.tariff.number)
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
    return {"volume": shortest_number(_sum(line.quantity for line in lines)), "cost": _cost(lines), "currency": money}


def _zones(lines: Sequence[UsageLine]) -> list[list[UsageLine]]:
    return _grouped(lines, lambda line: line.rate.zone.number)


def _countries(lines: Sequence[UsageLine]) -> list[list[UsageLine]]:
    return _grouped(lines, lambda line: line.country)


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
        entry["tariff_profile"] = _profile(lines[0].subscription, tariff)
    return entry


def _data_zone(lines: Sequence[UsageLine], by_profile: bool, money: Json) -> Json:
    """A rate zone. Volume covered by packages costs nothing here; countries keep the nominal price
    (docs/vendors/emnify.md#covered-usage)."""
    rate = lines[0].rate
    covered = shortest_number(_sum(line.covered for line in lines))
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
        "volume": places(_sum(line.quantity for line in lines), 6),
        "cost": places(_sum(line.nominal for line in lines), 10),
        "currency": money,
    }


def _sms_tariff(lines: Sequence[UsageLine], money: Json) -> Json:
    tariff = lines[0].tariff
    return {
        "id": tariff.number,
        "name": tariff.name,
        "volume": shortest_number(_sum(line.quantity for line in lines)),
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
        "volume": shortest_number(_sum(line.quantity for line in lines)),
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
        "volume": places(_sum(line.quantity for line in lines), 6),
        "cost": places(_sum(line.nominal for line in lines), 10),
        "currency": money,
    }
