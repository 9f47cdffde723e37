"""Computes the amounts of a monthly bill as emnify shows them: monthly charges, SIMs, data and SMS traffic.

The parts are computed in ``monthly_charges``, ``sim_items`` and ``traffic``. Source: docs/vendors/emnify.md#bill and
docs/vendors/emnify.md#arithmetic. Only amounts in strings are rounded, to their fixed number of decimals. Which members
are strings follows the vendor's sample.
"""

from __future__ import annotations

from decimal import Context, localcontext

from counterfoil.api import Json
from counterfoil.apis.emnify.monthly_charges import monthly_charges
from counterfoil.apis.emnify.months import MonthlyBill
from counterfoil.apis.emnify.numbers import places, sum_of
from counterfoil.apis.emnify.sim_items import is_split, profiles_on, sim_items
from counterfoil.apis.emnify.traffic import traffic_of
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.documents import FeeLine, OneOffLine, PackageLine, SimLine, UsageLine
from counterfoil.ledger.receivables import tax_on
from counterfoil.ledger.tariffs import Tariff
from counterfoil.world.to_json import shortest_number

WIDE = Context(prec=80)  # enough digits for the largest quantity times the largest price


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
    net = sum_of(line.amount for line in bill.lines)
    vat = tax_on(net, bill.tax_rate)
    by_profile = is_split(packages, split)
    profiles = profiles_on(state, [*sims, *packages, *usage]) if by_profile else []
    return {
        "total": {"cost": shortest_number(net + vat), "currency": money},
        "sub_total": {"cost": shortest_number(net), "currency": money},
        "vat": {
            "rate": places(bill.tax_rate, 6) if vat_rate == "string" else shortest_number(bill.tax_rate),
            "cost": shortest_number(vat),
            "currency": money,
        },
        "mrc": monthly_charges(fees, [] if by_profile else packages, bill),
        "sim_items": sim_items(sims, packages, profiles, money),
        "traffic": traffic_of(usage, by_profile, money),
        "invoice_items": [_one_off(line, money) for line in one_offs] or None,
        "tariff_plan": [_plan(tariff) for tariff in bill.plans] or None,
    }


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
