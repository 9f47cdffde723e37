"""At a real address a check changes only what it created itself, and says all of what it leaves behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from checking import check
from recording import Exchange, Recorder

from counterfoil.app import build
from counterfoil.serving import in_thread, listen, origin_of

KEY = "counterfoil-key"
BASE = "/billingplatform/backend/api/v1"
READS = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    application = build(["billingplatform", "oracle-brm"], scenario_name="demo")
    taken = listen("127.0.0.1", 0)
    stop = in_thread(application.server, taken)
    yield origin_of(taken)
    stop()


def runs(origin: str) -> dict[str, Any]:
    answer = httpx.get(f"{origin}{BASE}/billingRuns/", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)
    return {run["id"]: run for run in answer.json()}


def created(exchanges: list[Exchange]) -> set[str]:
    return {
        e.json["id"] for e in exchanges if e.method == "POST" and "/billingRuns" in e.path and e.status in (200, 201)
    }


@pytest.fixture(scope="module")
def checked(origin: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Any, list[Exchange], Any, Any]:
    folder, before = tmp_path_factory.mktemp("report"), runs(origin)
    with Recorder(origin) as recorder:
        urls = {"billingplatform": f"{recorder.url}{BASE}"}
        environ = {"COUNTERFOIL_TOKEN": KEY, "COUNTERFOIL_FORBIDDEN": "counterfoil-forbidden"}
        code = check(["billingplatform"], urls=urls, writes=True, max_examples=5, report=folder, environ=environ)
    return code, json.loads((folder / "report.json").read_text()), recorder.exchanges, before, runs(origin)


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
    assert {id: after[id] for id in before} == before


def test_all_that_is_left_behind_is_said(checked: Any) -> None:
    _, report, exchanges, before, after = checked
    new = {f"billingplatform: /billingRuns/{id}" for id in after.keys() - before.keys()}
    assert len(new) == len(created(exchanges)) > 20
    assert set(report["left_behind"]) == new
    assert any("remove them" in note for note in report["notes"])


def test_the_stand_in_by_url_is_fine(checked: Any) -> None:
    code, report, _, _, _ = checked
    assert [(finding["id"], finding["got"]) for finding in report["findings"]] == []
    assert code == 0


@pytest.mark.parametrize("api", ["billingplatform", "oracle-brm"])
def test_without_writes_nothing_but_reads_is_sent(origin: str, api: str) -> None:
    base = BASE if api == "billingplatform" else "/oracle-brm/brm/customerBillManagement/v4"
    with Recorder(origin) as recorder:
        check([api], urls={api: f"{recorder.url}{base}"}, fast=True, max_examples=2, environ={"COUNTERFOIL_TOKEN": KEY})
    assert {exchange.method for exchange in recorder.exchanges} <= READS
