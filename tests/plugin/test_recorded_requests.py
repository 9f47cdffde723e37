"""How a test reads recorded requests, and the messages if they were not made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import counterfoil
from counterfoil import Sandbox

SUMMARY = "GET /customers/{id}/invoices/summary"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(scenario="late-payer") as made:
        with made.client("flexprice", transport=made.transport()) as client:
            client.get("/customers/cust_00000003/invoices/summary", headers={"X-Trace": "t 1"})
        with made.client("billingplatform", transport=made.transport()) as client:
            for name in ("April", "May"):
                client.post("/billingRuns/", json={"name": name, "description": "spring"})
        with made.client("elevate", transport=made.transport()) as client:
            client.get("/customer-billing-summaries?page=1&pageSize=2&sort=a%20b&sort=c")
        yield made


def test_a_request_is_read_as_the_client_meant_it(sandbox: Sandbox) -> None:
    (summary,) = sandbox.requests("flexprice", SUMMARY)
    assert (summary.path, summary.path_params) == (
        "/customers/cust_00000003/invoices/summary",
        {"id": "cust_00000003"},
    )
    assert (summary.header("x-trace"), summary.header("X-API-Key"), summary.header("nope")) == ("t 1", "***", None)
    assert summary.response_json()["customer_id"] == "cust_00000003"
    with pytest.raises(ValueError, match="the request has no body"):
        summary.json()
    assert repr(summary) == "<flexprice: GET /customers/cust_00000003/invoices/summary → 200>"
    (listed,) = sandbox.requests("elevate")
    assert listed.query == {"page": "1", "pageSize": "2", "sort": ["a b", "c"]}
    assert [each.json()["name"] for each in sandbox.requests("billingplatform")] == ["April", "May"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("oracle",), "'oracle' is not served here; there are: billingplatform, elevate"),
        (("elevate", "GET /nope"), "elevate has no operation 'GET /nope'; there are: "),
        ((None, "GET /nope"), "no API has an operation 'GET /nope'; there are: "),
    ],
)
def test_what_is_not_there_is_refused(sandbox: Sandbox, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        sandbox.requests(*arguments)
    if arguments[0] is not None:
        with pytest.raises(ValueError, match=says):
            sandbox.assert_not_called(*arguments)
    with pytest.raises(ValueError, match="has no path parameter 'customer'; there are: id"):
        sandbox.assert_not_called("flexprice", SUMMARY, path={"customer": 3})
    with pytest.raises(ValueError, match="has no path parameter 'customer'; there are: id"):
        sandbox.respond("flexprice", SUMMARY, json={}, when={"path": {"customer": 3}}, unchecked=True)
    with pytest.raises(ValueError, match="'40' is not a status"):
        sandbox.requests(status=40)


def test_calls_are_asserted_by_query_path_and_body(sandbox: Sandbox) -> None:
    assert sandbox.assert_called("billingplatform", "POST /billingRuns/", json={"name": "May"}).json()["name"] == "May"
    sandbox.assert_called("billingplatform", "POST /billingRuns/", times=2, json={"description": "spring"})
    sandbox.assert_called("flexprice", SUMMARY, times=1, path={"id": "cust_00000003"})
    sandbox.assert_called("elevate", "GET /customer-billing-summaries", query={"pageSize": 2, "sort": ["a b", "c"]})
    sandbox.assert_not_called("oracle-brm")
    sandbox.assert_not_called("billingplatform", "POST /billingRuns/", json={"name": "June"})
    with pytest.raises(ValueError, match="use assert_not_called"):
        sandbox.assert_called("flexprice", SUMMARY, times=0)


def test_what_was_not_called_is_said_with_the_nearest_request(sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError) as raised:
        sandbox.assert_called("billingplatform", "POST /billingRuns/", json={"name": "June", "description": "spring"})
    first, nearest, difference = str(raised.value).splitlines()
    assert first.startswith("billingplatform: POST /billingRuns/ with body {'name': 'June'")
    assert first.endswith("was not called")
    assert nearest.startswith("nearest: <billingplatform: POST /billingRuns/ → 20")
    assert difference == "  body.name: expected 'June', was 'May'"
    with pytest.raises(AssertionError, match="was called twice, not once"):
        sandbox.assert_called("billingplatform", "POST /billingRuns/", times=1)
    with pytest.raises(AssertionError, match="page: expected '2', was '1'"):
        sandbox.assert_called("elevate", "GET /customer-billing-summaries", query={"page": 2})
    with pytest.raises(AssertionError, match="emnify was not called at all"):
        sandbox.assert_called("emnify", "GET /organisation/{org_id}/billing")
    with pytest.raises(AssertionError, match="every operation was called once"):
        sandbox.assert_not_called("flexprice")


def test_requests_are_forgotten_without_a_reset_of_the_world() -> None:
    with Sandbox(scenario="late-payer") as sandbox:
        sandbox.world.record_payment("tardy", 1)
        sandbox.client("flexprice", transport=sandbox.transport()).get("/customers/cust_00000003/invoices/summary")
        sandbox.clear_requests()
        sandbox.assert_not_called("flexprice")
        assert str(sandbox.world.balance("tardy")) == "14.28"


def test_a_sandbox_says_what_it_is() -> None:
    assert "Sandbox" in dir(counterfoil)
    with Sandbox(scenario="late-payer") as sandbox:
        before = sandbox.clock.now
        assert (sandbox.clock.advance(weeks=1, days=1) - before).days == 8
        assert repr(sandbox) == f"<Sandbox {sandbox.name}: late-payer at {sandbox.clock.now.isoformat()}>"
    assert repr(sandbox) == f"<Sandbox {sandbox.name}, closed>"
