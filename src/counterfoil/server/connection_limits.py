"""The bounds of one HTTP server on its connections, and the count of those that are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one server. Sizes in bytes, times in seconds. ``url`` is a part of ``head``. ``stalled``: how long a client
    may take nothing of a response. ``per_address``: connections from one address, None for as many as there may be."""

    head: int = 64 * 1024
    fields: int = 200
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    stalled_seconds: float = 60.0
    connections: int = 10_000
    per_address: int | None = None


@dataclass(slots=True)
class Admission:
    """Counts the connections of one server. ``address_key`` tells which addresses count as one; ``exempt`` ones, proxies,
    are not counted by address."""

    limits: Limits
    address_key: Callable[[str], str] = str
    exempt: Callable[[str], bool] = lambda address: False
    total: int = 0
    by_address: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> int:
        """Count a connection; returns by how many the nearest bound is exceeded."""
        key = self.address_key(address)
        self.total += 1
        self.by_address[key] += 1
        over = self.total - self.limits.connections
        if self.limits.per_address is not None and not self.exempt(address):
            over = max(over, self.by_address[key] - self.limits.per_address)
        return over

    def leave(self, address: str) -> None:
        """Count a connection no more."""
        key = self.address_key(address)
        self.total -= 1
        self.by_address[key] -= 1
        if not self.by_address[key]:
            del self.by_address[key]
