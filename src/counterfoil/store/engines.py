"""What stores of each kind can do in addition to what serving them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from counterfoil.store.log import Log, Position

CHECKED_AGAIN_AFTER = 1.0
"""Seconds after which a server that is written to is asked again whether it keeps what it is given: that can be changed while it
runs."""


class StoreLog(Log, Protocol):
    """A store, with what ``counterfoil store`` asks of it."""

    def versions(self) -> dict[str, str | None]:
        """What it was written with: its format, and the versions of counterfoil and Faker."""
        ...

    def commands(self) -> int:
        """How many commands all worlds have."""
        ...

    def size(self) -> int:
        """Bytes."""
        ...

    def mistakes(self) -> list[str]:
        """What is wrong with it, one line each."""
        ...

    def compact(self) -> None:
        """Give back the space of what was deleted. Raises ``StoreUnavailable``."""
        ...


class RemoteLog(StoreLog, Protocol):
    """A store that is asked over a network."""

    def positions(self, names: Sequence[str]) -> Mapping[str, Position]:
        """Where the worlds of those names are, as of now or later; those that are not there are left out."""
        ...
