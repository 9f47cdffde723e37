"""Worlds outlive the server: their changes survive kill -9, and a world costs nothing until it is requested."""

from __future__ import annotations

import json
import sqlite3
import stat
import time
from pathlib import Path

import pytest
from tests.store.engines import ENGINES, running
from tests.store.served import CONTROL, KEY, Client, Served, until

EMNIFY = "/emnify/api/v1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "worlds.db"


@pytest.fixture(params=["file", *ENGINES])
def store(request: pytest.FixtureRequest) -> str:
    """An empty store of each kind."""
    if request.param == "file":
        return str(request.getfixturevalue("file"))
    return running(request, request.param).new_store()


def test_a_month_of_work_survives_a_crash(store: str) -> None:
    """One charge of 12.00 net, a run requested, a bill paid, the clock at 1 February: the same afterwards, byte for byte."""
    with Served(store, "--scenario", "one-month") as served:
        served.post(
            f"{CONTROL}/default/commands/add_charge", {"customer": 1, "description": "Set-up", "amount": "12.00"}
        )
        served.post(f"{CONTROL}/default/commands/advance_clock", {"to": "2026-02-01T06:00:00Z"})
        run = served.run("January")
        served.post(f"{CONTROL}/default/commands/update_run", {"run": int(run), "invoice_date": "2026-02-01"})
        served.post(f"{CONTROL}/default/commands/request_bills", {"run": int(run)})
        served.post(f"{CONTROL}/default/commands/advance_clock", {"hours": 1})
        served.post(f"{CONTROL}/default/commands/set_switch", {"name": "billingplatform.create_status", "value": 201})
        pages = (
            f"{CONTROL}/default/capsule",
            f"{CONTROL}/default/customers/1",
            f"{CONTROL}/default/timeline",
            f"{CONTROL}/default",
        )
        before = {page: served.get(page) for page in pages}
        served.again()
        assert {page: served.get(page) for page in pages} == before
        assert before[pages[0]]["commands"][0]["amount"] == "12.00"
        assert served.client("POST", "/billingplatform/backend/api/v1/billingRuns", {}).status == 201, (
            "the switch stayed"
        )


def test_a_world_made_from_a_scenarios_text_survives_a_crash(file: Path) -> None:
    """Three workers; 30.00 a month from 1 January, a charge of 5.00, a reset that takes the charge away, and one of 7.00."""
    text = """title: A gym
text: Ada pays 30.00 a month.
starts: 2026-01-01T00:00:00Z
seller: {name: Example Gym Ltd, country: GB, currency: GBP, tax_rate: 20}
tariffs: [{key: monthly, name: Monthly pass, currency: GBP, monthly_fee: 30.00}]
customers: [{key: ada, name: Ada Example, country: GB, tariff: monthly}]
"""
    charge = f"{CONTROL}/gym/commands/add_charge"
    with Served(file, "--scenario", "one-month", workers=3) as served:
        assert served.client("POST", CONTROL, {"name": "gym", "scenario": text}).status in (201, 202)
        until(lambda: served.client("GET", f"{CONTROL}/gym").status == 200)
        served.post(charge, {"customer": 1, "description": "Towel", "amount": "5.00"})
        served.post(f"{CONTROL}/gym/reset")
        served.post(charge, {"customer": 1, "description": "Shoes", "amount": "7.00"})
        before = served.get(f"{CONTROL}/gym/capsule")
        served.again()
        for client in served.at_each_worker():
            assert client("GET", f"{CONTROL}/gym/capsule").json() == before
            account = client("GET", f"{CONTROL}/gym/customers/1").json()["accounts"][0]
            client.close()
            assert account["open"] == "37.00"
        served.post(f"{CONTROL}/gym/reset")
        assert served.get(f"{CONTROL}/gym/customers/1")["accounts"][0]["open"] == "30.00"


