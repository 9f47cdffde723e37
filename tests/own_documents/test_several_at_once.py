"""Several members are read and written by one request as each is by its own; where a result is told for each, one may fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served, whole_server

from counterfoil.cli import main

SILO = DOCUMENTS / "silo.yaml"
NONE = 99999


@pytest.fixture
def silo() -> Iterator[httpx.Client]:
    with served(SILO, rows=4) as client:
        yield client


def bins(silo: httpx.Client) -> Any:
    return silo.get("/bins").json()


def test_several_are_read_by_their_ids(silo: httpx.Client) -> None:
    one, two, three, _ = bins(silo)
    assert silo.get(f"/bins?bin_ids={three['id']},{one['id']},{NONE}").json() == [one, three]
    found = silo.post("/bins/batch-get", json={"ids": [two["id"], NONE, three["id"]]}).json()
    assert [each["id"] for each in found["bins"]] == [two["id"], three["id"]]
    assert [each["grain"] for each in found["bins"]] == [two["grain"], three["grain"]]
    assert found["not_found"] == [NONE]
    assert silo.delete(f"/bins/{two['id']}").status_code == 204
    assert silo.post("/bins/batch-get", json={"ids": [two["id"]]}).json() == {"bins": [], "not_found": [two["id"]]}


def test_a_list_of_members_replaces_creates_and_deletes(silo: httpx.Client) -> None:
    one, two, three, four = bins(silo)
    sent = [{"id": one["id"], "grain": "rye"}, {"id": NONE, "grain": "oats"}]
    assert silo.put("/bins", json=sent).json() == sent
    assert silo.get(f"/bins/{NONE}").json() == sent[1]
    assert silo.delete(f"/bins?ids={one['id']},{two['id']}").status_code == 204
    assert bins(silo) == [three, four, sent[1]]
    assert silo.delete(f"/bins?ids={three['id']},{one['id']}").status_code == 404
    assert bins(silo) == [three, four, sent[1]]


def test_each_is_changed_or_refused_for_itself_where_a_result_is_told_for_each(silo: httpx.Client) -> None:
    one, two = bins(silo)[:2]
    sent = [{"id": one["id"], "tons": 7}, {"id": NONE, "tons": 8}, {"id": two["id"], "grain": "rye"}]
    changed = silo.patch("/bins/bulk", json=sent)
    assert changed.status_code == 207
    first, lost, last = changed.json()["results"]
    assert first == {"id": one["id"], "status": 200, "bin": {**one, "tons": 7}}
    assert lost == {"id": NONE, "status": 404, "error": {"message": f"/bins has no member '{NONE}'"}}
    assert last == {"id": two["id"], "status": 200, "bin": {**two, "grain": "rye"}}
    assert changed.json()["summary"] == {"total": 3, "succeeded": 2, "failed": 1}
    assert bins(silo)[:2] == [first["bin"], last["bin"]]


def test_each_is_deleted_or_told_to_be_missing(silo: httpx.Client) -> None:
    one, two, *others = bins(silo)
    gone = silo.request("DELETE", "/bins/bulk", json={"ids": [one["id"], NONE, two["id"]]})
    assert gone.status_code == 207
    assert [(each["id"], each["success"]) for each in gone.json()] == [
        (one["id"], True),
        (NONE, False),
        (two["id"], True),
    ]
    assert gone.json()[1]["message"] == f"/bins has no member '{NONE}'"
    assert bins(silo) == others


def test_a_usual_response_is_given_where_nothing_failed(silo: httpx.Client) -> None:
    made = silo.post("/bins/bulk", json={"bins": [{"id": 701, "grain": "rye"}, {"grain": "oats"}]})
    assert made.status_code == 201
    assert [each["grain"] for each in made.json()] == ["rye", "oats"]
    assert bins(silo)[-2:] == made.json()

    partly = silo.post("/bins/bulk", json={"bins": [{"grain": "spelt"}, {"id": 701, "grain": "wheat"}]})
    assert partly.status_code == 207
    spelt, taken = partly.json()
    assert (spelt["index"], spelt["outcome"]) == (0, "created")
    assert (taken["index"], taken["id"], taken["outcome"]) == (1, 701, "failed")
    assert silo.get(f"/bins/{spelt['id']}").json()["grain"] == "spelt"
    assert silo.get("/bins/701").json()["grain"] == "rye"


def test_one_request_is_one_command_also_if_a_part_of_it_failed() -> None:
    with whole_server(SILO, rows=4) as server:
        one, two = server.get("/silo/bins").json()[:2]
        sent = [{"id": each, "tons": 5} for each in (one["id"], NONE, two["id"])]
        assert server.patch("/silo/bins/bulk", json=sent).status_code == 207
        world = "/_sandbox/v1/worlds/default"
        assert server.get(world).json()["version"] == 1
        (step,) = server.get(f"{world}/timeline").json()["past"]["entries"][:1]
        assert step["fact"] == [str(one["id"]), str(two["id"])]


def test_the_reason_is_told_and_the_laws_hold() -> None:
    told = CliRunner().invoke(main, ["infer", str(SILO), "--why", "/bins/bulk"]).stdout
    assert "its body lists members with their 'id'; the response with 207 has a result for each" in told
    assert (
        "its body and its response have several members of /bins; the response with 207 has a result for each" in told
    )
    assert verdict(SILO)["findings"] == []
