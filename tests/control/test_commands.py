"""Every command through its own operation; and every refusal with problem details and the world unchanged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterfoil.control.world_service import WorldLimits
from counterfoil.lookup import own_api
from counterfoil.world.commands import COMMANDS

from .conftest import Sandbox

Build = Callable[..., Sandbox]
SHOP = Path(__file__).parents[2] / "examples" / "own-api"


def test_every_command_works_in_one_story(sandbox: Build) -> None:
    server, told = sandbox(own=[own_api(SHOP / "shop.yaml", rows=3, seed=0)]), set()

    def do(name: str, /, **members: Any) -> Any:
        told.add(name)
        return server.do(name, **members)

    def customer(number: int = 1) -> Any:
        return server.get(f"/worlds/default/customers/{number}")

    assert do("add_customer", name="Bolt & Sons", currencies=["EUR"], tax_rate=0) == 2
    assert do("subscribe", customer=2, tariff="basic")["ordinal"] == 1
    assert do("record_usage", customer=2, country="DE", quantity=20)["rated"] is True
    assert do("record_usage", customer=2, country="DE", quantity="0.5", rated=False)["rated"] is False
    assert customer(2)["accounts"][0]["open"] == "11.00"  # 10.00 + 20 × 0.05
    assert do("rate_again", customer=2) == 1
    assert do("add_charge", customer=2, description="Set-up", amount=2.5)["amount"] == "2.5"
    assert do("pause_subscription", customer=2)["paused_on"] == "2026-01-20"
    assert do("resume_subscription", customer=2)["fees_from"] == "2026-02-01"
    do("create_run", invoice_date="2026-02-01", cutoff_date="2026-02-01")
    assert do("update_run", run=1, due_date="2026-02-20")["due_date"] == "2026-02-20"
    assert do("advance_clock", to="2026-02-01T09:00:00Z") == "2026-02-01T09:00:00Z"
    assert do("request_bills", run=1)["status"] == "requested"
    do("advance_clock", minutes=5)
    assert customer()["bills"][0]["total"] == "14.28"
    assert do("hold_bill", customer=1, bill=1)["held_at"] == "2026-02-01T09:05:00Z"
    assert (
        server.refused(409, "POST", "/worlds/default/commands/record_payment", {"customer": 1, "bill": 1})["field"]
        == "bill"
    )
    do("release_bill", customer=1, bill=1)
    assert do("record_payment", customer=1, bill=1, amount="4.28", state="pending")["state"] == "pending"
    assert customer()["bills"][0]["remaining"] == "14.28"
    assert do("resolve_payment", customer=1, payment=1)["state"] == "succeeded"
    assert customer()["bills"][0]["remaining"] == "10.00"
    assert do("refund_payment", customer=1, payment=1, amount="0.28")["refunded"] == "0.28"
    after = customer()["bills"][0]
    assert (after["remaining"], after["refunded"], after["settlement"]) == ("10.00", "0.28", "part refunded")
    assert do("issue_credit_note", customer=1, bill=1, amount="1.19")["net"] == "1.00"
    assert do("record_payment", customer=1, bill=1, amount="10.00", overpay=True)["amount"] == "10.00"
    refused = server.refused(409, "POST", "/worlds/default/commands/apply_credit", {"customer": 1, "bill": 1})
    assert refused["detail"] == "bill 1 is settled: it needs no credit"
    assert do("cancel_bill", customer=2, bill=1)["reason"] == "cancelled"
    assert customer(2)["bills"][0]["settlement"] == "cancelled"
    do("create_run", invoice_date="2026-03-01", cutoff_date="2026-03-01")
    do("request_bills", run=2)
    do("advance_clock", minutes=5)
    assert do("apply_credit", customer=1, bill=2) == "1.19"  # 10.00 − (14.28 − 4.28 − 1.19)
    assert (customer()["bills"][0]["credited"], customer()["bills"][0]["paid"]) == ("0.00", "1.19")
    assert do("cancel_subscription", customer=2)["ended"] == "2026-02-01"
    assert do("set_switch", name="billingplatform.create_status", value=201) == 201
    token = do("issue_token", api="elevate", key="counterfoil-key", minutes=15)
    assert token["expires_at"] == "2026-02-01T09:25:00Z"
    assert do("note_login", api="emnify", succeeded=False) == 1
    assert do("request_bill", customer=1)["state"] == "in progress"
    acme = {"id": "cus_1", "name": "Acme", "created_at": "2026-02-01T09:10:00Z"}
    assert do("write_resource", api="shop", collection="/customers", id="cus_1", value=acme) == "cus_1"
    gone = {"api": "shop", "collection": "/customers", "id": "cus_1"}
    assert do("write_resources", writes=[gone, {**gone, "value": acme}]) == ["cus_1", "cus_1"]
    assert told == set(COMMANDS)
    assert server.get("/worlds/default")["commands"] == 32


def test_a_command_returns_its_result_the_version_and_the_time(sandbox: Build) -> None:
    server = sandbox()
    answer = server.post("/worlds/default/commands/advance_clock", {"days": 1})
    assert answer == {"fact": "2026-01-21T12:00:00Z", "version": 1, "now": "2026-01-21T12:00:00Z"}


def test_any_command_can_be_sent_as_it_is_in_a_timeline(sandbox: Build) -> None:
    server = sandbox()
    server.do("advance_clock", days=3)
    command = server.get("/worlds/default/timeline")["past"]["entries"][0]["command"]
    assert command == {"command": "advance_clock", "days": 3}
    assert server.post("/worlds/default/commands", command)["now"] == "2026-01-26T12:00:00Z"


COMMAND = "/worlds/default/commands/"
USE = {"customer": 1, "country": "DE", "quantity": 1}


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("record_usage", {"customer": 99, "country": "DE", "quantity": 1}, 404, "customer"),
        ("record_usage", {"customer": 1, "country": "DE", "quantity": -1}, 422, "quantity"),
        ("record_usage", {"customer": 1, "country": "Germany", "quantity": 1}, 400, "country"),
        ("record_usage", {"customer": 1, "country": "DE", "quantity": "NaN"}, 400, "quantity"),
        ("record_usage", {"customer": 1, "country": "DE", "quantity": "1e9"}, 400, "quantity"),
        ("record_usage", {"customer": 1, "country": "DE", "quantity": 10**16}, 422, "quantity"),
        ("record_usage", {"customer": 1, "country": "DE"}, 400, "quantity"),
        ("record_usage", {"customer": 1.5, "country": "DE", "quantity": 1}, 400, "customer"),
        ("record_usage", {**USE, "command": "advance_clock"}, 400, "body"),
        (
            "record_usage",
            {"customer": 1, "country": "DE", "quantity": 1, "started_at": "2026-03-01T00:00:00Z"},
            409,
            "started_at",
        ),
        ("record_usage", {"customer": 1, "country": "DE", "quantity": 1, "started_at": "yesterday"}, 400, "started_at"),
        ("subscribe", {"customer": 1, "tariff": "gold"}, 404, "tariff"),
        ("request_bills", {"run": 1}, 404, "run"),
        ("record_payment", {"customer": 1, "bill": 1}, 404, "bill"),
        ("advance_clock", {"to": "2025-01-01T00:00:00Z"}, 409, "to"),
        ("advance_clock", {"to": "2099-01-01T00:00:00Z"}, 422, "to"),
        ("advance_clock", {"days": "30"}, 400, "days"),
        ("set_switch", {"name": "no.such", "value": 1}, 422, "name"),
        ("set_switch", {"name": "billingplatform.create_status", "value": 418}, 422, "value"),
        ("create_run", {"invoice_date": "2026-02-30"}, 400, "invoice_date"),
        ("create_run", {"invoice_date": "2026-02-01", "due_date": "2026-01-01"}, 422, "due_date"),
        ("add_customer", {"billed_to": 7}, 404, "billed_to"),
        ("add_customer", {"currencies": ["euro"]}, 422, "currencies"),
    ],
)
def test_a_command_that_cannot_be_done_names_its_member_and_changes_nothing(
    sandbox: Build, path: str, body: Any, status: int, field: str
) -> None:
    server = sandbox()
    before = server.get("/worlds/default/capsule")
    assert server.refused(status, "POST", COMMAND + path, body)["field"] == field
    assert server.get("/worlds/default/capsule") == before
    assert server.get("/worlds/default")["version"] == 0


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"command": "make_tea"}, 400, "command"),
        ({"customer": 1}, 400, "command"),
        ({"command": "advance_clock", "days": "x"}, 422, "days"),
        ({"command": "advance_clock", "weeks": 1}, 422, "command"),
        ({"command": "record_usage", "customer": 1, "country": "DE", "quantity": "NaN"}, 422, "quantity"),
        ([], 400, "body"),
        ("advance_clock", 400, "body"),
    ],
)
def test_an_unknown_command_is_refused(sandbox: Build, body: Any, status: int, field: str) -> None:
    assert sandbox().refused(status, "POST", "/worlds/default/commands", body)["field"] == field


def test_bodies_that_are_not_json_are_refused(sandbox: Build) -> None:
    server = sandbox()
    path = "/_sandbox/v1" + COMMAND + "advance_clock"
    json = {"Content-Type": "application/json"}
    assert server.client.post(path, content=b'{"days": 1', headers=json).status_code == 400
    assert server.client.post(path, content=b"\xff", headers=json).status_code == 400
    assert server.client.post(path, content=b"{}" + b" " * 2**20, headers=json).status_code == 413
    assert server.client.post(path, content=b"days: 1", headers={"Content-Type": "application/yaml"}).status_code == 415
    assert server.get("/worlds/default")["version"] == 0


def test_unknown_worlds_paths_methods_and_parameters_are_refused(sandbox: Build) -> None:
    server = sandbox()
    assert server.refused(404, "POST", "/worlds/none/commands/advance_clock", {"days": 1})["field"] == "world"
    server.refused(404, "POST", COMMAND + "make_tea", {})
    server.refused(405, "GET", COMMAND + "advance_clock")
    assert server.refused(400, "GET", "/worlds?page=2")["field"] == "page"
    assert server.refused(400, "GET", "/worlds?limit=101")["field"] == "limit"
    assert server.refused(400, "GET", "/worlds/default/customers/acme")["field"] == "customer"


def test_commands_and_customers_of_a_world_are_limited(sandbox: Build) -> None:
    server = sandbox(bounds=WorldLimits(customers=2, commands=3))
    server.do("add_customer")
    assert "2 customers" in server.refused(429, "POST", COMMAND + "add_customer", {})["detail"]
    server.do("advance_clock", days=1)
    server.do("advance_clock", days=1)
    assert "3 commands" in server.refused(429, "POST", COMMAND + "advance_clock", {"days": 1})["detail"]
    server.post("/worlds/default/reset")
    server.do("advance_clock", days=1)


def test_null_stands_for_what_is_left_out(sandbox: Build) -> None:
    server = sandbox()
    server.bill_january()
    paid = server.do("record_payment", customer=1, bill=1, amount=None, method=None)
    assert (paid["amount"], paid["method"]) == ("14.28", "bank transfer")
    refunded = server.do("refund_payment", customer=1, payment=1, amount=None)
    assert refunded["refunded"] == "14.28"
    assert server.do("update_run", run=1, name=None)["name"] is None
