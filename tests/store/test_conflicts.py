"""If another process was faster, the request is repeated, a bounded number of times. Also for remote stores."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.store.served import CONTROL, RUNS

from counterfoil.api import API
from counterfoil.app import Application, build, sharing
from counterfoil.lookup import own_api
from counterfoil.store import opening
from counterfoil.store.log import Change, Conflict, Position, TouchWorld
from counterfoil.store.sqlite import SqliteLog
from counterfoil.store.sqlite_file import SqliteFile
from counterfoil.store.write_turns import SLOTS
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.command_log import StoreUnavailable

DARKROOM = Path(__file__).parents[1] / "own_documents" / "documents" / "darkroom.yaml"
HEADERS = {"Authorization": "Bearer counterfoil-key"}


class Engine(SqliteLog):
    """A store that the test controls: ``before_commit`` is called before each commit, and may raise."""

    before_commit: Callable[[Sequence[Change]], None] = staticmethod(lambda operations: None)
    before_look: Callable[[], None] = staticmethod(lambda: None)
    looks = 0
    shared_counters = memoryview(bytearray(8 * SLOTS)).cast("Q")

    def connect(self) -> None:
        assert self.write_lock is not None
        self.write_lock.counters = self.shared_counters  # as after a fork
        super().connect()

    def writing(self) -> AbstractContextManager[None]:
        return nullcontext()  # as an engine without a lock; with one, only the first attempt can conflict

    def commit(self, operations: Sequence[Change]) -> None:
        if not all(isinstance(each, TouchWorld) for each in operations):
            self.before_commit(operations)
        super().commit(operations)

    def position(self, name: str) -> Any:
        self.looks += 1
        self.before_look()
        return super().position(name)


class RemoteEngine(Engine):
    remote = True

    def revision(self, world: int) -> int:
        raise AssertionError("nobody asks a remote store for it")

    def positions(self, names: Sequence[str]) -> dict[str, Position]:
        found = {name: self.position(name) for name in names}
        return {name: position for name, position in found.items() if position is not None}


class Process:
    """One of the processes that use a store; all run in the test's process, so that the test decides their order."""

    def __init__(self, store: Path, apis: Sequence[str] = ("billingplatform",), own: Sequence[API] = ()) -> None:
        self.application: Application = build(apis, own=own, scenario_name="one-month", store=str(store), workers=2)
        self.engine: Engine = self.application.worlds.log  # type: ignore[attr-defined]
        self.client = httpx.Client(
            transport=InProcessTransport(self.application.asgi_app),
            base_url="http://localhost",
            headers=HEADERS,
            timeout=30,
        )
        self.threads = ThreadPoolExecutor(8)

    def later(self, method: str, path: str, body: Any = None) -> Future[httpx.Response]:
        return self.threads.submit(self.client.request, method, path, json=body)

    def run(self, name: str) -> httpx.Response:
        return self.client.post(RUNS, json={"name": name})

    def names(self) -> list[str]:
        return [run["name"] for run in self.client.get(RUNS).json()]

    def close(self) -> None:
        self.threads.shutdown()
        self.client.close()
        self.application.close()


