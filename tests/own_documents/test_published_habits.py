"""Habits of published documents: members under other names, wrong but usual schemas, required headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.app import build
from counterfoil.lookup import own_api
from counterfoil.openapi import read_document
from counterfoil.testing.in_process import InProcessTransport

DEPOT = DOCUMENTS / "parcels.yaml"


@pytest.fixture
def depot() -> Iterator[httpx.Client]:
    with served(DEPOT, rows=25) as client:
        yield client


def test_a_member_is_the_same_by_whichever_field_a_path_names_it(depot: httpx.Client) -> None:
    made = depot.post("/parcels", json={"label": "Vases", "weight": 2.5})
    assert made.status_code == 201, made.text
    parcel = made.json()
    assert depot.get("/parcels/by-label/Vases").json() == parcel
    assert depot.get(f"/parcels/number={parcel['number']}").json() == parcel
    assert depot.patch("/parcels/by-label/Vases", json={"weight": 3}).json() == {**parcel, "weight": 3}
    assert depot.get(f"/parcels/{parcel['id']}").json()["weight"] == 3
    assert depot.delete(f"/parcels/{parcel['id']}").status_code == 202
    assert depot.get("/parcels/by-label/Vases").status_code == 404
    assert depot.get("/parcels?label=Vases").json()["parcels"] == []


def test_a_member_is_found_by_a_number_that_it_shows_as_a_text() -> None:
    application = build(own=[own_api(DEPOT.with_name("ledgerbook.yaml"), rows=4, seed=0)])
    base = "http://localhost/ledgerbook/entries"
    with httpx.Client(transport=InProcessTransport(application.asgi_app), base_url=base, timeout=60) as book:
        made = book.post("", json={"text": "Rent"}).json()
        entries = book.get("").json()
        assert (len(entries), entries[-1]) == (5, made)
        for entry in entries:
            assert book.get(f"/byNumber/{entry['entryNumber']}").json() == entry
        assert book.get("/byNumber/1").status_code == 404
        assert book.get("/byNumber/one").status_code == 404


def test_what_answers_with_a_member_is_an_action_on_it_whatever_lists_the_member_has(depot: httpx.Client) -> None:
    parcel = depot.get("/parcels").json()["parcels"][2]
    assert parcel["object"] == "parcel", "as other members of such a name are"
    moved = depot.put(f"/parcels/{parcel['id']}/reroute", json={"weight": 7})
    assert (moved.status_code, moved.json()) == (200, {**parcel, "weight": 7})
    assert depot.get(f"/parcels/{parcel['id']}").json() == moved.json()
    assert depot.put("/parcels/nowhere/reroute", json={"weight": 7}).status_code == 404


def test_what_is_only_tried_changes_nothing(depot: httpx.Client) -> None:
    before = depot.get("/parcels").json()
    tried = depot.post("/parcels/dryRun", json={"label": "Vases", "weight": 2.5})
    assert tried.status_code == 200
    assert tried.json().keys() >= {"id", "label", "weight"}
    assert depot.get("/parcels").json() == before


def test_a_path_that_ends_in_a_kind_lists_what_is_of_that_kind(depot: httpx.Client) -> None:
    rules = depot.get("/rules/size").json()
    assert (len(rules), depot.get("/rules/colour").status_code) == (25, 400)
    changed = depot.put(f"/rules/size/{rules[4]['slug']}", json={"text": "At most a metre"})
    assert changed.json() == {"slug": rules[4]["slug"], "text": "At most a metre"}
    assert depot.get("/rules/size").json() == [*rules[:4], changed.json(), *rules[5:]]
    assert changed.json() not in depot.get("/rules/contents").json()


def test_head_answers_as_get_does_without_a_body(depot: httpx.Client) -> None:
    id = depot.get("/parcels").json()["parcels"][0]["id"]
    found, missing = depot.head(f"/parcels/{id}"), depot.head("/parcels/nowhere")
    assert (found.status_code, found.content, missing.status_code, missing.content) == (200, b"", 404, b"")
    assert depot.head("/parcels").status_code == 200


def test_an_error_has_the_headers_that_the_document_requires(depot: httpx.Client) -> None:
    missing = depot.get("/parcels/nowhere")
    assert (missing.status_code, missing.json()["message"]) == (404, "/parcels has no member 'nowhere'")
    assert UUID(missing.headers["x-trace"])
    assert depot.post("/parcels", json={"label": "Vases"}).status_code == 400


def test_parts_of_one_body_that_shut_each_other_out_are_read_together(depot: httpx.Client) -> None:
    """By its letters no body fits the schema: each part forbids what the other requires."""
    made = depot.post("/parcels", json={"label": "Tea", "weight": 1, "zone": "dry"})
    assert (made.status_code, made.json()["label"], made.json()["weight"]) == (201, "Tea", 1), made.text
    assert made.json()["zone"]["slug"] == "dry", "a text stands for the object that has it"
    assert depot.post("/parcels", json={"label": "Tea"}).status_code == 400, "what is required still is"


def test_the_last_page_names_no_next_and_what_cannot_be_said_is_left_out(depot: httpx.Client) -> None:
    first = depot.get("/parcels?limit=20").json()
    second = depot.get("/parcels", params={"limit": 20, "cursor": first["paging"]["next_cursor"]}).json()
    assert (len(first["parcels"]), len(second["parcels"]), second["paging"]) == (20, 5, {"next_cursor": ""})
    assert (first["total"], "total" in depot.get("/parcels?label=none").json()) == (25, False), "its least is 1"


def test_where_a_list_goes_on_is_said_also_where_the_document_does_not_require_it(depot: httpx.Client) -> None:
    first = depot.get("/routes").json()
    second = depot.get("/routes", params={"after": first["position"]["after"], "limit": 20}).json()
    assert first["position"]["before"] is None
    assert (len(first["routes"]), len(second["routes"]), second["position"]["after"]) == (10, 15, None)
    assert not {each["id"] for each in first["routes"]} & {each["id"] for each in second["routes"]}


def test_listed_texts_that_yaml_reads_as_something_else_are_texts(depot: httpx.Client) -> None:
    assert [depot.get(f"/routes?level={level}").status_code for level in ("1", "true", "2")] == [200, 200, 400]


def test_an_index_that_counts_from_one_begins_at_one(depot: httpx.Client) -> None:
    pages = [depot.get(f"/shelves?startIndex={start}&count=10").json() for start in (1, 11, 21)]
    assert [(page["startIndex"], len(page["shelves"])) for page in pages] == [(1, 10), (11, 10), (21, 5)]
    assert [(page["count"], page["totalResults"]) for page in pages] == [(10, 25), (10, 25), (5, 25)]
    addresses = {shelf["ip"] for page in pages for shelf in page["shelves"]}
    assert len(addresses) == 25


def test_what_identifies_is_what_has_the_form_of_the_path(depot: httpx.Client) -> None:
    ip = depot.get("/shelves").json()["shelves"][3]["ip"]
    assert depot.get(f"/shelves/{ip}").json()["data"]["found"][0]["ip"] == ip
    assert depot.get("/shelves/10.250.250.250").status_code == 404
    number = depot.get("/drivers", headers={"X-Depot": "kiel"}).json()[0]["number"]
    assert (len(number), depot.get(f"/drivers/{number}").json()["number"]) == (24, number)


def test_a_listed_value_in_a_path_is_no_member(depot: httpx.Client) -> None:
    assert depot.put("/shelves/north/7/plan", json={"text": "Glass on top"}).status_code == 200
    assert depot.get("/shelves/north/7/plan").json() == {"text": "Glass on top"}
    assert depot.get("/shelves/west/7/plan").status_code == 400


def test_alternatives_that_overlap_are_taken_and_those_that_exclude_each_other_are_not(depot: httpx.Client) -> None:
    assert depot.post("/pickups", json={"day": "Monday", "courier": "Ada"}).status_code == 200
    assert depot.post("/pickups", json={"day": 1}).status_code == 400
    assert depot.post("/refunds", json={"iban": "DE02"}).status_code == 200
    assert depot.post("/refunds", json={"iban": "DE02", "card": "4111"}).status_code == 400


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/vnd.depot.v2+json", 200),
        ("application/vnd.depot+json;version=2, */*;q=0", 200),
        ("text/html", 406),
    ],
)
def test_json_of_a_vendors_own_is_json(depot: httpx.Client, accept: str, status: int) -> None:
    assert depot.get("/parcels", headers={"Accept": accept}).status_code == status


def test_a_secret_is_sent_and_not_shown(depot: httpx.Client) -> None:
    depot.headers["X-Depot"] = "kiel"
    made = depot.post("/drivers", json={"name": "Ada", "pin": "1234"})
    assert (made.status_code, made.json()["name"], "pin" in made.json()) == (200, "Ada", False)
    assert depot.post("/drivers", json={"name": "Ada"}).status_code == 400


def test_references_may_stand_for_operations_and_lists_of_parameters(tmp_path: Path) -> None:
    """As DigitalOcean's document is split: each operation is a file."""
    operation = {
        "parameters": {"$ref": "parts.json#/parameters"},
        "responses": {"$ref": "parts.json#/responses"},
    }
    answer = {"200": {"description": "Buoys", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"buoys": {"type": "array", "items": {"type": "object", "properties": {
            "id": {"type": "integer"}, "colour": {"type": "string"}}}}}}}}}}  # fmt: skip
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 3}}
    top = {"openapi": "3.0.3", "info": {"title": "Sea", "version": "1"}}
    paths = {"/buoys": {"get": {"$ref": "buoys_list.json"}}, "/lost": {"get": {"$ref": "lost.json"}}}
    for name, value in (
        ("sea.json", {**top, "paths": paths}),
        ("buoys_list.json", operation),
        ("parts.json", {"parameters": [limit], "responses": answer}),
    ):
        (tmp_path / name).write_text(json.dumps(value))
    sea = own_api(tmp_path / "sea.json", rows=25, seed=0)
    with httpx.Client(
        transport=InProcessTransport(build(own=[sea]).asgi_app), base_url="http://localhost/sea", timeout=60
    ) as client:
        assert len(client.get("/buoys").json()["buoys"]) == 3
        assert len(client.get("/buoys?limit=5").json()["buoys"]) == 5
        assert client.get("/lost").status_code == 404
    assert any("lost.json" in str(notice) for notice in sea.spec.notices)


