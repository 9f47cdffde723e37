"""Servers with worlds in PostgreSQL or Redis: a change that one acknowledges is visible at the other, and outages are handled."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner
from tests.store.engines import DatabaseServer, Postgres, Redis
from tests.store.laws import check
from tests.store.served import CONTROL, KEY, RUNS, Client, Reply, Served, kill_worker, until

from counterfoil.cli import main

EMNIFY = "/emnify/api/v1"


@pytest.fixture
def servers(remote_store: str) -> Iterator[tuple[Served, Served]]:
    """Two at one empty store."""
    with ExitStack() as running:
        one = running.enter_context(Served(remote_store, "--scenario", "one-month"))
        yield one, running.enter_context(Served(remote_store))


def test_what_one_server_acknowledges_the_other_shows(servers: tuple[Served, Served]) -> None:
    """Runs, worlds, a reset, the clock, a token, and a fault: each at one server, and at once at the other."""
    one, two = servers
    for number in range(1, 6):
        one.run(f"One {number}")
        two.run(f"Two {number}")
    names = [f"{who} {number}" for number in range(1, 6) for who in ("One", "Two")]
    assert one.runs()[-10:] == two.runs()[-10:] == names

    one.post(CONTROL, {"name": "blue"}, 201)
    two.run("In blue", "/w/blue")
    assert "In blue" in one.runs("/w/blue")
    assert two.client("POST", CONTROL, {"name": "blue"}).status == 409
    assert [each["name"] for each in two.get(CONTROL)["worlds"]] == ["default", "blue"]
    moved = two.post(f"{CONTROL}/blue/commands/advance_clock", {"days": 3})
    clock = one.get(f"{CONTROL}/blue/clock")
    assert (clock["now"], clock["version"]) == (moved["now"], moved["version"])
    version = one.post(f"{CONTROL}/blue/reset")["version"]
    assert two.get(f"{CONTROL}/blue")["version"] == version
    assert "In blue" not in two.runs("/w/blue")
    one.post(f"{CONTROL}/blue/fork", {"name": "green"}, 201)
    assert two.client("DELETE", f"{CONTROL}/blue").status == 204
    assert one.client("GET", f"{CONTROL}/blue").status == 404
    assert one.client("GET", f"/w/blue{RUNS}").status == 404
    two.post(CONTROL, {"name": "blue"}, 201)
    assert "In blue" not in one.runs("/w/blue"), "it is another world"

    given = one.post(f"{EMNIFY}/authenticate", {"application_token": "counterfoil-key"})
    token = {"Authorization": f"Bearer {given['auth_token']}"}
    assert two.client("GET", f"{EMNIFY}/organisation/my", headers=token).status == 200
    fault = {"api": "billingplatform", "kind": "status", "status": 500}
    number = one.post(f"{CONTROL}/green/faults", fault, 201)["id"]
    assert two.client("GET", f"/w/green{RUNS}").status == 500
    assert two.client("DELETE", f"{CONTROL}/green/faults/{number}").status == 204
    assert one.client("GET", f"/w/green{RUNS}").status == 200
    assert one.digest() == two.digest()


def test_an_open_page_is_told_of_a_change_at_the_other_server(servers: tuple[Served, Served]) -> None:
    one, two = servers
    stream = http.client.HTTPConnection("127.0.0.1", one.port, timeout=20)
    stream.request("GET", "/events/default")
    lines = stream.getresponse()

    def version() -> int:
        while not (line := lines.readline()).startswith(b"data:"):
            pass
        return int(json.loads(line[5:])["version"])

    before = version()
    two.run("Elsewhere")
    assert version() == before + 1
    stream.close()


REQUESTS = [
    ("GET", RUNS, None, KEY),
    ("POST", RUNS, {"name": "Never"}, KEY),
    ("GET", "/elevate/v1/customers/1", None, KEY),
    ("GET", "/oracle-brm/brm/customerBillManagement/v4/customerBill", None, KEY),
    ("GET", "/flexprice/v1/customers/cust_00000001/invoices/summary", None, {"x-api-key": "counterfoil-key"}),
    ("GET", f"{EMNIFY}/organisation/my", None, KEY),
    ("GET", f"{CONTROL}/default", None, KEY),
    ("POST", f"{CONTROL}/default/commands/advance_clock", {"days": 1}, KEY),
    ("GET", f"{CONTROL}/none", None, KEY),
]


@pytest.mark.parametrize("failure", ["killed", "halted", "read-only"])
def test_without_the_database_all_is_503_until_it_is_back(
    database: DatabaseServer, remote_store: str, failure: str
) -> None:
    """In each vendor's words, with when to try again. Nothing was changed by what was refused, and nobody restarts a server."""
    fail, mend = {
        "killed": (database.kill, lambda: database.start()),
        "halted": (database.halt, database.go_on),
        "read-only": (lambda: database.as_read_only(True), lambda: database.as_read_only(False)),
    }[failure]
    reads_go_on = failure == "read-only"
    with Served(remote_store, "--scenario", "one-month") as served:
        served.run("Before")
        before, runs = served.digest(), served.runs()
        fail()
        try:
            # a change that is sent to a server at the moment it stops is answered 503, and may have been made
            probe = ("POST", RUNS, {"name": "Never"}) if reads_go_on else ("GET", RUNS)
            until(lambda: served.client(*probe).status == 503)
            if reads_go_on:  # the database takes writes until it has read its new configuration
                before, runs = served.digest(), served.runs()
            for method, path, body, key in REQUESTS:
                reply = served.client(method, path, body, key)
                if not (reads_go_on and method == "GET"):
                    refused_as_unavailable(reply)
            assert served.client("GET", "/ready").status == 503
            assert served.client("GET", "/health").status == 200
        finally:
            mend()
        until(lambda: served.client("GET", "/ready").status == 200)
        assert served.digest() == before
        served.run("After")
        assert "Before" in runs
        assert served.runs() == [*runs, "After"]
        assert "sesame" not in served.stop()


