"""The resources of an own document through the control API: listed, shown, created, changed and deleted, as the page does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterfoil.app import build, own_api
from counterfoil.testing.in_process import InProcessTransport

SHOP = Path(__file__).parents[2] / "examples" / "own-api"
WORLD = "/_sandbox/v1/worlds/default"
CUSTOMERS = {"api": "shop", "collection": "/customers"}
INVOICES = {"api": "shop", "collection": "/invoices"}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    shop = own_api(SHOP / "shop.yaml", model=SHOP / "shop.model.yaml", rows=25, seed=0)
    with httpx.Client(transport=InProcessTransport(build(own=[shop]).asgi_app), base_url="http://localhost") as opened:
        yield opened


def listed(client: httpx.Client, **query: Any) -> Any:
    answer = client.get(f"{WORLD}/resources", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def asked(client: httpx.Client, path: str) -> Any:
    return client.get(f"/shop/v1{path}", headers={"Authorization": "Bearer any"})


def test_collections_say_what_their_members_have(client: httpx.Client) -> None:
    found = {each["path"]: each for each in client.get(f"{WORLD}/collections").json()["collections"]}
    assert {"/customers", "/invoices"} <= set(found)
    invoice = {each["name"]: each for each in found["/invoices"]["fields"]}
    assert invoice["status"]["choices"] == ["open", "paid", "void"]
    assert invoice["total"]["type"] == "integer"
    assert invoice["customer"]["reference"] == "/customers"
    assert found["/invoices"]["id"] == "id"


def test_a_member_is_created_changed_and_deleted_and_the_api_shows_it(client: httpx.Client) -> None:
    before = listed(client, **CUSTOMERS)["total"]
    made = client.post(f"{WORLD}/resources", params=CUSTOMERS, json={"value": {"name": "Acme"}})
    assert made.status_code == 201
    id = made.json()["id"]
    assert listed(client, **CUSTOMERS)["total"] == before + 1
    assert listed(client, **CUSTOMERS, search="ACME")["resources"][0]["id"] == id
    assert asked(client, f"/customers/{id}").json()["name"] == "Acme"
    changed = {**made.json()["value"], "name": "Acme Robotics"}
    answer = client.put(f"{WORLD}/resource", params={**CUSTOMERS, "id": id}, json={"value": changed})
    assert (answer.status_code, answer.json()["value"]["name"]) == (200, "Acme Robotics")
    assert asked(client, f"/customers/{id}").json()["name"] == "Acme Robotics"
    assert client.get(f"{WORLD}/collections").json()["collections"][0]["written"] == 1
    assert client.delete(f"{WORLD}/resource", params={**CUSTOMERS, "id": id}).status_code == 204
    assert asked(client, f"/customers/{id}").status_code == 404
    assert client.get(f"{WORLD}/resource", params={**CUSTOMERS, "id": id}).status_code == 404
    commands = [each["command"]["command"] for each in client.get(f"{WORLD}/timeline").json()["past"]["entries"][:3]]
    assert commands == ["write_resource"] * 3


def test_the_pages_of_a_list_are_those_of_the_api(client: httpx.Client) -> None:
    pages = [listed(client, **CUSTOMERS, offset=offset, limit=10)["resources"] for offset in (0, 10, 20)]
    ids = [each["id"] for page in pages for each in page]
    shown = [each["id"] for each in asked(client, "/customers?page_size=100").json()["data"]]
    assert ids == shown
    gone = ids[3]
    client.delete(f"{WORLD}/resource", params={**CUSTOMERS, "id": gone})
    assert gone not in [each["id"] for each in listed(client, **CUSTOMERS, limit=100)["resources"]]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"name": 7}, 'name: the value is not of type "string"'),
        ({"name": "x", "nickname": "x"}, "/customers has no field 'nickname'; there are: id, name, email, created_at"),
        ({"name": "x", "created_at": "yesterday"}, 'created_at: the value is not a "date-time"'),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_one_sentence(
    client: httpx.Client, value: Any, sentence: str
) -> None:
    version = client.get(WORLD).json()["version"]
    some = listed(client, **CUSTOMERS)["resources"][0]
    for method, path, query, sent in (
        ("POST", "resources", CUSTOMERS, value),
        ("PUT", "resource", {**CUSTOMERS, "id": some["id"]}, {**some["value"], **value}),
    ):
        answer = client.request(method, f"{WORLD}/{path}", params=query, json={"value": sent})
        assert (answer.status_code, answer.json()["detail"]) == (422, sentence), method
    assert client.get(WORLD).json()["version"] == version


def test_what_is_not_there_is_said(client: httpx.Client) -> None:
    id = listed(client, **CUSTOMERS)["resources"][0]["id"]
    for status, query, named in (
        (404, {**CUSTOMERS, "id": "nobody"}, "there is no 'nobody' in /customers"),
        (404, {"api": "shop", "collection": "/nothing", "id": "x"}, "shop has no collection '/nothing'"),
        (404, {**CUSTOMERS, "parent": "a", "id": id}, "/customers is below no parent"),
        (422, {"api": "nothing", "collection": "/customers", "id": id}, "no such API is served"),
    ):
        answer = client.get(f"{WORLD}/resource", params=query)
        assert (answer.status_code, answer.json()["detail"].startswith(named)) == (status, True), answer.text
    renamed = client.put(f"{WORLD}/resource", params={**CUSTOMERS, "id": id}, json={"value": {"id": "x", "name": "y"}})
    assert renamed.status_code == 422
    assert renamed.json()["detail"] == f"id names this member and stays '{id}'"


CONTRADICTION = """
openapi: 3.0.3
info: {title: Links, version: "1"}
paths:
  /links:
    get:
      responses:
        "200":
          description: All.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Link"}}}}
  /links/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Link"}}}}
