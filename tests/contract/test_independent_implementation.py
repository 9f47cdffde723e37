"""The same laws for an implementation that shares no code with counterfoil: they hold, and each of its planted bugs is caught."""

from __future__ import annotations

import pytest
from checking import check_laws
from independent import billingplatform_app, elevate_app
from targets import independent

from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.law_books import law_book

BUGS = [("elevate", bug) for bug in sorted(elevate_app.BUGS)]
BUGS += [("billingplatform", bug) for bug in sorted(billingplatform_app.BUGS)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("api", ["elevate", "billingplatform"])
def test_every_law_holds_at_the_healthy_one(api: str, seed: int) -> None:
    verdict = check_laws(law_book(api), independent(api), writes=True, seed=seed)
    assert [(f.id, f.expected, f.got, f.case) for f in verdict.findings] == []
    missed = {record.id: record.reason for record in verdict.records if record.status != "held"}
    assert all("does not offer the capability" in reason or "does not serve" in reason for reason in missed.values()), (
        missed
    )


@pytest.mark.parametrize(("api", "bug"), BUGS)
def test_each_planted_bug_breaks_a_law(api: str, bug: str) -> None:
    verdict = check_laws(law_book(api), independent(api, bug), writes=True, effort=EffortLevel(seed=1, shrink=False))
    assert verdict.findings, f"{bug} went unseen"
    assert verdict.exit_code == 1
    for finding in verdict.findings:
        assert finding.requests, f"{finding.id} shows no request"
        assert finding.expected != finding.got
