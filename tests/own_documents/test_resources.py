"""The resources of an own document through the control API: listed, shown, created, changed and deleted, as the page does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.own_documents.served import whole_server

from counterfoil.app import build
from counterfoil.lookup import own_api
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.commands import WriteResource

SHOP = Path(__file__).parents[2] / "examples" / "own-api"
WORLD = "/_sandbox/v1/worlds/default"
CUSTOMERS = {"api": "shop", "collection": "/customers"}
INVOICES = {"api": "shop", "collection": "/invoices"}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with whole_server(SHOP / "shop.yaml", model=SHOP / "shop.model.yaml", rows=25) as opened:
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


ACME = {"id": "cus_zz", "name": "Acme", "created_at": "2026-02-01T06:00:00Z"}


def test_the_command_is_held_to_the_checks_of_the_forms() -> None:
    shop = own_api(SHOP / "shop.yaml", model=SHOP / "shop.model.yaml", rows=25, seed=0)
    application = build(["elevate"], own=[shop], scenario_name="quiet")
    refusals: list[tuple[int, str, dict[str, Any]]] = [
        (422, "bad", {"value": {"bad": 1}}),
        (422, "name", {"value": {**ACME, "name": 7}}),
        (422, "name", {"value": {"id": "cus_zz", "created_at": ACME["created_at"]}}),
        (422, "id", {"value": {**ACME, "id": "cus_other"}}),
        (422, "id", {"value": {**ACME, "id": None}}),
        (422, "id", {"id": "a/b", "value": {**ACME, "id": "a/b"}}),
        (404, "id", {"value": None}),
        (404, "collection", {"collection": "/nope"}),
        (404, "collection", {"collection": "/nope", "value": None}),
        (404, "parent", {"parent": "cus_1"}),
        (422, "api", {"api": "elevate"}),
        (422, "api", {"api": "nope"}),
    ]
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://localhost", timeout=60
    ) as client:
        for status, field, differs in refusals:
            sent = {**CUSTOMERS, "id": "cus_zz", "value": ACME, **differs}
            for path, body in (
                ("/commands/write_resource", {name: each for name, each in sent.items() if each is not None}),
                ("/commands", {"command": "write_resource", **sent}),
            ):
                answer = client.post(WORLD + path, json=body)
                assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
        assert client.get(WORLD).json()["version"] == 0


def test_the_command_creates_changes_and_deletes_what_the_api_then_shows(client: httpx.Client) -> None:
    def write(value: Any) -> None:
        body = {**CUSTOMERS, "id": "cus_zz", "value": value}
        assert client.post(f"{WORLD}/commands/write_resource", json=body).json()["fact"] == "cus_zz"

    write({"name": "Acme", "created_at": ACME["created_at"]})  # it has the id that the command says
    assert asked(client, "/customers/cus_zz").json() == ACME
    write({**ACME, "name": "Acme Robotics"})
    assert asked(client, "/customers/cus_zz").json()["name"] == "Acme Robotics"
    write(None)
    assert asked(client, "/customers/cus_zz").status_code == 404
    write(ACME)
    assert asked(client, "/customers/cus_zz").json() == ACME
    capsule = client.get(f"{WORLD}/capsule").json()
    copy = client.post("/_sandbox/v1/worlds", json={"name": "copy", "capsule": capsule})
    assert copy.status_code == 201, copy.text
    shown = client.get("/w/copy/shop/v1/customers/cus_zz", headers={"Authorization": "Bearer any"})
    assert shown.json() == ACME


def test_what_the_document_wants_of_who_creates_is_not_invented(client: httpx.Client) -> None:
    for query, value, field in (
        (CUSTOMERS, {}, "name"),
        (CUSTOMERS, {"email": "a@example.com"}, "name"),
        (INVOICES, {"customer": "cus_1"}, "lines"),
        (INVOICES, {"lines": []}, "customer"),
    ):
        answer = client.post(f"{WORLD}/resources", params=query, json={"value": value})
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert client.get(WORLD).json()["version"] == 0
    made = client.post(f"{WORLD}/resources", params=CUSTOMERS, json={"value": {"name": "Acme"}}).json()["value"]
    assert (set(made), made["name"]) == ({"id", "name", "created_at"}, "Acme")  # the server sets what it owns


NOTES = """
openapi: 3.0.3
info: {title: Notes, version: "1"}
paths:
  /notes:
    get:
      responses:
        "200":
          description: All.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Note"}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
      responses:
        "201": {description: Made., content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
  /notes/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
components:
  schemas:
    Note:
      allOf:
        - type: object
          required: [id, state]
          properties: {id: {type: string, readOnly: true}, state: {type: string, readOnly: true, enum: [new, read]}}
        - type: object
          required: [text]
          properties: {text: {type: string}}
"""


def test_what_only_the_server_may_set_is_not_wanted_of_who_creates(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text(NOTES)
    with whole_server(tmp_path / "notes.yaml", rows=3) as client:
        query = {"api": "notes", "collection": "/notes"}
        answer = client.post(f"{WORLD}/resources", params=query, json={"value": {}})
        assert (answer.status_code, answer.json()["field"]) == (422, "text")
        made = client.post(f"{WORLD}/resources", params=query, json={"value": {"text": "Milk"}})
        assert (made.status_code, made.json()["value"]["text"]) == (201, "Milk")
        assert set(made.json()["value"]) == {"id", "state", "text"}


SETTINGS = """
openapi: 3.0.3
info: {title: Desk, version: "1"}
paths:
  /settings:
    get: &answer
      responses:
        "200":
          description: The settings.
          content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}
    put:
      <<: *answer
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}
    delete:
      responses: {"204": {description: Gone.}}
