"""billingplatform.uk over HTTP: runs are created, listed, fetched and changed. Facts: docs/vendors/billingplatform.md."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest

from counterfoil.apis.billingplatform import api
from counterfoil.ledger.receivables import bills_of
from counterfoil.openapi import load
from counterfoil.world.commands import AdvanceClock, CreateRun, RequestBills
from counterfoil.world.world import World

API = "billingplatform"
MEMBERS = {
    "id", "name", "status", "subrun", "invoiceMessage", "invoiceAmount", "invoiceDate", "cutoffDate",
    "transactionCutoffDate", "dueDate", "commencedDate", "completedDate",
}  # fmt: skip
JANUARY = {
    "name": "January 2026",
    "invoiceMessage": "New year",
    "invoiceDate": "2026-02-01",
    "cutoffDate": "2026-02-01",
    "transactionCutoffDate": "2026-02-28",
    "dueDate": "2026-02-15",
}


class Platform:
    """A client of the vendor's API, and access to the world behind it."""

    def __init__(self, stand_in: Any) -> None:
        self.stand_in = stand_in

    @property
    def world(self) -> World:
        return self.stand_in.world

    def list(self, **query: Any) -> list[str]:
        answer = self.stand_in.get(API, "/billingRuns/", params=query)
        assert answer.status_code == 200, answer.text
        return [run["id"] for run in answer.json()]

    def get(self, run: str) -> dict[str, Any]:
        answer = self.stand_in.get(API, f"/billingRuns/{run}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def add(self, **members: Any) -> dict[str, Any]:
        answer = self.stand_in.post(API, "/billingRuns/", json=members)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def patch(self, run: str, **members: Any) -> httpx.Response:
        return self.stand_in.patch(API, f"/billingRuns/{run}", json=members)

    def bill(self, run: str) -> dict[str, Any]:
        """Request a run's bills and wait until it is complete."""
        self.world.execute(RequestBills(run=int(run)))
        self.world.execute(AdvanceClock(minutes=5))
        return self.get(run)


Open = Callable[..., Platform]


@pytest.fixture
def platform(stand_in: Callable[..., Any]) -> Open:
    def open_one(scenario: str = "one-month", **options: Any) -> Platform:
        return Platform(stand_in(scenario, apis=[API], **options))

    return open_one


def refused(answer: httpx.Response, status: int, naming: str) -> None:
    """The response has that status and the vendor's one-line error, which names what is at fault."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert naming in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


# --- the life of a run ---------------------------------------------------------------------------


def test_a_run_is_pending_then_requested_running_complete_and_its_amount_is_what_was_invoiced(platform: Open) -> None:
    """docs/vendors/billingplatform.md#states. 14.28 = (10.00 + 40 × 0.05) + 19 %."""
    shop = platform()
    run = shop.add(**JANUARY)
    assert set(run) == MEMBERS
    assert run == {
        **JANUARY,
        "id": "1",
        "status": "Pending",
        "subrun": None,
        "invoiceAmount": "0.00",
        "commencedDate": None,
        "completedDate": None,
    }
    # only what was rated before 1 February, and no fee of February: that of a transaction cutoff is told below
    assert shop.patch("1", transactionCutoffDate=None).status_code == 200

    shop.world.execute(RequestBills(run=1))
    assert (shop.get("1")["status"], shop.get("1")["commencedDate"]) == ("Requested", None)
    shop.world.execute(AdvanceClock(minutes=1))
    running = shop.get("1")
    assert (running["status"], running["commencedDate"]) == ("Running", "2026-01-20T12:01:00Z")
    assert (running["completedDate"], running["invoiceAmount"]) == (None, "0.00")
    shop.world.execute(AdvanceClock(minutes=4))
    complete = shop.get("1")
    assert (complete["status"], complete["invoiceAmount"]) == ("Complete", "14.28")
    assert (complete["commencedDate"], complete["completedDate"]) == ("2026-01-20T12:01:00Z", "2026-01-20T12:05:00Z")


def test_a_new_run_requires_no_member_and_is_always_pending(platform: Open) -> None:
    run = platform().add(id="77", status="Complete", invoiceAmount="9.99", completedDate="2026-01-01T00:00:00Z", x=1)
    assert (run["id"], run["status"], run["invoiceAmount"], run["completedDate"]) == ("1", "Pending", "0.00", None)
    assert all(run[name] is None for name in MEMBERS - {"id", "status", "invoiceAmount"})


def test_what_post_answers_is_what_is_fetched_and_listed_with_and_without_the_slash(platform: Open) -> None:
    shop = platform()
    run = shop.add(name="Spring")
    assert shop.get("1") == run
    assert shop.stand_in.get(API, "/billingRuns/1/").json() == run
    assert shop.stand_in.get(API, "/billingRuns").json() == shop.stand_in.get(API, "/billingRuns/").json() == [run]
    answer = shop.stand_in.post(API, "/billingRuns", json={"name": "Summer"})
    assert (answer.status_code, answer.json()["id"]) == (200, "2")


# --- the two cutoffs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transaction_cutoff", "first", "second"),
    [
        # 10 January's fee + 2 the call before + 3 of 31 January; then 10 + 5 the call at the very instant + 7 + 20
        (None, "15.00", "42.00"),
        # inclusive: + 10 February's fee + 7, both dated that day; then 5 + 20
        ("2026-02-01", "32.00", "25.00"),
        # + 20 of 28 February; then the call alone, 5
        ("2026-02-28", "52.00", "5.00"),
        # a future one brings charges forward: + 50 and March's fee of 10
        ("2026-03-01", "112.00", "5.00"),
        # earlier than the call cutoff: 10 + 2, and none of the single charges; then 10 + 5 + 3 + 7 + 20
        ("2026-01-30", "12.00", "45.00"),
    ],
)
def test_the_call_cutoff_is_exclusive_and_the_transaction_cutoff_inclusive(
    platform: Open, transaction_cutoff: str | None, first: str, second: str
) -> None:
    """docs/vendors/billingplatform.md#cutoffs; what one run leaves, the next takes."""
    shop = platform("tests/apis/scenarios/billingplatform-cutoffs.yaml")
    dates = {"invoiceDate": "2026-02-02", "cutoffDate": "2026-02-01", "transactionCutoffDate": transaction_cutoff}
    assert shop.bill(shop.add(**dates)["id"])["invoiceAmount"] == first
    assert shop.bill(shop.add(invoiceDate="2026-03-01", cutoffDate="2026-03-01")["id"])["invoiceAmount"] == second


