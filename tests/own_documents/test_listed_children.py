"""A field that lists the members of a collection below always has those that the collection's own list has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served, whole_server

WORLD = "/_sandbox/v1/worlds/default"
BASKETS = DOCUMENTS / "baskets.yaml"
Json = dict[str, object]


@pytest.fixture
def shop() -> Iterator[httpx.Client]:
    with served(BASKETS) as client:
        yield client


def agrees(shop: httpx.Client, basket: str) -> list[Json]:
    """The lines of a basket, which its field, its list and the list of baskets agree on."""
    lines: list[Json] = shop.get(f"/baskets/{basket}/lines").json()
    assert shop.get(f"/baskets/{basket}").json()["lines"] == lines
    assert next(each for each in shop.get("/baskets").json() if each["id"] == basket)["lines"] == lines
    for line in lines:
        assert shop.get(f"/baskets/{basket}/lines/{line['id']}").json() == line
        assert shop.get(f"/baskets/{basket}/lines/{line['id']}/notes").json() == line["notes"]
    return lines


def test_generated_members_list_few_and_the_same_as_the_collection_below(shop: httpx.Client) -> None:
    baskets = [each["id"] for each in shop.get("/baskets").json()]
    assert len(baskets) == 12
    assert [len(agrees(shop, each)) for each in baskets] == [5] * 12


def test_a_member_is_added_changed_and_deleted_below_a_generated_one(shop: httpx.Client) -> None:
    basket = shop.get("/baskets").json()[4]["id"]
    made = shop.post(f"/baskets/{basket}/lines", json={"product": "tea"}).json()
    assert [each["product"] for each in agrees(shop, basket)][5:] == ["tea"]
    shop.patch(f"/baskets/{basket}/lines/{made['id']}", json={"quantity": 7})
    first = agrees(shop, basket)[0]["id"]
    assert shop.delete(f"/baskets/{basket}/lines/{first}").status_code == 204
    lines = agrees(shop, basket)
    assert (len(lines), lines[-1]["quantity"]) == (5, 7)
    shop.post(f"/baskets/{basket}/lines/{lines[0]['id']}/notes", json={"text": "ripe"})
    notes = agrees(shop, basket)[0]["notes"]
    assert isinstance(notes, list)
    assert (len(notes), notes[-1]["text"]) == (6, "ripe")
    shop.patch(f"/baskets/{basket}", json={"customer": "Ines"})
    assert len(agrees(shop, basket)) == 5


def test_what_is_sent_with_a_new_member_is_below_it(shop: httpx.Client) -> None:
    sent = {
        "customer": "Ines",
        "lines": [{"product": "tea", "notes": [{"text": "ripe"}]}, {"product": "rice", "quantity": 2}],
    }
    made = shop.post("/baskets", json=sent).json()
    lines = agrees(shop, made["id"])
    assert lines == made["lines"]
    assert {each["createdAt"] for each in lines} == {made["createdAt"]}, "they are as new as the basket"
    assert [(each["product"], each["quantity"]) for each in lines][1] == ("rice", 2)
    assert isinstance(lines[0]["notes"], list)
    assert [each["text"] for each in lines[0]["notes"]] == ["ripe"]
    assert agrees(shop, shop.post("/baskets", json={"customer": "Ada", "lines": []}).json()["id"]) == []


def test_a_new_member_lists_what_is_added_below_it(shop: httpx.Client) -> None:
    made = shop.post("/baskets", json={"customer": "Ines"}).json()["id"]
    shop.post(f"/baskets/{made}/lines", json={"product": "tea"})
    assert [each["product"] for each in shop.get(f"/baskets/{made}").json()["lines"]] == ["tea"]


def test_an_update_keeps_what_it_names_by_id_and_deletes_the_others(shop: httpx.Client) -> None:
    basket = shop.get("/baskets").json()[2]["id"]
    kept, *gone = agrees(shop, basket)
    changed = {"lines": [{"id": kept["id"], "quantity": 9}, {"product": "salt"}]}
    assert shop.patch(f"/baskets/{basket}", json=changed).status_code == 200
    first, second = agrees(shop, basket)
    assert first == {**kept, "quantity": 9}
    assert second["product"] == "salt"
    assert {shop.get(f"/baskets/{basket}/lines/{each['id']}").status_code for each in gone} == {404}
    shop.put(f"/baskets/{basket}", json={"customer": "Ines"})
    assert agrees(shop, basket) == [first, second], "a PUT without the field changes nothing below"


def test_a_refused_request_writes_nothing_below(shop: httpx.Client) -> None:
    basket = shop.get("/baskets").json()[2]["id"]
    before = agrees(shop, basket)
    refused = shop.patch(f"/baskets/{basket}", json={"lines": [{"product": "tea"}] * 201})
    assert refused.status_code in (400, 409, 422)
    assert agrees(shop, basket) == before


def test_the_control_api_writes_what_is_below_too() -> None:
    with whole_server(BASKETS) as server:
        place = {"api": "baskets", "collection": "/baskets"}
        made = server.post(f"{WORLD}/resources", params=place, json={"value": {"lines": [{"product": "tea"}]}})
        assert made.status_code == 201, made.text
        id, value = made.json()["id"], made.json()["value"]
        assert server.get(f"/baskets/baskets/{id}/lines").json() == value["lines"]
        changed = {**value, "lines": [{"product": "salt"}]}
        answer = server.put(f"{WORLD}/resource", params={**place, "id": id}, json={"value": changed})
        assert [each["product"] for each in answer.json()["value"]["lines"]] == ["salt"]
        assert server.get(f"/baskets/baskets/{id}/lines").json() == answer.json()["value"]["lines"]


def test_the_model_says_so_and_a_model_file_can_say_otherwise(tmp_path: Path) -> None:
    model = tmp_path / "baskets.model.yaml"
    model.write_text("collections:\n  /baskets:\n    lists: {}\n")
    with served(BASKETS, model=model) as shop:
        basket = shop.get("/baskets").json()[0]["id"]
        assert len(shop.get(f"/baskets/{basket}/lines").json()) == 12


def test_the_stand_in_keeps_the_laws_of_such_a_document() -> None:
    assert verdict(BASKETS)["findings"] == []