components:
  schemas:
    Settings:
      type: object
      required: [theme]
      properties: {theme: {type: string, enum: [light, dark]}, size: {type: integer}}
"""


def test_the_only_one_comes_back_after_it_was_deleted(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(SETTINGS)
    with whole_server(tmp_path / "desk.yaml", rows=3) as client:
        query = {"api": "desk", "collection": "/settings"}
        one = {**query, "id": "-"}
        dark = {"value": {"theme": "dark", "size": 12}}

        def shown() -> Any:
            return client.get("/desk/settings").json()

        def write(method: str) -> httpx.Response:
            path, params = ("resource", one) if method == "PUT" else ("resources", query)
            return client.request(method, f"{WORLD}/{path}", params=params, json=dark)

        assert write("POST").status_code == 409  # it is there, made from the seed
        for method, status in (("PUT", 200), ("POST", 201)):
            assert client.delete(f"{WORLD}/resource", params=one).status_code == 204
            assert client.get("/desk/settings").status_code == 404
            assert client.get(f"{WORLD}/resource", params=one).status_code == 404
            assert listed(client, **query)["resources"] == []
            assert client.delete(f"{WORLD}/resource", params=one).status_code == 404
            back = write(method)
            assert (back.status_code, back.json()) == (status, {"id": "-", "written": True, **dark})
            assert shown() == dark["value"]
            assert listed(client, **query)["total"] == 1
        client.delete(f"{WORLD}/resource", params=one)
        body = {**one, **dark}
        assert client.post(f"{WORLD}/commands/write_resource", json=body).json()["fact"] == "-"
        assert shown() == dark["value"]
        refused = client.post(f"{WORLD}/commands/write_resource", json={**body, "id": "other"})
        assert (refused.status_code, refused.json()["field"]) == (404, "id")


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
    application = build(own=[own_api(tmp_path / "links.yaml", rows=3, seed=0)])
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://localhost", timeout=60
    ) as client:
        query = {"api": "links", "collection": "/links"}
        one = listed(client, **query)["resources"][0]
        value = {**one["value"], "since": "yesterday"}
        place = {**query, "id": one["id"]}
        refused = client.put(f"{WORLD}/resource", params=place, json={"value": value})
        assert refused.status_code == 422
        application.world.latest().execute(WriteResource(**query, id=one["id"], value=value))  # as one of a capsule is
        moved = client.put(f"{WORLD}/resource", params=place, json={"value": {**value, "title": "Start"}})
        assert (moved.status_code, moved.json()["value"]["title"]) == (200, "Start")
        refused = client.put(f"{WORLD}/resource", params=place, json={"value": {**value, "title": 7}})
        assert (refused.status_code, refused.json()["field"]) == (422, "title")
        lacking = {name: each for name, each in value.items() if name != "title"}
        refused = client.put(f"{WORLD}/resource", params=place, json={"value": lacking})
        assert (refused.status_code, refused.json()["field"]) == (422, "title")


def written(client: httpx.Client, path: str, name: str) -> tuple[list[int], str]:
    """The statuses of writing a name of 1 MB to one member until a write is refused, and why that was."""
    statuses: list[int] = []
    while len(statuses) < 120:
        answer = client.patch(path, json={"name": name}, headers={"Authorization": "Bearer any"})
        statuses.append(answer.status_code)
        if answer.status_code != 200:
            break
    return statuses, answer.text


PEOPLE = """
openapi: 3.0.3
info: {title: People, version: "1"}
paths:
  /people/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: &one
      responses:
        "200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
        "400": {description: Wrong.}
    patch:
      <<: *one
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
components:
  schemas:
    Person: {type: object, required: [id, name], properties: {id: {type: string}, name: {type: string}}}