def test_a_run_without_bills_is_complete_and_its_amount_is_zero(platform: Open) -> None:
    """docs/vendors/billingplatform.md#empty-invoices: an empty invoice is not produced. Everything was invoiced by the
    first run."""
    shop = platform()
    shop.bill(shop.add(invoiceDate="2026-02-01")["id"])
    again = shop.bill(shop.add(invoiceDate="2026-02-01")["id"])
    assert (again["status"], again["invoiceAmount"]) == ("Complete", "0.00")


def test_a_subrun_bills_only_its_own_customers(platform: Open) -> None:
    shop = platform()
    nobody = shop.bill(shop.add(subrun="North", invoiceDate="2026-02-01", cutoffDate="2026-02-01")["id"])
    assert (nobody["subrun"], nobody["invoiceAmount"]) == ("North", "0.00")


def test_the_amount_of_every_run_of_the_demo_is_the_ledgers(platform: Open) -> None:
    shop = platform("demo")
    ledger = shop.world.ledger
    bills = [bill for number in range(1, ledger.customers + 1) for bill in bills_of(ledger.state_of(number))]
    for run in shop.stand_in.get(API, "/billingRuns/").json():
        mine = [b.total for b in bills if (str(b.invoice.run), b.invoice.currency) == (run["id"], "EUR")]
        assert Decimal(run["invoiceAmount"]) == sum(mine, Decimal(0))
    assert [shop.get(str(n))["status"] for n in range(1, 7)] == ["Complete"] * 5 + ["Pending"]


# --- the list ------------------------------------------------------------------------------------


