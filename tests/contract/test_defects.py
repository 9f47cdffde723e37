"""The checker catches every planted defect, every law catches one, and the stand-in without defects has no findings. What
caught which defect is recorded (``defects/caught.json``, by ``python -m tests.contract.defects``). Here every defect is
planted again and tried with the laws that the record names for it, spread so that each law has to catch something; if those
fail, with all the laws of its API.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from defects import record as records
from defects.plant import DEFECTS, Defect
from defects.trying import SEEDS, CouldNotRun, api_names, catching, clean_verdict, laws_of, scenario_names

from counterfoil.contract.effort import EffortLevel

APIS = tuple(api_names())
LEAST = 480
RECORD = records.read()
LAWS_TO_TRY = records.laws_to_try(RECORD)
TELL = f"; run `{records.COMMAND}` if that is meant"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Silence the log: planted crashes are logged, as they should be."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def _param(defect: Defect) -> Any:
    """The pytest parameter of a defect; one that no law catches yet is expected to survive."""
    marks = [pytest.mark.xfail(reason=f"the law {defect.wanting} is wanting", strict=True)] if defect.wanting else []
    return pytest.param(defect, id=defect.id, marks=marks)


@pytest.mark.parametrize("defect", [_param(defect) for defect in DEFECTS.values()])
def test_the_defect_is_caught(defect: Defect) -> None:
    laws = [law for law in laws_of(defect.api) if law.id in LAWS_TO_TRY.get(defect.id, ())]
    try:
        caught = {broken.id for broken in catching(defect, laws, first=False)}
    except CouldNotRun as error:
        pytest.fail(f"nothing could be checked: {error}")
    missed = [law.id for law in laws if law.id not in caught]
    if missed:  # some need what other laws wrote before them, as when the record was made
        caught |= {broken.id for broken in catching(defect, laws_of(defect.api), first=False)}
        missed = [law for law in missed if law not in caught]
    assert not missed, f"{', '.join(missed)} caught {defect.id} once, and no longer{TELL}"
    assert caught or catching(defect, laws_of(defect.api)), f"no law catches {defect.id}: {defect.says}"


@pytest.mark.parametrize("seed", SEEDS[:6])
@pytest.mark.parametrize("api", APIS)
def test_the_stand_in_as_it_is_gives_no_alarm(api: str, seed: int) -> None:
    """Each scenario with one seed, of the world and of the values drawn; all 20 seeds with ``--clean``."""
    names = scenario_names()
    scenario = names[(seed + APIS.index(api)) % len(names)]
    alarms = [
        each
        for each in clean_verdict(api, scenario, seed, EffortLevel(6, seed, shrink=False))
        if each.status == "broken"
    ]
    shown = [(each.id, each.findings[0].expected, each.findings[0].got) for each in alarms]
    assert not shown, f"{scenario}, seed {seed}"


def test_every_law_has_caught_something() -> None:
    """Every law needs a defect that it catches; otherwise it has to be removed."""
    idle = records.laws_that_caught_nothing(RECORD, (law.id for api in APIS for law in laws_of(api)))
    assert not idle, f"never caught anything: {', '.join(idle)}{TELL}"


def test_there_are_enough_defects_and_some_of_every_api() -> None:
    assert len(DEFECTS) >= LEAST
    assert set(Counter(defect.api for defect in DEFECTS.values())) == set(APIS)


def test_the_report_matches_the_record() -> None:
    laws = [law.id for api in APIS for law in laws_of(api)]
    assert records.REPORT.read_text() == records.report(RECORD, laws), f"the report is out of date{TELL}"
    assert not set(DEFECTS) - set(RECORD), f"not on record{TELL}"
