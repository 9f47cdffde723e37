"""A collection whose list is an object that has its members by their ids is answered from state."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served, whole_server

PANTRY = DOCUMENTS / "pantry.yaml"
FLOUR = {"name": "Plain flour", "unit": "kg"}


@pytest.fixture
def pantry() -> Iterator[httpx.Client]:
    with served(PANTRY, rows=4) as client:
        yield client


def test_the_list_has_each_member_by_the_key_that_reads_it_and_the_key_is_not_its_name(pantry: httpx.Client) -> None:
    listed = pantry.get("/ingredients").json()
    assert len(listed) == 4
    for key, ingredient in listed.items():
        assert pantry.get(f"/ingredients/{key}").json() == ingredient
        assert ingredient["name"] != key
    assert pantry.get("/ingredients/nothing").status_code == 404


def test_what_is_put_changed_and_deleted_by_its_key_is_in_the_list_or_not(pantry: httpx.Client) -> None:
    before = pantry.get("/ingredients").json()
    made = pantry.put("/ingredients/flour", json=FLOUR)
    assert (made.status_code, made.json()) == (201, FLOUR)
    assert pantry.get("/ingredients").json() == {**before, "flour": FLOUR}
    assert pantry.patch("/ingredients/flour", json={"name": "Rye"}).json() == {"name": "Rye", "unit": "kg"}
    assert pantry.get("/ingredients/flour").json() == {"name": "Rye", "unit": "kg"}
    replaced = pantry.put("/ingredients/flour", json={"name": "Spelt", "unit": "lb"})
    assert (replaced.status_code, replaced.json()) == (200, {"name": "Spelt", "unit": "lb"})
    assert pantry.get("/ingredients?unit=lb").json() == {"flour": {"name": "Spelt", "unit": "lb"}}
    first = next(iter(before))
    for key in ("flour", first):
        assert pantry.delete(f"/ingredients/{key}").status_code == 204
        assert pantry.get(f"/ingredients/{key}").status_code == 404
    assert pantry.get("/ingredients").json() == {key: each for key, each in before.items() if key != first}


def test_members_with_an_id_of_their_own_are_listed_by_that(pantry: httpx.Client) -> None:
    made = pantry.post("/spoons", json={"size": "large"}).json()
    listed = pantry.get("/spoons").json()
    assert listed["total"] == len(listed["data"]) == 5
    assert {key: str(each["id"]) for key, each in listed["data"].items()} == {key: key for key in listed["data"]}
    assert listed["data"][str(made["id"])] == pantry.get(f"/spoons/{made['id']}").json() == made


def test_the_control_api_shows_them_as_members_of_a_collection() -> None:
    world = "/_sandbox/v1/worlds/default"
    with whole_server(PANTRY, rows=4) as server:
        assert server.put("/pantry/ingredients/flour", json=FLOUR).status_code == 201
        views = server.get(f"{world}/collections").json()["collections"]
        (view,) = [each for each in views if each["path"] == "/ingredients"]
        assert (view["single"], view["id"], view["written"]) == (False, "", 1)
        query = {"api": "pantry", "collection": "/ingredients"}
        page = server.get(f"{world}/resources", params=query).json()
        assert (page["total"], page["resources"][-1]) == (5, {"id": "flour", "written": True, "value": FLOUR})
