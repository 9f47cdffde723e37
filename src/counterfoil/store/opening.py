"""Opens a store by what the user calls it, and checks that it holds the world that is asked for."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping

from counterfoil.store.log import Log, StoreError
from counterfoil.store.shared_worlds import SharedWorlds
from counterfoil.store.sqlite import SqliteLog
from counterfoil.store.worlds import StoredWorlds
from counterfoil.world.scenario import Scenario
from counterfoil.world.switches import KnownSwitches
from counterfoil.world.worlds import DEFAULT

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://")


def open_log(store: str, *, to_write: bool = True, shared: bool = False) -> SqliteLog:
    """The store of that name: the path of a file. ``shared``: by processes that are forked from this one. Raises
    ``StoreError``."""
    url = _URL.match(store)
    if url is not None:
        raise StoreError(f"{store.split('@')[-1][:80]}: no store of the kind {url['scheme']} is known; name a file")
    if not store.strip() or "\0" in store:
        raise StoreError("a store is the path of a file")
    return SqliteLog(store, to_write=to_write, shared=shared)


def open_worlds(
    store: str, read: Callable[[str], Scenario], known_switches: KnownSwitches, *, shared: bool = False
) -> StoredWorlds:
    """The worlds in the store, to serve them. ``read`` finds a scenario by name; ``shared`` as ``open_log``. Raises
    ``StoreError``."""
    log = open_log(store, shared=shared)
    return (SharedWorlds if log.shared else StoredWorlds)(log, read, known_switches, now=time.time)


def check_default(
    worlds: StoredWorlds,
    scenario_name: str | None,
    seed: int | None,
    customers: int | None,
    switches: Mapping[str, object],
    read: Callable[[str], Scenario],
) -> bool:
    """Whether the store has a default world. Raises ``StoreError`` if it was made from anything else than what is given;
    None and no switches stand for whatever it was made from."""
    world = worlds.get(DEFAULT)
    if world is None:
        return False
    differs = None
    if scenario_name is not None and read(scenario_name).digest != world.scenario.digest:
        differs = f"scenario {world.scenario.name}, not the {scenario_name} given"
    elif seed is not None and seed != world.seed:
        differs = f"seed {world.seed}, not {seed}"
    elif customers is not None and customers != world.requested_customers:
        asked = (
            "its scenario's own customers"
            if world.requested_customers is None
            else f"{world.requested_customers} customers"
        )
        differs = f"{asked}, not {customers}"
    elif switches and dict(switches) != dict(world.chosen):
        differs = "other switches than those given"
    if differs is not None:
        raise StoreError(
            f"{worlds.log.where}: its default world was made with {differs}; leave the option out, or name another file"
        )
    return True


def visitors_secret(log: Log) -> bytes:
    """The secret that visitors' cookies and keys are made with: the same after a restart."""
    kept = log.about("visitors_secret")
    if kept is None:
        kept = secrets.token_hex(32)
        log.about("visitors_secret", kept)
    return bytes.fromhex(kept)
