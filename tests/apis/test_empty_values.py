"""Empty values, lists with spaces and empty items are read the same by all five APIs (docs/vendors/README.md#empty-values)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

SUMMARIES = "/customer-billing-summaries?page=1&pageSize=50"
LISTS = {
    "elevate": SUMMARIES,
    "oracle-brm": "/customerBill?limit=50",
    "flexprice": "/customers?limit=50",
    "billingplatform": "/billingRuns/?limit=50",
}
NOT_SENT = [
    ("elevate", "sort"),
    ("elevate", "fields"),
    ("oracle-brm", "fields"),
    ("flexprice", "external_id"),
    ("flexprice", "email"),
]
FINDS_NOTHING = [
    ("elevate", "customerId"),
    ("elevate", "billingStatus"),
    ("elevate", "valueDifference"),
    ("oracle-brm", "id"),
    ("oracle-brm", "billNo"),
    ("oracle-brm", "billNo.like"),
    ("oracle-brm", "remainingAmount.value.like"),
]


@pytest.fixture(scope="module")
def late_payer() -> Any:
    from tests.conftest import StandIn

    from counterfoil.app import build

    return StandIn(build(scenario_name="late-payer"))


@pytest.mark.parametrize(("api", "name"), NOT_SENT)
def test_empty_counts_as_not_sent(late_payer: Any, api: str, name: str) -> None:
    usual = late_payer.get(api, LISTS[api])
    assert usual.status_code == 200
    empty = late_payer.get(api, f"{LISTS[api]}&{name}=")
    assert (empty.status_code, empty.json()) == (200, usual.json())


@pytest.mark.parametrize(("api", "name"), FINDS_NOTHING)
def test_an_empty_filter_finds_what_has_empty_text(late_payer: Any, api: str, name: str) -> None:
    found = late_payer.get(api, f"{LISTS[api]}&{name}=")
    assert (found.status_code, found.json()) == (200, [])


@pytest.mark.parametrize(
    ("api", "path"),
    [
        ("elevate", "/customer-billing-summaries?page=&pageSize=1"),
        ("oracle-brm", "/customerBill?limit="),
        ("oracle-brm", "/customerBill?state="),
        ("oracle-brm", "/customerBill?billDate.gte="),
        ("flexprice", "/customers?order="),
        ("emnify", "/organisation/1/billing/202601?force_refresh="),
        ("billingplatform", "/billingRuns/?idAfter="),
    ],
)
def test_where_empty_text_is_not_valid_it_is_refused(late_payer: Any, api: str, path: str) -> None:
    assert late_payer.get(api, path).status_code == 400


@pytest.mark.parametrize(
    ("api", "path", "same"),
    [
        ("elevate", "&sort=billingStatus,%20customerId:desc", "&sort=billingStatus,customerId:desc"),
        ("elevate", "&sort=%20customerId:desc%20,,", "&sort=customerId:desc"),
        ("elevate", "&sort=,", ""),
        ("elevate", "&fields=customerId%20,%20billingStatus,", "&fields=customerId,billingStatus"),
        ("elevate", "&fields=%20,%20", ""),
        ("elevate", "&customerId=in:%201%20,,2", "&customerId=in:1,2"),
        ("oracle-brm", "&fields=billNo,%20state,", "&fields=billNo,state"),
        ("oracle-brm", "&fields=,", ""),
    ],
)
def test_spaces_and_empty_items_of_a_list_are_left_out(late_payer: Any, api: str, path: str, same: str) -> None:
    one, other = (late_payer.get(api, LISTS[api] + query) for query in (path, same))
    assert one.status_code == other.status_code == 200
    assert one.json() == other.json()


def test_with_the_switch_oracles_alternatives_are_a_list_too(stand_in: Callable[..., Any]) -> None:
    brm = stand_in("late-payer", ["oracle-brm"], switches={"oracle-brm.comma_is_or": True})
    numbers = [bill["billNo"] for bill in brm.get("oracle-brm", "/customerBill?limit=2").json()]
    found = brm.get("oracle-brm", f"/customerBill?billNo={numbers[0]},%20{numbers[1]},").json()
    assert [bill["billNo"] for bill in found] == numbers
