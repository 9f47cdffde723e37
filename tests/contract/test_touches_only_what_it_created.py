"""Against a real address a check changes only what it created itself, and lists everything that it leaves behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from checking import check
from recording import Exchange, Recorder

from counterfoil.app import build
from counterfoil.serving import listen, origin_of, serve_in_thread

KEY = "counterfoil-key"
BASE = "/billingplatform/backend/api/v1"
BRM = "/oracle-brm/brm/customerBillManagement/v4"
READS = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    application = build(["billingplatform", "oracle-brm"], scenario_name="demo")
    taken = listen("127.0.0.1", 0)
    stop = serve_in_thread(application.server, taken)
    yield origin_of(taken)
    stop()


def listed(origin: str, path: str) -> dict[str, Any]:
    answer = httpx.get(f"{origin}{path}", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False, timeout=60)
    return {item["id"]: item for item in answer.json()}


def runs(origin: str) -> dict[str, Any]:
    return listed(origin, f"{BASE}/billingRuns/")


def issued(origin: str) -> dict[str, Any]:
    """The bills of all customers that have been issued, as another API shows them."""
    return {id: bill for id, bill in listed(origin, f"{BRM}/customerBill").items() if bill["state"] != "inProgress"}


def created(exchanges: list[Exchange]) -> set[str]:
    return {
        e.json["id"] for e in exchanges if e.method == "POST" and "/billingRuns" in e.path and e.status in (200, 201)
    }


@pytest.fixture(scope="module")
def checked(origin: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Any, list[Exchange], Any, Any]:
    folder, before = tmp_path_factory.mktemp("report"), {**runs(origin), "issued": issued(origin)}
    with Recorder(origin) as recorder:
        urls = {"billingplatform": f"{recorder.url}{BASE}"}
        environ = {"COUNTERFOIL_TOKEN": KEY, "COUNTERFOIL_FORBIDDEN": "counterfoil-forbidden"}
        code = check(["billingplatform"], urls=urls, writes=True, max_examples=1, report=folder, environ=environ)
    after = {**runs(origin), "issued": issued(origin)}
    return code, json.loads((folder / "report.json").read_text()), recorder.exchanges, before, after


def test_every_write_goes_to_a_resource_that_the_check_created(checked: Any) -> None:
    _, _, exchanges, _, _ = checked
    own, seen = set(), 0
    for exchange in exchanges:
        if exchange.method in READS:
            continue
        single = re.fullmatch(rf"{re.escape(BASE)}/billingRuns/([^/?]+)(\\?.*)?", exchange.path)
        if single:
            assert single[1] in own or single[1] == "999999999999999999", f"{exchange.method} {exchange.path}"
            seen += single[1] in own
        else:
            assert exchange.method == "POST", f"{exchange.method} {exchange.path}"
        own |= created([exchange])
    assert seen > 10, "the check did write to what it created"


def test_what_stood_before_is_as_it_was(checked: Any) -> None:
    _, _, _, before, after = checked
    assert len(before["issued"]) > 100
    assert digest({id: after[id] for id in before}) == digest(before)


def test_everything_left_behind_is_listed(checked: Any) -> None:
    _, report, exchanges, before, after = checked
    new = {f"billingplatform: /billingRuns/{id}" for id in after.keys() - before.keys()}
    assert len(new) == len(created(exchanges)) > 20
    assert set(report["left_behind"]) == new
    assert any("remove them" in note for note in report["notes"])


def test_the_stand_in_by_url_is_fine(checked: Any) -> None:
    code, report, _, _, _ = checked
    assert [(finding["id"], finding["got"]) for finding in report["findings"]] == []
    assert code == 0


def digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def test_no_bill_is_demanded_of_a_customer_that_the_check_did_not_create(origin: str, tmp_path: Path) -> None:
    """A bill on demand bills what a customer owes so far: at a real target that is somebody's money."""
    with Recorder(origin) as recorder:
        options: dict[str, Any] = {"writes": True, "fast": True, "max_examples": 1, "report": tmp_path}
        only = ["oracle-brm.demand", "oracle-brm.errors", "conformance"]
        check(
            ["oracle-brm"],
            urls={"oracle-brm": f"{recorder.url}{BRM}"},
            only=only,
            environ={"COUNTERFOIL_TOKEN": KEY},
            **options,
        )
    writes = [exchange for exchange in recorder.exchanges if exchange.method not in READS]
    assert {exchange.status for exchange in writes} <= {405}, "methods that the API does not have"
    assert not [exchange for exchange in writes if "OnDemand" in exchange.path]
    records = json.loads((tmp_path / "report.json").read_text())["records"]
    (left_out,) = [each for each in records if each["id"] == "conformance.writes"]
    assert (left_out["operation"], left_out["status"]) == ("POST /customerBillOnDemand", "not tried")


def test_without_writes_nothing_but_reads_is_sent(origin: str) -> None:
    with Recorder(origin) as recorder:
        url = f"{recorder.url}{BASE}"
        options: dict[str, Any] = {"fast": True, "max_examples": 1, "environ": {"COUNTERFOIL_TOKEN": KEY}}
        check(["billingplatform"], urls={"billingplatform": url}, **options)
    assert {exchange.method for exchange in recorder.exchanges} <= READS
