"""Computes the monthly charges of a bill: data packages and basic charges."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.api import Json
from counterfoil.apis.emnify.months import MonthlyBill
from counterfoil.apis.emnify.numbers import sum_of
from counterfoil.ledger.documents import FeeLine, PackageLine
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.tariffs import Tariff
from counterfoil.world.to_json import shortest_number

BASIC_CHARGE = 1_000_000  # ids of basic charges start here; those of data packages count from 1
PER_SUBSCRIPTION = 10_000_000  # each subscription has a range of this many ids
SUBSCRIPTIONS = 1_000  # each earlier month on the same bill has the ranges of this many subscriptions
NO_ZONE = {"id": 0, "name": "All zones"}
CURRENCIES = {"EUR": (1, "€"), "USD": (2, "$"), "GBP": (3, "£"), "JPY": (4, "¥"), "CHF": (5, "CHF")}


def monthly_charges(fees: Sequence[FeeLine], packages: Sequence[PackageLine], bill: MonthlyBill) -> Json:
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
        "cost": shortest_number(sum_of(item["rate"] for item in data)),
        "volume": shortest_number(sum_of(item["volume"] for item in data)),
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
