"""Keeps the faults of worlds in the store, so that they survive a restart. Their counters are kept in memory only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from counterfoil.api.control_types import Fault, Faults, FaultSpec
from counterfoil.store.worlds import StoredWorlds
from counterfoil.world.command_log import StoreUnavailable


class StoredFault(msgspec.Struct, frozen=True):
    """A fault as the store has it. The last one of a list may have no spec: it was removed, and its id must not be used again."""

    id: int
    spec: FaultSpec | None = None


class RestorableFaults(Faults, Protocol):
    def restore(self, world: str, faults: Sequence[Fault]) -> None:
        """Replace a world's faults by stored ones, whose counters start at zero."""
        ...


class StoredFaults:
    """``faults``, with each change kept in the store of ``worlds``. Implements ``control_types.Faults``.

    Methods return when the change is durable, and raise ``StoreUnavailable``, with nothing changed, if the store fails.
    """

    def __init__(self, faults: RestorableFaults, worlds: StoredWorlds) -> None:
        self._faults = faults
        self._worlds = worlds

    def restore(self) -> None:
        """Add the faults that the store holds."""
        for world, json in self._worlds.log.faults():
            self._faults.restore(world, decode_faults(json))

    def all(self, world: str) -> Sequence[Fault]:
        return self._faults.all(world)

    def add(self, world: str, spec: FaultSpec) -> Fault:
        made = self._faults.add(world, spec)
        try:
            self._keep(world, self._faults.all(world))
        except StoreUnavailable:
            self._faults.remove(world, made.id)
            raise
        return made

    def remove(self, world: str, fault: int) -> bool:
        left = [other for other in self._faults.all(world) if other.id != fault]
        if len(left) == len(self._faults.all(world)):
            return False
        self._keep(world, left)
        return self._faults.remove(world, fault)

    def clear(self, world: str) -> None:
        if self._faults.all(world):
            self._keep(world, [])
        self._faults.clear(world)

    def _keep(self, world: str, faults: Sequence[Fault]) -> None:
        kept = [StoredFault(fault.id, fault.spec) for fault in faults]
        self._worlds.set_faults(world, msgspec.json.encode(kept) if kept else b"")


def decode_stored_faults(json: bytes) -> list[StoredFault]:
    return msgspec.json.decode(json, type=list[StoredFault]) if json else []


def decode_faults(json: bytes) -> list[Fault]:
    """The faults in a store's JSON."""
    return [Fault(stored.id, stored.spec) for stored in decode_stored_faults(json) if stored.spec is not None]