def test_made_forked_reset_and_deleted_worlds(store: str) -> None:
    with Served(store, "--scenario", "one-month") as served:
        served.post(
            CONTROL, {"name": "blue", "scenario": "late-payer", "seed": 5, "customers": 20, "time_to_live": 900}, 201
        )
        served.run("In blue", "/w/blue")
        served.post(f"{CONTROL}/blue/fork", {"name": "fork"}, 201)
        served.run("In fork", "/w/fork")
        served.post(CONTROL, {"name": "gone"}, 201)
        assert served.client("DELETE", f"{CONTROL}/gone").status == 204
        served.run("Before the reset")
        version = served.post(f"{CONTROL}/default/reset")["version"]
        served.run("After the reset")
        served.again()
        blue = served.get(f"{CONTROL}/blue")
        assert (blue["scenario"], blue["seed"], blue["customers"], blue["time_to_live"]) == ("late-payer", 5, 20, 900)
        assert "In blue" in served.runs("/w/blue")
        assert "In fork" not in served.runs("/w/blue")
        assert {"In blue", "In fork"} <= set(served.runs("/w/fork"))
        assert served.client("GET", f"{CONTROL}/gone").status == 404
        assert "After the reset" in served.runs()
        assert "Before the reset" not in served.runs()
        assert served.get(f"{CONTROL}/default")["version"] == version + 1
        listed = served.get(CONTROL)
        assert (listed["total"], [each["name"] for each in listed["worlds"]]) == (3, ["default", "blue", "fork"])
        served.post(CONTROL, {"name": "gone"}, 201)
        assert served.get(f"{CONTROL}/gone")["commands"] == 0


def test_a_token_stays_good_until_its_world_is_reset(store: str) -> None:
    """A token proves itself by its signature: the server that checks it may be another one than the one that gave it."""
    with Served(store, "--scenario", "one-month") as served:
        served.post(CONTROL, {"name": "blue"}, 201)
        path = f"{EMNIFY}/organisation/my"

        def log_in(world: str = "") -> dict[str, str]:
            given = served.post(f"{world}{EMNIFY}/authenticate", {"application_token": "counterfoil-key"})
            return {"Authorization": f"Bearer {given['auth_token']}"}

        before, blue = log_in(), log_in("/w/blue")
        served.again()
        assert served.client("GET", path, headers=before).status == 200
        assert served.client("GET", f"/w/blue{path}", headers=blue).status == 200
        assert served.client("GET", path, headers=blue).status == 401, "it is of another world"
        served.post(f"{CONTROL}/default/reset")
        after = log_in()
        served.again()
        assert served.client("GET", path, headers=before).status == 401
        assert served.client("GET", path, headers=after).status == 200


def test_a_world_that_idled_too_long_is_forgotten_after_a_restart_too(file: Path) -> None:
    with Served(file) as served:
        served.post(CONTROL, {"name": "short", "time_to_live": 3600}, 201)
        served.post(CONTROL, {"name": "long"}, 201)
        served.kill()
        with sqlite3.connect(file) as database:
            database.execute("UPDATE world SET expires = expires - 7200 WHERE name = 'short'")
        database.close()
        served.start()
        assert served.client("GET", f"{CONTROL}/short").status == 404
        assert [each["name"] for each in served.get(CONTROL)["worlds"]] == ["default", "long"]
        served.post(CONTROL, {"name": "short"}, 201)


def test_many_idle_worlds_are_forgotten_in_parts(file: Path) -> None:
    """Of 700 one answer deletes 500 and the next the others, so that no request waits for thousands of deletions."""
    with Served(file, "billingplatform") as served:
        served.post(CONTROL, {"name": "idle-0", "time_to_live": 3600}, 201)
        served.stop()
        with sqlite3.connect(file) as database:
            columns = "origin, base, time_to_live"
            database.executemany(
                f"INSERT INTO world (name, expires, {columns}) SELECT ?, 5, {columns} FROM world WHERE name = 'idle-0'",
                [(f"idle-{number}",) for number in range(1, 701)],
            )
        database.close()
        served.start()
        assert served.get(CONTROL)["total"] >= 202
        until(lambda: served.get(CONTROL)["total"] == 2)
        assert [each["name"] for each in served.get(CONTROL)["worlds"]] == ["default", "idle-0"]


def test_a_world_in_use_does_not_expire(file: Path) -> None:
    """What keeps it alive is written down, though reading changes nothing."""

    def expires() -> float:
        with sqlite3.connect(file) as database:
            (found,) = database.execute("SELECT expires FROM world WHERE name = 'blue'").fetchone()
        database.close()
        return float(found)

    with Served(file) as served:
        served.post(CONTROL, {"name": "blue", "time_to_live": 20}, 201)
        before = expires()
        for _ in range(600):
            assert served.client("GET", "/w/blue/billingplatform/backend/api/v1/billingRuns").status == 200
            if expires() > before:
                break
            time.sleep(0.05)
        assert expires() > before


def test_a_capsule_becomes_a_world_of_a_running_server(store: str) -> None:
    with Served(store, "--scenario", "one-month") as served:
        served.run("Carried away")
        capsule = served.get(f"{CONTROL}/default/capsule")
        served.post(CONTROL, {"name": "again", "capsule": capsule}, 201)
        served.again()
        assert served.digest("again") == capsule["digest"]
        assert "Carried away" in served.runs("/w/again")