@pytest.fixture
def ticker() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "ticker.yaml", rows=4) as client:
        yield client


def test_a_sequence_of_values_is_written_as_its_media_type_has_it(ticker: httpx.Client) -> None:
    def lines(path: str) -> list[dict[str, object]]:
        return [json.loads(each) for each in ticker.get(path).text.splitlines()]

    for quote in lines("/export"):
        assert isinstance(quote["price"], int)
    assert len(lines("/export")) == len(lines("/log")) == 3
    live = ticker.get("/live")
    assert live.headers["content-type"] == "text/event-stream"
    *events, rest = live.text.split("\n\n")
    assert (len(events), rest) == (3, "")
    for event in events:
        name, data = event.split("\n")
        assert (name, set(json.loads(data.removeprefix("data: ")))) == ("event: quote", {"id", "price"})
    assert "<summary><open>" in ticker.get("/summary").text


def test_a_list_in_json_lines_has_what_was_created(ticker: httpx.Client) -> None:
    before = ticker.get("/quotes").text.splitlines()
    made = ticker.post("/quotes", json={"price": 12}).json()
    after = ticker.get("/quotes").text.splitlines()
    assert (len(before), after[:4], json.loads(after[4])) == (4, before, made)


def test_an_object_that_the_document_calls_a_json_patch_is_merged(ticker: httpx.Client) -> None:
    """As Kubernetes' document does: the schema of its patches is an object."""
    made = ticker.post("/quotes", json={"price": 12}).json()
    headers = {"Content-Type": "application/json-patch+json"}
    changed = ticker.patch(f"/quotes/{made['id']}", json={"price": 13}, headers=headers)
    assert (changed.status_code, changed.json()) == (200, {**made, "price": 13})


def test_a_json_patch_that_is_none_is_refused(ticker: httpx.Client) -> None:
    made = ticker.post("/quotes", json={"price": 12}).json()
    headers = {"Content-Type": "application/json-patch+json"}
    for patch in ([{"op": "replace"}], [{"price": 13}]):
        refused = ticker.patch(f"/quotes/{made['id']}", json=patch, headers=headers)
        assert refused.status_code == 409, refused.text
    assert ticker.get(f"/quotes/{made['id']}").json() == made


def test_a_parameter_written_with_a_colon_is_one() -> None:
    with served(DOCUMENTS / "colons.yaml", rows=3) as kites:
        for kite in kites.get("/kites").json():
            assert kites.get(f"/kites/{kite['id']}").json() == kite
        assert kites.get("/kites/999").status_code == 404
        assert kites.delete("/kites/1/tails/2/red").status_code == 204
    notices = read_document(DOCUMENTS / "colons.yaml").notices
    served_at = "a parameter is written as {name}; served as '/kites/{kiteId}'"
    assert any(each.message.endswith(served_at) for each in notices)