def test_an_open_page_outlasts_a_restart_of_the_database(database: DatabaseServer, remote_store: str) -> None:
    """Its stream goes on, a new one is 503 meanwhile, and the log has one line, not a stack trace."""
    with Served(remote_store, "--scenario", "one-month") as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.request("GET", "/events/default")
        stream = connection.getresponse()

        def heard() -> dict[str, Any]:
            line = b"."
            while line and not line.startswith(b"data: "):
                line = stream.readline()
            return dict(json.loads(line[6:])) if line else {}

        assert heard()["version"] == 0
        database.kill()
        until(lambda: served.client("GET", "/ready").status == 503)
        reply = served.client("GET", "/events/default")
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        database.start()
        until(lambda: served.client("GET", "/ready").status == 200)
        served.run("Heard")
        told = heard()
        while told and told["version"] == 0:  # the journal counts, too
            told = heard()
        assert told["version"] == 1
        connection.close()
        assert "Traceback" not in served.stop()


def test_a_database_that_is_emptied_is_said_to_be(database: DatabaseServer, remote_store: str) -> None:
    """503 instead of an unknown world, until a server that is started anew makes the default world again."""
    with Served(remote_store, "--scenario", "one-month") as served:
        served.run("Lost")
        if isinstance(database, Postgres):
            database.execute("TRUNCATE counterfoil.world CASCADE", remote_store.rpartition("/")[2])
        else:
            with closing(redis.Redis.from_url(remote_store)) as client:
                client.flushdb()
        for method, path, body in (("GET", RUNS, None), ("POST", RUNS, {"name": "No"}), ("GET", "/ready", None)):
            reply = served.client(method, path, body)
            assert reply.status == 503
            assert b"the store was emptied" in reply.body
        with Served(remote_store, "--scenario", "one-month") as other:
            other.run("New")
            assert served.runs() == ["New"]
            assert served.client("GET", "/ready").status == 200


def test_a_database_that_begins_to_forget_is_written_no_more(database: DatabaseServer, remote_store: str) -> None:
    """Somebody turns off its flushing while it is used; that is seen within a second of changes."""
    with Served(remote_store, "--scenario", "one-month") as served:
        served.run("Before")
        database.as_forgetful(True)
        try:
            until(lambda: served.client("POST", RUNS, {"name": "Meanwhile"}).status == 503)
            refused_as_unavailable(served.client("POST", RUNS, {"name": "Never"}))
            assert b"would lose worlds at a crash" in served.client("GET", "/ready").body
            assert "Never" not in served.runs(), "reading goes on"
        finally:
            database.as_forgetful(False)
        until(lambda: served.client("GET", "/ready").status == 200)
        served.run("After")
        assert served.runs()[0] == "Before"
        assert served.runs()[-1] == "After"


