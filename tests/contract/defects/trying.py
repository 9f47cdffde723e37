"""Trying laws, and Schemathesis, at a stand-in in this process, clean or with a defect planted.

The stand-in does not hold its own answers against its spec here: the implementations that will be checked do not either,
and a defect must not be found by the implementation's own guard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from counterfoil.app import build
from counterfoil.cli.stand_ins import target_of
from counterfoil.contract import Target
from counterfoil.contract.conformance import job_for
from counterfoil.contract.conformance import run as run_conformance
from counterfoil.contract.context import EffortLevel, ObservationCache
from counterfoil.contract.http_client import HttpClient
from counterfoil.contract.law import Law
from counterfoil.contract.law_books import document, law_book
from counterfoil.contract.runner import CouldNotRun, open_client, selected_laws, try_law
from counterfoil.contract.verdict import Record
from counterfoil.server.app import Options
from counterfoil.server.errors import Refusals
from counterfoil.testing.in_process import InProcess

from .plant import DEFECTS, Defect, Plant, Point, planted, points_of, watched

QUICK = EffortLevel(max_examples=12, seed=0, shrink=False)


@contextmanager
def standing(api: str, scenario: str, seed: int | None = None) -> Iterator[Target]:
    """A stand-in with a world of its own; gone afterwards."""
    unguarded = Plant()
    unguarded.put(Refusals, "breach", lambda self, exchange, answer: None)
    application = build([api], scenario_name=scenario, seed=seed, options=Options(validate_responses=False))
    with InProcess(application.server) as transport:
        try:
            yield target_of(application, api, "http://stand-in", transport=transport, app=application.server)
        finally:
            unguarded.undo()


def laws_of(api: str) -> list[Law]:
    """All laws of an API's book in the order they are tried: those that read, that write, that have something done."""
    return selected_laws(law_book(api), writes=True)


def clean_verdict(api: str, scenario: str, seed: int, effort: EffortLevel = QUICK) -> list[Record]:
    """Every law at the stand-in as it is."""
    with standing(api, scenario, seed) as target, open_client(law_book(api), target) as client:
        observations = ObservationCache()
        return [try_law(law, client, document(api), observations, effort) for law in laws_of(api)]


def catching(defect: Defect, laws: Sequence[Law], *, first: bool = True, effort: EffortLevel = QUICK) -> list[Record]:
    """The broken ones among ``laws`` with the defect planted, up to the ``first`` of them or all. Raises ``CouldNotRun``."""
    caught: list[Record] = []
    with (
        planted(defect),
        standing(defect.api, defect.scenario) as target,
        open_client(law_book(defect.api), target) as client,
    ):
        observations = ObservationCache()
        for law in laws:
            record = try_law(law, client, document(defect.api), observations, effort)
            if record.status == "broken":
                caught.append(record)
                if first:
                    break
    return caught


def touched(api: str, scenario: str) -> dict[str, list[str]]:
    """For each defect of an API: which laws enter what it swaps, found by trying every law at the clean, watched stand-in.

    What is entered while the world is told counts for every law.
    """
    defects = [each for each in DEFECTS.values() if each.api == api and each.scenario == scenario]
    swapped = points_of(defects)
    points = {point: place for places in swapped.values() for point, place in places.items()}
    entered: set[Point] = set()
    by_law: dict[str, set[Point]] = {}
    with (
        watched(points, entered) as forget,
        standing(api, scenario) as target,
        open_client(law_book(api), target) as client,
    ):
        always = set(entered)
        for law in laws_of(api):
            by_law[law.id] = _entered(law, client, entered, forget) | always
    return {
        defect.id: [law for law, entered_by in by_law.items() if entered_by & swapped[defect.id].keys()]
        for defect in defects
    }


def _entered(law: Law, client: HttpClient, entered: set[Point], forget: Callable[[], None]) -> set[Point]:
    forget()
    entered.clear()
    try_law(law, client, document(law.api), ObservationCache(), QUICK)
    return set(entered)


def conformance(api: str, scenario: str, defect: Defect | None = None) -> set[tuple[str, str]]:
    """What Schemathesis complains about, as (operation, check), with a defect planted or without."""
    from contextlib import nullcontext

    with planted(defect) if defect else nullcontext(), standing(api, scenario) as target:
        assert target.conformance_target is not None
        job = job_for(api, target.conformance_target, fast=True, writes=True, max_examples=5)
        found = run_conformance(job, app=target.app)
    return {(record.operation, record.id) for record in found if record.status == "broken"}


__all__ = ["CouldNotRun", "catching", "clean_verdict", "conformance", "laws_of", "standing", "touched"]
