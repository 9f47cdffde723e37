"""Getting ready what a browser that has just got the shell is going to ask for. Nothing here is needed for any answer.

Started by the first visitor, in a thread of its own: the APIs go on. What fails here is logged, and fails again, with its
answer, for whoever asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from counterfoil.world.worlds import DEFAULT, Worlds

log = logging.getLogger("counterfoil.page")


def get_ready(steps: Iterable[Callable[[], object]]) -> None:
    """Each step, whatever becomes of the others."""
    for step in steps:
        try:
            step()
        except Exception:
            log.exception("getting the page ready failed; it is done when it is asked for")


def rehearse(worlds: Worlds) -> None:
    """Draw the first world's plots: their figures are remembered, and the names in them bring Faker in."""
    from counterfoil.page.plots import PLOTS, first_currency

    world = worlds.get(DEFAULT)
    if world is not None:
        currency = first_currency(world)
        for draw in PLOTS.values():
            draw(world, currency)
