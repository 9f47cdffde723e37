"""A response waits for the store only until the changes that it shows are kept; other requests do not wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from tests.store.served import CONTROL, RUNS

from counterfoil.app import Application, build
from counterfoil.store import group_commit
from counterfoil.store.log import Change
from counterfoil.store.sqlite import SqliteLog
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.commands import AdvanceClock, CreateRun

HEADERS = {"Authorization": "Bearer counterfoil-key", "x-api-key": "counterfoil-key"}


class Disk:
    """Wraps the store's commits: forwards them, holds them, or fails them before or after they were written."""

    def __init__(self, log: SqliteLog) -> None:
        self._commit, self._recover = log.commit, log.recover
        self.go_on = Event()
        self.go_on.set()
        self.fails: str | None = None
        self.commits: list[int] = []
        log.commit = self.commit  # type: ignore[method-assign]
        log.recover = self.recover  # type: ignore[method-assign]

    def commit(self, operations: Sequence[Change]) -> None:
        assert self.go_on.wait(20)
        if self.fails == "before":
            raise StoreUnavailable("the store cannot be written: the disk is full; try again")
        self._commit(operations)
        self.commits.append(len(operations))
        if self.fails == "after":
            raise OSError("the disk was pulled out")

    def recover(self) -> None:
        if self.fails is not None:
            raise StoreUnavailable("the store cannot be written: the disk is full")
        self._recover()


class Server:
    def __init__(self, folder: Path) -> None:
        self.application: Application = build(scenario_name="one-month", store=str(folder / "worlds.db"))
        log = self.application.worlds.log  # type: ignore[attr-defined]
        self.disk = Disk(log)
        self.client = httpx.Client(
            transport=InProcessTransport(self.application.asgi_app),
            base_url="http://localhost",
            headers=HEADERS,
            timeout=30,
        )
        self._threads = ThreadPoolExecutor(16)

    def later(self, method: str, path: str, body: Any = None) -> Future[httpx.Response]:
        return self._threads.submit(self.client.request, method, path, json=body)

    def names(self) -> list[str]:
        return [run["name"] for run in self.client.get(RUNS).json()]

    def close(self) -> None:
        self.disk.go_on.set()
        self._threads.shutdown()
        self.client.close()
        self.application.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.close()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come true within 10 seconds")


def test_an_answer_waits_and_a_reader_does_not(server: Server) -> None:
    server.disk.go_on.clear()
    making = server.later("POST", RUNS, {"name": "Waits"})
    charging = server.later(
        "POST", f"{CONTROL}/default/commands/add_charge", {"customer": 1, "description": "Waits", "amount": "1"}
    )
    assert "Waits" not in server.names(), "not before it is durable"
    assert server.client.get(f"{CONTROL}/default/clock").json()["version"] == 0
    assert not making.done()
    assert not charging.done()
    server.disk.go_on.set()
    assert making.result(20).status_code == 200
    assert charging.result(20).json()["version"] in (1, 2)
    assert "Waits" in server.names()


def test_a_refusal_waits_for_what_it_is_about(server: Server) -> None:
    """The second request is refused because of the first one's change: it must not be told of it earlier than the first."""
    run = server.client.post(RUNS, json={"name": "Once", "invoiceDate": "2026-02-01"}).json()["id"]
    commands = f"{CONTROL}/default/commands/request_bills"
    server.disk.go_on.clear()
    first = server.later("POST", commands, {"run": int(run)})
    until(lambda: server.application.world.head.newest.version == 2)
    second = server.later("POST", commands, {"run": int(run)})
    time.sleep(0.1)
    assert not second.done()
    server.disk.go_on.set()
    assert (first.result(20).status_code, second.result(20).status_code) == (200, 409)


def test_a_get_that_writes_waits_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a handler of a user's own may."""
    api = next(each for each in server.application.apis if each.name == "billingplatform")
    read = api.routes["GET /billingRuns/"]

    def reads_and_writes(request: Any, world: Any) -> Any:
        world.execute(CreateRun(name="Written by a GET"))
        return read(request, world)

    monkeypatch.setitem(api.routes, "GET /billingRuns/", reads_and_writes)  # type: ignore[arg-type]
    server.disk.go_on.clear()
    reading = server.later("GET", RUNS)
    until(lambda: server.application.world.head.newest.version == 1)
    time.sleep(0.1)
    assert not reading.done()
    server.disk.go_on.set()
    assert "Written by a GET" in reading.result(20).text
    server.disk.fails = "before"
    assert server.client.get(RUNS).status_code == 503


