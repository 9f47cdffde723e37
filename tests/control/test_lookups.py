"""What a world reports: its clock, past and future events, its customers, and explanations of their bills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from counterfoil.control.control_api import control
from counterfoil.lookup import all_switches, load_apis, scenario
from counterfoil.server.app import build_server
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.worlds import DEFAULT, Worlds

from .conftest import Sandbox

Build = Callable[..., Sandbox]
WORLD = "/worlds/default"


# --- time ----------------------------------------------------------------------------------------


def test_the_clock_names_the_next_event(sandbox: Build) -> None:
    server = sandbox()
    assert server.get(WORLD + "/clock") == {
        "now": "2026-01-20T12:00:00Z",
        "today": "2026-01-20",
        "version": 0,
        "next": None,
    }
    server.do("create_run", name="January", invoice_date="2026-02-01")
    assert server.get(WORLD + "/clock")["next"] is None  # a pending run does nothing by itself
    server.do("request_bills", run=1)
    assert server.get(WORLD + "/clock")["next"] == {"at": "2026-01-20T12:01:00Z", "what": "run 1 (January) starts"}
    server.do("advance_clock", to="2026-01-20T12:01:00Z")
    assert server.get(WORLD + "/clock")["next"] == {"at": "2026-01-20T12:05:00Z", "what": "run 1 (January) completes"}
    server.do("advance_clock", to="2026-01-20T12:05:00Z")
    assert server.get(WORLD + "/clock")["next"] is None


def test_the_clock_includes_customers_habits(sandbox: Build) -> None:
    following = sandbox(scenario_name="demo").get(WORLD + "/clock")["next"]
    assert following["at"] > "2026-01-20T09:00:00Z"
    assert following["what"].startswith("scheduled: usage and payments of ")


def test_the_future_lists_events_that_need_no_command(sandbox: Build) -> None:
    server = sandbox()
    server.do("create_run", name="January", invoice_date="2026-02-01", cutoff_date="2026-02-01", due_date="2026-02-15")
    (planned,) = server.get(WORLD + "/timeline")["future"]["events"]
    assert (planned["kind"], planned["at"]) == ("run_planned", "2026-02-01T00:00:00Z")
    server.do("request_bills", run=1)
    server.do("issue_token", api="elevate", key="counterfoil-key", minutes=15)
    server.do("issue_token", api="emnify", key="counterfoil-key", minutes=1)
    server.do("advance_clock", minutes=5)
    future = server.get(WORLD + "/timeline")["future"]
    assert future["total"] == 2
    assert [(each["at"], each["kind"]) for each in future["events"]] == [
        ("2026-01-20T12:15:00Z", "token_expires"),
        ("2026-02-15T00:00:00Z", "bills_due"),
    ]
    assert future["events"][0]["api"] == "elevate"  # emnify's token is no longer good
    assert future["events"][1]["amounts"] == {"EUR": "14.28"}
    assert server.get(WORLD + "/timeline", ahead=1)["future"]["events"] == future["events"][:1]
    server.do("record_payment", customer=1, bill=1)
    server.do("advance_clock", minutes=15)
    assert server.get(WORLD + "/timeline")["future"] == {"total": 0, "events": []}


def test_the_past_has_every_command_newest_first_and_what_runs_did_meanwhile(sandbox: Build) -> None:
    server = sandbox()
    server.bill_january()
    timeline = server.get(WORLD + "/timeline", limit=3)
    assert timeline["past"]["total"] == timeline["told"] + 4
    newest = timeline["past"]["entries"]
    assert [each["command"]["command"] for each in newest] == ["advance_clock", "request_bills", "advance_clock"]
    assert [each["what"] for each in newest[0]["meanwhile"]] == ["run 1 (January) started", "run 1 (January) completed"]
    assert newest[2]["meanwhile"] == []
    assert {each["by"] for each in newest} == {"command"}
    rest = server.get(WORLD + "/timeline", offset=3)["past"]["entries"]
    assert [each["number"] for each in newest + rest] == list(range(timeline["past"]["total"], 0, -1))
    assert {each["by"] for each in rest[1:]} == {"scenario"}
    assert server.get(WORLD + "/timeline", offset=99)["past"]["entries"] == []


def test_the_timeline_names_the_currency_of_an_amount(sandbox: Build) -> None:
    server = sandbox()
    server.bill_january()
    server.do("record_payment", customer=1, bill=1, amount="5.00")
    server.do("record_payment", customer=1, bill=1)  # what remains
    entries = server.get(WORLD + "/timeline", limit=2)["past"]["entries"]
    assert [each["currency"] for each in entries] == [None, "EUR"]


def test_the_timeline_names_the_customers_that_its_entries_are_about(sandbox: Build) -> None:
    server = sandbox()
    server.do("add_customer", name="Bolt & Sons", country="GB", tariff="basic")
    server.do("record_usage", customer=1, country="DE", quantity="1")
    named = server.get(WORLD + "/timeline", limit=2)["names"]
    assert named == {"1": server.get(WORLD + "/customers/1")["name"], "2": "Bolt & Sons"}
    server.do("advance_clock", days=1)
    assert server.get(WORLD + "/timeline", limit=1)["names"] == {}


# --- customers -----------------------------------------------------------------------------------


def names(server: Sandbox, **query: Any) -> list[str]:
    return [each["name"] for each in server.get(WORLD + "/customers", **query)["customers"]]


def test_customers_are_found_by_number_key_name_and_email(sandbox: Build) -> None:
    server = sandbox(scenario_name="demo")
    assert names(server, search="1")[0] == "Acme Robotics GmbH"
    assert names(server, search="ACME") == ["Acme Robotics GmbH"]
    assert names(server, search="harbour") == ["Harbour Holding Ltd", "Harbour Cranes Ltd"]
    assert names(server, search="cranes@") == ["Harbour Cranes Ltd"]
    assert names(server, search="tardy") == ["Tardy Traders AG"]
    assert names(server, search="<img onerror=x>") == []
    painted = server.get(WORLD + "/customers", offset=40, limit=1)["customers"][0]
    found = server.get(WORLD + "/customers", search=painted["name"])["customers"]
    assert painted["customer"] in [each["customer"] for each in found]


def test_in_a_large_world_only_given_names_are_found_and_the_page_says_so(sandbox: Build) -> None:
    server = sandbox(scenario_name="demo", customers=2000)
    page = server.get(WORLD + "/customers", search="acme")
    assert page["names_searched"] == "known"
    assert [each["customer"] for each in page["customers"]] == [1]
    assert [each["customer"] for each in server.get(WORLD + "/customers", search="1999")["customers"]] == [1999]
    assert server.refused(422, "GET", WORLD + "/customers?sort=name")["field"] == "sort"
    assert server.get(WORLD + "/customers", search="2001")["total"] == 0


@pytest.mark.parametrize("customers", [60, 3000])
@pytest.mark.parametrize("sort", ["number", "balance", "open", "overdue", "bills", "opened"])
def test_pages_of_a_sorted_list_lose_and_repeat_no_customer(sandbox: Build, sort: str, customers: int) -> None:
    server = sandbox(scenario_name="demo", customers=customers)
    for way in (sort, f"-{sort}"):
        rows = [
            row
            for start in range(0, customers, 100)
            for row in server.get(WORLD + "/customers", sort=way, offset=start, limit=100)["customers"]
        ]
        assert sorted(row["customer"] for row in rows) == list(range(1, customers + 1))
        values = [sorting_value(row, sort) for row in rows]
        assert values == sorted(values, reverse=way != sort)


def sorting_value(row: Any, sort: str) -> Any:
    if sort == "number":
        return row["customer"]
    if sort == "opened":
        return row["opened"]
    if sort == "bills":
        return sum(each["bills"] for each in row["accounts"])
    return float(row["accounts"][0][sort])


def test_customers_that_owe_are_distinguished_from_late_ones(sandbox: Build) -> None:
    server = sandbox()
    server.do("add_customer", name="Quiet Ltd", currencies=["EUR"])

    def only(what: str) -> list[int]:
        return [each["customer"] for each in server.get(WORLD + "/customers", only=what)["customers"]]

    assert (only("all"), only("owing"), only("overdue")) == ([1, 2], [], [])
    server.bill_january()
    assert (only("all"), only("owing"), only("overdue")) == ([1, 2], [1], [])
    server.do("advance_clock", days=14)
    assert (only("owing"), only("overdue")) == ([1], [1])
    assert server.get(WORLD + "/customers")["customers"][0]["accounts"][0]["overdue"] == "14.28"
    server.do("record_payment", customer=1, bill=1)
    assert (only("owing"), only("overdue")) == ([], [])


def test_a_customer_in_full(sandbox: Build) -> None:
    server = sandbox()
    server.do("record_usage", customer=1, country="FR", quantity=3)  # no price for France: not rated
    account = server.get(WORLD + "/customers/1")["accounts"][0]
    assert account["open"] == "12.00"
    assert account["open_charges"]["fully_rated"] is False
    assert [line["amount"] for line in account["open_charges"]["lines"]] == ["10.00", "2.00"]
    assert [(each["quantity"], each["rated"]) for each in account["open_charges"]["usage"]] == [
        ("25", True),
        ("15", True),
        ("3", False),
    ]
    server.bill_january()
    server.do("record_payment", customer=1, bill=1, amount="4.28")
    customer = server.get(WORLD + "/customers/1")
    (bill,) = customer["bills"]
    assert (bill["net"], bill["tax"], bill["total"], bill["paid"], bill["remaining"]) == (
        "12.00",
        "2.28",
        "14.28",
        "4.28",
        "10.00",
    )
    assert (bill["settlement"], bill["payments"][0]["applied"]) == ("part paid", "4.28")
    assert customer["payments"][0]["amount"] == "4.28"
    assert customer["accounts"][0]["balance"] == "10.00"
    assert customer["subscriptions"][0]["state"] == "active"
    assert server.refused(404, "GET", WORLD + "/customers/2")["field"] == "customer"


def test_who_pays_for_whom_is_shown_on_both_sides(sandbox: Build) -> None:
    server = sandbox(scenario_name="demo")
    (holding,) = server.get(WORLD + "/customers", search="holding")["customers"]
    (subsidiary,) = server.get(WORLD + "/customers", search="subsidiary")["customers"]
    assert subsidiary["billed_to"] == holding["customer"]
    assert server.get(f"{WORLD}/customers/{holding['customer']}")["pays_for"] == [subsidiary["customer"]]


def test_ids_are_what_each_dialect_says_they_are() -> None:
    told = tuple(
        replace(each, ids=lambda world, customer: {"number": f"{world.name}/{customer}"})
        if each.name == "elevate"
        else each
        for each in load_apis()
    )
    worlds = Worlds(scenario, all_switches())
    worlds.create(DEFAULT, "one-month")
    server = build_server([control(worlds, token=None, apis=told)], worlds.get)
    with httpx.Client(transport=InProcessTransport(server), base_url="http://localhost", timeout=60) as client:
        for path in ("/customers/1", "/customers"):
            found = client.get(f"/_sandbox/v1/worlds/default{path}").json()
            assert found.get("customers", [found])[0]["ids"]["elevate"] == {"number": "default/1"}


# --- why -----------------------------------------------------------------------------------------


def test_why_a_bill_is_what_it_is_down_to_the_usage_records(sandbox: Build) -> None:
    server = sandbox()
    server.do("add_charge", customer=1, description="Half a cent", amount="0.005")
    server.bill_january()
    server.do("record_payment", customer=1, bill=1, amount="4.28")
    why = server.get(WORLD + "/customers/1/bills/0/1/why")
    assert [line["computation"] for line in why["lines"]] == [
        "10.00 EUR = the tariff's monthly fee",
        "0.005 EUR = a one-off charge, as it was entered",
        "2.00 EUR = 40 MB × 0.05 EUR per MB in DE",
    ]
    assert [record["quantity"] for record in why["lines"][2]["records"]] == ["25", "15"]  # 25 + 15 = 40
    assert why["steps"] == [
        "net 12.005 EUR = 10.00 + 0.005 + 2.00",
        "rounded half up to what EUR can show: 12.01",
        "tax 2.28 EUR = 19 % of 12.01, rounded half up",
        "total 14.29 EUR = 12.01 + 2.28",
        "payment 1 (bank transfer, 2026-02-01) covers 4.28",
        "remaining 10.01 EUR = 14.29 − 4.28",
    ]


def test_why_includes_what_packages_covered_and_what_sims_cost(sandbox: Build) -> None:
    server = sandbox(scenario_name="demo")
    server.do("record_usage", customer=2, country="DE", quantity=40)
    server.do("advance_clock", to="2026-02-01T06:00:00Z")
    server.do("request_bills", run=6)
    server.do("advance_clock", minutes=5)
    (bluebird,) = server.get(WORLD + "/customers", search="bluebird")["customers"]
    newest = server.get(f"{WORLD}/customers/{bluebird['customer']}")["bills"][0]
    why = server.get(f"{WORLD}/customers/{bluebird['customer']}/bills/0/{newest['bill']}/why")
    said = [line["computation"] for line in why["lines"]]
    assert "12.00 EUR = 40 SIMs × 0.30 EUR" in said
    assert "12.00 EUR = the fee of a package of 500 MB in Germany" in said
    assert "1.00 EUR = (520 − 500 covered by packages) MB × 0.05 EUR per MB in DE" in said
    assert "4.00 EUR = 16 MB × 0.25 EUR per MB in FR" in said
    # 25.00 + 12.00 + 12.00 + 1.00 + 4.00 + 120 × 0.06
    assert why["net"] == "61.20"


@pytest.mark.parametrize(
    ("path", "field"), [("9/bills/0/1", "customer"), ("1/bills/5/1", "account"), ("1/bills/0/1", "bill")]
)
def test_why_of_a_bill_that_is_not_there(sandbox: Build, path: str, field: str) -> None:
    assert sandbox().refused(404, "GET", f"{WORLD}/customers/{path}/why")["field"] == field


# --- runs, figures, switches ---------------------------------------------------------------------


def test_runs_newest_first_with_what_they_billed(sandbox: Build) -> None:
    server = sandbox(scenario_name="demo")
    runs = server.get(WORLD + "/runs")["runs"]
    assert [run["run"] for run in runs] == [6, 5, 4, 3, 2, 1]
    assert (runs[0]["status"], runs[0]["bills"], runs[0]["is_open"]) == ("pending", 0, True)
    assert runs[1]["status"] == "complete"
    everyone = [server.get(f"{WORLD}/customers/{number}") for number in range(1, 51)]
    december = [bill for customer in everyone for bill in customer["bills"] if bill["run"] == 5]
    assert runs[1]["bills"] == len(december)
    for currency, total in runs[1]["totals"].items():
        cents = sum(round(float(bill["total"]) * 100) for bill in december if bill["currency"] == currency)
        assert round(float(total) * 100) == cents
    server.do("request_bills", run=6)
    requested = server.get(WORLD + "/runs/6")
    assert requested["next"]["kind"] == "run_starts"
    assert server.refused(404, "GET", WORLD + "/runs/7")["field"] == "run"


def test_figures_add_up_to_what_customers_owe(sandbox: Build) -> None:
    server = sandbox(scenario_name="demo")
    everyone = [server.get(f"{WORLD}/customers/{number}") for number in range(1, 51)]
    for figures in server.get(WORLD + "/figures")["currencies"]:
        bills = [bill for each in everyone for bill in each["bills"] if bill["currency"] == figures["currency"]]
        owed = sum(round(float(bill["remaining"]) * 100) for bill in bills)
        late = sum(round(float(bill["remaining"]) * 100) for bill in bills if bill["overdue"])
        billed = sum(round(float(bill["total"]) * 100) for bill in bills)
        ages = {each["age"]: round(float(each["remaining"]) * 100) for each in figures["ageing"]}
        assert sum(ages.values()) == owed
        assert sum(ages.values()) - ages["not due"] == late
        assert sum(round(float(each["total"]) * 100) for each in figures["revenue"]) == billed


def test_an_unpaid_bill_grows_old(sandbox: Build) -> None:
    server = sandbox()
    server.bill_january()
    ages = []
    for days in (0, 14, 29, 30, 30, 30):  # the due date begins after 13 days and 15 hours
        server.do("advance_clock", days=days)
        (figures,) = server.get(WORLD + "/figures")["currencies"]
        ages += [each["age"] for each in figures["ageing"] if each["bills"]]
    assert ages == ["not due", "1 to 30 days", "1 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days"]


def test_switches_are_listed_with_their_choices(sandbox: Build) -> None:
    server = sandbox()
    server.do("set_switch", name="billingplatform.create_status", value=201)
    switches = {each["name"]: each for each in server.get(WORLD + "/switches")["switches"]}
    status = switches["billingplatform.create_status"]
    assert (status["value"], status["default"], status["choices"]) == (201, 200, [200, 201])
    assert status["text"]
