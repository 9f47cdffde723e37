"""The data that the page's plots and event stream show; implements ``counterfoil.page.world_reader``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from heapq import nlargest
from typing import Any

from counterfoil.api import Json
from counterfoil.control import serializers
from counterfoil.control.figures import figures
from counterfoil.control.timeline import future
from counterfoil.ledger.billing import open_charges
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import bills_of
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.world import World
from counterfoil.world.worlds import Worlds

MAX_CUSTOMERS = 10
"""Customers in the page's plot of open charges."""
UNDER_WAY = ("requested", "running")


class PageData:
    """Reads worlds by name. ``journal_version`` returns a counter that grows with each entry of a world's journal."""

    def __init__(self, worlds: Worlds, journal_version: Callable[[str], int]) -> None:
        self._worlds = worlds
        self._journal_version = journal_version

    def version(self, world: str) -> tuple[object, int, int] | None:
        """A value that differs after every change; None if there is no such world."""
        view = self._worlds.get(world)
        return None if view is None else (view.head, view.version, self._journal_version(world))

    def status(self, world: str) -> dict[str, Json] | None:
        """The version, the time and the runs under way; None if there is no such world."""
        view = self._worlds.get(world)
        if view is None:
            return None
        runs = {str(run.number): str(run.status) for run in list(view.ledger.runs.values()) if run.status in UNDER_WAY}
        return {
            "version": view.version,
            "now": format_timestamp(view.now),
            "journal": self._journal_version(world),
            "runs": runs,
        }

    def prepare(self, world: str) -> None:
        """Compute what the page's first view shows, and import what generates names. Raises ``UnknownRecord``."""
        future(self._worlds.named(world))
        for figures_in_currency in self.figures(world)["currencies"][:1]:
            self.largest_open_charges(world, figures_in_currency["currency"], MAX_CUSTOMERS)

    def figures(self, world: str) -> dict[str, Json]:
        """The figures, as in the control API. Raises ``UnknownRecord``."""
        return figures(self._worlds.named(world))

    def largest_open_charges(self, world: str, currency: str, limit: int) -> list[dict[str, Json]]:
        """The customers with the largest open charges, and their previous bill; both net. Raises ``UnknownRecord``."""
        view = self._worlds.named(world)
        largest = view.cached(("page.open", currency, limit), lambda: _largest(view, currency, limit))
        return [
            {
                "customer": number,
                "name": view.contact_of(number).name,
                "open": serializers.money(now, currency),
                "previous": serializers.money(before, currency),
            }
            for now, before, number in largest
        ]


def _largest(world: World, currency: str, limit: int) -> list[tuple[Decimal, Decimal, int]]:
    """(open, previous, customer). Customers with the same history share a state, which is computed once."""
    cutoffs = world.ledger.open_cutoffs(world.today)
    slots = world.ledger.store.slots()
    used = set(slots)
    by_slot: dict[int, tuple[Decimal, Decimal]] = {}
    for slot, state in enumerate(world.ledger.store.states()):
        index = next((at for at, account in enumerate(state.accounts) if account.currency == currency), None)
        if slot in used and index is not None:
            nets = [bill.net for bill in bills_of(state) if bill.invoice.account == index]
            by_slot[slot] = (open_charges(state, index, cutoffs).net, nets[-1] if nets else ZERO)
    # each used slot has a customer, so the largest customers are in the `limit` largest slots
    best = set(nlargest(limit, by_slot, key=by_slot.__getitem__))
    candidates: list[tuple[Any, ...]] = [(*by_slot[slot], -at) for at, slot in enumerate(slots) if slot in best]
    return [(now, before, 1 - minus) for now, before, minus in nlargest(limit, candidates)]
