"""A test replaces an API's response."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from counterfoil import Sandbox
from counterfoil.ledger.errors import LedgerError

CUSTOMERS = "GET /customer-billing-summaries"
SUMMARY = "GET /customers/{id}/invoices/summary"
CREATE = "POST /billingRuns/"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(scenario="late-payer") as made:
        yield made


def ask(sandbox: Sandbox, customer: int = 3) -> httpx.Response:
    with sandbox.client("flexprice", transport=sandbox.transport()) as client:
        return client.get(f"/customers/cust_0000000{customer}/invoices/summary")


def test_it_is_answered_once_otherwise_and_then_by_the_world(sandbox: Sandbox) -> None:
    real = ask(sandbox).json()
    changed = {**real, "summaries": []}
    made = sandbox.respond("flexprice", SUMMARY, json=changed, times=1)
    assert [ask(sandbox).json() for _ in range(2)] == [changed, real]
    assert made.sent == 1
    assert [each.response_json() for each in sandbox.requests("flexprice")] == [real, changed, real]


def test_it_is_for_requests_with_this_path_query_or_body(sandbox: Sandbox) -> None:
    real = ask(sandbox).json()
    sandbox.respond("flexprice", SUMMARY, json={**real, "summaries": []}, when={"path": {"id": "cust_00000003"}})
    assert ask(sandbox, 3).json()["summaries"] == []
    assert ask(sandbox, 1).json()["summaries"] != []
    with sandbox.client("elevate", transport=sandbox.transport()) as client:
        page = client.get("/customer-billing-summaries?page=1&pageSize=2")
        assert len(page.json()) == 2
        headers = {name: value for name, value in page.headers.items() if name.startswith("x-total")}
        sandbox.respond("elevate", CUSTOMERS, json=[], headers=headers, when={"query": {"page": 1}})
        assert client.get("/customer-billing-summaries?page=1&pageSize=2").json() == []
        assert len(client.get("/customer-billing-summaries?page=2&pageSize=2").json()) == 1
    with sandbox.client("billingplatform", transport=sandbox.transport()) as client:
        error = client.post("/billingRuns/", json={}).json()
        sandbox.respond(
            "billingplatform", CREATE, status=500, json=error, when={"body": {"name": "May"}}, unchecked=True
        )
        assert client.post("/billingRuns/", json={"name": "May", "description": "x"}).status_code == 500
        assert client.post("/billingRuns/", json={"name": "June"}).is_success


def test_what_the_spec_does_not_allow_is_refused_unless_asked_for(sandbox: Sandbox) -> None:
    for wrong, says in (
        ({"json": {"summaries": 5}}, "does not allow this response: #"),
        ({"status": 418, "json": {}}, "the status 418 is not documented"),
        ({}, "the body is empty, a body is documented"),
        ({"json": float("nan"), "unchecked": True}, "the body is not JSON"),
        ({"json": {1, 2}, "unchecked": True}, "the body is not JSON"),
        ({"json": {}, "status": 42, "unchecked": True}, "from 200 to 599"),
        ({"json": {}, "times": 0, "unchecked": True}, "times is 1 or more"),
        ({"json": {}, "when": {"header": {}}, "unchecked": True}, "query, path and body, not header"),
        ({"json": {}, "headers": {"a b": "c"}, "unchecked": True}, "is not a header"),
        ({"json": "x" * 1_100_000, "unchecked": True}, "up to 1048576 are possible"),
    ):
        with pytest.raises(LedgerError) as raised:
            sandbox.respond("flexprice", SUMMARY, **wrong)  # type: ignore[arg-type]
        assert says in str(raised.value), wrong
    with pytest.raises(ValueError, match="flexprice has no operation 'GET /nope'"):
        sandbox.respond("flexprice", "GET /nope", json={})
    assert ask(sandbox).status_code == 200
    sandbox.respond("flexprice", SUMMARY, status=418, json={"short": "and stout"}, unchecked=True)
    assert (ask(sandbox).status_code, ask(sandbox).json()) == (418, {"short": "and stout"})


def test_it_works_with_faults_and_ends_with_a_reset(sandbox: Sandbox) -> None:
    real = ask(sandbox).json()
    sandbox.respond("flexprice", SUMMARY, json=None, unchecked=True)
    sandbox.fail("flexprice", SUMMARY, status=503, times=1)
    assert ask(sandbox).status_code == 503
    assert ask(sandbox).text == "null"
    with sandbox.client("flexprice", transport=sandbox.transport(), headers={"x-api-key": "wrong"}) as client:
        client.headers.pop("authorization")
        assert client.get("/customers/cust_00000003/invoices/summary").status_code == 401
    sandbox.reset()
    assert ask(sandbox).json() == real
    for _ in range(100):
        sandbox.respond("flexprice", SUMMARY, json=real)
    with pytest.raises(LedgerError, match="up to 100 configured responses"):
        sandbox.respond("flexprice", SUMMARY, json=real)
    sandbox.clear_responses()
    sandbox.respond("flexprice", SUMMARY, json=real)


def test_a_reset_over_http_ends_it_as_well(sandbox: Sandbox) -> None:
    sandbox.respond("flexprice", SUMMARY, status=418, json={}, unchecked=True)
    assert ask(sandbox).status_code == 418
    with httpx.Client(transport=sandbox.transport(), base_url=sandbox.server.origin, timeout=60) as client:
        assert client.post(f"/_sandbox/v1/worlds/{sandbox.name}/reset").is_success
    assert ask(sandbox).status_code == 200
