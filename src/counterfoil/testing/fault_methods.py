"""The faults of a sandbox: ``fail``, typed by the kind of fault, and methods that list and remove faults."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypedDict, Unpack, overload

from counterfoil.api.control_types import Distribution, Fault, Kind, read_fault
from counterfoil.testing.one_world import OneWorld


class HowOften(TypedDict, total=False):
    """The calls that a fault applies to: from the ``nth`` on, at most ``times`` times, each time with ``probability``
    (above 0, at most 1), drawn from ``Random(seed)``."""

    nth: int
    times: int | None
    probability: Decimal | float
    seed: int


class FaultMethods(OneWorld):
    """The methods of ``Sandbox`` for the faults of its world."""

    @overload
    def fail(
        self,
        api: str,
        operation: str | None = None,
        *,
        kind: Literal["status"] = "status",
        status: int,
        **often: Unpack[HowOften],
    ) -> Fault: ...

    @overload
    def fail(
        self,
        api: str,
        operation: str | None = None,
        *,
        kind: Literal["latency"],
        delay_ms: int,
        spread_ms: int = 0,
        distribution: Distribution = "fixed",
        **often: Unpack[HowOften],
    ) -> Fault: ...

    @overload
    def fail(
        self, api: str, operation: str | None = None, *, kind: Literal["reset", "malformed"], **often: Unpack[HowOften]
    ) -> Fault: ...

    @overload
    def fail(
        self,
        api: str,
        operation: str | None = None,
        *,
        kind: Literal["truncate"],
        keep_bytes: int | None = None,
        **often: Unpack[HowOften],
    ) -> Fault: ...

    @overload
    def fail(
        self,
        api: str,
        operation: str | None = None,
        *,
        kind: Literal["too_many_requests"],
        retry_after: int = 1,
        **often: Unpack[HowOften],
    ) -> Fault: ...

    @overload
    def fail(
        self,
        api: str,
        operation: str | None = None,
        *,
        kind: Literal["slow_drip"],
        bytes_per_second: int = 64,
        **often: Unpack[HowOften],
    ) -> Fault: ...

    def fail(self, api: str, operation: str | None = None, *, kind: Kind = "status", **members: Any) -> Fault:
        """Add a fault: ``fail("flexprice", "GET /customers/{id}/invoices/summary", status=503, times=1)``.

        Members are those of ``counterfoil.api.control_types.FaultSpec``; ``operation`` is written as in the spec; None is
        every operation. Raises ``BadValue`` that names the wrong member, ``TooMany`` at the limit of 100.
        """
        return self.application.faults.add(
            self.name, read_fault({"api": api, "operation": operation, "kind": kind, **members})
        )

    def faults(self) -> list[Fault]:
        """The faults of this world, in the order they were added, with how many calls each counted and applied to."""
        return list(self.application.faults.all(self.name))

    def remove_fault(self, fault: Fault | int) -> None:
        """Remove a fault, by the fault itself or its ``id``. Raises ``ValueError`` that lists the existing ids."""
        number = fault.id if isinstance(fault, Fault) else fault
        if not self.application.faults.remove(self.name, number):
            known = ", ".join(str(existing.id) for existing in self.faults()) or "none"
            raise ValueError(f"there is no fault {number}; there are: {known}")

    def clear_faults(self) -> None:
        """Remove all faults; the world stays as it is."""
        for fault in self.faults():
            self.application.faults.remove(self.name, fault.id)