def test_id_after_is_exclusive_and_compares_numbers(platform: Open) -> None:
    """docs/vendors/billingplatform.md#id-after. As text "10" would come before "9"."""
    shop = platform()
    ids = [shop.add()["id"] for _ in range(12)]
    assert ids == [str(number) for number in range(1, 13)]
    assert shop.list() == ids
    assert shop.list(idAfter=9) == ["10", "11", "12"]
    assert shop.list(idAfter=12) == shop.list(idAfter=10**17) == []
    assert shop.list(idAfter=0) == shop.list(idAfter=-3) == ids
    assert shop.list(limit=2) == ["1", "2"]
    assert shop.list(limit=2, offset=10, idAfter=1) == ["12"]
    assert shop.list(offset=2**31 - 1) == []
    last, walked = 0, []
    while page := shop.list(idAfter=last, limit=5):
        walked += page
        last = int(page[-1])
    assert walked == ids


def test_created_and_updated_since_include_the_very_instant_in_any_offset(platform: Open) -> None:
    """docs/vendors/billingplatform.md#since. Run 1 is created at 12:00 and changed at 14:00, run 2 is created at 13:00,
    all UTC."""
    shop = platform()
    shop.add()
    shop.world.execute(AdvanceClock(hours=1))
    shop.add()
    shop.world.execute(AdvanceClock(hours=1))
    assert shop.patch("1", name="moved").status_code == 200

    assert shop.list(createdSince="2026-01-20T12:00:00Z") == ["1", "2"]
    assert shop.list(createdSince="2026-01-20T12:00:00.000001Z") == ["2"]
    assert shop.list(createdSince="2026-01-20T14:00:00+01:00") == ["2"]
    assert shop.list(createdSince="2026-01-20T08:00:00-05:00") == ["2"]
    assert shop.list(createdSince="2026-01-20T13:00:01Z") == []
    assert shop.list(updatedSince="2026-01-20T13:00:01Z") == ["1"]
    assert shop.list(updatedSince="2026-01-20T14:00:00Z") == ["1"]
    assert shop.list(updatedSince="2026-01-20T14:00:00Z", createdSince="2026-01-20T13:00:00Z") == []
    assert shop.list(createdSince="0001-01-01T00:00:00+23:59") == ["1", "2"]
    assert shop.list(createdSince="0000-01-01T00:00:00Z") == ["1", "2"]
    # a leap second is the instant after it, here midnight
    assert shop.list(createdSince="2026-01-19t23:59:60z") == ["1", "2"]
    assert shop.list(createdSince="2026-01-20T23:59:60Z") == []


def test_a_patch_that_changes_nothing_is_not_an_update(platform: Open) -> None:
    shop = platform()
    shop.add(name="Spring")
    shop.world.execute(AdvanceClock(hours=1))
    assert shop.patch("1", name="Spring").json()["name"] == "Spring"
    assert shop.patch("1").status_code == 200
    assert shop.list(updatedSince="2026-01-20T13:00:00Z") == []


def test_since_is_exclusive_when_switched(platform: Open) -> None:
    shop = platform(switches={"billingplatform.since": "exclusive"})
    shop.add()
    assert shop.list(createdSince="2026-01-20T12:00:00Z") == shop.list(updatedSince="2026-01-20T12:00:00Z") == []
    assert shop.list(createdSince="2026-01-20T11:59:59Z") == ["1"]


# --- changing a run ------------------------------------------------------------------------------


def test_a_patch_changes_what_it_names_and_null_clears(platform: Open) -> None:
    """docs/vendors/billingplatform.md#partial-update."""
    shop = platform()
    before = shop.add(**JANUARY)
    answer = shop.patch(
        "1", dueDate="2026-03-01", transactionCutoffDate=None, subrun="A", id="9", completedDate=None, x=1
    )
    after = {**before, "dueDate": "2026-03-01", "transactionCutoffDate": None, "subrun": "A"}
    assert (answer.status_code, answer.json()) == (200, after)
    assert shop.get("1") == after


