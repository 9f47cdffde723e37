"""Worlds share no visible state, and making one is cheap."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest

from .conftest import Sandbox

Build = Callable[..., Sandbox]
WORLDS = 32


def live(server: Sandbox, number: int) -> tuple[int, set[str]]:
    """Use one world: its customer, run and payment carry the world's mark and no other's."""
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


class Steps:
    """Counts the lines of Python that the server's threads execute: unlike time, this does not depend on the machine's load."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, frame: FrameType, event: str, _: Any) -> Any:
        self.count += event == "line"
        return self.note

    def of(self, act: Callable[[], object]) -> int:
        """The number of lines that one ``act`` executes, after its imports."""
        act()
        self.count = 0
        act()
        return self.count


@pytest.fixture
def steps() -> Iterator[Steps]:
    """Counts only threads that start during the test, so build the server inside it."""
    counted = Steps()
    threading.settrace(counted.note)
    yield counted
    threading.settrace(None)  # type: ignore[arg-type]


def demo(sandbox: Build, customers: int) -> Sandbox:
    server = sandbox(scenario_name="demo", customers=customers)
    server.do("record_usage", customer=1, country="DE", quantity=1)  # so that a reset has something to undo
    return server


@pytest.mark.parametrize("path", ["/worlds", "/worlds/default/fork", "/worlds/default/reset"])
def test_making_forking_and_resetting_a_world_is_no_more_work_with_many_customers(
    sandbox: Build, steps: Steps, path: str
) -> None:
    """How long each takes is measured by ``benchmarks/worlds.py``."""

    def work(customers: int) -> int:
        server = demo(sandbox, customers)
        body = {"scenario": "demo", "customers": customers} if path == "/worlds" else None
        return steps.of(lambda: server.post(path, body))

    few, many = work(1_000), work(100_000)
    assert 0 < many < 1.5 * few


@pytest.mark.parametrize("query", ["sort=-balance", "only=overdue&sort=-overdue", "search=acme", "offset=99000"])
def test_a_page_of_a_hundred_thousand_customers_is_little_work_after_a_change(
    sandbox: Build, steps: Steps, query: str
) -> None:
    server = demo(sandbox, 100_000)

    def change_and_read() -> None:
        server.do("record_usage", customer=1, country="DE", quantity=1)
        assert server("GET", f"/worlds/default/customers?{query}").status_code == 200

    assert 0 < steps.of(change_and_read) < 5 * 100_000, "at most five lines of code for each customer"
