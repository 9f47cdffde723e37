"""No law fails where the documents leave a choice: the laws hold at the stand-in with each alternative of each switch.

The alternatives of an API's switches are tried together, the first of each, then the second: this tries them in combination,
too. An alternative must not keep a law from being tried, or it could hide what another one breaks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from checking import check_laws

from counterfoil.app import build
from counterfoil.catalog import api_names
from counterfoil.cli.stand_ins import target_of
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.law_books import law_book
from counterfoil.lookup import all_switches
from counterfoil.testing.in_process import InProcessTransport

TOLD = {"oracle-brm.token": "optional", "flexprice.cors": "none", "emnify.multi_profile": "never"}
"""What a check must be told: an API that lets everybody in or no page read, or never splits a bill, must not pass unasked."""
CUSTOMERS = 20
"""The twelve with a story and eight more: enough for every law to be tried."""


LEFT_OUT = {
    ("oracle-brm.token", "optional"): {"oracle-brm.auth.none"},
    ("emnify.multi_profile", "never"): {"emnify.bill.profiles", "emnify.bill.split-due"},
}
"""Laws about what the alternative does not have."""


def alternatives(api: str) -> list[dict[str, Any]]:
    """The alternatives of all switches, a set of switches for each run."""
    others = {
        switch.name: [choice for choice in (switch.choices or (100,)) if choice != switch.default]
        for switch in all_switches()
        if switch.name.startswith(f"{api}.")
    }
    runs = range(max(map(len, others.values())))
    return [{name: choices[run] for name, choices in others.items() if run < len(choices)} for run in runs]


def held(api: str, switches: dict[str, Any]) -> set[str]:
    """The laws that are tried and hold. Fails if any is broken."""
    application = build([api], scenario_name="demo", switches=switches, customers=CUSTOMERS)
    told = {name: choice for name, choice in switches.items() if TOLD.get(name) == choice}
    with InProcessTransport(application.server) as transport:
        target = target_of(application, api, "http://stand-in", transport=transport, app=application.server)
        strange = replace(target, disposable=False, capabilities={}, switches=told)
        verdict = check_laws(law_book(api), strange, writes=True, seed=1, effort=EffortLevel(3, 1, False))
    assert [(finding.id, finding.expected, finding.got) for finding in verdict.findings] == [], switches
    assert verdict.exit_code == 0
    return {record.id for record in verdict.records if record.status == "held"}


@pytest.mark.parametrize("api", api_names())
def test_alternatives_that_the_documents_allow_are_fine(api: str) -> None:
    by_default = held(api, {})
    for switches in alternatives(api):
        left_out = set().union(*(LEFT_OUT.get(choice, set()) for choice in switches.items()))
        assert by_default - held(api, switches) == left_out, switches