LOCKED = [
    ("invoiceDate", "2026-02-02"),
    ("cutoffDate", "2026-02-02"),
    ("transactionCutoffDate", None),
    ("dueDate", "2026-02-16"),
    ("invoiceMessage", "Other"),
]


@pytest.mark.parametrize(("member", "value"), LOCKED)
@pytest.mark.parametrize("minutes", [0, 1, 5], ids=["Requested", "Running", "Complete"])
def test_dates_and_message_lock_once_bills_are_requested(
    platform: Open, member: str, value: str | None, minutes: int
) -> None:
    """docs/vendors/billingplatform.md#locked-response: the refusal names the member, and the fine ones beside it are
    not done either."""
    shop = platform()
    shop.add(**JANUARY)
    shop.world.execute(RequestBills(run=1))
    shop.world.execute(AdvanceClock(minutes=minutes))
    before, done = shop.get("1"), len(shop.world.commands)
    refused(shop.patch("1", **{"name": "New name", member: value}), 409, member)
    assert shop.get("1") == before
    assert len(shop.world.commands) == done
    assert shop.patch("1", **{"name": "New name", member: JANUARY[member]}).json() == {**before, "name": "New name"}
    assert shop.patch("1", subrun="B").json()["subrun"] == "B"


def test_a_locked_field_can_be_422_or_ignored(platform: Open) -> None:
    shop = platform(switches={"billingplatform.locked_field": "422"})
    shop.add(**JANUARY)
    shop.world.execute(RequestBills(run=1))
    refused(shop.patch("1", name="New", dueDate="2026-03-01"), 422, "dueDate")
    assert shop.get("1")["name"] == "January 2026"

    lenient = platform(switches={"billingplatform.locked_field": "ignore"})
    lenient.add(**JANUARY)
    lenient.world.execute(RequestBills(run=1))
    before = lenient.get("1")
    answer = lenient.patch("1", name="New", dueDate="2026-03-01", invoiceMessage=None, cutoffDate=None)
    assert (answer.status_code, answer.json()) == (200, {**before, "name": "New"})


def test_status_is_not_the_apis_to_write_unless_switched(platform: Open) -> None:
    """docs/vendors/billingplatform.md#status-writable: the run's own status is fine, another is refused whole;
    switched, Requested is the request button."""
    shop = platform()
    shop.add(**JANUARY)
    assert shop.patch("1", status="Pending", name="Same").json()["name"] == "Same"
    refused(shop.patch("1", status="Requested", name="Other"), 409, "status")
    assert (shop.get("1")["status"], shop.get("1")["name"]) == ("Pending", "Same")

    open_shop = platform(switches={"billingplatform.status_writable": True})
    open_shop.add(name="Spring")
    refused(open_shop.patch("1", status="Requested", name="Other"), 409, "invoiceDate")
    refused(open_shop.patch("1", status="Complete"), 409, "status")
    assert open_shop.get("1")["name"] == "Spring"
    assert open_shop.patch("1", status="Requested", invoiceDate="2026-01-31").json()["status"] == "Requested"
    refused(open_shop.patch("1", status="Pending"), 409, "status")
    open_shop.world.execute(AdvanceClock(minutes=5))
    assert open_shop.get("1")["invoiceAmount"] == "14.28"


def test_if_the_invoice_date_is_optional_it_defaults_to_today(platform: Open) -> None:
    """docs/vendors/billingplatform.md#request-needs-invoice-date, the other way."""
    switches = {"billingplatform.status_writable": True, "billingplatform.request_needs_invoice_date": False}
    shop = platform(switches=switches)
    shop.add()
    run = shop.patch("1", status="Requested").json()
    assert (run["status"], run["invoiceDate"]) == ("Requested", "2026-01-20")


