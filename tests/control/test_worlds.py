"""Worlds on demand are created, forked, reset, deleted and expired, within limits and isolated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Sandbox

Build = Callable[..., Sandbox]


def test_a_world_is_made_and_used_at_the_addresses_it_is_answered_with(sandbox: Build) -> None:
    server = sandbox()
    made = server("POST", "/worlds", {"name": "blue", "scenario": "one-month", "seed": 7, "customers": 20})
    assert made.status_code == 201
    assert made.headers["location"] == "/_sandbox/v1/worlds/blue"
    world = made.json()
    assert (world["name"], world["seed"], world["customers"], world["version"]) == ("blue", 7, 20, 0)
    assert world["now"] == "2026-01-20T12:00:00Z"
    assert world["apis"]["billingplatform"] == "http://localhost:8000/w/blue/billingplatform/backend/api/v1"
    assert set(world["apis"]) == {"elevate", "oracle-brm", "flexprice", "emnify", "billingplatform"}
    key = world["credentials"][0]["key"]
    answer = server.client.get(
        world["apis"]["billingplatform"] + "/billingRuns/", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200
    assert server.get("/worlds/blue") == world


def test_omitted_members_are_those_of_the_default_world_and_names_are_random(sandbox: Build) -> None:
    server = sandbox(scenario_name="late-payer")
    one, other = server.post("/worlds"), server.post("/worlds")
    assert one["scenario"] == "late-payer"
    assert one["time_to_live"] == 3600
    assert len(one["name"]) == 20
    assert one["name"] != other["name"]


def test_switches_are_chosen_when_a_world_is_made(sandbox: Build) -> None:
    server = sandbox()
    world = server.post("/worlds", {"switches": {"billingplatform.create_status": 201}})
    assert world["switches"]["billingplatform.create_status"] == 201
    assert server.get("/worlds/default")["switches"]["billingplatform.create_status"] == 200
    problem = server.refused(422, "POST", "/worlds", {"switches": {"billingplatform.create_status": 418}})
    assert problem["field"] == "switches"
    assert "200, 201" in problem["detail"]
    assert server.refused(422, "POST", "/worlds", {"switches": {"no.such": 1}})["field"] == "switches"


def test_a_fork_begins_equal_and_goes_its_own_way(sandbox: Build) -> None:
    server = sandbox()
    server.do("add_charge", customer=1, description="Set-up", amount="5.00")
    server.post("/worlds/default/fork", {"name": "fork"})
    assert server.get("/worlds/fork/capsule")["digest"] == server.get("/worlds/default/capsule")["digest"]
    server.do("add_charge", "fork", customer=1, description="More", amount="1.00")

    def charges(world: str) -> str:
        return str(server.get(f"/worlds/{world}/customers/1")["accounts"][0]["open"])

    assert charges("default") == "17.00"  # 10.00 + 40 × 0.05 + 5.00
    assert charges("fork") == "18.00"


def test_a_reset_goes_back_to_where_the_scenario_ended(sandbox: Build) -> None:
    server = sandbox()
    before = server.get("/worlds/default/capsule")["digest"]
    server.bill_january()
    assert server.get("/worlds/default/capsule")["digest"] != before
    world = server.post("/worlds/default/reset")
    assert (world["now"], world["commands"]) == ("2026-01-20T12:00:00Z", 0)
    assert world["version"] == 5  # four commands, and the reset: answers remembered by version are not those of before
    assert server.get("/worlds/default/capsule")["digest"] == before
    assert server.get("/worlds/default/runs")["total"] == 0


def test_a_deleted_world_is_gone_and_the_default_one_stays(sandbox: Build) -> None:
    server = sandbox()
    server.post("/worlds", {"name": "blue"})
    assert server("DELETE", "/worlds/blue").status_code == 204
    server.refused(404, "GET", "/worlds/blue")
    server.refused(404, "DELETE", "/worlds/blue")
    server.refused(409, "DELETE", "/worlds/default")
    assert [world["name"] for world in server.get("/worlds")["worlds"]] == ["default"]


def test_an_idle_world_expires_and_a_used_one_does_not(sandbox: Build) -> None:
    server = sandbox()
    server.post("/worlds", {"name": "idle", "time_to_live": 60})
    server.post("/worlds", {"name": "used", "time_to_live": 60})
    for _ in range(3):
        server.seconds += 40
        server.get("/worlds/used/clock")
    assert [world["name"] for world in server.get("/worlds")["worlds"]] == ["default", "used"]
    assert server.refused(404, "GET", "/worlds/idle")["field"] == "world"


def test_the_limit_on_worlds_is_reported(sandbox: Build) -> None:
    server = sandbox(limit=3)
    server.post("/worlds")
    server.post("/worlds/default/fork")
    problem = server.refused(429, "POST", "/worlds")
    assert "3 worlds" in problem["detail"]
    server.refused(429, "POST", "/worlds/default/fork")
    assert server.get("/worlds", limit=2)["total"] == 3


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"scenario": "no-such"}, 422, "scenario"),
        ({"scenario": "/etc/passwd"}, 422, "scenario"),
        ({"scenario": "fixtures/scenarios/demo.yaml"}, 422, "scenario"),
        ({"scenario": "../scenarios/demo"}, 422, "scenario"),
        ({"scenario": "demo.yaml"}, 422, "scenario"),
        ({"scenario": 7}, 400, "scenario"),
        ({"seed": -1}, 400, "seed"),
        ({"customers": 100_001}, 422, "customers"),
        ({"customers": 0}, 422, "customers"),
        ({"name": "Blue"}, 400, "name"),
        ({"name": "default"}, 409, "name"),
        ({"name": "../x"}, 400, "name"),
        ({"time_to_live": 0}, 400, "time_to_live"),
        ({"time_to_live": 604_801}, 422, "time_to_live"),
        ({"file": "x.yaml"}, 400, "body"),
        ({"switches": {"a": [1]}}, 400, "switches/a"),
        ([], 400, "body"),
    ],
)
def test_a_world_that_cannot_be_made_is_refused_by_name(sandbox: Build, body: object, status: int, field: str) -> None:
    server = sandbox()
    problem = server.refused(status, "POST", "/worlds", body)
    assert problem["field"] == field
    assert "/work" not in problem["detail"]
    assert ".yaml:" not in problem["detail"]
    assert server.get("/worlds")["total"] == 1


def test_scenarios_are_listed_with_their_story_and_the_default_worlds_own_is_among_them(sandbox: Build) -> None:
    scenarios = {each["name"]: each for each in sandbox().get("/scenarios")["scenarios"]}
    assert {"demo", "one-month", "late-payer"} <= scenarios.keys()
    assert scenarios["one-month"]["title"] == "One month of one customer"
    assert "12.00 = 10.00 + 40 × 0.05" in scenarios["one-month"]["text"]


def test_what_is_served_is_listed_with_operations_and_limits(sandbox: Build) -> None:
    told = sandbox().get("/apis")
    operations = {api["name"]: api["operations"] for api in told["apis"]}
    assert "GET /customerBill" in operations["oracle-brm"]
    assert told["bounds"]["customers"] == 100_000
    assert told["journal"] is told["faults"] is False


def test_the_control_api_is_in_no_world(sandbox: Build) -> None:
    server = sandbox()
    server.post("/worlds", {"name": "blue"})
    assert server.client.get("/w/blue/_sandbox/v1/worlds").status_code == 404


def test_a_capsule_becomes_a_world(sandbox: Build) -> None:
    server = sandbox()
    server.do("add_charge", customer=1, description="Set-up", amount="5.00")
    capsule = server.get("/worlds/default/capsule")
    made = server.post("/worlds", {"name": "again", "capsule": capsule, "time_to_live": 60})
    assert (made["commands"], made["time_to_live"], made["seed"]) == (1, 60, capsule["seed"])
    assert server.get("/worlds/again/capsule") == capsule
    server.do("add_charge", "again", customer=1, description="More", amount="1.00")
    assert server.get("/worlds/default")["version"] == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"digest": "0" * 64}, "digests differ"),
        ({"counterfoil": "9.9"}, "made by counterfoil 9.9"),
        ({"scenario_text": "title: another"}, "does not match its digest"),
        ({"commands": [{"command": "hold_bill", "customer": 1, "bill": 99}]}, "command 1 of 'hold_bill'"),
        ({"commands": [{"command": "no_such"}]}, "command 1"),
        ({"customers": 200_000}, "200000 customers"),
        ({"seed": "one"}, "not a capsule"),
        ({"more": 1}, "not a capsule"),
    ],
)
def test_a_capsule_that_makes_no_world(sandbox: Build, changed: dict[str, object], said: str) -> None:
    server = sandbox()
    capsule = {**server.get("/worlds/default/capsule"), **changed}
    problem = server.refused(422, "POST", "/worlds", {"name": "again", "capsule": capsule})
    assert said in problem["detail"]
    assert problem["field"] == "capsule"
    server.refused(404, "GET", "/worlds/again")


def test_a_capsule_says_everything_and_takes_no_name_that_is_taken(sandbox: Build) -> None:
    server = sandbox()
    capsule = server.get("/worlds/default/capsule")
    assert "leave out seed" in server.refused(422, "POST", "/worlds", {"capsule": capsule, "seed": 5})["detail"]
    server.refused(409, "POST", "/worlds", {"capsule": capsule, "name": "default"})
    assert len(server.post("/worlds", {"capsule": capsule})["name"]) == 20
