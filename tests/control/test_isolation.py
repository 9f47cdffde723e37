"""Worlds share nothing that can be seen, and making one costs next to nothing."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import Sandbox

Build = Callable[..., Sandbox]
WORLDS = 32


def live(server: Sandbox, number: int) -> tuple[int, set[str]]:
    """A life in a world of one's own: its customer, its run and its payment bear the world's mark and no other's."""
    world, mark = f"w{number}", f"mark-{number:02}-"
    bases = server.post("/worlds", {"name": world, "scenario": "one-month", "seed": number % 4})["apis"]
    server.do("add_customer", world, name=f"{mark}GmbH", tariff="basic", currencies=["EUR"])
    server.do("create_run", world, name=f"{mark}run", invoice_date="2026-02-01", cutoff_date="2026-02-01")
    server.do("record_usage", world, customer=2, country="DE", quantity=number + 1)
    server.do("advance_clock", world, to="2026-02-01T09:00:00Z")
    server.do("request_bills", world, run=1)
    server.do("advance_clock", world, minutes=5)
    server.do("record_payment", world, customer=2, bill=1, amount="0.01", method=f"{mark}cash")
    seen: set[str] = set()
    bearer = {"Authorization": "Bearer counterfoil-key"}
    asked = [
        (f"{bases['billingplatform']}/billingRuns/", bearer),
        (f"{bases['oracle-brm']}/customerBill", bearer),
        (f"{bases['elevate']}/customer-billing-summaries?page=1&pageSize=10", bearer),
        (f"/_sandbox/v1/worlds/{world}/customers", {}),
        (f"/_sandbox/v1/worlds/{world}/customers/2", {}),
        (f"/_sandbox/v1/worlds/{world}/timeline", {}),
        (f"/_sandbox/v1/worlds/{world}/capsule", {}),
    ]
    answered = 0
    for _ in range(3):
        for url, headers in asked:
            answer = server.client.get(url, headers=headers)
            answered += answer.status_code == 200
            seen |= set(re.findall(r"mark-(\d\d)-", answer.text)) | set(re.findall(r"/w/w(\d+)/", answer.text))
    bill = server.get(f"/worlds/{world}/customers/2")["bills"][0]
    assert float(bill["net"]) == pytest.approx(10 + (number + 1) * 0.05)
    return answered, {f"{int(each):02}" for each in seen}


def test_thirty_two_threads_on_as_many_worlds_never_see_another(sandbox: Build) -> None:
    server = sandbox()
    with ThreadPoolExecutor(WORLDS) as threads:
        lives = list(threads.map(lambda number: live(server, number), range(WORLDS)))
    assert [answered for answered, _ in lives] == [21] * WORLDS
    assert [seen for _, seen in lives] == [{f"{number:02}"} for number in range(WORLDS)]
    assert server.get("/worlds/default")["version"] == 0


@pytest.mark.parametrize(("customers", "milliseconds"), [(1_000, 5), (100_000, 20)])
def test_a_world_is_made_forked_and_reset_in_no_time(sandbox: Build, customers: int, milliseconds: int) -> None:
    """Measured here: 0.8 ms each at 1,000 customers, 0.5 ms at 100,000, spec validation included."""
    server = sandbox(scenario_name="demo", customers=customers)

    def median(path: str, body: object = None) -> float:
        taken = []
        for _ in range(15):
            server.do("record_usage", customer=1, country="DE", quantity=1)  # so that a reset has something to undo
            started = time.perf_counter()
            server.post(path, body)
            taken.append((time.perf_counter() - started) * 1000)
        return statistics.median(taken)

    assert median("/worlds", {"scenario": "demo", "customers": customers}) < milliseconds
    assert median("/worlds/default/fork") < milliseconds
    assert median("/worlds/default/reset") < milliseconds


@pytest.mark.parametrize("query", ["sort=-balance", "only=overdue&sort=-overdue", "search=acme", "offset=99000"])
def test_a_page_of_a_hundred_thousand_customers_is_quick_after_a_change(sandbox: Build, query: str) -> None:
    """Measured here: 30 ms at most, once Faker is loaded."""
    server = sandbox(scenario_name="demo", customers=100_000)
    server.get("/worlds/default/customers")
    taken = []
    for _ in range(5):
        server.do("record_usage", customer=1, country="DE", quantity=1)
        started = time.perf_counter()
        assert server("GET", f"/worlds/default/customers?{query}").status_code == 200
        taken.append((time.perf_counter() - started) * 1000)
    assert statistics.median(taken) < 100
