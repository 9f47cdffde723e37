"""The two independent applications keep the rules, and every planted bug changes a response. The second half matters most: with
a planted bug that changes nothing, a good checker would look blind.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from . import billingplatform_app, elevate_app
from .data import BILLING_STATUSES

SUMMARIES = "/v1/customer-billing-summaries"
RUNS = "/backend/api/v1/billingRuns/"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = {"username": "counterfoil", "password": "counterfoil-key"}
Answer = tuple[int, Any]


class Caller:
    """A client of one of the two applications over HTTP, at a chosen time."""

    def __init__(self, module: Any, *bugs: str) -> None:
        app = module.create_app(bugs=frozenset(bugs))
        self.time = START
        app.config["CLOCK"] = lambda: self.time
        self.client: FlaskClient = app.test_client()

    def ask(self, method: str, url: str, body: Any = None, key: str = "counterfoil-key") -> Answer:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = self.client.open(url, method=method, json=body, headers=headers)
        return answer.status_code, answer.get_json()

    def summaries(self, query: str = "", page: str = "page=1&pageSize=100") -> Any:
        status, body = self.ask("GET", f"{SUMMARIES}?{page}&{query}")
        assert status == 200, body
        return body

    def column(self, name: str, query: str) -> list[Any]:
        return [row[name] for row in self.summaries(query)]

    def ids(self, query: str = "") -> list[str]:
        status, body = self.ask("GET", f"{RUNS}?{query}")
        assert status == 200, body
        return [run["id"] for run in body]


@pytest.fixture
def elevate() -> Caller:
    return Caller(elevate_app)


@pytest.fixture
def platform() -> Caller:
    return Caller(billingplatform_app)


# --- Elevate ---------------------------------------------------------------------------------------------------------


def test_pages_cut_the_customers_in_order_of_their_ids(elevate: Caller) -> None:
    pages = [elevate.summaries(page=f"page={n}&pageSize=25") for n in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [25, 25, 10, 0]
    assert [row["customerId"] for page in pages for row in page] == list(range(1, 61))


@pytest.mark.parametrize(
    "page",
    ["", "page=1", "pageSize=1", "page=0&pageSize=1", "page=1&pageSize=0", "page=1&pageSize=1001", "page=x&pageSize=1",
     "page=1.0&pageSize=1", "page=&pageSize=1", "page=-1&pageSize=1", "page=2147483648&pageSize=1", "page=²&pageSize=1",
     f"page=1&pageSize={'9' * 5000}", "page=1&pageSize=1&sort=name", "page=1&pageSize=1&sort=customerId:up",
     "page=1&pageSize=1&sort=customerId,"],
)  # fmt: skip
def test_a_bad_page_or_sort_is_a_bad_request(elevate: Caller, page: str) -> None:
    status, body = elevate.ask("GET", f"{SUMMARIES}?{page}")
    assert status == 400
    assert body["error"] == "Bad Request"
    assert isinstance(body["message"], str)


def test_sorting_by_two_fields_each_in_its_direction(elevate: Caller) -> None:
    rows = elevate.summaries("sort=billingStatus,openBillRunValue:desc")
    keys = [(row["billingStatus"], -row["openBillRunValue"], row["customerId"]) for row in rows]
    assert keys == sorted(keys)
    assert len({key[:2] for key in keys}) < len(keys), "no ties, so their order is not tested"


def test_the_values_follow_from_the_two_runs(elevate: Caller) -> None:
    rows = elevate.summaries()
    for row in rows:
        opened, previous = row["openBillRunValue"], row["previousBillRunValue"]
        assert row["valueDifference"] == pytest.approx(opened - previous)
        assert row["percentageDifference"] == pytest.approx((opened - previous) / previous * 100 if previous else 0)
    assert {row["billingStatus"] for row in rows} == set(BILLING_STATUSES)
    assert any(row["valueDifference"] < 0 for row in rows)
    assert any(row["openBillRunValue"] < 0 for row in rows)
    assert any(row["previousBillRunValue"] == 0 != row["openBillRunValue"] for row in rows)


def test_filters_are_literal_or_a_choice_or_a_part(elevate: Caller) -> None:
    assert set(elevate.column("billingStatus", "billingStatus=CEASED")) == {"CEASED"}
    assert set(elevate.column("billingStatus", "billingStatus=in:CEASED,ACTIVE")) == {"CEASED", "ACTIVE"}
    assert set(elevate.column("billingStatus", "billingStatus=like:_b")) == {"NEVER_BILLED"}
    assert elevate.column("customerId", "customerId=7") == [7]
    assert elevate.summaries("billingStatus=ceased") == elevate.summaries("billingStatus=DOZING") == []
    assert elevate.summaries("valueDifference=xyz") == elevate.summaries("percentageDifference=NaN") == []


def test_numbers_are_compared_as_numbers(elevate: Caller) -> None:
    forty = elevate.column("valueDifference", "valueDifference=40")
    assert set(forty) == {40}
    assert forty == elevate.column("valueDifference", "valueDifference=40.0")
    assert forty == elevate.column("valueDifference", "valueDifference=in:1e999,040.00")
    assert set(elevate.column("valueDifference", "valueDifference=-40")) == {-40}


def test_filters_combine_with_and(elevate: Caller) -> None:
    both = elevate.summaries("billingStatus=ACTIVE&ratingStatus=INCOMPLETE")
    assert both
    assert {(row["billingStatus"], row["ratingStatus"]) for row in both} == {("ACTIVE", "INCOMPLETE")}


def test_fields_picks_members_and_passes_over_unknown_ones(elevate: Caller) -> None:
    row = elevate.summaries("fields=ratingStatus,customerId,name")[0]
    assert set(row) == {"customerId", "ratingStatus"}


@pytest.mark.parametrize(("key", "status"), [("", 401), ("nonsense", 401), ("counterfoil-forbidden", 403)])
def test_both_refuse_unknown_callers(elevate: Caller, platform: Caller, key: str, status: int) -> None:
    got, body = elevate.ask("GET", f"{SUMMARIES}?page=1&pageSize=1", key=key)
    assert (got, set(body)) == (status, {"error", "message"})
    for method, url in (("GET", RUNS), ("POST", RUNS), ("GET", f"{RUNS}1"), ("PATCH", f"{RUNS}1")):
        got, body = platform.ask(method, url, {} if method in ("POST", "PATCH") else None, key=key)
        assert (got, set(body)) == (status, {"error"})


@pytest.mark.parametrize("body", [GOOD, {"clientId": GOOD["username"], "clientSecret": GOOD["password"]}])
def test_a_token_is_valid_for_fifteen_minutes(elevate: Caller, body: dict[str, str]) -> None:
    status, given = elevate.ask("POST", "/v1/authenticate", body, key="")
    assert status == 200
    assert given["token"].count(".") == 2
    assert _after(elevate, timedelta(minutes=14, seconds=59), given["token"]) == 200
    assert _after(elevate, timedelta(minutes=15), given["token"]) == 401


def _after(caller: Caller, wait: timedelta, token: str) -> int:
    caller.time = START + wait
    return caller.ask("GET", f"{SUMMARIES}?page=1&pageSize=1", key=token)[0]


def test_authenticate_distinguishes_wrong_from_malformed(elevate: Caller) -> None:
    def post(body: Any) -> int:
        return elevate.ask("POST", "/v1/authenticate", body, key="")[0]

    assert post({**GOOD, "password": "guess"}) == 401
    malformed: list[Any] = [{}, [], 1, "x", {"username": "counterfoil"}, {**GOOD, "password": 1}]
    assert {post(body) for body in malformed} == {400}
    assert elevate.client.post("/v1/authenticate", data="a=b", content_type="text/plain").status_code == 415


def test_elevate_refuses_other_methods_paths_and_media_types(elevate: Caller) -> None:
    assert {elevate.ask(method, SUMMARIES)[0] for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {405}
    assert elevate.ask("GET", "/v1/nowhere")[0] == elevate.ask("GET", f"/{SUMMARIES}")[0] == 404
    headers = {"Authorization": "Bearer counterfoil-key", "Accept": "text/html"}
    assert elevate.client.get(f"{SUMMARIES}?page=1&pageSize=1", headers=headers).status_code == 406


# --- billingplatform.uk ----------------------------------------------------------------------------------------------


def test_the_list_is_a_cursor_over_numeric_ids(platform: Caller) -> None:
    everything = platform.ids()
    assert everything == sorted(everything, key=int) != sorted(everything)
    assert platform.ids("idAfter=9") == ["10", "11", "12", "99", "100", "101"]
    assert platform.ids("idAfter=101") == []
    assert platform.ids("idAfter=-5") == everything
    assert platform.ids("limit=2&offset=1") == everything[1:3]
    assert platform.ask("GET", RUNS) == platform.ask("GET", RUNS.rstrip("/"))


def test_since_is_inclusive_and_reads_zones(platform: Caller) -> None:
    assert platform.ids("createdSince=2025-12-03T09:30:00Z") == ["101"]
    assert platform.ids("createdSince=2025-12-03T09:30:01Z") == []
    assert platform.ids("createdSince=2025-12-03T10:30:00%2B01:00") == ["101"]
    assert platform.ids("createdSince=2025-12-03T09:30:00&idAfter=101") == []
    assert len(platform.ids("createdSince=0001-01-01T00:00:00%2B14:00")) == 12


def test_a_change_brings_a_run_back_into_updated_since(platform: Caller) -> None:
    query = "updatedSince=2026-03-01T12:00:00Z"
    assert platform.ids(query) == []
    platform.ask("PATCH", f"{RUNS}2", {"name": "Renamed"})
    assert platform.ids(query) == ["2"]
    assert platform.ids(query.replace("updated", "created")) == []


@pytest.mark.parametrize(
    "query",
    ["idAfter=x", "idAfter=", "idAfter=1.5", "createdSince=yesterday", "createdSince=2025-13-01", "updatedSince=",
     "updatedSince=2025-01-01T25:00:00Z", "limit=-1", "offset=x"],
)  # fmt: skip
def test_a_bad_parameter_is_a_bad_request(platform: Caller, query: str) -> None:
    status, body = platform.ask("GET", f"{RUNS}?{query}")
    assert (status, set(body)) == (400, {"error"})


def test_a_new_run_is_pending_and_can_be_fetched_and_listed(platform: Caller) -> None:
    wanted = {"name": "April", "invoiceDate": "2026-04-05", "status": "Complete", "id": "7", "colour": "red"}
    status, run = platform.ask("POST", RUNS, wanted)
    assert status == 200
    assert (run["id"], run["status"], run["name"], run["invoiceDate"]) == ("102", "Pending", "April", "2026-04-05")
    assert (run["dueDate"], run["invoiceAmount"], "colour" in run) == (None, "0.00", False)
    assert platform.ask("GET", f"{RUNS}102") == (200, run)
    assert platform.ids("idAfter=101") == platform.ids("createdSince=2026-03-01T12:00:00Z") == ["102"]


def test_a_patch_leaves_out_what_it_does_not_name(platform: Caller) -> None:
    before = platform.ask("GET", f"{RUNS}99")[1]
    status, after = platform.ask("PATCH", f"{RUNS}99", {"dueDate": "2025-11-11", "invoiceAmount": "1.00"})
    assert (status, after) == (200, {**before, "dueDate": "2025-11-11"})
    assert platform.ask("GET", f"{RUNS}99") == (200, after)
    assert platform.ask("PATCH", f"{RUNS}99", {"dueDate": None})[1]["dueDate"] is None


@pytest.mark.parametrize("run_id", [1, 9, 10])
@pytest.mark.parametrize("name", ["invoiceDate", "cutoffDate", "transactionCutoffDate", "dueDate", "invoiceMessage"])
def test_dates_and_message_lock_once_bills_are_requested(platform: Caller, run_id: int, name: str) -> None:
    before = platform.ask("GET", f"{RUNS}{run_id}")
    status, body = platform.ask("PATCH", f"{RUNS}{run_id}", {name: "2030-01-01", "name": "Sneaked in"})
    assert status == 409
    assert name in body["error"]
    assert platform.ask("GET", f"{RUNS}{run_id}") == before
    assert platform.ask("PATCH", f"{RUNS}{run_id}", {"name": "Renamed", name: before[1][name]})[0] == 200


def test_status_cannot_be_written(platform: Caller) -> None:
    assert platform.ask("PATCH", f"{RUNS}99", {"status": "Requested"})[0] == 409
    assert platform.ask("GET", f"{RUNS}99")[1]["status"] == "Pending"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b"\xff", b"[" * 100_000, b'{"name": NaN}', b"9" * 5000, b'{"name": 1}',
     b'{"dueDate": "soon"}', b'{"dueDate": "2025-02-30"}', b'{"dueDate": "20250201"}', b'{"invoiceMessage": {}}'],
)  # fmt: skip
def test_a_bad_body_is_a_bad_request(platform: Caller, elevate: Caller, body: bytes) -> None:
    headers = {"Authorization": "Bearer counterfoil-key"}
    for method, url in (("POST", RUNS), ("PATCH", f"{RUNS}99")):
        answer = platform.client.open(url, method=method, data=body, headers=headers)
        assert (answer.status_code, set(answer.get_json())) == (400, {"error"})
    assert elevate.client.post("/v1/authenticate", data=body).status_code == 400


def test_unknown_runs_and_methods(platform: Caller) -> None:
    assert {platform.ask("GET", RUNS + run_id)[0] for run_id in ("4", "0", "05", "x", "-1", "%00", "1/")} == {404}
    assert platform.ask("PATCH", f"{RUNS}4", {})[0] == 404
    assert {platform.ask(method, f"{RUNS}1")[0] for method in ("DELETE", "PUT", "POST")} == {405}
    assert platform.ask("DELETE", RUNS)[0] == 405


def test_two_applications_share_no_state(platform: Caller) -> None:
    platform.ask("PATCH", f"{RUNS}1", {"name": "Mine"})
    assert Caller(billingplatform_app).ask("GET", f"{RUNS}1")[1]["name"] != "Mine"


# --- planted bugs ----------------------------------------------------------------------------------------------------


def _get(query: str, page: str = "page=1&pageSize=100") -> Callable[[Caller], Any]:
    return lambda caller: caller.ask("GET", f"{SUMMARIES}?{page}&{query}")


def _list(query: str = "") -> Callable[[Caller], Any]:
    return lambda caller: caller.ask("GET", f"{RUNS}?{query}")


def _patch(run_id: int, body: Any, then: str = "") -> Callable[[Caller], Any]:
    def probe(caller: Caller) -> Any:
        return caller.ask("PATCH", f"{RUNS}{run_id}", body)[0], caller.ask("GET", then or f"{RUNS}{run_id}")

    return probe


def _stale_token(caller: Caller) -> Any:
    token = caller.ask("POST", "/v1/authenticate", GOOD, key="")[1]["token"]
    return _after(caller, timedelta(hours=1), token)


ELEVATE_PROBES = {
    "difference_unsigned": _get("fields=valueDifference"),
    "fields_ignored": _get("fields=customerId"),
    "filters_combine_with_or": _get("billingStatus=ACTIVE&ratingStatus=INCOMPLETE"),
    "first_page_is_zero": _get("", "page=1&pageSize=10"),
    "forbidden_is_unauthorized": lambda caller: caller.ask(
        "GET", f"{SUMMARIES}?page=1&pageSize=1", key="counterfoil-forbidden"
    ),
    "in_matches_first_only": _get("billingStatus=in:CEASED,ACTIVE"),
    "like_is_case_sensitive": _get("billingStatus=like:active"),
    "like_is_prefix": _get("billingStatus=like:BILLED"),
    "numbers_compared_as_text": _get("valueDifference=40.0"),
    "page_off_by_one": _get("", "page=2&pageSize=10"),
    "page_past_end_is_not_found": _get("", "page=9&pageSize=100"),
    "page_size_unlimited": _get("", "page=1&pageSize=1001"),
    "percentage_of_open": _get("fields=percentageDifference"),
    "second_sort_key_ignored": _get("sort=billingStatus,openBillRunValue"),
    "sort_ignores_desc": _get("sort=customerId:desc"),
    "token_never_expires": _stale_token,
    "unknown_sort_accepted": _get("sort=name"),
}
PLATFORM_PROBES = {
    "array_in_envelope": _list(),
    "conflict_writes_the_rest": _patch(1, {"name": "Sneaked in", "dueDate": "2030-01-01"}),
    "created_since_exclusive": _list("createdSince=2025-12-03T09:30:00Z"),
    "id_after_inclusive": _list("idAfter=9"),
    "ids_are_numbers": _list(),
    "ids_compared_as_text": _list("idAfter=9"),
    "lock_missing": _patch(1, {"dueDate": "2030-01-01"}),
    "lock_only_when_complete": _patch(10, {"dueDate": "2030-01-01"}),
    "message_not_locked": _patch(1, {"invoiceMessage": "Other"}),
    "newest_first": _list(),
    "patch_not_stored": _patch(99, {"name": "Renamed"}),
    "patch_resets_omitted": _patch(99, {"name": "Renamed"}),
    "post_keeps_status": lambda caller: caller.ask("POST", RUNS, {"status": "Complete"}),
    "status_writable": _patch(99, {"status": "Requested"}),
    "unknown_id_is_empty_object": lambda caller: caller.ask("GET", f"{RUNS}4"),
    "updated_since_ignores_update": _patch(2, {"name": "Renamed"}, f"{RUNS}?updatedSince=2026-03-01T12:00:00Z"),
}
PLANTED = [(elevate_app, bug) for bug in sorted(elevate_app.BUGS)] + [
    (billingplatform_app, bug) for bug in sorted(billingplatform_app.BUGS)
]


@pytest.mark.parametrize(("module", "bug"), PLANTED, ids=lambda value: value if isinstance(value, str) else "")
def test_each_planted_bug_changes_an_answer(module: Any, bug: str) -> None:
    probe = (ELEVATE_PROBES if module is elevate_app else PLATFORM_PROBES)[bug]
    healthy, sick = probe(Caller(module)), probe(Caller(module, bug))
    assert healthy == probe(Caller(module)), "the healthy answer is not steady"
    assert sick != healthy


@pytest.mark.parametrize("module", [elevate_app, billingplatform_app])
def test_an_unknown_bug_is_named(module: Any) -> None:
    with pytest.raises(ValueError, match="unknown bugs: typo"):
        module.create_app(bugs=frozenset({"typo"}))