components:
  schemas:
    Link:
      type: object
      required: [id, title]
      properties:
        id: {type: string, example: lnk_1}
        title: {type: string, example: Home}
        rank: {type: integer}
        since: {type: string, format: date-time, pattern: "^never$"}
"""


def test_a_field_can_be_changed_beside_one_that_can_fit_nothing(tmp_path: Path) -> None:
    """No text is a date and 'never': the member has a value that does not fit, and the rest of it can be changed still."""
    (tmp_path / "links.yaml").write_text(CONTRADICTION)
    links = own_api(tmp_path / "links.yaml", rows=3, seed=0)
    with httpx.Client(transport=InProcessTransport(build(own=[links]).asgi_app), base_url="http://localhost") as client:
        query = {"api": "links", "collection": "/links"}
        one = listed(client, **query)["resources"][0]
        value = {**one["value"], "since": "yesterday"}
        place = {**query, "id": one["id"]}
        refused = client.put(f"{WORLD}/resource", params=place, json={"value": value})
        assert refused.status_code == 422
        written = {"command": "write_resource", **query, "id": one["id"], "value": value}
        client.post(f"{WORLD}/commands", json=written).raise_for_status()  # as a script may, unchecked
        moved = client.put(f"{WORLD}/resource", params=place, json={"value": {**value, "title": "Start"}})
        assert (moved.status_code, moved.json()["value"]["title"]) == (200, "Start")
        refused = client.put(f"{WORLD}/resource", params=place, json={"value": {**value, "title": 7}})
        assert (refused.status_code, refused.json()["field"]) == (422, "title")


def test_the_included_apis_have_no_collections() -> None:
    with httpx.Client(transport=InProcessTransport(build().asgi_app), base_url="http://localhost") as client:
        assert client.get(f"{WORLD}/collections").json() == {"collections": []}
        answer = client.get(f"{WORLD}/resources", params={"api": "elevate", "collection": "/x"})
        assert answer.status_code == 422
        assert "not made from a document" in answer.json()["detail"]
