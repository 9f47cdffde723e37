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


def test_the_control_api_refuses_an_invalid_listed_member_in_one_line() -> None:
    with whole_server(BASKETS) as server:
        place = {"api": "baskets", "collection": "/baskets"}
        before = server.get("/baskets/baskets").json()
        for line, field in (
            ({"product": 5}, "lines.1.product"),
            ({"prodct": "tea"}, "lines.1.prodct"),
            ({"product": "tea", "createdAt": "soon"}, "lines.1.createdAt"),
            ({"product": "tea", "notes": [{"text": "ripe"}, {"txt": "ripe"}]}, "lines.1.notes.1.txt"),
        ):
            value = {"lines": [{"product": "rice"}, line]}
            answer = server.post(f"{WORLD}/resources", params=place, json={"value": value})
            assert (answer.status_code, answer.json()["field"]) == (422, field)
        for lines in ("tea", ["tea"]):
            answer = server.post(f"{WORLD}/resources", params=place, json={"value": {"lines": lines}})
            assert (answer.status_code, answer.json()["field"]) == (409, "lines")
        assert server.get("/baskets/baskets").json() == before


def test_a_basket_with_more_lines_than_one_request_can_list_is_still_changed(shop: httpx.Client) -> None:
    basket = shop.post("/baskets", json={"lines": [{"product": "tea"}] * 200}).json()["id"]
    shop.post(f"/baskets/{basket}/lines", json={"product": "rice"})
    for change in (shop.patch, shop.put):
        assert change(f"/baskets/{basket}", json={"customer": "Ines"}).status_code == 200
    assert len(agrees(shop, basket)) == 201


def test_a_listed_member_has_the_defaults_of_one_that_is_created_on_its_own(shop: httpx.Client) -> None:
    made = shop.post("/baskets", json={"lines": [{"product": "tea"}]}).json()
    assert [each["quantity"] for each in made["lines"]] == [1]


def test_an_invalid_field_of_the_server_in_a_listed_member_is_not_written(shop: httpx.Client) -> None:
    made = shop.post("/baskets", json={"lines": [{"product": "tea", "createdAt": "soon"}]}).json()
    (line,) = agrees(shop, made["id"])
    assert line["createdAt"] == made["createdAt"]
    for sent in ("soon", None):
        shop.patch(f"/baskets/{made['id']}", json={"lines": [{"id": line["id"], "createdAt": sent}]})
        assert agrees(shop, made["id"]) == [line]


@pytest.fixture
def patched(tmp_path: Path) -> Iterator[httpx.Client]:
    """Baskets whose clients choose the ids, and change them by JSON Patch."""
    text = BASKETS.read_text()
    text = text.replace("{type: string, readOnly: true, format: uuid}", "{type: string}")
    text = text.replace(
        "        customer: {type: string}\n        lines", "        id: {type: string}\n        lines", 1
    )
    before, patch, after = text.partition("    patch:\n")
    body = "application/json-patch+json: {schema: {type: array, items: {type: object}}}"
    json_body = 'application/json: {schema: {$ref: "#/components/schemas/NewBasket"}}'
    document = tmp_path / "baskets.yaml"
    document.write_text(before + patch + after.replace(json_body, body, 1))
    with served(document) as client:
        yield client


def patch(shop: httpx.Client, basket: str, *steps: Json) -> httpx.Response:
    headers = {"content-type": "application/json-patch+json"}
    return shop.patch(f"/baskets/{basket}", json=list(steps), headers=headers)


def test_a_json_patch_adds_changes_and_removes_listed_members(patched: httpx.Client) -> None:
    basket = patched.get("/baskets").json()[0]["id"]
    added = patch(patched, basket, {"op": "add", "path": "/lines/-", "value": {"product": "tea"}})
    assert (added.status_code, len(agrees(patched, basket))) == (200, 6), "its id is the server's to set"
    patch(patched, basket, {"op": "replace", "path": "/lines/0/quantity", "value": 7})
    patch(patched, basket, {"op": "remove", "path": "/lines/1"})
    before = agrees(patched, basket)
    assert (len(before), before[0]["quantity"]) == (5, 7)
    assert patch(patched, basket, {"op": "remove", "path": "/lines/0/quantity"}).status_code >= 400
    assert agrees(patched, basket) == before
    removed = patch(patched, basket, {"op": "remove", "path": "/lines"})
    assert (removed.status_code, removed.json()["lines"], agrees(patched, basket)) == (200, [], [])


def test_a_deleted_basket_that_is_created_again_has_no_old_lines(patched: httpx.Client) -> None:
    for basket in ("mine", patched.get("/baskets").json()[3]["id"]):
        patched.post("/baskets", json={"id": basket, "lines": [{"product": "tea", "notes": [{"text": "ripe"}]}]})
        patched.post(f"/baskets/{basket}/lines", json={"product": "rice"})
        assert patched.delete(f"/baskets/{basket}").status_code == 204
        made = patched.post("/baskets", json={"id": basket}).json()
        assert (made["lines"], agrees(patched, basket)) == ([], [])
        patched.delete(f"/baskets/{basket}")
        patched.post("/baskets", json={"id": basket, "lines": [{"product": "salt"}]})
        assert [each["product"] for each in agrees(patched, basket)] == ["salt"]


