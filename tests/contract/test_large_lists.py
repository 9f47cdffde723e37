"""A list of 6,000 items is checked by its first thousand: every law is tried, in few requests, and a defect still shows.

Which cases are tried there was chosen so that every planted defect of the two APIs is caught (``python -m tests.contract.defects
--sparing elevate oracle-brm``); ``DEFECTS`` are among those that were not caught by cases chosen at random.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
from checking import check_laws
from tests.contract.defects.plant import DEFECTS as PLANTED
from tests.contract.defects.wire import plant

from counterfoil.app import build
from counterfoil.contract import Target
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.law_books import law_book
from counterfoil.testing.in_process import InProcessTransport

LARGE = {"elevate": ("page=1&pageSize=1000", 150), "oracle-brm": ("offset=0&limit=1000", 300)}
"""The query of the whole list, and the most requests that all laws together may take."""


@pytest.fixture(scope="module", params=sorted(LARGE))
def served(request: Any) -> Any:
    api = request.param
    application = build([api], scenario_name="demo", customers=6000)
    return api, f"http://stand-in{application.apis[0].prefix}", application.server


def checked(served: Any, only: tuple[str, ...] = (), defect: str = "") -> tuple[Any, Counter[str]]:
    api, url, server = served
    asked: Counter[str] = Counter()
    transport = InProcessTransport(plant(server, PLANTED[f"{api}.{defect}"].on_the_wire) if defect else server)

    def forward(request: httpx.Request) -> httpx.Response:
        asked[request.url.query.decode()] += 1
        return transport.handle_request(request)

    key, forbidden = "counterfoil-key", "counterfoil-forbidden"
    login = {"username": "counterfoil", "password": key} if api == "elevate" else None
    target = Target(url, key, forbidden=forbidden, login=login, transport=httpx.MockTransport(forward))
    with transport:
        return check_laws(law_book(api), target, effort=EffortLevel(seed=1, shrink=False), only=only), asked


def test_every_law_is_tried_and_holds(served: Any) -> None:
    verdict, asked = checked(served)
    assert [(f.id, f.expected, f.got) for f in verdict.findings] == []
    untried = {record.id for record in verdict.not_tried}
    assert untried <= {"oracle-brm.paging.no-limit"}
    assert not any("too many" in record.reason for record in verdict.records)
    first, most = LARGE[served[0]]
    assert sum(asked.values()) <= most
    assert asked[first] <= 3, "the list itself is fetched once and kept, and twice by the law that compares two answers"


DEFECTS = {
    "elevate": {
        "later_filtered_pages_are_not_sorted": "elevate.list.together",
        "a_sort_by_what_is_not_shown_is_ignored": "elevate.list.together",
        "in_forgets_a_third_value": "elevate.filter.in-customer",
        "pages_of_a_filtered_list_are_cut_before_filtering": "elevate.list.together",
        "desc_of_one_key_turns_all": "elevate.sort.several",
    },
    "oracle-brm": {
        "fractions_of_a_second_are_lost": "oracle-brm.bill-date.offsets",
        "only_the_last_bound_counts": "oracle-brm.filter.each-and",
        "two_filters_with_fields_find_either": "oracle-brm.list.together",
    },
}


def test_a_defect_still_shows_in_the_cases_that_are_tried(served: Any) -> None:
    for defect, law in DEFECTS[served[0]].items():
        verdict, _ = checked(served, (law,), defect)
        assert law in {finding.id for finding in verdict.findings}, defect
