"""Worlds made from a scenario's text: the same as from a file, all mistakes with their lines, and bounded in what they cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from counterfoil.control.world_service import WorldLimits

from .conftest import Sandbox

Build = Callable[..., Sandbox]
START = """title: A gym
text: Ada pays 30.00 a month.
starts: 2026-01-01T00:00:00Z
seller: {name: Example Gym Ltd, country: GB, currency: GBP, tax_rate: 20}
"""
ALIASES = "x0: &x0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(f"x{n}: &x{n} [{f'*x{n - 1},' * 10}]\n" for n in range(1, 7))
GYM = f"""{START}tariffs:
  - {{key: monthly, name: Monthly pass, currency: GBP, monthly_fee: 30.00}}
customers:
  - {{key: ada, name: Ada Example, country: GB, tariff: monthly}}
story:
  - {{at: 2026-01-20T12:00:00Z, add_charge: {{customer: ada, description: Towel, amount: 5.00}}}}
"""


def made(server: Sandbox, body: dict[str, Any]) -> tuple[int, Any]:
    """Status and body of the response, whether it comes at once or from a task."""
    answer = server("POST", "/worlds", body)
    if answer.status_code != 202:
        return answer.status_code, answer.json()
    for _ in range(600):
        task = server.get(f"/tasks/{answer.json()['task']}")
        if task["state"] == "ended":
            return task["status"], task["answer"]
        time.sleep(0.05)
    raise AssertionError("the task does not end")


def mistakes(server: Sandbox, text: str) -> list[tuple[int, str]]:
    status, problem = made(server, {"scenario": text})
    assert (status, problem["field"]) == (400, "scenario")
    assert "\n" not in problem["detail"]
    assert server.get("/worlds")["total"] == 1
    return [(each["line"], each["message"]) for each in problem["mistakes"]]


def test_a_world_is_made_from_a_text_reset_forked_and_taken_away_as_a_capsule(sandbox: Build) -> None:
    server = sandbox()
    status, world = made(server, {"name": "gym", "scenario": GYM, "seed": 7, "customers": 3})
    assert status == 201
    assert (world["scenario"], world["title"], world["customers"], world["seed"]) == ("text", "A gym", 3, 7)
    assert server.get("/worlds/gym/customers/1")["accounts"][0]["open"] == "35.00"  # 30.00 + 5.00
    server.do("add_charge", "gym", customer=1, description="Water", amount="1.00")
    capsule = server.get("/worlds/gym/capsule")
    assert capsule["scenario_text"] == GYM
    server.post("/worlds/gym/fork", {"name": "fork"})
    server.post("/worlds/gym/reset")
    assert server.get("/worlds/gym/customers/1")["accounts"][0]["open"] == "35.00"
    server.post("/worlds", {"name": "again", "capsule": capsule})
    for world in ("fork", "again"):
        assert server.get(f"/worlds/{world}/customers/1")["accounts"][0]["open"] == "36.00"
    assert made(server, {"scenario": GYM.replace("amount: 5.00", "amount: 6.00"), "name": "other"})[0] == 201
    assert server.get("/worlds/other/customers/1")["accounts"][0]["open"] == "36.00"


def test_every_mistake_has_its_line(sandbox: Build) -> None:
    server = sandbox()
    text = GYM.replace("monthly_fee", "fee").replace("tariff: monthly", "tarif: monthly") + "more: 1\n"
    assert mistakes(server, text) == [
        (6, "unknown key 'fee'"),
        (8, "unknown key 'tarif'"),
        (11, "unknown key 'more'"),
    ]
    assert mistakes(server, GYM.replace("tariff: monthly", "tariff: gold")) == [
        (8, "there is no tariff 'gold' (customers[0].tariff)")
    ]


@pytest.mark.parametrize(
    ("added", "line", "said"),
    [
        ("story: [\n", 6, "not valid YAML"),
        ("title: again\n", 5, "key 'title' is given twice, first in line 1"),
        ("story: !!python/object:os.system x\n", 5, "the tag"),
        ("story:\n  - {hold_bill: {customer: 1, bill: 1}}\n", 6, "story step 1: hold_bill: there is no customer 1"),
        ("story:\n  - {at: 2025-01-01T00:00:00Z, add_customer: {}}\n", 6, "time cannot run backwards"),
        ("billing: {first: 2025-01-01, last: 2025-02-01}\n", 5, "the bills of January 2025: time cannot run backwards"),
        ("billing: {first: 2026-01-01, last: 2026-02-01, name: '{month:>99999999}'}\n", 5, "no braces"),
        ("billing: {first: 2026-01-01, last: 9999-12-31}\n", 5, "dates are from 1970-01-01 to 2200-01-01"),
        ("switches:\n  no.such: 1\n", 6, "there is no switch 'no.such'"),
        (
            "tariffs: [{key: a, name: A, currency: USD}]\ncustomers: [{key: a, tariff: a, currencies: [EUR]}]\n",
            6,
            "customer 'a': tariff 'a' is in USD, which is not among the currencies",
        ),
        (
            "story:\n" + "  - {advance_clock: {months: 120}}\n" * 30,
            33,
            "the clock can be advanced to 2300-01-01 at most",
        ),
        (ALIASES, 8, "aliases repeat more than 100,000 nodes"),
    ],
)
def test_what_is_wrong_with_a_text_is_told(sandbox: Build, added: str, line: int, said: str) -> None:
    found = mistakes(sandbox(), START + added)
    assert found[0][0] == line
    assert said in found[0][1]


def test_a_text_that_would_take_long_is_refused_before_it_does(sandbox: Build) -> None:
    server = sandbox(bounds=WorldLimits(customers=1000, seconds_to_make=0.3))
    profile = "{name: p, variants: 1000, tariffs: [monthly], joined: {first: 2025-01-01, last: 2025-12-31}}"
    many = f"{GYM}population: {{count: 1000, profiles: [{profile}]}}\n"
    status, problem = made(server, {"scenario": many})
    assert (status, problem["field"]) == (422, "scenario")
    assert "up to 1000 customers" in problem["detail"]  # Ada is one more
    ten_years = many.replace("count: 1000", "count: 999") + "billing: {first: 2026-01-01, last: 2035-12-31}\n"
    status, problem = made(server, {"scenario": ten_years})
    assert (status, problem["field"]) == (422, "scenario")
    assert "more than 0.3 seconds" in problem["detail"]
    assert made(server, {"name": "gym", "scenario": GYM})[0] == 201
    charge = {"command": "add_charge", "customer": 1, "description": "Towel", "amount": "1.00"}
    capsule = {**server.get("/worlds/gym/capsule"), "commands": [charge] * 4000}  # 0.4 s, at 0.1 ms each
    assert "more than 0.3 seconds" in server.refused(422, "POST", "/worlds", {"capsule": capsule})["detail"]
    assert server.get("/worlds")["total"] == 2


def test_a_server_may_take_no_texts(sandbox: Build) -> None:
    server = sandbox(bounds=WorldLimits(own_scenarios=False))
    assert "name one of its scenarios" in server.refused(403, "POST", "/worlds", {"scenario": GYM})["detail"]
    assert server.get("/worlds")["total"] == 1


def test_a_text_larger_than_a_request_may_be_is_refused(sandbox: Build) -> None:
    server = sandbox()
    server.refused(413, "POST", "/worlds", {"scenario": f"{GYM}# {'x' * 2**20}\n"})
