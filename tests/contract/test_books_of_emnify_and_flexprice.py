"""The law books of emnify and flexprice are tried in any order, and say what they need."""

from __future__ import annotations

from typing import Any

import pytest
from checking import check_laws

from counterfoil.app import build
from counterfoil.cli.stand_ins import target_of
from counterfoil.contract import Target
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.law_books import law_book
from counterfoil.testing.in_process import InProcessTransport

APIS = ("emnify", "flexprice")


def stand_in(api: str, **options: Any) -> Target:
    """The stand-in in this process, as a target with all capabilities."""
    application = build([api], **options)
    transport = InProcessTransport(application.server)
    return target_of(application, api, "http://stand-in", transport=transport, app=application.server)


@pytest.mark.parametrize("api", APIS)
def test_laws_can_be_tried_in_any_order(api: str) -> None:
    """In reverse order, and twice in one world: no law depends on what another one left behind."""
    target = stand_in(api, scenario_name="every-state")
    for law in [*reversed(law_book(api).laws), *law_book(api).laws]:
        found = check_laws(law_book(api), target, writes=True, only=[law.id], effort=EffortLevel(3, 0, False))
        assert [record.id for record in found.records if record.status == "broken"] == []


@pytest.mark.parametrize("api", APIS)
def test_without_ids_the_laws_that_need_them_say_so(api: str) -> None:
    """Without ids the laws that need them are reported as not tried, not as passed."""
    target = stand_in(api, scenario_name="quiet")
    verdict = check_laws(law_book(api), target, writes=True)
    reasons = {record.reason for record in verdict.records if record.status == "not tried"}
    assert any("was given to look at" in reason for reason in reasons)
    assert any(record.status == "held" for record in verdict.records), "what needs no id is tried all the same"