def test_what_waits_is_written_together(server: Server) -> None:
    server.disk.go_on.clear()
    making = [server.later("POST", RUNS, {"name": f"Run {number}"}) for number in range(12)]
    until(lambda: server.application.world.head.newest.version == 12)
    server.disk.go_on.set()
    assert {each.result(20).status_code for each in making} == {200}
    assert sum(server.disk.commits) == 12
    assert len(server.disk.commits) <= 3


WRITES = [
    ("billingplatform", RUNS, {"name": "Never"}, "1"),
    (
        "oracle-brm",
        "/oracle-brm/brm/customerBillManagement/v4/customerBillOnDemand",
        {"billingAccount": {"id": "0.0.0.1+-account+1000"}},
        "1",
    ),
    ("control", f"{CONTROL}/default/commands/advance_clock", {"days": 1}, "1"),
]


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_store_that_fails_and_comes_back(server: Server, fails: str) -> None:
    """503 while it fails, and nothing half applied. What had been written when it failed is there when it is back; then the
    answer had been that it may be."""
    assert server.client.post(RUNS, json={"name": "Kept"}).status_code == 200
    before = server.names()
    server.disk.fails = fails
    failed = server.client.post(RUNS, json={"name": "Doubtful"})
    assert failed.status_code == 503
    assert server.names() == before, "readers go on"
    assert server.client.get("/ready").status_code == 503
    assert server.client.get("/health").status_code == 200
    again = server.client.post(RUNS, json={"name": "Refused"})
    assert again.status_code == 503
    assert server.client.post(f"{CONTROL}/default/reset").status_code == 503
    assert server.client.post(CONTROL, json={"name": "blue"}).status_code == 503
    assert server.client.get(f"{CONTROL}/blue").status_code == 404
    server.disk.fails = None
    until(lambda: server.client.get("/ready").status_code == 200)
    assert server.names() == (before if fails == "before" else [*before, "Doubtful"])
    assert server.client.post(RUNS, json={"name": "After"}).status_code == 200
    assert server.names()[-1] == "After"
    assert server.client.post(CONTROL, json={"name": "blue"}).status_code == 201


def test_what_was_built_on_a_failed_change_fails_too(server: Server) -> None:
    """The second change was applied to the first one's outcome, and waits behind it: when the first is lost, both are."""
    server.disk.go_on.clear()
    first = server.later("POST", RUNS, {"name": "First"})
    until(lambda: server.application.world.head.newest.version == 1)
    until(lambda: not server.application.worlds._commits._waiting)  # type: ignore[attr-defined]
    second = server.later("POST", RUNS, {"name": "Second"})
    until(lambda: server.application.world.head.newest.version == 2)
    server.disk.fails = "before"
    server.disk.go_on.set()
    assert (first.result(20).status_code, second.result(20).status_code) == (503, 503)
    server.disk.fails = None
    until(lambda: server.client.get("/ready").status_code == 200)
    assert not {"First", "Second"} & set(server.names())
    assert server.application.world.version == 0


@pytest.mark.parametrize(("api", "path", "body", "retry_after"), WRITES, ids=[each[0] for each in WRITES])
def test_each_api_says_so_in_its_own_words(
    server: Server, api: str, path: str, body: dict[str, Any], retry_after: str | None
) -> None:
    server.disk.fails = "before"
    answer = server.client.post(path, json=body)
    assert answer.status_code == 503, answer.text
    assert "disk is full" in answer.text
    assert answer.headers.get("retry-after") == retry_after
    server.disk.fails = None
    until(lambda: server.client.get("/ready").status_code == 200)
    assert server.client.post(path, json=body).status_code < 300


