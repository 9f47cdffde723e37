"""Every law of every API is tried at the stand-in, in one scenario or another, and holds there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from checking import check_laws

from counterfoil.catalog import api_names
from counterfoil.cli.stand_ins import StandIns
from counterfoil.contract.law_books import law_book
from counterfoil.contract.verdict import Record

SCENARIOS = ("every-state", "late-payer", "demo", "multi-currency", "one-month", "quiet")


@pytest.mark.parametrize("api", api_names())
def test_every_law_is_tried_and_held(api: str) -> None:
    untried = {law.id: "not tried" for law in law_book(api).laws}
    for scenario in SCENARIOS:
        if not untried:
            return
        records = _records(api, scenario, only=list(untried))
        assert not [record for record in records if record.findings], f"{scenario}: {records}"
        for record in records:
            if record.status == "held":
                del untried[record.id]
            else:
                untried[record.id] = f"{record.status}: {record.reason}"
    assert not untried


def _records(api: str, scenario: str, only: Sequence[str]) -> Sequence[Record]:
    """What became of the laws named by ``only`` at a stand-in that begins with ``scenario``."""
    stand_ins = StandIns(scenario)
    try:
        return check_laws(law_book(api), stand_ins.start([api])[api], writes=True, only=only).records
    finally:
        stand_ins.stop()
