"""Requests that change several members of an own document's collection, and requests with the action in the body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served, whole_server

DOCUMENT = DOCUMENTS / "depot.yaml"
WORLD = "/_sandbox/v1/worlds/default"


@pytest.fixture
def depot() -> Iterator[httpx.Client]:
    with served(DOCUMENT, rows=4) as client:
        yield client


def crates(depot: httpx.Client, *weights: int) -> list[dict[str, Any]]:
    made = [depot.post("/crates", json={"weight": each, "note": "fragile"}) for each in weights]
    return [each.json() for each in made]


def test_a_list_of_members_is_changed_or_replaced_whole_or_not_at_all(depot: httpx.Client) -> None:
    one, two, three = crates(depot, 10, 20, 30)
    changed = depot.patch("/crates", json=[{"id": one["id"], "weight": 11}, {"id": two["id"], "note": "top"}])
    assert changed.status_code == 200, changed.text
    assert changed.json() == {"crates": [{**one, "weight": 11}, {**two, "note": "top"}]}
    assert depot.get(f"/crates/{one['id']}").json() == {**one, "weight": 11}

    lost = depot.patch("/crates", json=[{"id": three["id"], "weight": 1}, {"id": "none", "weight": 1}])
    assert (lost.status_code, "none" in lost.json()["message"]) == (404, True)
    assert depot.get(f"/crates/{three['id']}").json() == three

    sent = {"crates": [{"id": two["id"], "weight": 21}, {"id": three["id"], "weight": 31}]}
    assert depot.put("/crates", json=sent).status_code == 204
    assert depot.get(f"/crates/{two['id']}").json() == {"id": two["id"], "status": two["status"], "weight": 21}
    assert depot.patch("/crates", json=[{"id": one["id"]}] * 201).status_code == 400
    assert depot.patch("/crates", json=[]).json() == {"crates": []}
    assert depot.put("/crates").status_code == 204  # the document does not require a body


def test_several_are_deleted_by_their_ids_or_none(depot: httpx.Client) -> None:
    one, two, three, four = (each["id"] for each in crates(depot, 1, 2, 3, 4))
    before = len(depot.get("/crates").json())
    assert depot.delete("/crates", params={"ids": f"{one},none"}).status_code == 404
    assert len(depot.get("/crates").json()) == before
    assert depot.delete("/crates", params={"ids": f"{one}, {two}"}).status_code == 204
    assert depot.post("/crates/bulk-delete", json=[{"id": three}]).status_code == 200
    assert [depot.get(f"/crates/{each}").status_code for each in (one, two, three, four)] == [404, 404, 404, 200]
    assert len(depot.get("/crates").json()) == before - 3


def test_what_is_unknown_is_made_or_left_alone_where_the_document_has_no_error_for_it(depot: httpx.Client) -> None:
    sent = [{"id": "new", "text": "one"}, {"id": "newer", "text": "two"}]
    assert depot.put("/tags", json=sent).status_code == 200
    assert depot.get("/tags").json()[-2:] == sent
    assert depot.put("/tags", json=[{"id": "new"}]).status_code == 200
    assert depot.get("/tags/new").json() == {"id": "new"}
    assert depot.delete("/tags", params={"ids": "newer,none"}).status_code == 200
    assert depot.get("/tags/newer").status_code == 404
    assert depot.put("/tags", json=[{"text": "three"}]).status_code == 200
    assert depot.get("/tags").json()[-1]["text"] == "three"
    assert depot.get("/tags/new").status_code == 200


def test_the_body_names_the_action(depot: httpx.Client) -> None:
    (crate,) = crates(depot, 5)
    path = f"/crates/{crate['id']}"
    assert crate["status"] == "packed"

    def act(action: str, **more: str) -> Any:
        done = depot.post(f"{path}/actions", json={"action": action, **more})
        assert done.status_code == 200, done.text
        return done.json()

    assert act("ship", note="by sea") == {**crate, "status": "shipped", "note": "by sea"}
    assert act("hold")["status"] == "held"
    assert act("lost")["status"] == "lost"  # the name of a state
    assert act("weigh")["status"] == "lost"  # of which nothing is known
    assert depot.put(f"{path}/status", json={"status": "delivered"}).status_code == 204
    assert depot.get(path).json() == {**crate, "status": "delivered", "note": "by sea"}
    assert depot.post(f"{path}/actions", json={"action": "burn"}).status_code == 400
    assert depot.post(f"{path}/actions").status_code == 200  # nothing is asked for
    assert depot.get(path).json()["status"] == "delivered"
    act("delete")
    assert depot.get(path).status_code == 404
    assert depot.post(f"{path}/actions", json={"action": "ship"}).status_code == 404


def test_a_member_with_an_id_of_two_parts_is_listed_read_changed_and_deleted(depot: httpx.Client) -> None:
    listed = depot.get("/bays").json()
    assert len({(each["owner"], each["bay"]) for each in listed}) == len(listed) > 0
    for each in listed:
        shown = depot.get(f"/bays/{each['owner']}/{each['bay']}")
        assert (shown.status_code, shown.json()) == (200, each)

    made = depot.post("/bays", json={"owner": "ada", "bay": "north", "size": 3})
    assert (made.status_code, made.json()) == (201, {"owner": "ada", "bay": "north", "size": 3})
    other = depot.post("/bays", json={"owner": "bo", "bay": "north", "size": 5})
    assert other.status_code == 201, other.text
    assert depot.get("/bays/ada/north").json()["size"] == 3
    assert depot.get("/bays/ada/south").status_code == 404
    assert depot.get("/bays", params={"owner": "bo"}).json() == [other.json()]
    south = depot.post("/bays/bo", json={"bay": "south", "size": 6})
    assert (south.status_code, south.json()) == (201, {"owner": "bo", "bay": "south", "size": 6})
    assert south.headers["location"].endswith("/depot/bays/bo/south")
    assert depot.get("/bays/bo").json() == [other.json(), south.json()]
    assert depot.delete("/bays/bo/south").status_code == 204
    assert depot.post("/bays", json={"owner": "ada", "bay": "north"}).status_code == 409
    assert depot.patch("/bays/ada/north", json={"size": 4}).json() == {"owner": "ada", "bay": "north", "size": 4}
    key = depot.post("/bays/ada/north/keys", json={"holder": "Eve"})
    assert key.status_code == 201, key.text
    assert depot.get(f"/bays/ada/north/keys/{key.json()['id']}").json() == key.json()
    assert key.json() not in depot.get("/bays/bo/north/keys").json()
    assert depot.post("/bays/ada/none/keys", json={}).status_code == 404

    assert depot.delete("/bays/ada/north").status_code == 204
    assert depot.get("/bays/ada/north").status_code == 404
    assert depot.get("/bays/bo/north").json() == other.json()
    assert len(depot.get("/bays").json()) == len(listed) + 1


def test_each_part_of_an_id_fits_its_parameter(depot: httpx.Client) -> None:
    lots = depot.get("/lots").json()
    assert len(lots) == 4
    for lot in lots:
        assert depot.get(f"/lots/{lot['zone']}/{lot['lot']}").json() == lot
    assert depot.get("/lots/north/1").status_code == 404


@pytest.fixture
def kept() -> Iterator[httpx.Client]:
    """The depot with its control API."""
    with whole_server(DOCUMENT, rows=4) as client:
        yield client


def test_one_request_is_one_command_of_the_world(kept: httpx.Client) -> None:
    ids = [each["id"] for each in kept.get("/depot/crates").json()]
    assert len(ids) == 4
    sent = {"crates": [{"id": each, "weight": 7} for each in ids[:3]]}
    assert kept.put("/depot/crates", json=sent).status_code == 204
    assert kept.get(WORLD).json()["version"] == 1
    (step,) = kept.get(f"{WORLD}/timeline").json()["past"]["entries"][:1]
    assert step["command"]["command"] == "write_resources"
    assert [each["id"] for each in step["command"]["writes"]] == ids[:3] == step["fact"]

    lost = kept.patch("/depot/crates", json=[{"id": ids[0], "weight": 1}, {"id": "none", "weight": 1}])
    assert lost.status_code == 404
    assert kept.delete("/depot/crates", params={"ids": f"{ids[0]},{ids[1]}"}).status_code == 204
    assert kept.get(WORLD).json()["version"] == 2

    capsule = kept.get(f"{WORLD}/capsule").json()
    assert kept.post("/_sandbox/v1/worlds", json={"name": "copy", "capsule": capsule}).status_code == 201
    assert kept.get("/w/copy/depot/crates").json() == kept.get("/depot/crates").json()
    assert [each["id"] for each in kept.get("/depot/crates").json()] == ids[2:]


def test_several_resources_are_written_by_one_command_or_none(kept: httpx.Client) -> None:
    ids = [each["id"] for each in kept.get("/depot/crates").json()]
    one = kept.get(f"/depot/crates/{ids[0]}").json()
    place = {"api": "depot", "collection": "/crates"}
    changed = {**place, "id": ids[0], "value": {**one, "weight": 99}}
    gone = {**place, "id": ids[1]}

    def write(*writes: dict[str, Any]) -> httpx.Response:
        return kept.post(f"{WORLD}/commands/write_resources", json={"writes": writes})

    for wrong, status in (({**gone, "id": "none"}, 404), ({**changed, "value": {**one, "weight": "much"}}, 422)):
        assert write(changed, wrong).status_code == status
    assert write(gone, gone).status_code == 404  # the second finds it deleted
    assert write().status_code == 400
    assert kept.get(WORLD).json()["version"] == 0
    assert kept.get(f"/depot/crates/{ids[0]}").json() == one

    done = write(changed, gone)
    assert (done.status_code, done.json()["fact"], done.json()["version"]) == (200, ids[:2], 1)
    assert kept.get(f"/depot/crates/{ids[0]}").json()["weight"] == 99
    assert kept.get(f"/depot/crates/{ids[1]}").status_code == 404
