"""Documents in styles that are less usual: other words for orders and ranges, wrapped calls, OData's keys, HAL's searches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served
from tests.own_documents.test_laws import Ask, Defect, checked, none

from counterfoil.lookup import own_api
from counterfoil.testing import Sandbox, SandboxServer

MARINA = DOCUMENTS / "marina.yaml"


@pytest.fixture
def marina() -> Iterator[httpx.Client]:
    with served(MARINA, rows=3) as client:
        yield client


def make(marina: httpx.Client, code: str, name: str, **fields: object) -> None:
    assert marina.post("/boats", json={"code": code, "name": name, **fields}).status_code == 201


def codes(marina: httpx.Client, query: str) -> list[str]:
    return [each["code"] for each in marina.get(f"/boats?{query}").json() if each["code"].startswith("b-")]


def test_an_order_says_its_field_and_its_direction_in_one_word_or_only_which_is_newest(marina: httpx.Client) -> None:
    make(marina, "b-1", "Petrel", length=7)
    make(marina, "b-2", "Albatross", length=12)
    make(marina, "b-3", "Tern", length=9)
    assert codes(marina, "sort=name_asc") == ["b-2", "b-1", "b-3"]
    assert codes(marina, "sort=name_desc") == ["b-3", "b-1", "b-2"]
    assert codes(marina, "sort=length_desc") == ["b-2", "b-3", "b-1"]
    assert codes(marina, "sort=newest") == ["b-3", "b-2", "b-1"]
    assert marina.get("/boats?sort=newest").json()[0]["code"] == "b-3"


def test_a_tag_selects_what_has_it_among_its_tags_and_ids_those_that_they_name(marina: httpx.Client) -> None:
    make(marina, "b-1", "Petrel", tags=["wood", "ketch"])
    make(marina, "b-2", "Albatross", tags=["steel"])
    assert codes(marina, "tag=ketch") == ["b-1"]
    assert marina.get("/boats?tag=none").json() == []
    assert [each["code"] for each in marina.get("/boats?ids=b-2,nowhere").json()] == ["b-2"]


def test_a_span_of_time_is_of_the_instant_that_its_description_names_or_of_the_start(marina: httpx.Client) -> None:
    for day in (1, 2, 3):
        sent = {
            "skipper": f"day {day}",
            "departedAt": f"2031-05-0{day}T12:00:00Z",
            "startAt": f"2032-05-0{day}T12:00:00Z",
        }
        assert marina.post("/cruises", json=sent).status_code == 201
    late = marina.get("/cruises?from=2031-05-02T00:00:00Z").json()
    assert [each["skipper"] for each in late] == ["day 2", "day 3"]
    early = marina.get("/cruises?from=2031-05-01T00:00:00Z&to=2032-05-01T13:00:00Z").json()
    assert [each["skipper"] for each in early] == ["day 1"]


def test_a_word_that_leads_to_a_state_is_an_action_and_so_is_what_answers_with_the_member_in_an_envelope(
    marina: httpx.Client,
) -> None:
    make(marina, "b-1", "Petrel", length=7)
    assert marina.get("/boats/b-1").json()["data"]["status"] == "moored"
    assert marina.put("/boats/b-1/launch").status_code == 204
    painted = marina.post("/boats/b-1/paint", json={"colour": "red"}).json()["data"]
    assert (painted["name"], painted["status"], painted["colour"]) == ("Petrel", "launched", "red")
    assert marina.get("/boats/b-1").json()["data"] == painted
    assert marina.put("/boats/nowhere/launch").status_code == 404


def test_what_is_new_has_no_flag_set_counts_nothing_and_has_nothing_in_its_lists(marina: httpx.Client) -> None:
    made = [marina.post("/boats", json={"code": f"b-{number}", "name": "Petrel"}).json() for number in range(5)]
    assert [(each["insured"], each["repairCount"], each["logbook"]) for each in made] == 5 * [(False, 0, [])]
    assert marina.get("/boats").json()[0]["logbook"] != []


def test_what_a_call_on_a_member_makes_elsewhere_is_found_there(marina: httpx.Client) -> None:
    make(marina, "b-1", "Petrel")
    cruise = marina.post("/boats/b-1/charter", json={"skipper": "Ann"})
    assert (cruise.status_code, cruise.json()["skipper"]) == (201, "Ann")
    assert marina.get(f"/cruises/{cruise.json()['id']}").json() == cruise.json()
    assert marina.get("/cruises").json()[-1] == cruise.json()
    assert marina.post("/boats/nowhere/charter", json={"skipper": "Ann"}).status_code == 404


def test_a_text_as_odatas_key_names_a_member_and_its_actions_set_a_flag(marina: httpx.Client) -> None:
    berth = marina.get("/Berths").json()["value"][1]
    number = berth["Number"]
    assert marina.get(f"/Berths('{number}')").json() == berth
    assert marina.get("/Berths('nowhere')").status_code == 404
    assert marina.post(f"/Berths('{number}')/Marina.Close").status_code == 204
    assert marina.get(f"/Berths('{number}')").json() == {**berth, "Closed": True}


def test_a_search_of_hal_selects_among_the_members(marina: httpx.Client) -> None:
    berth = marina.get("/Berths").json()["value"][1]
    found = marina.get("/search/berthsByPier", params={"pier": berth["Pier"]}).json()["_embedded"]["berths"]
    assert berth in found
    assert {each["Pier"] for each in found} == {berth["Pier"]}
    assert marina.get("/search/berthsByPier?pier=nowhere").json()["_embedded"]["berths"] == []


def test_calls_whose_fields_are_in_an_input_create_read_act_and_list(marina: httpx.Client) -> None:
    made = marina.post("/rpc/createCrew", json={"input": {"name": "Ann"}}).json()["result"]
    assert (made["name"], made["suspended"]) == ("Ann", False)
    named = {"input": {"crewId": made["crewId"]}}
    assert marina.post("/rpc/getCrew", json=named).json()["result"] == made
    assert marina.post("/rpc/suspendCrew", json=named).json()["result"] == {**made, "suspended": True}
    assert marina.post("/rpc/getCrew", json={"input": {"crewId": "nobody"}}).status_code == 404
    listed = marina.post("/rpc/listCrews", json={"input": {"name": "Ann"}}).json()["result"]
    assert ([each["node"] for each in listed["edges"]], listed["totalCount"]) == ([{**made, "suspended": True}], 1)
    first = marina.post("/rpc/listCrews", json={"input": {"first": 3}}).json()["result"]
    assert first["pageInfo"]["hasNextPage"]
    rest = {"input": {"first": 3, "after": first["pageInfo"]["endCursor"]}}
    assert [each["node"]["name"] for each in marina.post("/rpc/listCrews", json=rest).json()["result"]["edges"]] == [
        "Ann"
    ]


MERGE = {"Content-Type": "application/merge-patch+json"}


def test_null_in_a_merge_patch_takes_an_entry_away_and_what_fits_no_member_is_refused(marina: httpx.Client) -> None:
    made = marina.post(
        "/boats", json={"code": "b-1", "name": "Petrel", "length": 7, "papers": {"flag": "NL", "log": "A"}}
    )
    changed = marina.patch("/boats/b-1", json={"papers": {"flag": None, "key": "3"}, "length": None}, headers=MERGE)
    boat = {**made.json(), "papers": {"log": "A", "key": "3"}}
    del boat["length"]
    assert (changed.status_code, changed.json()) == (200, {"data": boat})
    for wrong, names in (({"length": 0}, "length"), ({"papers": {"log": 5}}, "papers.log"), ({"name": None}, "name")):
        refused = marina.patch("/boats/b-1", json=wrong, headers=MERGE)
        assert refused.status_code == 409, refused.text
        assert names in refused.json()["detail"]
    assert marina.get("/boats/b-1").json()["data"] == boat


def test_what_is_sent_is_made_of_the_kind_that_it_names_however_much_it_has(marina: httpx.Client) -> None:
    sent = {"maker": "A", "year": 2030, "serial": "1", "place": "b", "note": "c", "price": 3}
    for own in ({"kind": "diesel", "tank": 40}, {"kind": "electric", "cells": 8}):
        made = marina.post("/engines", json={**sent, **own}).json()
        assert made == {**sent, **own, "id": made["id"], "madeAt": made["madeAt"]}
        assert marina.get("/engines").json()[-1] == made


def test_what_may_be_null_and_has_not_happened_is_null(marina: httpx.Client) -> None:
    assert marina.post("/cruises", json={"skipper": "Ann"}).json()["returnedAt"] is None


def test_nothing_is_below_what_a_client_created_and_more_is_below_what_was_there(marina: httpx.Client) -> None:
    there = marina.get("/boats").json()[1]["code"]
    sails = marina.get(f"/boats/{there}/sails").json()
    assert len(sails) == 3
    made = marina.post(f"/boats/{there}/sails", json={"size": 9}).json()
    assert marina.get(f"/boats/{there}/sails").json() == [*sails, made]
    marina.patch(f"/boats/{there}", json={"name": "Gull"}, headers=MERGE)
    assert marina.get(f"/boats/{there}/sails").json() == [*sails, made]
    make(marina, "b-1", "Petrel")
    assert marina.get("/boats/b-1/sails").json() == []
    made = marina.post("/boats/b-1/sails", json={"size": 5}).json()
    assert marina.get("/boats/b-1/sails").json() == [made]


def test_an_answer_says_that_it_went_well_or_did_not_and_how_many_are_gone(marina: httpx.Client) -> None:
    for number in range(4):
        make(marina, f"b-{number}", "Petrel")
    assert marina.delete("/boats/b-0").json() == {"ok": True}
    refused = marina.delete("/boats/b-0").json()
    assert refused == {"type": "about:blank", "title": "Not Found", "status": 404, "ok": False}
    assert marina.request("DELETE", "/boats/batch", json={"ids": ["b-1", "b-3"]}).json() == {"deleted": 2}
    boats = marina.get("/boats").json()
    assert [each["code"] for each in boats][3:] == ["b-2"]
    assert all("deleted" not in each for each in boats)


def test_a_delete_deletes_and_a_model_can_make_it_cancel(marina: httpx.Client, tmp_path: Path) -> None:
    cruise = marina.post("/cruises", json={"skipper": "Ann"}).json()
    assert cruise["status"] == "planned"
    assert marina.delete(f"/cruises/{cruise['id']}").status_code == 200
    assert marina.get(f"/cruises/{cruise['id']}").status_code == 404
    model = tmp_path / "model.yaml"
    model.write_text("operations:\n  DELETE /cruises/{id}: {role: action, sets: {status: cancelled}}\n")
    with served(DOCUMENTS / "marina.yaml", rows=3, model=model) as kept:
        cruise = kept.post("/cruises", json={"skipper": "Ann"}).json()
        cancelled = kept.delete(f"/cruises/{cruise['id']}")
        assert (cancelled.status_code, cancelled.json()) == (200, {**cruise, "status": "cancelled"})
        assert kept.get(f"/cruises/{cruise['id']}").json() == cancelled.json()
        assert kept.get("/cruises").json()[-1] == cancelled.json()
        assert kept.delete("/cruises/987654").status_code == 404


def test_attributes_begin_as_the_server_sets_them(marina: httpx.Client) -> None:
    sent = {"data": {"attributes": {"text": "Storm"}}}
    headers = {"Content-Type": "application/vnd.api+json"}
    notice = marina.post("/notices", json=sent, headers=headers).json()["data"]
    now = notice["attributes"]["created-at"]
    assert notice["attributes"] == {"text": "Storm", "created-at": now, "updated-at": now, "phase": "draft"}


def without(name: str) -> Defect:
    """A server that ignores a query parameter."""

    def asks_without_it(request: httpx.Request, ask: Ask) -> httpx.Response:
        url = request.url.copy_remove_param(name)
        return ask(httpx.Request(request.method, url, headers=request.headers, content=request.content))

    return asks_without_it


def keeps_what_is_deleted(request: httpx.Request, ask: Ask) -> httpx.Response:
    return httpx.Response(204) if request.method == "DELETE" else ask(request)


def test_the_stand_in_keeps_the_laws_of_such_a_document() -> None:
    records = {id.removeprefix("marina."): record for id, record in checked(none, MARINA).items()}
    assert [record for record in records.values() if record.status == "broken"] == []
    held = {id for id, record in records.items() if record.status == "held"}
    assert held >= {"boats.sort.ascending", "boats.sort.descending", "boats.filter.insured", "buoys.gone"}


@pytest.mark.parametrize(
    ("defect", "law"),
    [
        (without("sort"), "boats.sort.descending"),
        (without("insured"), "boats.filter.insured"),
        (keeps_what_is_deleted, "buoys.gone"),
    ],
    ids=["sort", "insured", "delete"],
)
def test_a_server_that_lacks_it_is_found(defect: Defect, law: str) -> None:
    assert checked(defect, MARINA)[f"marina.{law}"].status == "broken"


def test_the_fixtures_client_sends_a_user_and_a_password_where_the_document_wants_those(tmp_path: Path) -> None:
    document = tmp_path / "quay.yaml"
    document.write_text("""
