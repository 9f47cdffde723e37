"""Opens the worlds of an application, in memory or in a store, and makes the default one.

What only a store needs is imported where there is one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from counterfoil.api.control_types import Faults
from counterfoil.ledger.errors import RuleBroken
from counterfoil.lookup import DEFAULT_SCENARIO, UsageError, scenario
from counterfoil.server.faults.store import FaultStore
from counterfoil.server.journal.store import JournalStore
from counterfoil.world.switches import KnownSwitches
from counterfoil.world.world import World
from counterfoil.world.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from counterfoil.app.sharing import Sharing
    from counterfoil.store.shared_worlds import SharedWorlds
    from counterfoil.store.worlds import StoredWorlds


def put_default(worlds: Worlds, world: World, stored: StoredWorlds | None) -> None:
    """Make ``world`` the default one. Raises ``UsageError`` if the store has one."""
    if stored is not None and worlds.get(DEFAULT) is not None:
        raise UsageError(
            f"{stored.log.where} has a default world already; leave the capsule out, or name another store"
        )
    worlds.put(world)


def open_worlds(
    store: str | None, known: KnownSwitches, *, is_shared: bool, memory: int | None
) -> tuple[Worlds, StoredWorlds | None]:
    """The registry of worlds; once more as the second if it keeps them in a store, and about ``memory`` bytes of them here."""
    if store is None:
        return Worlds(scenario, known, seconds=time.monotonic), None
    from counterfoil.store import opening

    bound = {} if memory is None else {"most_bytes": memory}
    stored = opening.open_worlds(store, scenario, known, shared=is_shared, **bound)
    return stored, stored


def sharing_of(stored: StoredWorlds | None, journal: JournalStore, workers: int) -> Sharing | None:
    """What processes that change the same worlds share; None if no other does."""
    if stored is None or not stored.is_shared:
        return None
    from counterfoil.app.sharing import Sharing

    return Sharing(cast("SharedWorlds", stored), journal, workers)


def make_default(
    worlds: Worlds,
    stored: StoredWorlds | None,
    scenario_name: str | None,
    seed: int | None,
    customers: int | None,
    switches: Mapping[str, object],
) -> None:
    """Make the default world, unless the store has it."""
    given = (scenario_name, seed, customers, switches)
    if _has_default(stored, *given):
        return
    try:
        worlds.create(DEFAULT, scenario_name or DEFAULT_SCENARIO, seed=seed, customers=customers, switches=switches)
    except RuleBroken:  # another server that was started at the same moment may have made it
        if not _has_default(stored, *given):
            raise


def _has_default(
    stored: StoredWorlds | None,
    scenario_name: str | None,
    seed: int | None,
    customers: int | None,
    switches: Mapping[str, object],
) -> bool:
    if stored is None:
        return False
    from counterfoil.store.opening import check_default

    return check_default(stored, scenario_name, seed, customers, switches, scenario)


def kept_faults(faults: FaultStore, stored: StoredWorlds | None, sharing: Sharing | None) -> Faults:
    """Through which faults are ordered: they are kept in the store, if there is one."""
    if stored is None:
        return faults
    if sharing is not None:
        return sharing.faults(faults)
    from counterfoil.store.faults import StoredFaults

    kept = StoredFaults(faults, stored)
    kept.restore()
    return kept


def visitors_secret(stored: StoredWorlds) -> bytes:
    """What visitors' cookies are signed with, the same after a restart."""
    from counterfoil.store import opening

    return opening.visitors_secret(stored.log)
