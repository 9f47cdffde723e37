"""Sync and async clients reach a world without a socket, also under the vendors' own host names."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import httpx
import pytest
import requests
import urllib3

from counterfoil import Sandbox

CUSTOMERS = "https://rest.elevatebilling.com/v1/customer-billing-summaries"
PAGE = {"page": "1", "pageSize": "2"}
SUMMARY = "GET /customers/{id}/invoices/summary"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(scenario="late-payer") as made:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a socket was opened")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        yield made


def test_one_transport_is_for_sync_and_async_clients(sandbox: Sandbox) -> None:
    async def ask() -> list[int]:
        base = sandbox.url("elevate")
        options = {"base_url": base, "headers": sandbox.headers, "transport": sandbox.transport()}
        async with httpx.AsyncClient(**options) as client:  # type: ignore[arg-type]
            found = [await client.get("/customer-billing-summaries", params=PAGE) for _ in range(2)]
            sandbox.fail("elevate", kind="latency", delay_ms=5_000)
            with pytest.raises(httpx.ReadTimeout):
                await client.get("/customer-billing-summaries", params=PAGE, timeout=0.05)
            return [each.status_code for each in found]

    assert asyncio.run(ask()) == [200, 200]
    assert [each.status for each in sandbox.requests("elevate")][:2] == [200, 200]


def test_calls_to_a_vendor_are_answered_by_the_world(sandbox: Sandbox) -> None:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(headers=sandbox.headers) as client:
            return await client.get(CUSTOMERS, params=PAGE)

    with sandbox.intercept():
        sync = httpx.get(CUSTOMERS, params=PAGE, headers=sandbox.headers)
        asynchronous = asyncio.run(ask())
        by_requests = requests.get(CUSTOMERS, params=PAGE, headers=sandbox.headers, timeout=10)
        by_urllib3 = urllib3.request("GET", CUSTOMERS, fields=PAGE, headers=sandbox.headers)
        assert sync.json() == asynchronous.json() == by_requests.json() == by_urllib3.json()
        assert len(sync.json()) == 2
        assert requests.get(CUSTOMERS, timeout=10).status_code == 401
        run = requests.post(
            "https://platform.example/backend/api/v1/billingRuns/",
            json={"name": "May"},
            headers=sandbox.headers,
            timeout=9,
        )
        assert run.json()["id"]
        assert httpx.get("https://rest.elevatebilling.com/v9/nothing").status_code == 404
    sandbox.assert_called("elevate", "GET /customer-billing-summaries", times=4, query={"page": 1})
    sandbox.assert_called("billingplatform", "POST /billingRuns/", json={"name": "May"})
    assert sandbox.requests("elevate")[0].path == "/customer-billing-summaries"


def test_other_calls_are_as_ever_and_it_is_undone(sandbox: Sandbox) -> None:
    before = (httpx.HTTPTransport.handle_request, urllib3.HTTPConnectionPool._make_request)
    with sandbox.intercept():
        for get in (httpx.get, requests.get):
            with pytest.raises(AssertionError, match="a socket was opened"):
                get("https://example.com/v1/customer-billing-summaries", timeout=5)
    assert before == (httpx.HTTPTransport.handle_request, urllib3.HTTPConnectionPool._make_request)
    with pytest.raises(ZeroDivisionError), sandbox.intercept():
        _ = 1 / 0
    assert before == (httpx.HTTPTransport.handle_request, urllib3.HTTPConnectionPool._make_request)
    with pytest.raises(AssertionError, match="a socket was opened"):
        httpx.get(CUSTOMERS)


def test_retries_timeouts_and_broken_connections_are_those_of_the_client(sandbox: Sandbox) -> None:
    url = "https://us.api.flexprice.io/v1/customers/cust_00000003/invoices/summary"
    session = requests.Session()
    session.headers.update(sandbox.headers)
    retries = urllib3.Retry(total=2, status_forcelist=[503], backoff_factor=0)
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retries))
    with sandbox.intercept(), session:
        sandbox.fail("flexprice", SUMMARY, status=503, times=1)
        assert session.get(url, timeout=10).status_code == 200
        assert [each.status for each in sandbox.requests("flexprice")] == [503, 200]
        sandbox.fail("flexprice", SUMMARY, kind="reset", times=1)
        with pytest.raises(requests.ConnectionError):
            requests.get(url, headers=sandbox.headers, timeout=10)
        sandbox.fail("flexprice", SUMMARY, kind="latency", delay_ms=5_000)
        with pytest.raises(requests.ReadTimeout):
            requests.get(url, headers=sandbox.headers, timeout=0.05)


def test_a_host_of_yours_can_be_named_and_a_proxy_is_not_asked(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    hosts = {"oracle-brm": "brm.example:8443", "elevate": "http://billing.example"}
    with sandbox.intercept(hosts):
        path = "/brm/customerBillManagement/v4/customerBill"
        assert requests.get(f"https://brm.example:8443{path}", headers=sandbox.headers, timeout=10).status_code == 200
        own = requests.get("http://billing.example/v1/customer-billing-summaries", headers=sandbox.headers, params=PAGE)
        assert own.status_code == 200
    with (
        pytest.raises(ValueError, match="'stripe' is not served here; there are: "),
        sandbox.intercept({"stripe": "a.b"}),
    ):
        pass
    with pytest.raises(ValueError, match="'ftp://a' is not a host"), sandbox.intercept({"elevate": "ftp://a"}):
        pass


def test_the_innermost_of_two_worlds_answers(sandbox: Sandbox) -> None:
    def total(headers: dict[str, str]) -> int:
        return len(httpx.get(CUSTOMERS, params={"page": "1", "pageSize": "9"}, headers=headers).json())

    with Sandbox(scenario="one-month", server=sandbox.server) as other, sandbox.intercept():
        with other.intercept():
            assert total(other.headers) == 1
        assert total(sandbox.headers) == 3


def test_a_compressed_answer_is_read_by_every_client(sandbox: Sandbox) -> None:
    """The page's files are compressed for who takes that, as these clients do."""
    file = str(httpx.URL(sandbox.url("elevate")).join("/static/main.js"))
    with httpx.Client(transport=sandbox.transport()) as client, sandbox.session() as session:
        by_httpx, by_requests = client.get(file), session.get(file)
    assert by_httpx.headers["content-encoding"] == "gzip"
    assert by_httpx.text == by_requests.text
    assert by_httpx.text.startswith("// Starts the page")
