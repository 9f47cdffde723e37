"""What a worker process does for ``python -m tests.contract.defects``: one defect, named by its id."""

from __future__ import annotations

import logging

from .plant import DEFECTS
from .record import read
from .trying import catching, conformance, laws_of


def quiet() -> None:
    """Log nothing: the server reports planted crashes, as it should."""
    logging.disable(logging.CRITICAL)


def broken_laws(id: str) -> list[str]:
    """The ids of the laws that the defect breaks."""
    defect = DEFECTS[id]
    return [broken.id for broken in catching(defect, laws_of(defect.api), first=False)]


def is_caught_sparingly(id: str) -> bool:
    """Whether a law catches the defect with the few cases tried at a target with a long list."""
    defect = DEFECTS[id]
    known = set(read()[id].laws) if id in read() else set()
    laws = sorted(laws_of(defect.api), key=lambda law: law.id not in known)
    return bool(catching(defect, laws, sparing=True))


def complaints(id: str) -> set[tuple[str, str]]:
    """What Schemathesis complains of with the defect planted."""
    return conformance(DEFECTS[id].api, DEFECTS[id].scenario, DEFECTS[id])