def test_of_members_that_are_done_one_by_one_a_refused_one_changes_nothing_below(tmp_path: Path) -> None:
    text = BASKETS.read_text().replace('items: {$ref: "#/components/schemas/NewLine"}', "items: {type: object}")
    text = text.replace(
        "        customer: {type: string}\n        lines", "        id: {type: string}\n        lines", 1
    )
    text = text.replace("{type: string, readOnly: true, format: uuid}", "{type: string}")
    several = """
  /baskets/bulk:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/NewBasket"}}}}
      responses:
        "207":
          description: each
          content: {application/json: {schema: {type: array, items: {type: object, properties: {index: {type: integer},
            status: {type: integer}, id: {type: string}, error: {type: string}}}}}}
"""
    document = tmp_path / "baskets.yaml"
    document.write_text(text.replace("components:\n", f"{several.lstrip(chr(10))}components:\n", 1))
    with served(document) as shop:
        basket = shop.get("/baskets").json()[0]["id"]
        before = agrees(shop, basket)
        wrong = [{"id": before[0]["id"], "product": "tea"}, {"product": "rice", "notes": "ripe"}]
        sent = [{"id": "mine", "lines": [{"product": "salt"}]}, {"id": basket, "lines": wrong}]
        answer = shop.post("/baskets/bulk", json=sent)
        assert [each["status"] // 100 for each in answer.json()] == [2, 4]
        assert agrees(shop, basket) == before
        assert [each["product"] for each in agrees(shop, "mine")] == ["salt"]


def test_a_handler_gets_the_members_that_it_has_listed(tmp_path: Path) -> None:
    handlers = tmp_path / "own.py"
    handlers.write_text("""
from counterfoil.own import handler

@handler("PATCH /baskets/{basketId}/stamps")
def stamps(request, store):
    basket = store["/baskets"].get(request.path["basketId"]).update(lines=[{"product": "tea"}, {"product": "salt"}])
    return {"stamps": [{"colour": each["product"], "shop": str(each["id"])} for each in basket["lines"]]}
""")
    with served(BASKETS, handlers=handlers) as shop:
        basket = shop.get("/baskets").json()[0]["id"]
        shown = shop.patch(f"/baskets/{basket}/stamps", json={}).json()["stamps"]
        assert [(each["product"], str(each["id"])) for each in agrees(shop, basket)] == [
            (each["colour"], each["shop"]) for each in shown
        ]


def test_a_fork_and_a_capsule_have_what_is_below_and_change_on_their_own() -> None:
    with whole_server(BASKETS) as server:
        made = server.post("/baskets/baskets", json={"lines": [{"product": "tea", "notes": [{"text": "ripe"}]}]}).json()
        basket = f"baskets/baskets/{made['id']}"
        assert server.get(WORLD).json()["version"] == 1, "one request is one command"
        capsule = server.get(f"{WORLD}/capsule").json()
        assert server.post("/_sandbox/v1/worlds", json={"name": "copy", "capsule": capsule}).status_code == 201
        assert server.post(f"{WORLD}/fork", json={"name": "fork"}).status_code == 201
        for world in ("copy", "fork"):
            assert server.get(f"/w/{world}/{basket}").json() == made
            assert server.get(f"/w/{world}/{basket}/lines").json() == made["lines"]
            server.patch(f"/w/{world}/{basket}", json={"lines": []})
            assert server.get(f"/w/{world}/{basket}/lines").json() == []
        assert server.get(f"/{basket}/lines").json() == made["lines"]


def test_a_change_of_a_whole_list_that_no_rule_knows_changes_nothing(shop: httpx.Client) -> None:
    basket = shop.get("/baskets").json()[0]["id"]
    before = shop.get(f"/baskets/{basket}/stamps").json()
    assert before["stamps"]
    assert shop.patch(f"/baskets/{basket}/stamps", json={"colour": "red"}).status_code == 200
    assert shop.get(f"/baskets/{basket}/stamps").json() == before


def test_the_model_says_so_and_a_model_file_can_say_otherwise(tmp_path: Path) -> None:
    model = tmp_path / "baskets.model.yaml"
    model.write_text("collections:\n  /baskets:\n    lists: {}\n")
    with served(BASKETS, model=model) as shop:
        basket = shop.get("/baskets").json()[0]["id"]
        assert len(shop.get(f"/baskets/{basket}/lines").json()) == 12


def test_the_stand_in_keeps_the_laws_of_such_a_document() -> None:
    assert verdict(BASKETS)["findings"] == []