openapi: 3.0.3
info: {title: Quay, version: "1"}
security: [{user: []}]
paths:
  /depth: {get: {responses: {"200": {description: metres, content: {text/plain: {schema: {type: integer, minimum: 3}}}}}}}
components: {securitySchemes: {user: {type: http, scheme: basic}}}
""")
    server = SandboxServer(own=(own_api(document, rows=3, seed=3),))
    with Sandbox("quiet", server=server) as sandbox:
        with sandbox.client() as client:
            depth = client.get("/depth")
            assert (depth.status_code, int(depth.text) >= 3) == (200, True)
        with sandbox.client(headers={"Authorization": "Bearer any"}) as client:
            assert client.get("/depth").status_code == 401
    server.stop()


def test_what_is_made_was_not_deleted(marina: httpx.Client) -> None:
    assert {"removedAt" in each for each in marina.get("/Berths").json()["value"]} == {True}
    assert {"DeletedAt" in each for each in marina.get("/Berths").json()["value"]} == {False}


def test_a_list_with_a_cursor_has_pages_of_the_size_that_is_asked_for() -> None:
    cafe = DOCUMENTS / "cafe.yaml"
    walks = {id for id, record in checked(none, cafe).items() if id.endswith(".pages.walk") and record.status == "held"}
    assert walks
    records = checked(without("limit"), cafe)
    assert {records[id].status for id in walks} == {"broken"}
