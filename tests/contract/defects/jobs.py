"""What a worker process does for ``python -m tests.contract.defects``: one defect, named by its id."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from . import all as everything  # noqa: F401  (fills DEFECTS)
from .plant import DEFECTS
from .trying import catching, conformance, laws_of


def quiet() -> None:
    """A planted crash is logged by the server, as it should be; nobody needs to read it."""
    logging.disable(logging.CRITICAL)


def broken_laws(id: str, touching: Sequence[str]) -> list[str]:
    """The ids of the laws among ``touching`` that the defect breaks."""
    defect = DEFECTS[id]
    laws = [law for law in laws_of(defect.api) if law.id in touching]
    return [broken.id for broken in catching(defect, laws, first=False)]


def complaints(id: str) -> set[tuple[str, str]]:
    """What Schemathesis complains of with the defect planted."""
    return conformance(DEFECTS[id].api, DEFECTS[id].scenario, DEFECTS[id])
