"""A slow user handler does not block others, and its client gets a response in time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.api import ConfigurationError
from counterfoil.lookup import own_api

DEPOT = DOCUMENTS / "parcels.yaml"
HANDLERS = """
import sys, time
from pathlib import Path
from counterfoil.own import handler

FOLDER = Path(__file__).parent

@handler("GET /parcels/{id}")
def read(request, store):
    what = request.path["id"]
    if what == "exit":
        sys.exit(3)
    if what == "timeout":
        raise TimeoutError("the other server does not answer")
    wait()
    return store["/parcels"].list()[0]

@handler("POST /parcels")
def create(request, store):
    made = store["/parcels"].create(request.body)
    wait()
    return made

def wait():
    (FOLDER / "begun").touch()
    while not (FOLDER / "go").exists():
        time.sleep(0.01)
"""


@pytest.fixture
def depot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    (tmp_path / "slow.py").write_text(HANDLERS)
    monkeypatch.setenv("COUNTERFOIL_HANDLER_SECONDS", "2")
    with served(DEPOT, rows=5, handlers=tmp_path / "slow.py") as client:
        client.timeout = httpx.Timeout(None)
        yield client


def test_others_are_answered_while_a_handler_works(depot: httpx.Client, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(depot.get, "/parcels/slow")
        while not (tmp_path / "begun").exists():
            assert not slow.done()
        assert depot.get("/parcels").status_code == 200
        (tmp_path / "go").touch()  # the handler waits for this: had the list waited for the handler, both would fail
        assert slow.result().status_code == 200


def test_a_handler_that_takes_too_long_is_a_503_and_its_writes_are_not_kept(
    depot: httpx.Client, tmp_path: Path
) -> None:
    before = depot.get("/parcels").json()
    read = depot.get("/parcels/slow")
    assert read.status_code == 503
    assert "did not answer within 2 s" in read.text
    assert depot.post("/parcels", json={"label": "Vases", "weight": 2.5}).status_code == 503
    (tmp_path / "go").touch()  # what it wrote is dropped when it returns, and then others may write
    assert depot.delete(f"/parcels/{before['parcels'][0]['id']}").status_code == 202
    assert len(depot.get("/parcels").json()["parcels"]) == len(before["parcels"]) - 1


def test_a_handler_that_exits_or_times_out_by_itself_is_an_error_of_the_server(depot: httpx.Client) -> None:
    assert depot.get("/parcels/exit").status_code == 500
    assert depot.get("/parcels/timeout").status_code == 500
    assert depot.get("/parcels").status_code == 200


def test_a_limit_that_is_not_a_number_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow.py").write_text(HANDLERS)
    monkeypatch.setenv("COUNTERFOIL_HANDLER_SECONDS", "soon")
    with pytest.raises(ConfigurationError, match="COUNTERFOIL_HANDLER_SECONDS is 'soon'"):
        own_api(DEPOT, rows=5, seed=0, handlers=tmp_path / "slow.py")
