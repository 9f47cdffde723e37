"""Requests that change several members of an own document's collection at once, or whose body names the action."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterfoil.app import build, own_api
from counterfoil.testing.in_process import InProcessTransport

DOCUMENT = Path(__file__).parent / "documents" / "depot.yaml"


@pytest.fixture
def depot() -> Iterator[httpx.Client]:
    transport = InProcessTransport(build(own=[own_api(DOCUMENT, rows=4, seed=0)]).asgi_app)
    base = "http://localhost/depot"
    with httpx.Client(transport=transport, base_url=base, headers={"Authorization": "Bearer x"}) as client:
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


def test_several_are_deleted_by_their_ids_or_none(depot: httpx.Client) -> None:
    one, two, three, four = (each["id"] for each in crates(depot, 1, 2, 3, 4))
    before = len(depot.get("/crates").json())
    assert depot.delete("/crates", params={"ids": f"{one},none"}).status_code == 404
    assert len(depot.get("/crates").json()) == before
    assert depot.delete("/crates", params={"ids": f"{one}, {two}"}).status_code == 204
    assert depot.post("/crates/bulk-delete", json=[{"id": three}]).status_code == 200
    assert [depot.get(f"/crates/{each}").status_code for each in (one, two, three, four)] == [404, 404, 404, 200]
    assert len(depot.get("/crates").json()) == before - 3


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
    act("delete")
    assert depot.get(path).status_code == 404
    assert depot.post(f"{path}/actions", json={"action": "ship"}).status_code == 404
