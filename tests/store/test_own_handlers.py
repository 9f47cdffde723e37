"""A user's own function in one of several processes is called again if another process was faster, within its time limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.test_conflicts import Process, RemoteEngine, once
from tests.store.test_conflicts import engine as engine

from counterfoil.app import sharing
from counterfoil.lookup import own_api

PARCELS = Path(__file__).parents[1] / "own_documents" / "documents" / "parcels.yaml"
HANDLERS = """
from pathlib import Path
from threading import Event
from counterfoil.own import handler

CALLS = Path(__file__).parent / "calls"

@handler("POST /parcels")
def create(request, store):
    with CALLS.open("a") as calls:
        calls.write(".")
    made = store["/parcels"].create(request.body)
    if CALLS.read_text() == ".." and request.body["label"] == "Hangs":
        Event().wait(20)
    return made
"""


@pytest.fixture
def processes(tmp_path: Path, engine: type[RemoteEngine], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Process]]:
    monkeypatch.setattr(sharing, "_folder", lambda store: tmp_path)
    monkeypatch.setenv("COUNTERFOIL_HANDLER_SECONDS", "1")
    (tmp_path / "own.py").write_text(HANDLERS)
    made = [
        Process(tmp_path / "worlds.db", own=[own_api(PARCELS, rows=3, seed=0, handlers=tmp_path / "own.py")])
        for _ in range(2)
    ]
    yield made
    for each in made:
        each.close()


def deletes_one(process: Process) -> None:
    process.client.delete(f"/parcels/parcels/{ids(process)[0]}").raise_for_status()


def ids(process: Process) -> list[str]:
    return [each["id"] for each in process.client.get("/parcels/parcels").json()["parcels"]]


def test_a_handler_is_called_again_on_what_the_other_process_made(processes: list[Process], tmp_path: Path) -> None:
    one, two = processes
    one.engine.before_commit = once(lambda: deletes_one(two))
    made = one.client.post("/parcels/parcels", json={"label": "Vases", "weight": 2.5})
    assert made.status_code == 201, made.text
    assert (tmp_path / "calls").read_text() == ".."
    assert len(ids(one)) == 3 - 1 + 1
    assert made.json()["id"] in ids(one)
    assert ids(one) == ids(two)


def test_a_handler_that_hangs_when_it_is_called_again_is_a_503(processes: list[Process]) -> None:
    one, two = processes
    one.engine.before_commit = once(lambda: deletes_one(two))
    refused = one.client.post("/parcels/parcels", json={"label": "Hangs", "weight": 2.5})
    assert refused.status_code == 503
    assert "did not answer within 1 s" in refused.text
    assert two.client.post("/parcels/parcels", json={"label": "Vases", "weight": 2.5}).status_code == 201
    assert len(ids(one)) == 3 - 1 + 1
