"""Schemathesis, with every phase and every check, runs all five specs against the stand-in, and nothing may fail.
``counterfoil.contract.conformance.exclusions.EXCLUSIONS`` lists what is excluded, with reason and issue.
"""

from __future__ import annotations

import pytest

from counterfoil.catalog import api_names
from counterfoil.cli.stand_ins import StandIns
from counterfoil.contract.check import CheckOptions
from counterfoil.contract.checker import run_checks
from counterfoil.contract.conformance.exclusions import EXCLUSIONS


@pytest.mark.parametrize("api", api_names())
def test_no_answer_breaks_the_spec(api: str) -> None:
    stand_ins = StandIns()
    try:
        verdict = run_checks(stand_ins.start([api]), CheckOptions(seed=20, only=("conformance",)))
    finally:
        stand_ins.stop()
    assert verdict.exit_code == 0, "\n".join(f"{finding}" for finding in verdict.findings) or verdict.summary_line
    phases = {record.id.split(".")[0] for record in verdict.records if record.part == "conformance"}
    assert phases, "conformance ran"


def test_every_exclusion_has_a_reason_and_an_issue() -> None:
    for exclusion in EXCLUSIONS:
        assert len(exclusion.reason) > 20
        assert exclusion.issue.startswith("https://")
