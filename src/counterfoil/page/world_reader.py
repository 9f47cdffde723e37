"""The interface through which plots and event streams read worlds; ``counterfoil.app`` passes an implementation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Json = Any


class WorldReader(Protocol):
    """The look-ups that the page needs, each by a world's name."""

    def version(self, world: str) -> object:
        """A value that differs after every change of the world or its journal; None if there is no such world."""
        ...

    def status(self, world: str) -> Json:
        """``version`` and ``journal`` (counters), ``now``, and ``runs``: the status of each run that is under way.

        None if there is no such world."""
        ...

    def figures(self, world: str) -> Json:
        """As ``GET /worlds/{world}/figures`` of the control API. Raises ``UnknownRecord``."""
        ...

    def largest_open_charges(self, world: str, currency: str, limit: int) -> Sequence[Json]:
        """Up to ``limit`` objects ``{customer, name, open, previous}``, largest open charges first; both amounts are net.

        Raises ``UnknownRecord``."""
        ...