def test_a_world_that_cannot_be_read_is_unavailable_in_the_vendors_words(server: Server) -> None:
    server.client.post(CONTROL, json={"name": "blue"})
    worlds: Any = server.application.worlds
    worlds._heads.pop("blue")
    worlds._alive.pop("blue", None)

    def unreadable(name: str) -> None:
        raise StoreUnavailable("the store cannot be read: disk I/O error; try again")

    worlds.log.find, find = unreadable, worlds.log.find
    answer = server.client.get(f"/w/blue{RUNS}")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/json")
    assert server.client.get(f"{CONTROL}/blue").status_code == 503
    assert server.client.get(RUNS).status_code == 200, "the others go on"
    listed = server.client.get(CONTROL).json()["worlds"]
    assert [each["name"] for each in listed] == ["default"], "what can be read is listed"
    worlds.log.find = find
    assert server.client.get(f"/w/blue{RUNS}").status_code == 200


def test_a_world_takes_so_many_commands_from_all_apis_together(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is reset: rebuilding it after a restart takes the longer, the more there are."""
    monkeypatch.setattr(group_commit, "MAX_COMMANDS", 3)
    charge = {"customer": 1, "description": "Visit", "amount": "1"}
    assert server.client.post(RUNS, json={"name": "First"}).status_code == 200
    assert server.client.post(f"{CONTROL}/default/commands/add_charge", json=charge).status_code == 200
    assert server.client.post(RUNS, json={"name": "Third"}).status_code == 200
    for path, body in ((RUNS, {"name": "Fourth"}), (f"{CONTROL}/default/commands/add_charge", charge)):
        refused = server.client.post(path, json=body)
        assert refused.status_code == 409
        assert "a world takes 3 commands: reset it" in refused.text
    assert server.names() == ["First", "Third"]
    assert server.client.post(f"{CONTROL}/default/reset").status_code == 200
    assert server.client.post(RUNS, json={"name": "Fourth"}).status_code == 200


@pytest.mark.parametrize("bound", [{"most_in_memory": 4}, {"most_bytes": 100_000}])
def test_a_world_in_memory_is_one_though_it_was_dropped_from_it(tmp_path: Path, bound: dict[str, int]) -> None:
    """Worlds are dropped from memory when many are used, or large ones. Who still writes to one, and who looks it up, mean the
    same."""
    from counterfoil.lookup import all_switches, scenario
    from counterfoil.store.worlds import StoredWorlds
    from counterfoil.world.switches import KnownSwitches

    worlds = StoredWorlds(
        SqliteLog(tmp_path / "worlds.db"), scenario, KnownSwitches(all_switches()), now=time.time, **bound
    )
    held = worlds.create("held", "quiet")
    held.begin_write()
    held.execute(CreateRun(name="In between"))
    for number in range(20):
        worlds.create(f"v{number}", "quiet")
    assert len(worlds) == 21
    assert not worlds.is_in_memory("held")
    assert not worlds.is_in_memory("v0")
    assert worlds.is_in_memory("v19")
    saving = held.end_write()
    assert saving is not None
    saving.result(20)
    assert [run.name for run in worlds.named("held").ledger.runs.values()] == ["In between"]
    assert worlds.named("held").head is held.head
    del held
    assert worlds.named("v0").version == 0
    worlds.close()


def test_worlds_that_grow_push_others_out_of_memory(tmp_path: Path) -> None:
    """Ten take 80 kB of 150. Two months pass in one of them, which takes more by itself then: it stays, because it is in use, and
    is the only one. Nothing but the command was asked for."""
    from counterfoil.lookup import all_switches, scenario
    from counterfoil.store.worlds import StoredWorlds
    from counterfoil.world.switches import KnownSwitches

    log = SqliteLog(tmp_path / "worlds.db")
    worlds = StoredWorlds(log, scenario, KnownSwitches(all_switches()), now=time.time, most_bytes=150_000)
    made = [worlds.create(f"v{number}", "demo") for number in range(10)]
    assert all(worlds.is_in_memory(each.name) for each in made)
    made[4].execute(CreateRun(name="Small"))
    assert made[4].saving is not None
    made[4].saving.result(20)
    assert all(worlds.is_in_memory(each.name) for each in made)
    made[4].execute(AdvanceClock(days=60))
    made[4].saving.result(20)
    until = time.monotonic() + 20
    while worlds.is_in_memory("v0") and time.monotonic() < until:
        time.sleep(0.01)
    assert [each.name for each in made if worlds.is_in_memory(each.name)] == ["v4"]
    assert worlds.named("v0").version == 0
    worlds.close()
