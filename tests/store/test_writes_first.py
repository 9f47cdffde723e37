"""Two processes at a remote store: a change is computed without reading the store first, with the same results as if each
request had read it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.store.served import CONTROL, RUNS
from tests.store.test_conflicts import Process, RemoteEngine, once

from counterfoil.app import sharing
from counterfoil.store import opening
from counterfoil.store.sqlite_file import SqliteFile

EMNIFY = "/emnify/api/v1"
STATUS = {"api": "billingplatform", "kind": "status", "status": 500}


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Process]]:
    monkeypatch.setattr(opening, "SqliteLog", RemoteEngine)
    monkeypatch.setattr(SqliteFile, "_take_lock", lambda self: None)  # it would keep the second process away
    monkeypatch.setattr(sharing, "_folder", lambda store: tmp_path)
    made = [Process(tmp_path / "worlds.db", ("billingplatform", "emnify")) for _ in range(2)]
    yield made
    for each in made:
        each.close()


@pytest.fixture
def one(processes: list[Process]) -> Process:
    processes[0].names()  # from now on it knows the world
    return processes[0]


@pytest.fixture
def two(processes: list[Process]) -> Process:
    processes[1].names()
    return processes[1]


def command(process: Process, name: str, body: Any) -> None:
    process.client.post(f"{CONTROL}/default/commands/{name}", json=body).raise_for_status()


def log_in(process: Process, key: str) -> httpx.Response:
    password = sha1(key.encode(), usedforsecurity=False).hexdigest()
    return process.client.post(f"{EMNIFY}/authenticate", json={"username": "ann@example.com", "password": password})


def test_a_change_takes_no_look_and_a_read_or_a_refusal_one(one: Process) -> None:
    one.engine.looks = 0
    assert [one.run(f"Run {number}").json()["id"] for number in range(1, 4)] == ["1", "2", "3"]
    assert one.engine.looks == 0
    assert len(one.names()) == 3
    assert one.engine.looks == 1
    assert one.client.post(RUNS, json={"name": 5}).status_code == 400
    assert one.client.patch(f"{RUNS}/4", json={"name": "None"}).status_code == 404
    assert one.engine.looks == 3


def test_what_another_process_made_is_not_denied(one: Process, two: Process) -> None:
    """This process knows of no run when it begins: it would say 404, and its key would be wrong."""
    two.run("Theirs")
    assert one.client.patch(f"{RUNS}/1", json={"name": "Ours now"}).status_code == 200
    assert two.names() == ["Ours now"]


def test_a_change_is_made_once_and_recorded_once(one: Process, two: Process) -> None:
    two.run("Theirs")
    assert one.run("Ours").json()["id"] == "2"
    assert two.names() == ["Theirs", "Ours"]
    told = one.client.get(f"{CONTROL}/default/journal").json()["exchanges"]
    assert [each["operation"] for each in told if each["method"] == "POST"] == ["POST /billingRuns/"]


@pytest.mark.parametrize("orders", ["one", "two"])
def test_a_fault_that_was_just_ordered_is_seen(one: Process, two: Process, orders: str) -> None:
    """A fault is not a version of the world: the store must say so all the same. It strikes the second call, not the first."""
    {"one": one, "two": two}[orders].client.post(
        f"{CONTROL}/default/faults", json={**STATUS, "nth": 2, "times": 1}
    ).raise_for_status()
    assert [one.run("First").status_code, one.run("Second").status_code, one.run("Third").status_code] == [
        200,
        500,
        200,
    ]
    two.client.delete(f"{CONTROL}/default/faults").raise_for_status()
    one.engine.looks = 0
    assert one.run("Fourth").status_code == 200
    assert two.names() == ["First", "Third", "Fourth"]


def test_a_configured_response_is_counted_once(one: Process, two: Process) -> None:
    """The other process wrote meanwhile, so the first request is worked on again: it is sent one response, and the next request
    the second."""
    world = one.application.worlds.get("default")
    assert world is not None
    configured = [
        one.application.faults.responses.add(
            world,
            "billingplatform",
            "POST /billingRuns/",
            status=500,
            body={"errors": [name]},
            headers={},
            when={},
            times=1,
            unchecked=True,
        )
        for name in ("first", "second")
    ]
    two.run("Theirs")
    assert one.run("Ours").json() == {"errors": ["first"]}
    assert [each.sent for each in configured] == [1, 0]
    assert one.run("Ours").json() == {"errors": ["second"]}
    assert one.run("Ours").status_code == 200
    assert [each.sent for each in configured] == [1, 1]


def test_a_login_that_ended_elsewhere_is_not_renewed(one: Process, two: Process) -> None:
    """Its refresh token is good for 30 days, and the other process lets 31 pass before this one hears of it."""
    token = {"refresh_token": log_in(one, "counterfoil-key").json()["refresh_token"]}
    assert one.client.post(f"{EMNIFY}/authenticate", json=token).status_code == 200
    command(two, "advance_clock", {"days": 31})
    assert one.client.post(f"{EMNIFY}/authenticate", json=token).status_code == 401


def test_failed_logins_count_once_wherever_they_are(one: Process, two: Process) -> None:
    """While one process writes down its second, the other is faster: three have failed, and the fourth is blocked."""
    assert log_in(one, "wrong").status_code == 401
    one.engine.before_commit = once(lambda: log_in(two, "wrong"))
    assert log_in(one, "wrong").status_code == 401
    assert [log_in(each, "counterfoil-key").status_code for each in (one, two)] == [429, 429]
    command(two, "advance_clock", {"days": 1})
    assert [log_in(each, "counterfoil-key").status_code for each in (one, two)] == [200, 200]


def test_a_failed_login_is_of_the_time_that_the_store_has(one: Process, two: Process) -> None:
    """The third fails while the other process lets a day pass: it is of that day, so the next is blocked for a minute."""
    for _ in range(2):
        assert log_in(one, "wrong").status_code == 401
    one.engine.before_commit = once(lambda: command(two, "advance_clock", {"days": 1}))
    assert log_in(one, "wrong").status_code == 401
    assert [log_in(each, "counterfoil-key").status_code for each in (one, two)] == [429, 429]


def test_a_world_that_was_replaced_elsewhere(one: Process, two: Process) -> None:
    one.client.post(CONTROL, json={"name": "blue"}).raise_for_status()
    one.client.post(f"/w/blue{RUNS}", json={"name": "In the first"}).raise_for_status()
    two.client.delete(f"{CONTROL}/blue").raise_for_status()
    assert one.client.post(f"/w/blue{RUNS}", json={"name": "Too late"}).status_code == 404
    two.client.post(CONTROL, json={"name": "blue"}).raise_for_status()
    assert one.client.post(f"/w/blue{RUNS}", json={"name": "In the second"}).json()["id"] == "1"
    two.client.post(f"{CONTROL}/blue/reset").raise_for_status()
    assert one.client.post(f"/w/blue{RUNS}", json={"name": "After the reset"}).json()["id"] == "1"
    assert [each["name"] for each in two.client.get(f"/w/blue{RUNS}").json()] == ["After the reset"]
