"""How many cases of a law are tried, and how Hypothesis searches for one that fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypothesis import settings

MAX_SHRINKS = 40
"""Further cases tried to make a failing one smaller; each may cost a few requests."""


@dataclass(frozen=True)
class EffortLevel:
    """The effort for each law: the number of generated cases, the seed, and whether a failing case is made smaller."""

    max_examples: int = 12
    seed: int = 0
    shrink: bool = True


def search_settings(most: int, effort: EffortLevel) -> settings:
    """Hypothesis's settings for a search of ``most`` cases that depends on the seed alone: no database, no time limit."""
    from hypothesis import HealthCheck, Phase, settings

    return settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate, *([Phase.shrink] if effort.shrink else [])],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