def test_an_own_documents_resources_survive(store: str) -> None:
    """What was written is kept; what was not written is made from the world's seed, which is kept too."""
    document = Path(__file__).parents[1] / "own_documents" / "documents" / "cafe.yaml"
    options = ("--scenario", "one-month", "--spec", str(document))
    with Served(store, *options, "--seed", "5") as served:
        base = served.get(f"{CONTROL}/default")["apis"]["cafe"].partition(str(served.port))[2]
        made = served.post(f"{base}/guests", {"guest": {"FullName": "Ada"}}, 201)
        page = served.get(f"{base}/guests?limit=10")
        served.stop()
    with Served(store, *options) as served:
        assert served.get(f"{base}/guests?limit=10") == page
        assert served.get(f"{base}/guests/{made['guest']['id']}") == made


def test_faults_survive_and_go_with_their_world(store: str) -> None:
    """The first fault is taken away, the second stays; a reset takes it away too, and its number is not given again."""
    fault = {"api": "billingplatform", "kind": "status", "status": 503}
    with Served(store, "--scenario", "one-month") as served:
        assert served.post(f"{CONTROL}/default/faults", fault, 201)["id"] == 1
        assert served.post(f"{CONTROL}/default/faults", {**fault, "status": 500, "times": 2}, 201)["id"] == 2
        assert served.client("DELETE", f"{CONTROL}/default/faults/1").status == 204
        served.again()
        (kept,) = served.get(f"{CONTROL}/default/faults")["faults"]
        assert (kept["id"], kept["status"], kept["times"]) == (2, 500, 2)
        runs = "/billingplatform/backend/api/v1/billingRuns"
        assert [served.client("GET", runs).status for _ in range(3)] == [500, 500, 200]
        served.post(f"{CONTROL}/default/reset")
        served.again()
        assert served.get(f"{CONTROL}/default/faults")["faults"] == []


def test_a_store_is_the_owners_alone(file: Path) -> None:
    with Served(file) as served:
        served.run("Any")
        for each in file.parent.iterdir():
            assert stat.S_IMODE(each.stat().st_mode) == 0o600, each


def test_a_stopped_server_leaves_one_file_that_can_be_copied(file: Path, tmp_path: Path) -> None:
    with Served(file) as served:
        served.run("Backed up")
        served.stop()
        assert not Path(f"{file}-wal").exists()
        copy = tmp_path / "copy.db"
        copy.write_bytes(file.read_bytes())
    with Served(copy) as served:
        assert "Backed up" in served.runs()


def test_visitors_come_back_to_their_worlds(store: str) -> None:
    """Public mode: the cookie is good after a restart, and the default world is still closed to all."""
    with Served(store, "--public") as served:
        host = {"Host": f"127.0.0.1:{served.port}"}
        visit = served.client("POST", "/visit", {}, host)
        assert visit.status == 200
        world = visit.json()["worlds"][0]
        visitor = {
            **host,
            "Cookie": visit.headers["set-cookie"].partition(";")[0],
            "X-Counterfoil-Visit": visit.json()["visit"],
        }

        def key(client: Client) -> str:
            (credential,) = client("GET", f"{CONTROL}/{world}", headers=visitor).json()["credentials"]
            return str(credential["key"])

        before = key(served.client)
        charge = {"customer": 1, "description": "Mine", "amount": "1.00"}
        assert served.client("POST", f"{CONTROL}/{world}/commands/add_charge", charge, visitor).status == 200
        served.again()
        again = served.client("POST", "/visit", {}, visitor)
        assert (again.status, "set-cookie" in again.headers) == (200, False)
        assert key(served.client) == before
        assert served.client("GET", f"{CONTROL}/{world}", headers=visitor).json()["commands"] == 1
        runs = "/billingplatform/backend/api/v1/billingRuns"
        assert served.client("GET", runs, headers={**host, **KEY}).status == 401
        assert served.client("GET", f"/w/{world}{runs}", headers={**host, **KEY}).status == 401
        assert (
            served.client("GET", f"/w/{world}{runs}", headers={**host, "Authorization": f"Bearer {before}"}).status
            == 200
        )
        assert served.client("POST", f"{CONTROL}/{world}/reset", {}, visitor).status == 200
        assert key(served.client) == before


def test_each_scenarios_text_lies_in_the_store_once(file: Path) -> None:
    with Served(file) as served:
        for number in range(20):
            served.post(CONTROL, {"name": f"w{number}"}, 201)
        served.stop()
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT count(*) FROM world").fetchone() == (21,)
        assert database.execute("SELECT count(*) FROM scenario").fetchone() == (1,)
        json.loads(database.execute("SELECT json FROM origin").fetchone()[0])
    database.close()
