"""While one world is busy, its reads, other worlds and the control API work; its writes wait, up to a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import httpx
import pytest

from counterfoil.server.faults.store import FaultStore
from counterfoil.world.commands import Command
from counterfoil.world.state import WorldState
from counterfoil.world.write_lock import MAX_WAITING

from .conftest import Sandbox

Build = Callable[..., Sandbox]


class Held:
    """A command that takes until the test lets it end."""

    def __init__(self) -> None:
        self.began, self.may_end = threading.Event(), threading.Event()

    def apply(self, state: WorldState) -> None:
        self.began.set()
        assert self.may_end.wait(30)


@pytest.fixture
def server(sandbox: Build) -> Iterator[Sandbox]:
    """World ``busy`` is busy until the test sets ``server.held.may_end``; ``free`` is an equal world."""
    server: Any = sandbox(faults=FaultStore(lambda: ()))
    for name in ("busy", "free"):
        server.post("/worlds", {"name": name, "scenario": "late-payer"})
    server.held = Held()
    world = server.worlds.named("busy")
    thread = threading.Thread(target=world.execute, args=(cast(Command, server.held),))
    thread.start()
    assert server.held.began.wait(30)
    yield server
    server.held.may_end.set()
    thread.join()


def in_threads(count: int, act: Callable[[int], httpx.Response]) -> tuple[list[threading.Thread], list[httpx.Response]]:
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda n=n: answers.append(act(n))) for n in range(count)]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    return threads, answers


def test_nothing_but_the_busy_worlds_own_commands_waits(server: Any) -> None:
    for path in ("", "/clock", "/timeline", "/customers", "/customers/3", "/runs", "/figures", "/switches", "/capsule"):
        assert server.get(f"/worlds/busy{path}")
    assert server.post("/worlds/busy/fork", {"name": "twin"})["version"] == 0
    assert server("DELETE", "/worlds/busy/faults").status_code == 204
    for name in ("free", "twin"):
        server.do("record_payment", name, customer=3, bill=1)
        server.do("advance_clock", name, days=3)
        assert server.post(f"/worlds/{name}/reset")["version"] == 3
    assert server.post("/worlds", {"scenario": "one-month"})["version"] == 0
    assert server("DELETE", "/worlds/twin").status_code == 204
    assert server.client.get("/health").status_code == 200
    assert server.get("/worlds/busy")["version"] == 0


def test_commands_to_the_busy_world_queue_and_only_so_many(server: Any) -> None:
    threads, answers = in_threads(
        MAX_WAITING, lambda n: server("POST", "/worlds/busy/commands/add_customer", {"name": f"customer {n}"})
    )
    lock, pause = server.worlds.named("busy").head.lock, threading.Event()
    while lock.waiting < MAX_WAITING:
        pause.wait(0.001)
    problem = server.refused(503, "POST", "/worlds/busy/commands/add_customer", {"name": "one too many"})
    assert problem["detail"] == f"{MAX_WAITING} other changes wait for this world already; try again"
    server.refused(503, "POST", "/worlds/busy/reset")
    assert server("POST", "/worlds/busy/commands", {"command": "add_customer"}).headers["retry-after"] == "1"
    bearer = {"Authorization": "Bearer counterfoil-key"}
    refused = server.client.post("/w/busy/billingplatform/backend/api/v1/billingRuns/", json={}, headers=bearer)
    assert refused.status_code == 503
    server.do("add_customer", "free", name="not concerned")
    assert not answers
    server.held.may_end.set()
    for thread in threads:
        thread.join()
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, MAX_WAITING + 2))


def test_a_reset_waits_for_the_command_and_then_undoes_it(server: Any) -> None:
    threads, answers = in_threads(1, lambda n: server("POST", "/worlds/busy/reset"))
    pause = threading.Event()
    while not server.worlds.named("busy").head.lock.waiting:
        pause.wait(0.001)
    server.held.may_end.set()
    threads[0].join()
    assert (answers[0].json()["version"], answers[0].json()["commands"]) == (2, 0)