"""
A_MEGABYTE = "x" * 1_000_000


def test_what_one_world_was_ever_written_is_bounded(tmp_path: Path) -> None:
    """64 MiB are 67,108,864 bytes, which hold 67 values of a megabyte, whatever was overwritten by the next."""
    (tmp_path / "people.yaml").write_text(PEOPLE)
    with whole_server(tmp_path / "people.yaml", rows=3) as client:
        statuses, said = written(client, "/people/people/ada", A_MEGABYTE)
        assert statuses == [200] * 67 + [409], said
        small = client.patch("/people/people/ada", json={"name": "Ada"}, headers={"Authorization": "Bearer any"})
        assert small.json()["name"] == "Ada"  # there is room for it
        place = {"api": "people", "collection": "/people", "id": "ada"}
        value = {"id": "ada", "name": A_MEGABYTE}
        forms = [
            client.put(f"{WORLD}/resource", params=place, json={"value": value}),
            client.post(f"{WORLD}/commands/write_resource", json={**place, "value": value}),
        ]
        assert [each.status_code for each in forms] == [429] * 2
        said = "a world takes 67108864 bytes of written resources: reset it, or make another"
        assert [(each.json()["field"], each.json()["detail"]) for each in forms] == [("value", said)] * 2
        fork = client.post(f"{WORLD}/fork", json={"name": "fork"})
        assert fork.status_code == 201
        assert written(client, "/w/fork/people/people/ada", A_MEGABYTE)[0] == [409]  # a fork has the same history
        client.post(f"{WORLD}/reset").raise_for_status()
        assert client.put(f"{WORLD}/resource", params=place, json={"value": value}).status_code == 200


def test_a_visitors_world_takes_less(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(PEOPLE)
    application = build(own=[own_api(tmp_path / "people.yaml", rows=3, seed=0)], public=True)
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://localhost", timeout=60
    ) as client:
        begun = client.post("/visit", json={}).json()
        client.headers["X-Counterfoil-Visit"] = begun["visit"]
        world = begun["worlds"][0]
        base = f"/_sandbox/v1/worlds/{world}"
        key = client.get(base).json()["credentials"][0]["key"]

        def write() -> int:
            headers = {"Authorization": f"Bearer {key}"}
            return client.patch(f"/w/{world}/people/people/ada", json={"name": A_MEGABYTE}, headers=headers).status_code

        assert [write() for _ in range(4)] == [200, 200, 200, 429]  # 2 MiB, and the write that came past them
        place = {"api": "people", "collection": "/people", "id": "ada"}
        refused = client.put(f"{base}/resource", params=place, json={"value": {"id": "ada", "name": "Ada"}})
        assert (refused.status_code, refused.json()["field"]) == (429, "value")
        assert "2097152 bytes" in refused.json()["detail"]
        client.post(f"{base}/reset").raise_for_status()
        assert write() == 200


def test_the_included_apis_have_no_collections() -> None:
    with httpx.Client(
        transport=InProcessTransport(build().asgi_app), base_url="http://localhost", timeout=60
    ) as client:
        assert client.get(f"{WORLD}/collections").json() == {"collections": []}
        answer = client.get(f"{WORLD}/resources", params={"api": "elevate", "collection": "/x"})
        assert answer.status_code == 422
        assert "not made from a document" in answer.json()["detail"]