def test_a_killed_server_leaves_nothing_on_the_disk(remote_store: str, tmp_path: Path) -> None:
    with Served(remote_store, "--scenario", "one-month", TMPDIR=str(tmp_path)) as served:
        served.run("Before")
        served.kill()
    assert list(tmp_path.iterdir()) == []
    with Served(remote_store, workers=2, TMPDIR=str(tmp_path)) as served:
        assert len(list(tmp_path.iterdir())) == 1, "its workers share a folder there"
        served.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_fault_goes_on_counting_while_others_come_and_go(servers: tuple[Served, Served]) -> None:
    one, two = servers
    faults = f"{CONTROL}/default/faults"
    third = {"api": "billingplatform", "kind": "status", "status": 500, "nth": 3, "times": 1}
    other = {"api": "elevate", "kind": "status", "status": 503}
    one.post(faults, third, 201)
    seen = [one.client("GET", RUNS).status for _ in range(2)]
    added = [served.post(faults, other, 201)["id"] for served in (one, two)]
    seen += [one.client("GET", RUNS).status for _ in range(2)]
    assert two.client("DELETE", f"{faults}/{added[0]}").status == 204
    seen += [one.client("GET", RUNS).status for _ in range(3)]
    assert seen == [200, 200, 500, 200, 200, 200, 200]


def test_a_redis_whose_memory_is_full_is_read_only(started_redis: Redis) -> None:
    store = started_redis.start().new_store()
    with Served(store, "--scenario", "one-month") as served:
        served.run("Before")
        started_redis.limit_memory("1mb")
        try:
            reply = served.client("POST", RUNS, {"name": "Never"})
            refused_as_unavailable(reply)
            assert "memory is full (maxmemory)" in reply.json()["error"]
            assert served.runs() == ["Before"]
        finally:
            started_redis.limit_memory("0")
        until(lambda: served.client("GET", "/ready").status == 200)
        served.run("After")
        assert served.again().runs() == ["Before", "After"]


def refused_as_unavailable(reply: Reply) -> None:
    assert reply.status == 503, (reply.status, reply.body)
    assert b"store" in reply.body
    assert b"sesame" not in reply.body
    assert "problem" in reply.headers["content-type"] or reply.headers["content-type"].startswith("application/json")
    assert reply.headers.get("retry-after") == "1"


