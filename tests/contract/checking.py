"""``check`` and the laws of one API, called from tests with keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from counterfoil.contract import Target
from counterfoil.contract.check import CheckOptions
from counterfoil.contract.check import check as run_check
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.find_targets import Start
from counterfoil.contract.law import LawBook
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.runner import open_client, run_laws
from counterfoil.contract.verdict import Verdict


def check(
    apis: Sequence[str] = (), *, start: Start | None = None, environ: Mapping[str, str] | None = None, **options: Any
) -> int:
    """The exit code of ``counterfoil check`` with these options."""
    return run_check(CheckOptions(apis=tuple(apis), **options), start=start, environ=environ)


def check_laws(
    book: LawBook, target: Target, *, seed: int = 0, effort: EffortLevel | None = None, **options: Any
) -> Verdict:
    """The verdict of the laws alone, at one target. Raises ``CouldNotRun``."""
    observations = ObservationCache()
    with open_client(book, target) as client:
        records = list(
            run_laws(book, client, effort=effort or EffortLevel(seed=seed), observations=observations, **options)
        )
    return Verdict(seed=seed, records=records, left_behind=list(observations.left_behind))
