"""What a worker process does for ``python -m tests.contract.defects``: one defect, named by its id."""

from __future__ import annotations

import logging

from .plant import DEFECTS
from .trying import catching, conformance, laws_of


def quiet() -> None:
    """Log nothing: the server reports planted crashes, as it should."""
    logging.disable(logging.CRITICAL)


def broken_laws(id: str) -> list[str]:
    """The ids of the laws that the defect breaks."""
    defect = DEFECTS[id]
    return [broken.id for broken in catching(defect, laws_of(defect.api), first=False)]


def complaints(id: str) -> set[tuple[str, str]]:
    """What Schemathesis complains of with the defect planted."""
    return conformance(DEFECTS[id].api, DEFECTS[id].scenario, DEFECTS[id])
