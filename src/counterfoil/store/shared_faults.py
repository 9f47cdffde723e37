"""The faults of worlds in a store that several processes serve; the store's list is the valid one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from counterfoil.api.control_types import Fault, Faults, FaultSpec
from counterfoil.store.faults import RestorableFaults, StoredFault, decode_faults, decode_stored_faults
from counterfoil.store.shared_worlds import SharedWorlds


class LocalFaults(RestorableFaults, Protocol):
    def check(self, spec: FaultSpec, count: int) -> None:
        """Check that a fault can be added to a world that has ``count`` faults. Raises as ``Faults.add`` does."""
        ...


class SharedFaults(Faults):
    """``faults`` applies them in this process; ``forget`` resets a fault's counters (None: all of the world) in all processes."""

    def __init__(self, faults: LocalFaults, worlds: SharedWorlds, forget: Callable[[str, int | None], None]) -> None:
        self._faults = faults
        self._worlds = worlds
        self._forget = forget
        worlds.faults_changed = self._take_over
        for world, json in worlds.log.faults():  # some may be in memory already
            self._take_over(world, json)

    def _take_over(self, world: str, json: bytes) -> None:
        self._faults.restore(world, decode_faults(json))

    def all(self, world: str) -> Sequence[Fault]:
        return self._faults.all(world)

    def add(self, world: str, spec: FaultSpec) -> Fault:
        def add() -> Fault:
            stored = decode_stored_faults(self._worlds.faults_of(world))
            active = [fault for fault in stored if fault.spec is not None]
            self._faults.check(spec, len(active))
            added = StoredFault(max((fault.id for fault in stored), default=0) + 1, spec)
            self._forget(world, added.id)
            self._keep(world, [*active, added])
            return Fault(added.id, spec)

        return self._worlds.exclusively(add)

    def remove(self, world: str, fault: int) -> bool:
        def cancel() -> bool:
            stored = decode_stored_faults(self._worlds.faults_of(world))
            left = [other for other in stored if other.id != fault or other.spec is None]
            if len(left) == len(stored):
                return False
            last = max(other.id for other in stored)
            active = [other for other in left if other.spec is not None]
            self._keep(world, active if active and active[-1].id == last else [*active, StoredFault(last)])
            return True

        return self._worlds.exclusively(cancel)

    def clear(self, world: str) -> None:
        def cancel() -> None:
            if self._worlds.faults_of(world):
                self._keep(world, [])

        self._worlds.exclusively(cancel)
        self._forget(world, None)
        self._faults.clear(world)

    def _keep(self, world: str, faults: list[StoredFault]) -> None:
        self._worlds.set_faults(world, msgspec.json.encode(faults) if faults else b"")
