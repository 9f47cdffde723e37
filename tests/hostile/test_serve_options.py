"""``serve`` in unusual environments: CORS, proxies, a port chosen by the system, names that are not addresses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

PATHS = {
    "/elevate/v1/customer-billing-summaries": "GET",
    "/oracle-brm/brm/customerBillManagement/v4/customerBill": "GET",
    "/flexprice/v1/customers/cust_00000001/invoices/summary": "GET",
    "/emnify/api/v1/organisation/1/billing": "GET",
    "/billingplatform/backend/api/v1/billingRuns/": "POST",
}
PAGE = "http://localhost:3000"
PROGRAM = [sys.executable, "-m", "counterfoil", "serve", "--port", "0", "--scenario", "quiet"]


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """The origin that ``serve --port 0 -q`` prints in its one line."""
    with subprocess.Popen([*PROGRAM, "-q", *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def preflight(origin: str, path: str, method: str, page: str) -> httpx.Response:
    headers = {
        "Origin": page,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return httpx.options(origin + path, headers=headers, timeout=60)


def test_a_page_of_a_named_origin_may_call_each_api_and_nothing_else() -> None:
    with serving("--cors", PAGE) as origin:
        for path, method in PATHS.items():
            answer = preflight(origin, path, method, PAGE)
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert "authorization" in answer.headers["access-control-allow-headers"].lower()
        summaries = origin + "/elevate/v1/customer-billing-summaries?page=1&pageSize=1"
        read = httpx.get(summaries, headers={"Origin": PAGE, "Authorization": "Bearer counterfoil-key"}, timeout=60)
        assert read.status_code == 200
        assert read.headers["access-control-allow-origin"] == PAGE
        assert read.headers["access-control-expose-headers"] == "*"
        other = httpx.get(
            summaries, headers={"Origin": "http://other.example", "Authorization": "Bearer counterfoil-key"}, timeout=60
        )
        assert "access-control-allow-origin" not in other.headers
        assert preflight(origin, "/_sandbox/v1/worlds", "POST", PAGE).status_code == 405


def test_without_the_option_no_other_page_may_call() -> None:
    with serving() as origin:
        answer = preflight(origin, "/elevate/v1/customer-billing-summaries", "GET", PAGE)
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers


def visits(origin: str, number: int) -> list[int]:
    """Statuses of new visits, each with an invented X-Forwarded-For."""
    return [
        httpx.post(f"{origin}/visit", json={}, headers={"X-Forwarded-For": f"203.0.113.{each}"}, timeout=60).status_code
        for each in range(number)
    ]


def test_x_forwarded_for_is_believed_of_named_proxies_only() -> None:
    with subprocess.Popen([*PROGRAM, "--public"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().split()[1].rstrip("/")
        assert visits(origin, 21).count(429) == 1
        process.terminate()
    with subprocess.Popen(
        [*PROGRAM, "--public", "--proxy", "127.0.0.0/8"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().split()[1].rstrip("/")
        assert visits(origin, 21).count(429) == 0
        process.terminate()


def test_what_is_neither_address_nor_origin_is_refused_in_one_line() -> None:
    for option, value in (("--proxy", "proxy.example"), ("--cors", "localhost:3000"), ("--cors", "http://x/y")):
        refused = subprocess.run([*PROGRAM, option, value], capture_output=True, text=True)
        assert refused.returncode == 2
        assert value in refused.stderr
