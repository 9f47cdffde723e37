"""What requests to an own document can have shown and selected: members in place of ids, conditions, JSON:API, OData, XML; and
the expected behaviour of PUT, entity tags, lists in a body and ``me``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served
from tests.own_documents.test_choices import why


@pytest.fixture(scope="module")
def clinic() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "clinic.yaml") as client:
        yield client


@pytest.fixture(scope="module")
def gazette() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "gazette.yaml") as client:
        yield client


def made(client: httpx.Client, path: str, status: int = 201, **fields: Any) -> Any:
    answer = client.post(path, json=fields)
    assert answer.status_code == status, answer.text
    return answer.json()


# --- members in place of ids ---------------------------------------------------------------------


def test_expand_shows_the_member_that_a_field_names_as_it_is_now(clinic: httpx.Client) -> None:
    owner = made(clinic, "/owners", name="Ida")
    animal = made(clinic, "/animals", name="Rex", owner=owner["id"])
    path = f"/animals/{animal['id']}"
    assert clinic.get(path).json()["owner"] == owner["id"]
    assert clinic.get(path, params={"expand": "owner"}).json()["owner"] == owner
    clinic.patch(f"/owners/{owner['id']}", json={"name": "Ida Berg"})
    assert clinic.get(path, params={"expand": "owner"}).json()["owner"]["name"] == "Ida Berg"
    assert clinic.get(path, params={"expand": "nothing"}).json()["owner"] == owner["id"]
    listed = clinic.get("/animals", params={"expand": "data.owner"}).json()["data"]
    assert [each["owner"]["name"] for each in listed if each["id"] == animal["id"]] == ["Ida Berg"]


def test_an_id_without_a_member_stays_as_it_was_sent(clinic: httpx.Client) -> None:
    animal = made(clinic, "/animals", name="Stray", owner="own_none")
    assert clinic.get(f"/animals/{animal['id']}", params={"expand": "owner"}).json()["owner"] == "own_none"


def test_made_animals_have_owners_and_vets_that_are_there(clinic: httpx.Client) -> None:
    owners = {each["id"] for each in clinic.get("/owners").json()}
    vets = {each["id"]: each for each in clinic.get("/vets").json()}
    listed = clinic.get("/animals", params={"include_vet": "true"}).json()["data"][:12]
    assert {each["owner"] for each in listed} <= owners
    assert all(each["vet"] == vets[each["vet"]["id"]] for each in listed)


def test_a_member_beside_its_own_id_is_that_member(clinic: httpx.Client) -> None:
    wards = {each["number"]: each for each in clinic.get("/wards").json()}
    animal = made(clinic, "/animals", name="Rex", ward_id=3)
    assert clinic.get(f"/animals/{animal['id']}").json()["ward"] == wards[3]
    clinic.put("/wards/3", json={"name": "Rebuilt"})
    assert clinic.get(f"/animals/{animal['id']}").json()["ward"]["name"] == "Rebuilt"
    made_rows = clinic.get("/animals").json()["data"][:12]
    wards = {each["number"]: each for each in clinic.get("/wards").json()}
    assert all(each["ward"] == wards[each["ward_id"]] for each in made_rows)
    assert "ward" not in made(clinic, "/animals", name="Nowhere")


def test_below_a_member_the_field_that_may_show_it_names_it(clinic: httpx.Client) -> None:
    for vet in clinic.get("/vets").json()[:3]:
        certificates = clinic.get(f"/vets/{vet['id']}/certificates").json()
        assert {each["holder"] for each in certificates} == {vet["id"]}


def test_the_reasons_are_told() -> None:
    said = why("clinic", "/animals")
    assert "shows: owner -> /owners" in said
    assert "'owner' is the id of a member of /owners, or the member itself" in said
    assert "shows: ward -> /wards" in said
    assert "'include_vet' names it" in said
    assert "'query' has conditions of field, operator and value" in why("clinic", "/owners/search")


# --- selecting -----------------------------------------------------------------------------------


def found(clinic: httpx.Client, query: Any) -> list[str]:
    answer = clinic.post("/owners/search", json={"query": query})
    assert answer.status_code == 200, answer.text
    assert answer.json()["total_count"] == len(answer.json()["data"])
    return [each["name"] for each in answer.json()["data"]]


def test_conditions_select_alone_and_joined(clinic: httpx.Client) -> None:
    for name, visits in (("Quill One", 901), ("Quill Two", 902), ("Quill Three", 903)):
        made(clinic, "/owners", name=name, visits=visits)
    begins = {"field": "name", "operator": "^", "value": "quill"}
    more = {"field": "visits", "operator": ">", "value": 901}
    assert found(clinic, begins) == ["Quill One", "Quill Two", "Quill Three"]
    assert found(clinic, {"operator": "AND", "value": [begins, more]}) == ["Quill Two", "Quill Three"]
    either = [
        {"field": "visits", "operator": "IN", "value": [901]},
        {"field": "name", "operator": "~", "value": "l three"},
    ]
    assert found(clinic, {"operator": "OR", "value": either}) == ["Quill One", "Quill Three"]
    assert found(clinic, {"field": "nothing", "operator": "=", "value": 1}) == []
    assert "Quill One" not in found(clinic, {"field": "name", "operator": "!=", "value": "Quill One"})


def test_a_condition_that_the_document_does_not_have_is_refused(clinic: httpx.Client) -> None:
    query = {"field": "name", "operator": "rhymes", "value": "x"}
    assert clinic.post("/owners/search", json={"query": query}).status_code == 400


def test_odata_filters_sort_and_page(gazette: httpx.Client) -> None:
    for title, pages in (("Spring", 9001), ("Summer", 9002), ("Autumn's end", 9003)):
        gazette.post("/Issues", json={"Title": title, "Pages": pages, "Printed": True})

    def titles(filter: str, **more: Any) -> list[str]:
        answer = gazette.get("/Issues", params={"$filter": filter, **more})
        assert answer.status_code == 200, answer.text
        return [each["Title"] for each in answer.json()["value"]]

    assert titles("Pages gt 9001") == ["Summer", "Autumn's end"]
    assert titles("Pages ge 9001 and not (Title eq 'Summer')") == ["Spring", "Autumn's end"]
    assert titles("Title eq 'Autumn''s end' or startswith(Title,'Spr')") == ["Spring", "Autumn's end"]
    assert titles("Pages in (9001, 9002) and Printed eq true", **{"$orderby": "Pages desc"}) == ["Summer", "Spring"]
    page = gazette.get("/Issues", params={"$filter": "Pages gt 9000", "$top": 2}).json()
    assert (len(page["value"]), page["@odata.count"]) == (2, 3)
    assert [each["Title"] for each in gazette.get(page["@odata.nextLink"]).json()["value"]] == ["Autumn's end"]


@pytest.mark.parametrize(
    "text", ["Pages gt", "Pages rhymes 3", "(Pages gt 3", "Pages gt 3 Pages", "'" * 7, "not " * 40]
)
def test_a_filter_that_cannot_be_read_is_refused(gazette: httpx.Client, text: str) -> None:
    answer = gazette.get("/Issues", params={"$filter": text})
    assert answer.status_code == 400
    assert "$filter" in answer.text


def test_odata_paths_name_one_member_each(gazette: httpx.Client) -> None:
    issue = gazette.post("/Issues", json={"Title": "One"}).json()
    assert gazette.get(f"/Issues({issue['ID']})").json() == issue
    assert gazette.get("/Issues(99999)").status_code == 404


# --- JSON:API --------------------------------------------------------------------------------------


def test_json_api_includes_each_related_member_once(gazette: httpx.Client) -> None:
    person = gazette.get("/people").json()["data"][2]
    author = {"author": {"data": {"type": "people", "id": person["id"]}}}
    for title in ("Zz first", "Zz second"):
        data = {"type": "articles", "attributes": {"title": title}, "relationships": author}
        headers = {"Content-Type": "application/vnd.api+json"}
        article = gazette.post("/articles", json={"data": data}, headers=headers).json()["data"]
    assert gazette.get(f"/articles/{article['id']}", params={"include": "author"}).json()["included"] == [person]
    assert "included" not in gazette.get(f"/articles/{article['id']}").json()
    of_person = gazette.get(
        "/articles", params={"filter[author]": person["id"], "sort": "-title", "include": "author"}
    ).json()
    assert [each["attributes"]["title"] for each in of_person["data"]][:2] == ["Zz second", "Zz first"]
    assert of_person["included"] == [person]
    people = {each["id"] for each in gazette.get("/people").json()["data"]}
    whose = [each["relationships"]["author"]["data"]["id"] for each in gazette.get("/articles").json()["data"]]
    assert set(whose) <= people


# --- writing ---------------------------------------------------------------------------------------


def test_put_creates_with_201_and_replaces_with_200(clinic: httpx.Client) -> None:
    first = clinic.put("/wards/77", json={"name": "North"})
    assert (first.status_code, first.json()) == (201, {"number": 77, "name": "North", "beds": 4})
    assert first.headers["location"].endswith("/clinic/wards/77")
    clinic.put("/wards/77", json={"name": "North", "beds": 6})
    again = clinic.put("/wards/77", json={"name": "South"})
    assert (again.status_code, again.json()) == (200, {"number": 77, "name": "South", "beds": 4}), "the default again"


def test_a_change_to_what_was_changed_since_is_refused(clinic: httpx.Client) -> None:
    clinic.put("/wards/78", json={"name": "East"})
    tag = clinic.get("/wards/78").headers["etag"]
    assert clinic.put("/wards/78", json={"name": "West"}, headers={"If-Match": tag}).status_code == 200
    late = clinic.put("/wards/78", json={"name": "Lost"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert clinic.get("/wards/78").json()["name"] == "West"
    assert clinic.get("/wards/78").headers["etag"] != tag


def test_what_a_client_has_already_is_not_sent_again(clinic: httpx.Client) -> None:
    clinic.put("/wards/78", json={"name": "East"})
    for path in ("/wards/78", "/wards"):  # the one has the header, the other 304
        tag = clinic.get(path).headers["etag"]
        again = clinic.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
        assert clinic.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        clinic.put("/wards/78", json={"name": f"not {path}"})
        changed = clinic.get(path, headers={"If-None-Match": tag})
        assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)

    only_new = {"If-None-Match": "*"}
    assert clinic.put("/wards/81", json={"name": "New"}, headers=only_new).status_code == 201
    assert clinic.put("/wards/81", json={"name": "Newer"}, headers=only_new).status_code == 412
    assert clinic.get("/wards/81").json()["name"] == "New"
    assert "etag" not in clinic.get("/vets").headers  # of which the document says nothing


def test_a_json_patch_changes_what_it_names_or_nothing(clinic: httpx.Client) -> None:
    clinic.put("/wards/79", json={"name": "Old", "beds": 6})

    def patch(*changes: Any) -> httpx.Response:
        headers = {"Content-Type": "application/json-patch+json"}
        return clinic.patch("/wards/79", json=list(changes), headers=headers)

    test, rename = {"op": "test", "path": "/beds", "value": 6}, {"op": "replace", "path": "/name", "value": "New"}
    assert patch(test, rename).json() == {"number": 79, "name": "New", "beds": 6}
    assert patch({"op": "remove", "path": "/beds"}).json() == {"number": 79, "name": "New"}
    other = {"op": "replace", "path": "/name", "value": "Other"}
    for wrong in (
        test,
        {"op": "remove", "path": "/beds"},
        {"op": "fold", "path": "/name"},
        {"op": "add", "path": "/a/b"},
    ):
        assert patch(other, wrong).status_code == 409
    assert clinic.get("/wards/79").json() == {"number": 79, "name": "New"}, "all changes or none"
    assert patch({"op": "replace", "path": "/number", "value": 80}).json()["number"] == 79


def test_delete_of_a_collection_takes_those_it_names_or_all(clinic: httpx.Client) -> None:
    one, two, three = (made(clinic, "/owners", name=f"Guest {number}")["id"] for number in (1, 2, 3))
    assert clinic.delete("/owners", params={"ids": f"{one},{two}"}).status_code == 204
    assert clinic.get(f"/owners/{one}").status_code == 404
    assert clinic.delete("/owners", params={"ids": f"{three},own_none"}).status_code == 404
    assert clinic.get(f"/owners/{three}").status_code == 200, "all of them or none"
    assert clinic.get("/notices").json()
    assert clinic.delete("/notices").status_code == 204
    assert clinic.get("/notices").json() == []


def test_what_a_kind_has_beyond_its_base_is_kept(clinic: httpx.Client) -> None:
    notice = made(clinic, "/notices", id=0, kind="reminder", due="2030-01-01")
    assert (notice["kind"], notice["due"]) == ("reminder", "2030-01-01")
    assert clinic.get(f"/notices/{notice['id']}").json() == notice


def test_several_are_created_at_once(clinic: httpx.Client) -> None:
    both = clinic.post("/owners/bulk", json=[{"name": "Twin A"}, {"name": "Twin B", "visits": 2}])
    assert (both.status_code, [each["name"] for each in both.json()]) == (201, ["Twin A", "Twin B"])
    assert [clinic.get(f"/owners/{each['id']}").json() for each in both.json()] == both.json()


def test_me_is_the_first_member_and_what_is_below_an_unknown_one_is_not_there(clinic: httpx.Client) -> None:
    me = clinic.get("/owners/me").json()
    assert me == clinic.get("/owners").json()[0]
    assert clinic.get(f"/owners/{me['id']}/portrait").status_code == 200
    missing = clinic.get("/owners/own_none/portrait")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_what_is_accepted_says_where_it_is_read_and_when_it_began(clinic: httpx.Client) -> None:
    answer = clinic.post("/admissions", json={"animal": "ani_1"})
    stay = answer.json()
    assert answer.headers["location"].endswith(f"/clinic/stays/{stay['id']}")
    assert clinic.get(f"/stays/{stay['id']}").json() == stay
    assert stay["admitted_at"] > 1_700_000_000, "the world's clock, in seconds"
    assert "errors" not in stay


# --- XML -------------------------------------------------------------------------------------------


def test_xml_is_read_and_written_as_the_schema_says(clinic: httpx.Client) -> None:
    sent = "<receipt><text>Rex &amp; Ida</text><lines><line>bandage</line><line>check</line></lines></receipt>"
    answer = clinic.post("/receipts", content=sent, headers={"Content-Type": "application/xml"})
    assert answer.status_code == 201
    receipt = ElementTree.fromstring(answer.content)
    assert (receipt.tag, receipt.findtext("text")) == ("receipt", "Rex & Ida")
    assert [each.text for each in receipt.findall("lines/line")] == ["bandage", "check"]
    again = ElementTree.fromstring(clinic.get(f"/receipts/{receipt.get('id')}").content)
    assert ElementTree.tostring(again) == ElementTree.tostring(receipt)
    listed = ElementTree.fromstring(clinic.get("/receipts").content)
    assert receipt.get("id") in [each.get("id") for each in listed.findall("receipt")]
    assert clinic.get("/receipts/99999").status_code == 404


@pytest.mark.parametrize("body", ["<receipt", "<!DOCTYPE r [<!ENTITY a 'b'>]><receipt><text>&a;</text></receipt>"])
def test_xml_that_cannot_be_read_is_refused(clinic: httpx.Client, body: str) -> None:
    assert clinic.post("/receipts", content=body, headers={"Content-Type": "application/xml"}).status_code == 400
