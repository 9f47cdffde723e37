"""The faults of worlds in a store which several processes serve: the store says which there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from counterfoil.api.control_types import Fault, Faults, FaultSpec
from counterfoil.store.faults import RestorableFaults, StoredFault, decode_faults, decode_stored_faults
from counterfoil.store.shared_worlds import SharedWorlds


class LocalFaults(RestorableFaults, Protocol):
    def check(self, spec: FaultSpec, there: int) -> None:
        """Whether it can be added in a world with so many faults. Raises as ``Faults.add`` does."""
        ...


class SharedFaults(Faults):
    """``faults`` applies them in this process; ``forget`` makes all processes count anew for one fault of a world (None: all)."""

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
            kept = decode_stored_faults(self._worlds.faults_of(world))
            there = [each for each in kept if each.spec is not None]
            self._faults.check(spec, len(there))
            made = StoredFault(max((each.id for each in kept), default=0) + 1, spec)
            self._forget(world, made.id)
            self._keep(world, [*there, made])
            return Fault(made.id, spec)

        return self._worlds.exclusively(add)

    def remove(self, world: str, fault: int) -> bool:
        def cancel() -> bool:
            kept = decode_stored_faults(self._worlds.faults_of(world))
            left = [each for each in kept if each.id != fault or each.spec is None]
            if len(left) == len(kept):
                return False
            last = max(each.id for each in kept)
            there = [each for each in left if each.spec is not None]
            self._keep(world, there if there and there[-1].id == last else [*there, StoredFault(last)])
            return True

        return self._worlds.exclusively(cancel)

    def clear(self, world: str) -> None:
        def cancel() -> None:
            if self._worlds.faults_of(world):
                self._keep(world, [])

        self._worlds.exclusively(cancel)
        self._forget(world, None)
        self._faults.clear(world)

    def _keep(self, world: str, kept: list[StoredFault]) -> None:
        self._worlds.set_faults(world, msgspec.json.encode(kept) if kept else b"")
