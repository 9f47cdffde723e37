"""Opens the worlds of an application, in memory or in a store, and creates the default one.

The modules of the store are imported only if there is a store.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class NewWorld:
    """What the default world is made from: a scenario, and overrides of its values."""

    scenario_name: str | None
    seed: int | None
    customers: int | None
    switches: Mapping[str, object]


def open_worlds(
    store: str | None,
    known: KnownSwitches,
    default: World | NewWorld,
    *,
    is_shared: bool,
    memory: int | None,
) -> tuple[Worlds, StoredWorlds | None]:
    """The registry of worlds, with a default world; and the same registry again if it keeps worlds in a store, else None. With a
    store it keeps about ``memory`` bytes of worlds in this process."""
    worlds, stored = _open_registry(store, known, is_shared=is_shared, memory=memory)
    try:
        if isinstance(default, NewWorld):
            _make_default(worlds, stored, default)
        else:
            _put_default(worlds, stored, default)
    except BaseException:
        worlds.close()
        raise
    return worlds, stored


def _open_registry(
    store: str | None, known: KnownSwitches, *, is_shared: bool, memory: int | None
) -> tuple[Worlds, StoredWorlds | None]:
    """Like ``open_worlds``, without creating a default world."""
    if store is None:
        return Worlds(scenario, known, seconds=time.monotonic), None
    from counterfoil.store import opening

    bound = {} if memory is None else {"most_bytes": memory}
    stored = opening.open_worlds(store, scenario, known, shared=is_shared, **bound)
    return stored, stored


def _put_default(worlds: Worlds, stored: StoredWorlds | None, world: World) -> None:
    """Make ``world`` the default one, unless the store has it already. Raises ``UsageError`` if the store has another one."""
    if stored is None:
        worlds.put(world)
        return
    stored_world = worlds.get(DEFAULT)
    if stored_world is None:
        try:
            worlds.add(world)
            return
        except RuleBroken:  # another server that was started at the same moment may have made it
            stored_world = worlds.get(DEFAULT)
            if stored_world is None:
                raise
    if not _is_continuation(stored_world, world):
        raise UsageError(
            f"{stored.log.where} has a default world already, made from something else; leave the capsule out, or name another"
            " store"
        )


def _is_continuation(stored_world: World, world: World) -> bool:
    """Whether ``stored_world`` began as ``world``: it has its commands, and maybe later ones, or was reset since."""
    from counterfoil.store.rebuilding import origin_of

    was_reset = stored_world.version > len(stored_world.commands)
    begins_equal = list(stored_world.commands[: len(world.commands)]) == list(world.commands)
    return origin_of(stored_world) == origin_of(world) and (was_reset or begins_equal)


def _make_default(worlds: Worlds, stored: StoredWorlds | None, new: NewWorld) -> None:
    """Create the default world, unless the store has it."""
    if _has_default(stored, new):
        return
    try:
        worlds.create(
            DEFAULT,
            new.scenario_name or DEFAULT_SCENARIO,
            seed=new.seed,
            customers=new.customers,
            switches=new.switches,
        )
    except RuleBroken:  # another server that was started at the same moment may have made it
        if not _has_default(stored, new):
            raise


def _has_default(stored: StoredWorlds | None, new: NewWorld) -> bool:
    if stored is None:
        return False
    from counterfoil.store.opening import check_default

    return check_default(stored, new.scenario_name, new.seed, new.customers, new.switches, scenario)


def sharing_of(stored: StoredWorlds | None, journal: JournalStore, workers: int) -> Sharing | None:
    """What the processes that serve the same worlds share; None if there is only one process."""
    if stored is None or not stored.is_shared:
        return None
    from counterfoil.app.sharing import Sharing

    return Sharing(cast("SharedWorlds", stored), journal, workers)


def faults_api(faults: FaultStore, stored: StoredWorlds | None, sharing: Sharing | None) -> Faults:
    """The faults for the control API; they are kept in the store, if there is one."""
    if stored is None:
        return faults
    if sharing is not None:
        return sharing.faults(faults)
    from counterfoil.store.faults import StoredFaults

    kept = StoredFaults(faults, stored)
    kept.restore()
    return kept


def visitors_secret(stored: StoredWorlds) -> bytes:
    """The secret that signs visitors' cookies; the same after a restart."""
    from counterfoil.store import opening

    return opening.visitors_secret(stored.log)
