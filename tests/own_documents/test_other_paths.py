"""Documents that change and show a member at paths other than its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served


@pytest.fixture
def greenhouse() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "greenhouse.yaml", rows=3) as client:
        yield client


def plants(greenhouse: httpx.Client) -> list[Any]:
    return greenhouse.get("/plants").json()  # type: ignore[no-any-return]


def test_a_form_shows_the_member_that_it_changes(greenhouse: httpx.Client) -> None:
    for plant in plants(greenhouse):
        assert greenhouse.get(f"/plants/{plant['id']}/edit").json() == plant
    assert greenhouse.get("/plants/987654/edit").status_code == 404


def test_a_form_for_a_new_member_shows_one_though_a_member_has_a_list(greenhouse: httpx.Client) -> None:
    before = plants(greenhouse)
    form = greenhouse.get("/plants/create").json()
    assert {"name", "bed", "waterings"} <= {*form}
    assert plants(greenhouse) == before


def test_delete_takes_back_what_put_and_post_did(greenhouse: httpx.Client) -> None:
    path = f"/plants/{plants(greenhouse)[1]['id']}"
    assert greenhouse.put(f"{path}/pin").json()["pinned"] is True
    assert greenhouse.get(path).json()["pinned"] is True
    assert greenhouse.delete(f"{path}/pin").json()["pinned"] is False
    assert greenhouse.get(path).json()["pinned"] is False
    assert greenhouse.post(f"{path}/archive").json()["state"] == "archived"
    assert greenhouse.delete(f"{path}/archive").json()["state"] == "active"
    assert greenhouse.get(path).json()["state"] == "active"


def test_a_verb_that_begins_with_un_clears_what_the_verb_sets(greenhouse: httpx.Client) -> None:
    for plant in plants(greenhouse):
        assert greenhouse.post(f"/plants/{plant['id']}/unstar").json() == {**plant, "starred": False}


def test_the_id_in_the_body_says_which_member_is_changed(greenhouse: httpx.Client) -> None:
    first, *others = plants(greenhouse)
    changed = greenhouse.post("/plants/change_bed", json={"id": first["id"], "bed": "north"})
    assert (changed.status_code, changed.json()) == (200, {**first, "bed": "north"})
    assert plants(greenhouse) == [{**first, "bed": "north"}, *others]
    assert greenhouse.post("/plants/change_bed", json={"id": 987654, "bed": "north"}).status_code == 404


def test_an_action_on_several_ids_creates_nothing(greenhouse: httpx.Client) -> None:
    before = plants(greenhouse)
    several = {"action": "archive", "ids": [each["id"] for each in before]}
    assert greenhouse.post("/plants/bulk", json=several).status_code == 200
    assert plants(greenhouse) == before


def test_what_is_created_at_a_list_of_a_parent_is_in_it_though_the_response_has_a_schema_of_its_own(
    greenhouse: httpx.Client,
) -> None:
    bed, other = [each["bed_id"] for each in greenhouse.get("/labels").json()][:2]
    assert bed != other
    made = greenhouse.post(f"/beds/{bed}/labels", json={"words": "basil"}).json()
    assert (made["bed_id"], made["words"]) == (bed, "basil")
    assert made["id"] in [each["id"] for each in greenhouse.get(f"/beds/{bed}/labels").json()]
    assert made["id"] not in [each["id"] for each in greenhouse.get(f"/beds/{other}/labels").json()]
    assert greenhouse.get(f"/labels/{made['id']}").json()["words"] == "basil"


def test_a_clone_is_a_new_member_with_the_same_fields_and_those_that_are_sent(greenhouse: httpx.Client) -> None:
    before = plants(greenhouse)
    made = greenhouse.post(f"/plants/{before[0]['id']}/clone", json={"bed": "south"})
    clone = made.json()
    assert made.status_code == 201
    assert clone == {**before[0], "id": clone["id"], "bed": "south"}
    assert clone["id"] not in [each["id"] for each in before]
    assert plants(greenhouse) == [*before, clone]
    assert greenhouse.post("/plants/987654/clone", json={}).status_code == 404


def test_the_id_in_the_query_says_which_member_is_changed_or_deleted(greenhouse: httpx.Client) -> None:
    first, *others = greenhouse.get("/labels").json()
    changed = greenhouse.patch("/labels", params={"label_id": first["id"]}, json={"words": "thyme"})
    assert (changed.status_code, changed.json()) == (200, {**first, "words": "thyme"})
    assert greenhouse.get("/labels").json() == [{**first, "words": "thyme"}, *others]
    assert greenhouse.delete("/labels", params={"label_id": first["id"]}).status_code == 204
    assert greenhouse.get("/labels").json() == others
    assert greenhouse.delete("/labels", params={"label_id": first["id"]}).status_code == 404
    assert greenhouse.patch("/labels", params={"label_id": 987654}, json={"words": "x"}).status_code == 404
