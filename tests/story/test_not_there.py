"""The vendors' operations that the stand-in does not have are answered 501, in the vendor's own error format."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.lookup import load_apis

ABSENT = [(api.name, operation) for api in load_apis() for operation in api.unimplemented]
SHAPES = {
    "billingplatform": {"error"},
    "elevate": {"error", "message"},
    "emnify": {"error_code", "error_token", "message"},
    "flexprice": {"code", "message", "http_status_code"},
    "oracle-brm": {"code", "reason", "message", "status"},
}


@pytest.fixture(scope="module")
def whole() -> Any:
    from conftest import StandIn
    from counterfoil.app import build

    stand_in = StandIn(build(scenario_name="one-month"))
    yield stand_in
    stand_in.close()


@pytest.mark.parametrize(("api", "operation"), ABSENT)
def test_an_operation_that_is_not_here_is_501(whole: Any, api: str, operation: str) -> None:
    method, _, path = operation.partition(" ")
    answer = whole.request(method, api, path.replace("{id}", "17"))
    assert answer.status_code == 501
    assert set(answer.json()) >= SHAPES[api]


@pytest.mark.parametrize("api", SHAPES)
def test_a_path_of_no_vendor_is_unknown(whole: Any, api: str) -> None:
    assert whole.get(api, "/nobody-has-this").status_code == 404
