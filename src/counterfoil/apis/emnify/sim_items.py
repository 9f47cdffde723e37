"""Computes the SIM items of a bill, and says which tariff profiles it is split by."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.api import Json
from counterfoil.apis.emnify.numbers import grouped, sum_of
from counterfoil.ledger.accounts import AccountState, Subscription
from counterfoil.ledger.documents import PackageLine, SimLine, UsageLine
from counterfoil.ledger.tariffs import Tariff
from counterfoil.world.to_json import shortest_number


def is_split(packages: Sequence[PackageLine], split: str) -> bool:
    """Whether usage and inclusive volumes are split by profile; by default if several inclusive volumes were active, of one
    subscription or of several (docs/vendors/emnify.md#tariff-profiles)."""
    if split == "auto":
        return len({(line.subscription, line.package.number) for line in packages}) > 1
    return split == "always"


def profiles_on(state: AccountState, lines: Sequence[SimLine | PackageLine | UsageLine]) -> list[Subscription]:
    """The subscriptions on a bill. Each is a profile: a tariff with its volume for a number of SIMs."""
    found = {line.subscription for line in lines}
    return [subscription for subscription in state.subscriptions if subscription.ordinal in found]


def profile_reference(subscription: int, tariff: Tariff) -> Json:
    return {"id": subscription, "name": f"{tariff.name} {subscription}"}


def sim_items(
    sims: Sequence[SimLine], packages: Sequence[PackageLine], profiles: Sequence[Subscription], money: Json
) -> Json:
    """Fees for active SIMs and, in a split bill, the inclusive volumes by profile (instead of under packages).

    ``total`` has ``cost`` in addition to ``sim_hosting_fees``; an assumption: it is those fees plus the costs in ``data``.
    """
    if not sims and not profiles:
        return None
    data = [_sim_item(each, [p for p in packages if p.subscription == each.ordinal], money) for each in profiles]
    fees = sum_of(line.amount for line in sims)
    total = {
        "number_of_active_sims_chargeable": sum(
            max(line.sims for line in lines) for lines in grouped(sims, lambda line: line.subscription)
        ),
        "sim_hosting_fees": shortest_number(fees),
        "cost": shortest_number(fees + sum_of(item["cost"] for item in data)),
    }
    return {"total": total, "data": data}


def _sim_item(profile: Subscription, packages: Sequence[PackageLine], money: Json) -> dict[str, Json]:
    return {
        "tariff_profile": profile_reference(profile.ordinal, profile.tariff),
        "number_of_active_sims": profile.sims,
        "inclusive_volume": shortest_number(sum_of(line.package.volume for line in packages)),
        "cost": shortest_number(sum_of(line.amount for line in packages)),
        "currency": money,
    }
