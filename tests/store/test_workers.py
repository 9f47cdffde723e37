"""Several workers serve the same worlds: each worker shows and counts what any of them did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from tests.store.laws import check
from tests.store.served import CONTROL, KEY, LAUNCH, RUNS, Client, Reply, Served, is_alive, kill_worker, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds a connection's worker in /proc")
EMNIFY = "/emnify/api/v1"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    store = tmp_path_factory.mktemp("workers") / "worlds.db"
    with Served(store, "--scenario", "one-month", workers=3) as made:
        yield made


@pytest.fixture
def at(served: Served) -> Iterator[list[Client]]:
    """A client of each of the three workers."""
    clients = served.at_each_worker()
    assert len(clients) == 3
    yield clients
    for each in clients:
        each.close()


def make(client: Client, name: str, **members: Any) -> None:
    assert client("POST", CONTROL, {"name": name, **members}).status == 201


def names(reply: Reply) -> list[str]:
    return [run["name"] for run in reply.json()]


def test_a_change_at_one_shows_at_all(at: list[Client]) -> None:
    make(at[0], "shown")
    for number, client in enumerate(at):
        assert client("POST", f"/w/shown{RUNS}", {"name": f"Run {number}"}).json()["id"] == str(number + 1)
    assert {tuple(names(client("GET", f"/w/shown{RUNS}"))) for client in at} == {("Run 0", "Run 1", "Run 2")}
    assert [client("GET", f"{CONTROL}/shown").json()["version"] for client in at] == [3, 3, 3]
    assert len({client("GET", f"{CONTROL}/shown/capsule").json()["digest"] for client in at}) == 1
    at[2]("POST", f"{CONTROL}/shown/commands/advance_clock", {"days": 3})
    assert len({client("GET", f"{CONTROL}/shown/clock").json()["now"] for client in at}) == 1


def test_one_name_forked_reset_deleted_and_made_again(at: list[Client]) -> None:
    one, two, three = at
    make(one, "name")
    one("POST", f"/w/name{RUNS}", {"name": "First"})
    assert two("POST", f"{CONTROL}/name/fork", {"name": "copy"}).status == 201
    assert names(three("GET", f"/w/copy{RUNS}")) == ["First"]
    assert three("POST", f"{CONTROL}/name/reset").json()["version"] == 2
    assert names(one("GET", f"/w/name{RUNS}")) == []
    assert one("POST", f"/w/name{RUNS}", {"name": "Second"}).status == 200
    assert names(two("GET", f"/w/name{RUNS}")) == ["Second"]
    assert two("DELETE", f"{CONTROL}/name").status == 204
    assert [client("GET", f"/w/name{RUNS}").status for client in at] == [404, 404, 404]
    assert one("DELETE", f"{CONTROL}/name").status == 404
    make(three, "name")
    assert three("POST", CONTROL, {"name": "name"}).status == 409
    assert one("POST", CONTROL, {"name": "name"}).status == 409
    assert [names(client("GET", f"/w/name{RUNS}")) for client in at] == [[], [], []]
    listed = [[each["name"] for each in client("GET", CONTROL).json()["worlds"]] for client in at]
    assert listed[0] == listed[1] == listed[2]
    assert {"copy", "name"} < set(listed[0])


def test_a_fault_strikes_the_calls_it_is_for_over_all_workers(at: list[Client]) -> None:
    make(at[0], "faulty")
    faults = f"{CONTROL}/faulty/faults"
    order = {"api": "billingplatform", "operation": "GET /billingRuns/", "kind": "status", "status": 500}
    added = at[1]("POST", faults, {**order, "nth": 3, "times": 2})
    assert (added.status, added.json()["id"]) == (201, 1)
    statuses = [at[call % 3]("GET", f"/w/faulty{RUNS}").status for call in range(7)]
    assert statuses == [200, 200, 500, 500, 200, 200, 200]
    for client in at:
        (shown,) = client("GET", faults).json()["faults"]
        assert (shown["counted"], shown["struck"]) == (7, 2)
    assert at[2]("POST", faults, {**order, "probability": 0.5, "seed": 8}).json()["id"] == 2
    drawn = [at[call % 3]("GET", f"/w/faulty{RUNS}").status for call in range(12)]
    at[0]("DELETE", f"{faults}/2")
    assert at[1]("POST", faults, {**order, "probability": 0.5, "seed": 8}).json()["id"] == 3, "a number is given once"
    assert [at[0]("GET", f"/w/faulty{RUNS}").status for _ in range(12)] == drawn, "one sequence, whoever draws"
    assert at[2]("DELETE", faults).status == 204
    assert [client("GET", faults).json()["faults"] for client in at] == [[], [], []]
    assert {client("GET", f"/w/faulty{RUNS}").status for client in at} == {200}


def test_the_journal_has_what_any_worker_answered(at: list[Client]) -> None:
    make(at[0], "noted")
    journal = f"{CONTROL}/noted/journal"
    for call in range(7):
        at[call % 3]("GET", f"/w/noted{RUNS}?page={call}")
        found = at[(call + 1) % 3]("GET", journal).json()
        assert found["total"] == call + 1, "whoever has the answer in hand finds it"
        assert found["exchanges"][-1]["path"].endswith(f"?page={call}")
    for client in at:
        found = client("GET", journal).json()
        assert [each["number"] for each in found["exchanges"]] == [1, 2, 3, 4, 5, 6, 7]
        assert [each["path"][-1] for each in found["exchanges"]] == list("0123456")
    assert [each["number"] for each in at[1]("GET", f"{journal}?after=5").json()["exchanges"]] == [6, 7]
    assert [each["number"] for each in at[2]("GET", f"{journal}?limit=2").json()["exchanges"]] == [6, 7]
    assert at[0]("GET", f"{journal}?limit=2").json()["total"] == 7
    assert at[1]("GET", f"{journal}?status=4xx").json()["total"] == 0
    assert at[2]("DELETE", journal).status == 204
    assert [client("GET", journal).json()["exchanges"] for client in at] == [[], [], []]
    at[1]("GET", f"/w/noted{RUNS}")
    assert [each["number"] for each in at[0]("GET", journal).json()["exchanges"]] == [8], "numbers are not used again"


def test_failed_logins_count_at_whichever_worker(at: list[Client]) -> None:
    make(at[0], "login")
    path = f"/w/login{EMNIFY}/authenticate"
    wrong = {"username": "ann@example.com", "password": "0" * 40}
    assert [client("POST", path, wrong).status for client in at] == [401, 401, 401]
    right = {**wrong, "password": sha1(b"counterfoil-key", usedforsecurity=False).hexdigest()}
    assert at[1]("POST", path, right).status == 429
    at[2]("POST", f"{CONTROL}/login/commands/advance_clock", {"days": 1})
    tokens = [client("POST", path, right).json()["auth_token"] for client in at]
    assert len(set(tokens)) == 3
    for client in at:
        for token in tokens:
            answer = client(
                "GET", f"/w/login{EMNIFY}/organisation/1/billing/202512", None, {"Authorization": f"Bearer {token}"}
            )
            assert answer.status != 401


def test_a_page_hears_of_a_change_at_another_worker(at: list[Client]) -> None:
    make(at[0], "heard")
    connection = at[0]._connect()
    connection.request("GET", "/events/heard")
    stream = connection.getresponse()

    def heard() -> dict[str, Any]:
        while True:
            line = stream.readline()
            if line.startswith(b"data: "):
                read: dict[str, Any] = json.loads(line[6:])
                return read

    first = heard()
    assert first["version"] == 0
    at[1]("POST", f"{CONTROL}/heard/commands/add_charge", {"customer": 1, "description": "Heard", "amount": "1.00"})
    assert heard()["version"] == 1
    at[2]("GET", f"/w/heard{RUNS}")
    assert heard()["journal"] == first["journal"] + 1
    at[1]("DELETE", f"{CONTROL}/heard")
    assert heard() == {}
    connection.close()


def test_a_task_is_found_at_another_worker(at: list[Client]) -> None:
    """A world of 60,000 customers takes longer than a request waits for it; if not here, it is simply there."""
    made = at[0]("POST", CONTROL, {"name": "large", "customers": 100_000, "scenario": "demo", "seed": 77})
    assert made.status in (201, 202)
    if made.status == 202:
        where = made.headers["location"]
        for client in at:
            assert client("GET", where).json()["operation"] == "POST /worlds"
        until(lambda: at[1]("GET", where).json()["state"] == "ended", 60)
        assert at[2]("GET", where).json()["status"] == 201
        assert at[2]("GET", where).json()["answer"]["name"] == "large"
    assert {client("GET", f"{CONTROL}/large").json()["customers"] for client in at} == {100_000}
    at[1]("DELETE", f"{CONTROL}/large")


def test_a_killed_worker_is_replaced_and_the_others_go_on(served: Served) -> None:
    before = served.workers()
    served.run("Before")
    kill_worker(before[0])
    for client in served.clients(8):  # some of them wait for the next worker at that one's port
        assert client("GET", "/health").status == 200
        client.close()
    until(lambda: len(served.workers()) == 3 and before[0] not in served.workers())
    for client in served.at_each_worker():
        assert "Before" in names(client("GET", RUNS))
        client.close()


def test_it_ends_when_asked_and_leaves_nothing(tmp_path: Path) -> None:
    with Served(tmp_path / "worlds.db", "--scenario", "one-month", workers=2) as served:
        workers = served.workers()
        served.run("Kept")
        assert served.stop() == ""
        assert not any(map(is_alive, workers))
        assert sorted(each.name for each in tmp_path.iterdir()) == ["worlds.db", "worlds.db-lock", "worlds.db-turn"]
        served.start()
        assert served.runs() == ["Kept"]
        assert served.process is not None
        workers = served.workers()
        served.process.send_signal(signal.SIGKILL)
        until(lambda: not any(map(is_alive, workers)))
        served.process.communicate()
        until(lambda: not [each for each in tmp_path.iterdir() if each.is_dir()])


def test_workers_that_cannot_start_end_the_server(tmp_path: Path) -> None:
    command = [sys.executable, str(LAUNCH), "workers-cannot-open-the-store", "serve", "--workers", "2", "--port", "0"]
    done = subprocess.run([*command, "--store", str(tmp_path / "w.db")], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert set(lines[:-1]) == {"counterfoil: worlds.db: unable to open database file"}
    assert lines[-1] == "counterfoil: workers end as soon as they start, the last with exit code 2"


@pytest.mark.parametrize("ends", ["asked", "killed"])
def test_without_a_store_it_says_where_worlds_are(ends: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "counterfoil", "serve", "--workers", "2", "--port", "0", "billingplatform"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    said, base = process.stdout.readline(), process.stdout.readline().split()[-1]
    assert said.startswith("worlds are kept in a temporary file, gone when this server stops")
    port = int(base.split(":")[2].partition("/")[0])
    client = Client(port)
    assert client("POST", RUNS, {"name": "Shared"}).status == 200
    for _ in range(8):
        client.close()
        assert "Shared" in names(client("GET", RUNS))
    client.close()
    if ends == "asked":
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in errors
    else:
        process.kill()
        process.communicate(timeout=30)
    until(lambda: list(tmp_path.iterdir()) == [])


def test_the_laws_hold_while_another_client_writes(tmp_path: Path) -> None:
    """Of one API; of all five, an own document, and every kind of store by ``python -m tests.store.laws``."""
    code, said, written = check(tmp_path / "laws.db", "flexprice", "--fast", "--max-examples=1", "--max-time=10")
    assert code == 0, said
    assert written > 10


def test_visitors_are_known_to_every_worker(tmp_path: Path) -> None:
    store = tmp_path / "worlds.db"
    host = {"Host": "localhost"}
    with Served(store, "--scenario", "one-month", "--public", workers=2) as served:
        one, two = served.at_each_worker()
        visit = one("POST", "/visit", {}, host)
        world = visit.json()["worlds"][0]
        visitor = {
            **host,
            "Cookie": visit.headers["set-cookie"].partition(";")[0],
            "X-Counterfoil-Visit": visit.json()["visit"],
        }
        assert two("POST", "/visit", {}, visitor).json()["worlds"] == visit.json()["worlds"]
        charge = {"customer": 1, "description": "Set-up", "amount": "12.00"}
        assert two("POST", f"{CONTROL}/{world}/commands/add_charge", charge, visitor).status == 200
        (credential,) = one("GET", f"{CONTROL}/{world}", None, visitor).json()["credentials"]
        key = {**host, "Authorization": f"Bearer {credential['key']}"}
        for client in (one, two):
            assert client("GET", f"/w/{world}{RUNS}", None, key).status == 200
            assert client("GET", RUNS, None, {**host, **KEY}).status == 401
            assert client("GET", f"{CONTROL}/{world}", None, visitor).json()["version"] == 1
            assert client("GET", f"{CONTROL}/default", None, visitor).status == 403
            client.close()
