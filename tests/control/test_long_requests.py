"""A long request becomes a task: 202 with its location, bounded in public mode, and other requests do not wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from counterfoil.control import control_api, long_requests
from counterfoil.server.faults.store import FaultStore
from counterfoil.world.commands import RecordUsage
from counterfoil.world.write_lock import MAX_WAITING

from .conftest import Sandbox

Build = Callable[..., Sandbox]
TASK = {"task", "operation", "state", "seconds", "status", "answer"}


@pytest.fixture
def long(sandbox: Build, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A server for which every command takes long, and that waits for none."""
    monkeypatch.setattr(control_api, "SOON", 0.0)
    monkeypatch.setattr(long_requests, "LONG", -1.0)
    return sandbox(faults=FaultStore(lambda: ()))


def accepted(server: Sandbox, path: str, body: Any) -> str:
    """The location of a task that cannot end before the test allows it: another change holds its world."""
    with server.worlds.named("default").writing():
        answer = server("POST", path, body)
        assert answer.status_code == 202, answer.text
        where = answer.headers["location"]
        running = server.client.get(where)
        assert (running.json()["state"], running.json()["status"]) == ("running", None)
        assert running.headers["retry-after"] == "1"
    return str(where)


def ended(server: Sandbox, where: str) -> Any:
    """The task's response once it has ended."""
    while (task := server.client.get(where).json())["state"] == "running":
        time.sleep(0.001)
    assert set(task) == TASK
    return task


def _status(server: Sandbox, accepted: httpx.Response) -> int | None:
    """The status of a task after a moment; None while it runs."""
    time.sleep(0.05)
    return server.client.get(accepted.headers["location"]).json()["status"]  # type: ignore[no-any-return]


def test_ten_years_are_answered_with_where_to_ask_for_them(long: Sandbox) -> None:
    task = ended(long, accepted(long, "/worlds/default/commands/advance_clock", {"months": 120}))
    assert task["operation"] == "POST /worlds/{world}/commands/advance_clock"
    assert task["status"] == 200
    assert task["answer"] == {"fact": "2036-01-20T12:00:00Z", "version": 1, "now": "2036-01-20T12:00:00Z"}
    assert long.get("/worlds/default/clock")["now"] == "2036-01-20T12:00:00Z"


def test_a_task_that_was_refused_says_so(long: Sandbox) -> None:
    back = {"command": "advance_clock", "to": "2020-01-01T00:00:00Z"}
    task = ended(long, accepted(long, "/worlds/default/commands", back))
    assert (task["status"], task["answer"]["status"], task["answer"]["field"]) == (409, 409, "to")
    assert long.get("/worlds/default")["version"] == 0


def test_a_task_for_a_world_that_too_many_wait_for_says_so(long: Sandbox) -> None:
    with long.worlds.named("default").writing():
        answers = [long("POST", "/worlds/default/commands/advance_clock", {"days": 1}) for _ in range(MAX_WAITING + 2)]
        refused = [each for each in answers if each.status_code == 503 or _status(long, each) == 503]
        assert len(refused) == 2
    assert [_status(long, each) for each in answers if each not in refused] == [200] * MAX_WAITING


def test_what_is_quick_is_answered_at_once(sandbox: Build) -> None:
    server = sandbox()
    for members in ({"months": 120}, {"days": 1}):
        assert server("POST", "/worlds/default/commands/advance_clock", members).status_code == 200
    assert server("POST", "/worlds", {"customers": 1000}).status_code == 201


def test_a_task_that_nobody_started_is_404(sandbox: Build) -> None:
    assert sandbox().refused(404, "GET", "/tasks/none")["field"] == "task"


def test_tasks_are_forgotten_within_a_bound(long: Sandbox) -> None:
    wheres = []
    for _ in range(260):
        wheres.append(accepted(long, "/worlds/default/commands/advance_clock", {"minutes": 1}))
        ended(long, wheres[-1])
    statuses = [long.client.get(where).status_code for where in wheres]
    assert statuses == [404] * 4 + [200] * 256


def test_many_customers_take_many_times_as_long_by_estimate(sandbox: Build) -> None:
    """The bound is counted in what there is to do, not in seconds: the same on every machine."""
    from counterfoil.control.costs import Size, seconds_for

    young, old, large = Size(60, 250, 0), Size(60, 250, 120_000), Size(300, 1400, 0)
    # estimates from what there is to do: no time is measured
    assert seconds_for(young, 120) < 0.5 < 1 < seconds_for(old, 120) < seconds_for(large, 120)


def test_a_capsule_of_many_commands_holds_no_one_up(sandbox: Build) -> None:
    server = sandbox()
    world = server.worlds.named("default")
    for _ in range(20_000):
        world.execute(RecordUsage(customer=1, country="DE", quantity=Decimal(1)))
    capsule: list[Any] = []
    thread = threading.Thread(target=lambda: capsule.append(server.get("/worlds/default/capsule")))
    thread.start()
    answered = 0
    while thread.is_alive():
        assert server.get("/worlds/default/clock")["version"] == 20_000
        answered += 1
    thread.join()
    assert answered > 5
    assert len(capsule[0]["commands"]) == 20_000
