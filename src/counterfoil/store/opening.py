"""Opens a store by its path or URL, and checks that its default world is the requested one."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from counterfoil.plain_text import counted
from counterfoil.store.eviction import MAX_MEMORY_BYTES
from counterfoil.store.log import Conflict, DeleteWorld, Log, RemoteLog, StoreError, StoreLog
from counterfoil.store.shared_worlds import SharedWorlds
from counterfoil.store.sqlite import SqliteLog
from counterfoil.store.worlds import StoredWorlds
from counterfoil.world.scenario import Scenario
from counterfoil.world.switches import KnownSwitches
from counterfoil.world.worlds import DEFAULT

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://", re.IGNORECASE)
POSTGRES = ("postgresql", "postgres")
REDIS = ("redis", "rediss", "valkey", "valkeys")
DELETED_TOGETHER = 500
"""Limit on the idle worlds deleted in one transaction, for which other writers wait."""


def open_log(store: str, *, to_write: bool = True, shared: bool = False) -> StoreLog:
    """Open a store by the path of a file or the URL of a server. ``shared``: processes forked from this one use it too; a
    server is always shared. Raises ``StoreError``."""
    url = _URL.match(store)
    if url is None:
        if not store.strip() or "\0" in store:
            raise StoreError("a store is the path of a file, or a URL such as postgresql://db/counterfoil")
        if store.lower().startswith("file:"):
            raise StoreError(f"{store[:80]}: name the file by its path, such as worlds.db, not by a file: URL")
        kind = store.partition(":")[0].lower()
        if ":" in store and kind in (*POSTGRES, *REDIS):  # what follows may be a password
            raise StoreError(f"a store of the kind {kind} is named by a URL: {kind}://HOST/…")
        return SqliteLog(store, to_write=to_write, shared=shared)
    scheme = url["scheme"].lower()
    store = f"{scheme}{store[url.end('scheme') :]}"  # its reader compares the scheme case-sensitively
    if scheme in POSTGRES:
        with _extra("postgres", "psycopg"):
            from counterfoil.store.postgres import PostgresLog
        return PostgresLog(store, to_write=to_write)
    if scheme in REDIS:
        with _extra("redis", "redis"):
            from counterfoil.store.redis import RedisLog
        return RedisLog(store, to_write=to_write)
    raise StoreError(f"no store of the kind {scheme[:20]}:// is known; name a file, or a postgresql:// or redis:// URL")


@contextmanager
def _extra(extra: str, package: str) -> Iterator[None]:
    """Raise ``StoreError`` if the package of that optional dependency is not installed."""
    try:
        yield
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise StoreError(
            f"this kind of store needs the package {package}: pip install 'counterfoil[{extra}]'"
        ) from None


def open_worlds(
    store: str,
    read: Callable[[str], Scenario],
    known_switches: KnownSwitches,
    *,
    shared: bool = False,
    most_bytes: int = MAX_MEMORY_BYTES,
) -> StoredWorlds:
    """The registry of the worlds in a store. ``read`` returns a scenario by name; ``shared`` as for ``open_log``; worlds take
    about ``most_bytes`` in memory, at most. Raises ``StoreError``."""
    log = open_log(store, shared=shared)
    if log.remote:
        from counterfoil.store.remote_worlds import RemoteWorlds

        return RemoteWorlds(cast("RemoteLog", log), read, known_switches, now=time.time, most_bytes=most_bytes)
    return (SharedWorlds if shared else StoredWorlds)(log, read, known_switches, now=time.time, most_bytes=most_bytes)


def check_default(
    worlds: StoredWorlds,
    scenario_name: str | None,
    seed: int | None,
    customers: int | None,
    switches: Mapping[str, object],
    read: Callable[[str], Scenario],
) -> bool:
    """Whether the store has a default world. Raises ``StoreError`` if the world was made with other options than the given
    ones; None and no switches match any world."""
    world = worlds.get(DEFAULT)
    if world is None:
        return False
    differs = None
    if scenario_name is not None and read(scenario_name).digest != world.scenario.digest:
        differs = f"scenario {world.scenario.name}, not the {scenario_name} given"
    elif seed is not None and seed != world.seed:
        differs = f"seed {world.seed}, not {seed}"
    elif customers is not None and customers != world.requested_customers:
        requested = (
            "its scenario's own customers"
            if world.requested_customers is None
            else counted(world.requested_customers, "customer")
        )
        differs = f"{requested}, not {customers}"
    elif switches and dict(switches) != dict(world.chosen):
        differs = "other switches than those given"
    if differs is not None:
        raise StoreError(
            f"{worlds.log.where}: its default world was made with {differs}; leave the option out, or name another store"
        )
    return True


def delete_idle(log: Log, now: float) -> int:
    """Delete expired worlds; returns how many. Other servers may use the store meanwhile."""
    idle = [DeleteWorld(id, expired_before=now) for id, _ in log.expired(now)]
    return sum(_delete(log, idle[first : first + DELETED_TOGETHER]) for first in range(0, len(idle), DELETED_TOGETHER))


def _delete(log: Log, idle: list[DeleteWorld]) -> int:
    try:
        log.commit(idle)
    except Conflict:  # another server just used or deleted one of them
        return sum(_delete(log, [world]) for world in idle) if len(idle) > 1 else 0
    return len(idle)


def visitors_secret(log: Log) -> bytes:
    """The secret for visitors' cookies and keys, which stays the same after a restart."""
    name = "visitors_secret"
    return bytes.fromhex(log.setting(name) or log.set_default(name, secrets.token_hex(32)))
