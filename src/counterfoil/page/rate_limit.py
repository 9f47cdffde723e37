"""Token buckets by key, for public mode.

pyrate-limiter is not used: it does not limit the number of keys, and drops old entries in a separate thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MAX_KEYS = 10_000


class TokenBuckets:
    """Each key may make ``per_second`` calls, and ``burst`` at once after a pause. ``clock`` returns seconds, monotonic."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def acquire(self, key: str) -> bool:
        """Take a token from the key's bucket; False if it is empty."""
        now = self._clock()
        tokens, since = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)  # the one unused for longest, which is nearly full again
        return tokens >= 1