def done(code: int, *arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, (result.output, result.exception)
    assert "sesame" not in result.output
    return str(result.output)


def test_worlds_are_looked_at_and_moved_beside_a_running_server(
    database: DatabaseServer, remote_store: str, tmp_path: Path
) -> None:
    """From the store of a running server into a file and back under another name."""
    folder, file = tmp_path / "capsules", str(tmp_path / "worlds.db")
    with Served(remote_store, "--scenario", "one-month") as served:
        served.post(CONTROL, {"name": "blue", "time_to_live": 900}, 201)
        served.run("Carried", "/w/blue")
        info: dict[str, Any] = json.loads(done(0, "store", "info", remote_store, "--json"))
        assert (info["worlds"], info["commands"], info["idle"], info["format"]) == (2, 1, 0, "1")
        assert info["bytes"] > 0
        assert "2 worlds, 0 mistakes" in done(0, "store", "check", remote_store)
        assert "wrote 2 capsules" in done(0, "store", "export", remote_store, str(folder))
        assert "has no world 'red'" in done(2, "store", "export", remote_store, str(folder), "--world", "red")
        assert "imported 2 worlds" in done(0, "store", "import", file, str(folder))
        (folder / "default.json").unlink()
        assert "there already: 1" in done(0, "store", "import", remote_store, str(folder))
        served.run("Later", "/w/blue")
        assert "nothing was imported" in done(2, "store", "import", remote_store, str(folder))
        (folder / "blue.json").rename(folder / "again.json")
        assert "imported 1 world" in done(0, "store", "import", remote_store, str(folder), "--time-to-live", "60")
        assert "Carried" in served.runs("/w/again"), "without a restart"
        assert served.get(f"{CONTROL}/again")["time_to_live"] == 60
        served.run("Later", "/w/again")
        assert served.digest("again") == served.digest("blue")
        assert "deleted 0 idle worlds" in done(0, "store", "compact", remote_store)
        assert "Carried" in served.runs("/w/blue")


def test_a_database_is_backed_up_while_it_is_served_and_restored(started_postgres: Postgres) -> None:
    """As docs/how-to/shared-sandbox.md says: what was written after the dump is gone, and the rest is there."""
    database = started_postgres.start()
    store, dump = database.new_store(), database.folder / "worlds.dump"
    with Served(store, "--scenario", "one-month") as served:
        served.run("Before")
        database.tool("pg_dump", "--format", "custom", "--schema", "counterfoil", "--file", dump, store)
        served.run("After")
        served.stop()
        database.tool("pg_restore", "--clean", "--if-exists", "--dbname", store, dump)
        assert "1 world, 0 mistakes" in done(0, "store", "check", store)
        served.start()
        assert served.runs()[-1:] == ["Before"]
        served.run("Again")


def test_servers_that_are_started_at_the_same_moment_make_one_world(remote_store: str) -> None:
    servers = [Served(remote_store, "--scenario", "one-month") for _ in range(3)]
    with ExitStack() as running, ThreadPoolExecutor() as threads:
        for each in servers:
            running.push(each)
        list(threads.map(Served.start, servers))
        servers[0].run("For all")
        assert [each.runs() for each in servers] == [["For all"]] * 3
        assert len({each.digest() for each in servers}) == 1


def test_a_default_world_of_other_options_is_refused(remote_store: str, tmp_path: Path) -> None:
    with Served(remote_store, "--scenario", "one-month", "--seed", "5") as served:
        said = done(2, "serve", "--port", "0", "--store", remote_store, "--seed", "6")
        assert "seed 5, not 6" in said
        capsule = tmp_path / "mine.json"
        served.post(CONTROL, {"name": "late", "scenario": "late-payer"}, 201)
        capsule.write_text(json.dumps(served.get(f"{CONTROL}/late/capsule")))
        said = done(2, "serve", "--port", "0", "--store", remote_store, "--capsule", str(capsule))
        assert "has a default world already" in said


def test_the_laws_hold_while_another_server_writes(started_redis: Redis) -> None:
    """Of one API; of the others, and with PostgreSQL, by ``python -m tests.store.laws``."""
    store = started_redis.start().new_store()
    code, said, written = check(store, "oracle-brm", "--fast", "--max-examples=1", "--max-time=6")
    assert code == 0, said
    assert written > 10


def answers(client: Client, path: str) -> bool:
    """Whether the request is answered with 200, on a new connection, since the old worker may be killed."""
    try:
        return client("GET", path).status == 200
    except (OSError, http.client.HTTPException):
        return False


def test_workers_of_one_server_share_the_database_too(database: DatabaseServer, remote_store: str) -> None:
    """Two workers beside a second server: all say the same, and go on when a worker is killed, without the database too."""
    with Served(remote_store, "--scenario", "one-month", workers=2) as served, Served(remote_store) as other:
        there = served.workers()
        assert len(there) == 2
        for number in range(3):
            for client in served.clients(3):
                assert client("POST", RUNS, {"name": f"Run {number}"}).status == 200
                client.close()
            other.run(f"Other {number}")
        names = other.runs()[-12:]
        assert names == [name for number in range(3) for name in (*[f"Run {number}"] * 3, f"Other {number}")]
        kill_worker(there[0])
        until(lambda: len(served.workers()) == 2 and there[0] not in served.workers())
        for client in served.clients(6):
            assert [run["name"] for run in client("GET", RUNS).json()][-12:] == names
            client.close()
        database.kill()
        there = served.workers()
        for each in there:
            kill_worker(each)
        until(lambda: len(set(served.workers()) - set(there)) == 2)
        until(lambda: answers(served.client, "/health"))
        assert served.client("POST", RUNS, {"name": "Never"}).status == 503
        database.start()
        until(lambda: served.client("GET", "/ready").status == 200)
        until(lambda: served.client("POST", RUNS, {"name": "After"}).status == 200)
        until(lambda: other.client("GET", "/ready").status == 200)
        assert other.runs()[-2:] == [names[-1], "After"]
        assert "sesame" not in served.stop()


def test_a_database_of_an_earlier_version_is_completed(started_postgres: Postgres) -> None:
    """Its schema lacks the function by which commands are appended since."""
    store = started_postgres.start().new_store()
    with Served(store, "--scenario", "one-month") as served:
        served.run("Before")
    started_postgres.execute("DROP FUNCTION counterfoil.append_to")
    with Served(store) as served:
        served.run("After")
        assert served.runs()[-2:] == ["Before", "After"]
