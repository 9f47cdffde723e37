"""How often somebody may: a bucket of calls for each name, filled steadily, bounded in how many names are remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

NAMES = 10_000


class Rates:
    """``each_second`` calls, and ``at_once`` when nothing was asked for a while. ``seconds`` tells a time that only grows."""

    def __init__(self, each_second: float, at_once: float, seconds: Callable[[], float]) -> None:
        self._each_second = each_second
        self._at_once = at_once
        self._seconds = seconds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> bool:
        """One call for ``name``; False if it has to wait."""
        now = self._seconds()
        left, since = self._left.pop(name, (self._at_once, now))
        left = min(self._at_once, left + (now - since) * self._each_second)
        self._left[name] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > NAMES:
            self._left.popitem(last=False)  # whoever was quiet longest has a full bucket by now, or nearly
        return left >= 1