def test_two_writers_at_once_lose_nothing(platform: Open) -> None:
    """Each of eight writers changes a member of its own, many times over, and adds runs; all of it is there."""
    shop = platform()
    shop.add()
    members = ["name", "subrun", "invoiceMessage", "invoiceDate", "cutoffDate", "transactionCutoffDate"]

    def write(member: str) -> None:
        for day in range(1, 11):
            assert shop.patch("1", **{member: f"2026-02-{day:02}"}).status_code == 200
            shop.add(name=member)

    with ThreadPoolExecutor(len(members)) as writers:
        list(writers.map(write, members))
    run = shop.get("1")
    assert [run[member] for member in members] == ["2026-02-10"] * 6
    names = [run["name"] for run in shop.stand_in.get(API, "/billingRuns/").json()[1:]]
    assert sorted(names) == sorted(members * 10)
    assert shop.list() == [str(number) for number in range(1, 62)]


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("run", ["01", "0", "2", "999999999999999999"])
def test_an_id_that_names_no_run_is_404(platform: Open, run: str) -> None:
    shop = platform()
    shop.add()
    refused(shop.stand_in.get(API, f"/billingRuns/{run}"), 404, f"no billing run {run}")
    refused(shop.patch(run, name="x"), 404, f"no billing run {run}")


@pytest.mark.parametrize("run", ["one", "-1", "1.0", "%31%00", "%D9%A1", "9" * 40])
def test_an_invalid_id_is_refused(platform: Open, run: str) -> None:
    shop = platform()
    shop.add()
    assert shop.stand_in.get(API, f"/billingRuns/{run}").status_code in (400, 404)


@pytest.mark.parametrize("member", ["invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate"])
@pytest.mark.parametrize(
    "value",
    ["2026-02-30", "2026-2-1", "20260201", "2026-W05-1", "2026-02-01T00:00:00Z", " 2026-02-01", "", 20260201, {}],
)
def test_dates_are_strict(platform: Open, member: str, value: Any) -> None:
    shop = platform()
    refused(shop.stand_in.post(API, "/billingRuns/", json={member: value}), 400, member)
    assert shop.list() == []
    shop.add(name="Spring")
    refused(shop.patch("1", **{"name": "x", member: value}), 400, member)
    assert shop.get("1")["name"] == "Spring"


@pytest.mark.parametrize("member", ["name", "subrun", "invoiceMessage"])
def test_texts_are_texts_of_up_to_200_characters(platform: Open, member: str) -> None:
    shop = platform()
    assert shop.add(**{member: "ü" * 200})[member] == "ü" * 200
    for value in ("ü" * 201, 5, [], True):
        refused(shop.patch("1", **{member: value}), 400, member)


def test_a_run_cannot_be_due_before_its_invoice_date(platform: Open) -> None:
    shop = platform()
    refused(shop.stand_in.post(API, "/billingRuns/", json={**JANUARY, "dueDate": "2026-01-31"}), 409, "dueDate")
    shop.add(**JANUARY)
    refused(shop.patch("1", invoiceDate="2026-03-01"), 409, "dueDate")
    assert shop.get("1")["invoiceDate"] == "2026-02-01"


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2200-01-01", "9999-12-31"])
def test_any_date_of_the_calendar_can_be_billed(platform: Open, day: str) -> None:
    """No date makes a 500, neither when it is written nor when the run is produced."""
    shop = platform()
    dates = dict.fromkeys(["invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate"], day)
    shop.add(**dates)
    run = shop.bill("1")
    assert run["status"] == "Complete"
    assert [run[member] for member in dates] == [day] * 4


