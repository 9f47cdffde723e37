"""The limits of one HTTP server on its connections, and the count of open connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one server. Sizes in bytes, times in seconds. ``head`` includes the URL. ``stalled_seconds``: how long a
    client may not read any of a response. ``per_address``: connections from one address; None: no limit."""

    head: int = 64 * 1024
    fields: int = 200
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    stalled_seconds: float = 60.0
    connections: int = 10_000
    per_address: int | None = None


@dataclass(slots=True)
class Admission:
    """Counts the connections of one server. Addresses with equal ``address_key`` count as one; ``exempt`` addresses
    (proxies) have no limit per address."""

    limits: Limits
    address_key: Callable[[str], str] = str
    exempt: Callable[[str], bool] = lambda address: False
    total: int = 0
    by_address: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> int:
        """Count a new connection; returns by how many it exceeds a limit (0 or less: not exceeded)."""
        key = self.address_key(address)
        self.total += 1
        self.by_address[key] += 1
        excess = self.total - self.limits.connections
        if self.limits.per_address is not None and not self.exempt(address):
            excess = max(excess, self.by_address[key] - self.limits.per_address)
        return excess

    def leave(self, address: str) -> None:
        """Stop counting a connection."""
        key = self.address_key(address)
        self.total -= 1
        self.by_address[key] -= 1
        if not self.by_address[key]:
            del self.by_address[key]
