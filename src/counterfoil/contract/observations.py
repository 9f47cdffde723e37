"""What the laws of one run observed at a target, so that the same request is not sent twice."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ObservationCache:
    """What was observed at a target during one run; cleared by every request that may write there.

    ``left_behind`` lists the paths of the resources that the laws created. ``facts`` are properties of the target that no
    write changes, such as which documented alternative it implements. ``long_lists`` are the lists with too many items to be
    fetched whole.
    """

    values: dict[Hashable, tuple[Any, tuple[str, ...]]] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    facts: dict[Hashable, Any] = field(default_factory=dict)
    long_lists: set[Hashable] = field(default_factory=set)

    def clear(self) -> None:
        self.values.clear()
