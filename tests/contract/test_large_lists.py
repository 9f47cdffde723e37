"""A list of 6,000 items is checked by its first thousand: every law is tried, in few requests, and a defect still shows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
from checking import check_laws

from counterfoil.app import build
from counterfoil.contract import Target
from counterfoil.contract.context import EffortLevel
from counterfoil.contract.law_books import law_book
from counterfoil.testing.in_process import InProcessTransport

LARGE = {"elevate": ("page=1&pageSize=1000", 600), "oracle-brm": ("offset=0&limit=1000", 1500)}


@pytest.fixture(scope="module", params=sorted(LARGE))
def served(request: Any) -> Any:
    api = request.param
    application = build([api], scenario_name="demo", customers=6000)
    with InProcessTransport(application.server) as transport:
        yield api, f"http://stand-in{application.apis[0].prefix}", transport


def checked(served: Any, drop: str = "", only: tuple[str, ...] = ()) -> tuple[Any, Counter[str]]:
    api, url, transport = served
    asked: Counter[str] = Counter()

    def forward(request: httpx.Request) -> httpx.Response:
        asked[request.url.query.decode()] += 1
        if drop in request.url.params:
            request.url = request.url.copy_remove_param(drop)
        return transport.handle_request(request)

    key, forbidden = "counterfoil-key", "counterfoil-forbidden"
    login = {"username": "counterfoil", "password": key} if api == "elevate" else None
    target = Target(url, key, forbidden=forbidden, login=login, transport=httpx.MockTransport(forward))
    effort = EffortLevel(2, 1, False)
    return check_laws(law_book(api), target, seed=1, effort=effort, only=only), asked


def test_every_law_is_tried_and_holds(served: Any) -> None:
    verdict, asked = checked(served)
    assert [(f.id, f.expected, f.got) for f in verdict.findings] == []
    untried = {record.id for record in verdict.not_tried}
    assert untried <= {"oracle-brm.paging.no-limit"}
    assert not any("too many" in record.reason for record in verdict.records)
    first, most = LARGE[served[0]]
    assert sum(asked.values()) < most
    assert asked[first] < 10, "the list itself is fetched once, and kept"


DEFECTS = {
    "elevate": {"sort": "elevate.sort.desc", "billingStatus": "elevate.filter.billing-status"},
    "oracle-brm": {"state": "oracle-brm.state.is"},
}


def test_a_parameter_that_does_nothing_still_shows(served: Any) -> None:
    for parameter, law in DEFECTS[served[0]].items():
        verdict, _ = checked(served, parameter, only=(law,))
        assert law in {finding.id for finding in verdict.findings}
