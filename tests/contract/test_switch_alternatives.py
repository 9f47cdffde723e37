"""Where the documents leave a choice, no law fails: the stand-in keeps the laws with each alternative of each switch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from checking import check_laws

from counterfoil.app import all_switches, build
from counterfoil.cli.stand_ins import target_of
from counterfoil.contract.context import EffortLevel
from counterfoil.contract.law_books import law_book
from counterfoil.testing.in_process import InProcessTransport

ALTERNATIVES = [
    (switch.name, choice)
    for switch in all_switches()
    for choice in (switch.choices or (100,))
    if choice != switch.default
]
TOLD = {"oracle-brm.token": "optional", "flexprice.cors": "none", "emnify.multi_profile": "never"}
"""What a check must be told: an API that lets everybody in or no page read, or never splits a bill, must not pass unasked."""
CUSTOMERS = 20
"""The twelve with a story and eight more: enough for every law to be tried."""


@pytest.mark.parametrize(("name", "choice"), ALTERNATIVES, ids=[f"{name}={choice}" for name, choice in ALTERNATIVES])
def test_an_alternative_that_the_documents_allow_is_fine(name: str, choice: Any) -> None:
    api = name.partition(".")[0]
    application = build([api], scenario_name="demo", switches={name: choice}, customers=CUSTOMERS)
    told = {name: choice} if TOLD.get(name) == choice else {}
    with InProcessTransport(application.server) as transport:
        target = target_of(application, api, "http://stand-in", transport=transport, app=application.server)
        strange = replace(target, disposable=False, capabilities={}, switches=told)
        verdict = check_laws(law_book(api), strange, writes=True, seed=1, effort=EffortLevel(3, 1, False))
    assert [(finding.id, finding.expected, finding.got) for finding in verdict.findings] == []
    assert verdict.exit_code == 0