@pytest.mark.parametrize(
    ("query", "naming"),
    [
        ("idAfter=one", "idAfter"),
        ("idAfter=1&idAfter=2", "idAfter"),
        ("idAfter=", "idAfter"),
        ("idAfter=1.5", "idAfter"),
        ("createdSince=yesterday", "createdSince"),
        ("createdSince=2026-01-20", "createdSince"),
        ("createdSince=2026-01-20T12:00:00", "createdSince"),
        ("updatedSince=2026-02-30T12:00:00Z", "updatedSince"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("offset=-1", "offset"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_by_name(platform: Open, query: str, naming: str) -> None:
    refused(platform().stand_in.get(API, f"/billingRuns/?{query}"), 400, naming)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff", b'{"name": "\\ud800"}', b'{"name": NaN}'])
def test_a_body_that_is_not_an_object_is_refused(platform: Open, body: bytes) -> None:
    shop = platform()
    headers = {"Content-Type": "application/json"}
    for answer in (
        shop.stand_in.post(API, "/billingRuns/", content=body, headers=headers),
        shop.stand_in.patch(API, "/billingRuns/1", content=body, headers=headers),
    ):
        refused(answer, 400, "body")


def test_an_unknown_member_is_refused_if_so_switched(platform: Open) -> None:
    shop = platform(switches={"billingplatform.unknown_field": "400"})
    shop.add(name="Spring", status="Pending")
    refused(shop.patch("1", name="x", colour="red"), 400, "colour")
    refused(shop.patch("1", name="x", invoiceAmount="1.00"), 400, "invoiceAmount")
    assert shop.get("1")["name"] == "Spring"
    refused(shop.patch("1", **{"two\nlines": 1}), 400, "two")


def test_an_unknown_parameter_is_refused_if_so_switched(platform: Open) -> None:
    shop = platform(switches={"billingplatform.unknown_parameter": "400"})
    refused(shop.stand_in.get(API, "/billingRuns/?colour=red"), 400, "colour")
    assert platform().stand_in.get(API, "/billingRuns/?colour=red").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "counterfoil-key"}, 401),
        ({"Authorization": "Basic counterfoil-key"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer Counterfoil-Key"}, 401),
        ({"Authorization": "Bearer counterfoil-forbidden"}, 403),
        ({"Authorization": "bearer counterfoil-key"}, 200),
    ],
)
def test_who_may_ask(platform: Open, headers: dict[str, str], status: int) -> None:
    shop = platform()
    answers = [
        shop.stand_in.get(API, "/billingRuns/", key=None, headers=headers),
        shop.stand_in.post(API, "/billingRuns/", key=None, headers=headers, json={"name": "x"}),
        shop.stand_in.get(API, "/billingRuns/1", key=None, headers=headers),
        shop.stand_in.patch(API, "/billingRuns/1", key=None, headers=headers, json={"name": "y"}),
    ]
    assert [answer.status_code for answer in answers] == [status] * 4
    if status != 200:
        assert all(list(answer.json()) == ["error"] for answer in answers)
        assert shop.world.commands == []
    assert ("www-authenticate" in answers[0].headers) == (status == 401)


def test_runs_cannot_be_deleted_and_other_paths_are_unknown(platform: Open) -> None:
    shop = platform()
    answer = shop.stand_in.request("DELETE", API, "/billingRuns/1")
    refused(answer, 405, "DELETE")
    assert answer.headers["allow"] == "GET, HEAD, PATCH"
    refused(shop.stand_in.get(API, "/numbers/"), 501, "numbers")
    refused(shop.stand_in.get(API, "/invoicings/"), 404, "invoicings")


# --- switches ------------------------------------------------------------------------------------


def test_post_can_be_201_and_amounts_numbers(platform: Open) -> None:
    shop = platform(switches={"billingplatform.create_status": 201, "billingplatform.currency_as": "number"})
    assert shop.stand_in.post(API, "/billingRuns/", json=JANUARY | {"transactionCutoffDate": None}).status_code == 201
    assert '"invoiceAmount":0.00' in shop.stand_in.get(API, "/billingRuns/1").text
    assert shop.bill("1")["invoiceAmount"] == 14.28


def test_the_switches_are_those_of_the_spec() -> None:
    spec = load(API).raw
    told = {s["switch"]: (s["default"], tuple(s["choices"]), s["text"], s["rule"]) for s in spec["x-assumptions"]}
    assert {s.name: (s.default, s.choices, s.text.replace("`", ""), s.source) for s in api.switches} == {
        name: (default, choices, text.replace("`", ""), rule) for name, (default, choices, text, rule) in told.items()
    }


def test_what_is_written_over_http_is_a_command_like_any_other(platform: Open) -> None:
    shop = platform()
    shop.add(name="Spring", invoiceDate="2026-02-01")
    told = CreateRun(name="Spring", invoice_date=shop.world.ledger.run(1).invoice_date)
    assert shop.world.commands == [told]