@pytest.fixture(params=[Engine, RemoteEngine], ids=["local", "remote"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    kind: type[Engine] = request.param
    monkeypatch.setattr(opening, "SqliteLog", kind)
    monkeypatch.setattr(SqliteFile, "_take_lock", lambda self: None)  # it would keep the second process away
    return kind


@pytest.fixture
def processes(tmp_path: Path, engine: type[Engine], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Process]]:
    monkeypatch.setattr(sharing, "_folder", lambda store: tmp_path)  # one server has one; these are two
    made = [Process(tmp_path / "worlds.db") for _ in range(2)]
    yield made
    for each in made:
        each.close()


def once(act: Callable[[], object]) -> Callable[[object], None]:
    """``act``, the first time it is called."""
    left = [act]

    def acts(_: object = None) -> None:
        if left:
            left.pop()()

    return acts


def test_whoever_comes_second_works_again_on_what_the_first_made(processes: list[Process]) -> None:
    one, two = processes
    one.engine.before_commit = once(lambda: two.run("Theirs"))
    ours = one.run("Ours")
    assert (ours.status_code, ours.json()["id"]) == (200, "2")
    assert one.names() == two.names() == ["Theirs", "Ours"]


def test_an_upload_that_comes_second_keeps_its_file(
    tmp_path: Path, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_folder", lambda store: tmp_path)
    one, two = (Process(tmp_path / "worlds.db", (), [own_api(DARKROOM, rows=0, seed=0)]) for _ in range(2))

    def upload(process: Process, photo: bytes) -> httpx.Response:
        return process.client.post("/darkroom/films", files={"roll": ("photo.png", photo, "image/png")})

    try:
        one.engine.before_commit = once(lambda: upload(two, b"theirs"))
        film = upload(one, b"ours").json()
        assert (film["filename"], film["size"]) == ("photo.png", 4)
        assert two.client.get(f"/darkroom/films/{film['id']}/content").content == b"ours"
    finally:
        one.close()
        two.close()


def test_a_refusal_is_of_the_newest_world(processes: list[Process]) -> None:
    """The other process requests the bills of the run; ours must then be refused, though it could be done when it began."""
    one, two = processes
    run = one.client.post(RUNS, json={"name": "Once", "invoiceDate": "2026-02-01"}).json()["id"]
    command = f"{CONTROL}/default/commands/request_bills"
    one.engine.before_commit = once(lambda: two.client.post(command, json={"run": int(run)}).raise_for_status())
    assert one.client.post(command, json={"run": int(run)}).status_code == 409


def test_a_reset_after_a_command_of_another_is_a_later_version(processes: list[Process]) -> None:
    one, two = processes
    one.engine.before_commit = once(lambda: two.run("Theirs"))
    assert one.client.post(f"{CONTROL}/default/reset").json()["version"] == 2
    assert two.names() == []
    two.engine.before_commit = once(lambda: one.client.post(f"{CONTROL}/default/reset").raise_for_status())
    assert two.run("After the reset").json()["id"] == "1"
    assert [each.client.get(f"{CONTROL}/default").json()["version"] for each in processes] == [4, 4]


def test_a_world_deleted_or_made_meanwhile(processes: list[Process]) -> None:
    one, two = processes
    one.client.post(CONTROL, json={"name": "blue"})
    one.engine.before_commit = once(lambda: two.client.delete(f"{CONTROL}/blue").raise_for_status())
    assert one.client.post(f"/w/blue{RUNS}", json={"name": "Too late"}).status_code == 404
    one.engine.before_commit = once(lambda: two.client.post(CONTROL, json={"name": "blue"}).raise_for_status())
    assert one.client.post(CONTROL, json={"name": "blue"}).status_code == 409
    one.engine.before_commit = once(lambda: two.client.delete(f"{CONTROL}/blue").raise_for_status())
    assert one.client.delete(f"{CONTROL}/blue").status_code == 404


def test_a_world_used_elsewhere_is_not_forgotten(processes: list[Process]) -> None:
    one, two = processes
    now = [time.time()]
    for each in processes:
        each.application.worlds._seconds = lambda: now[0]
    one.client.post(CONTROL, json={"name": "blue", "time_to_live": 100})
    for _ in range(4):
        now[0] += 60
        assert two.client.get(f"/w/blue{RUNS}").status_code == 200
        two.run("Takes the note along")
    assert one.client.get(f"/w/blue{RUNS}").status_code == 200
    now[0] += 200
    assert [each.client.get(f"/w/blue{RUNS}").status_code for each in processes] == [404, 404]


def test_the_bound_on_worlds_holds_in_sum(processes: list[Process]) -> None:
    """Three with the default one; each process would have taken three by itself, also when both look at the same moment."""
    one, two = processes
    for each in processes:
        each.application.worlds.limit_to(3)
    assert one.client.post(CONTROL, json={"name": "blue"}).status_code == 201
    one.engine.before_commit = once(lambda: two.client.post(CONTROL, json={"name": "green"}).raise_for_status())
    assert one.client.post(CONTROL, json={"name": "red"}).status_code == 429
    assert two.client.post(CONTROL, json={"name": "grey"}).status_code == 429
    assert [len(each.client.get(CONTROL).json()["worlds"]) for each in processes] == [3, 3]


def test_it_is_tried_so_often_and_then_refused(processes: list[Process]) -> None:
    one, two = processes
    tries = []

    def conflicts(operations: Sequence[Change]) -> None:
        tries.append(operations)
        raise Conflict

    one.engine.before_commit = conflicts
    refused = one.run("Never")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "error" in refused.json()
    assert 50 < len(tries) < 150
    assert one.client.post(CONTROL, json={"name": "blue"}).status_code == 503
    one.engine.before_commit = lambda operations: None
    assert one.run("Then").status_code == 200
    assert one.names() == two.names() == ["Then"]
    assert one.client.get("/ready").status_code == 200


def ready(process: Process) -> None:
    while process.client.get("/ready").status_code != 200:  # the suite's timeout ends a test that waits too long
        time.sleep(0.05)


def test_a_store_that_fails_and_comes_back(processes: list[Process]) -> None:
    one, two = processes

    def fails(operations: Sequence[Change]) -> None:
        raise StoreUnavailable("the store cannot be written: the disk is full; try again")

    one.engine.before_commit = fails
    assert one.run("Never").status_code == 503
    assert two.run("Theirs").status_code == 200, "the other process goes on"
    one.engine.before_commit = lambda operations: None
    ready(one)
    assert one.run("Ours").status_code == 200
    assert one.names() == two.names() == ["Theirs", "Ours"]


def test_a_store_that_cannot_be_asked(processes: list[Process]) -> None:
    """Reading what may be old is refused."""
    one, two = processes
    one.names()
    two.run("Theirs")

    def fails() -> None:
        raise StoreUnavailable("the store cannot be read; try again")

    one.engine.before_look = fails
    answer = one.client.get(RUNS)
    assert (answer.status_code, "cannot be read" in answer.text) == (503, True)
    one.engine.before_look = lambda: None
    ready(one)
    assert one.names() == ["Theirs"]


def test_requests_share_a_look_that_has_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SqliteLog", RemoteEngine)
    process = Process(tmp_path / "worlds.db")
    goes_on = threading.Event()
    process.engine.looks, process.engine.before_look = 0, lambda: goes_on.wait(20) and None
    asking = [process.later("GET", RUNS) for _ in range(8)]
    until = time.monotonic() + 20
    while process.engine.looks < 1 and time.monotonic() < until:
        time.sleep(0.01)
    goes_on.set()
    assert {each.result(30).status_code for each in asking} == {200}
    assert 1 <= process.engine.looks <= 8
    process.close()
