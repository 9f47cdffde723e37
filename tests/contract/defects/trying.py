"""Runs laws and Schemathesis against a stand-in in this process, with or without a planted defect.

The only file here that knows how the application is built and how laws are run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.prepared import new_world

from counterfoil.app import build
from counterfoil.catalog import api_names
from counterfoil.cli.stand_ins import target_of
from counterfoil.contract import Target
from counterfoil.contract.conformance.run import job_for
from counterfoil.contract.conformance.run import run as run_conformance
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.law import Law
from counterfoil.contract.law_books import document, law_book
from counterfoil.contract.observations import ObservationCache
from counterfoil.contract.runner import CouldNotRun, open_client, selected_laws, try_law
from counterfoil.contract.verdict import FAILED, Record
from counterfoil.lookup import scenario_names
from counterfoil.testing.in_process import InProcessTransport

from .plant import Defect
from .wire import Ask, Request, Response, plant
from .wire import Defect as WireDefect


class DefectFailed(Exception):
    """The code of a planted defect raised an exception; the message says which and why."""


QUICK = EffortLevel(max_examples=12, seed=0, shrink=False)
SEEDS = range(20)


@contextmanager
def running_stand_in(
    api: str, scenario: str, seed: int | None = None, defect: Defect | None = None
) -> Iterator[Target]:
    """A stand-in with a world of its own, with or without a defect on the wire; closed on exit.

    Raises ``DefectFailed`` if the defect's own code failed: the resulting 500 must not count as the planted bug.
    """
    application = build([api], world=new_world(scenario, seed=seed))
    failures: list[Exception] = []
    app = plant(application.server, _noting(defect.on_the_wire, failures)) if defect else application.server
    with InProcessTransport(app) as transport:
        yield target_of(application, api, "http://stand-in", transport=transport, app=app)
    if defect and failures:
        raise DefectFailed(f"{defect.id} failed itself: {failures[0]!r}") from failures[0]


def _noting(defect: WireDefect, failures: list[Exception]) -> WireDefect:
    async def noting(request: Request, ask: Ask) -> Response:
        try:
            return await defect(request, ask)
        except Exception as error:
            failures.append(error)
            raise

    return noting


def laws_of(api: str) -> list[Law]:
    """All laws of an API in the order they are tried: laws that read, that write, that use capabilities."""
    return selected_laws(law_book(api), writes=True)


def _tried(
    target: Target, api: str, laws: Sequence[Law], effort: EffortLevel, *, sparing: bool = False
) -> Iterator[Record]:
    with open_client(law_book(api), target) as client:
        observations = ObservationCache(long_lists={"all"} if sparing else set())
        for law in laws:
            yield try_law(law, client, document(api), observations, effort)


def clean_verdict(api: str, scenario: str, seed: int | None, effort: EffortLevel = QUICK) -> list[Record]:
    """Every law at the stand-in as it is."""
    with running_stand_in(api, scenario, seed) as target:
        return list(_tried(target, api, laws_of(api), effort))


def catching(
    defect: Defect, laws: Sequence[Law], *, first: bool = True, effort: EffortLevel = QUICK, sparing: bool = False
) -> list[Record]:
    """The broken ones among ``laws`` with the defect planted, up to the ``first`` of them or all. Raises ``CouldNotRun``.

    ``sparing`` tries only the cases that are tried at a target with a long list.
    """
    caught: list[Record] = []
    with running_stand_in(defect.api, defect.scenario, defect=defect) as target:
        for record in _tried(target, defect.api, laws, effort, sparing=sparing):
            if record.status == FAILED:
                caught.append(record)
                if first:
                    break
    return caught


def conformance(api: str, scenario: str, defect: Defect | None = None) -> set[tuple[str, str]]:
    """What Schemathesis complains about, as (operation, check), with a defect planted or without."""
    with running_stand_in(api, scenario, defect=defect) as target:
        assert target.conformance_target is not None
        job = job_for(api, target.conformance_target, fast=True, writes=True, max_examples=5)
        found = run_conformance(job, app=target.app)
    return {(record.operation, record.id) for record in found if record.status == FAILED}


__all__ = [
    "SEEDS",
    "CouldNotRun",
    "DefectFailed",
    "api_names",
    "catching",
    "clean_verdict",
    "conformance",
    "laws_of",
    "running_stand_in",
    "scenario_names",
]
