"""Documents that list the same members at several paths: without a named schema, and below members of other collections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served


@pytest.fixture
def gallery() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "gallery.yaml", rows=4) as client:
        yield client


def test_a_list_below_a_collection_with_the_same_items_has_its_members(gallery: httpx.Client) -> None:
    made = gallery.post("/paintings", json={"title": "Harbour"}).json()
    listed = gallery.get("/paintings").json()
    assert gallery.get("/paintings/on-loan").json() == {"paintings": listed}
    assert listed[-1] == made
    assert gallery.get(f"/paintings/{listed[0]['id']}").json()["title"] == listed[0]["title"]


def test_a_list_of_something_else_is_another(gallery: httpx.Client) -> None:
    gallery.post("/paintings", json={"title": "Harbour"})
    assert (len(gallery.get("/paintings").json()), len(gallery.get("/paintings/sizes").json())) == (5, 4)


def test_my_visits_are_the_visits_where_no_other_list_is(gallery: httpx.Client) -> None:
    made = gallery.post("/visits", json={"day": "2031-05-01"}).json()
    mine = gallery.get("/visits/my").json()
    assert (len(mine), mine[-1]) == (5, made)
    assert gallery.delete(f"/visits/{mine[-1]['id']}").status_code == 204
    assert gallery.get("/visits/my").json() == mine[:-1]


def test_a_list_below_a_member_shows_those_that_hold_it_in_an_object() -> None:
    with served(DOCUMENTS / "agency.yaml") as agency:
        campaigns = agency.get("/campaigns").json()
        below = {
            each["key"]: agency.get(f"/offices/{each['key']}/campaigns").json()
            for each in agency.get("/offices").json()
        }
        assert sorted(each["key"] for listed in below.values() for each in listed) == sorted(
            each["key"] for each in campaigns
        )
        assert all(each["office"]["key"] == office for office, listed in below.items() for each in listed)


def test_what_is_created_below_a_member_holds_it_in_an_object() -> None:
    with served(DOCUMENTS / "agency.yaml") as agency:
        office = agency.post("/offices", json={"name": "North"}).json()["key"]
        assert agency.get(f"/offices/{office}/campaigns").json() == []
        made = agency.post(f"/offices/{office}/campaigns", json={"title": "Spring"})
        assert (made.status_code, made.json()["office"]["key"]) == (201, office)
        campaign = made.json()
        assert agency.get(f"/campaigns/{campaign['key']}").json() == campaign
        assert agency.get(f"/offices/{office}/campaigns").json() == [campaign]
        assert agency.get(f"/offices/{office}/campaigns/search?title=Spring").json() == [campaign]
        assert agency.get(f"/offices/{office}/campaigns/search?title=Autumn").json() == []
        assert agency.get("/offices/unknown/campaigns").status_code == 404
        assert agency.delete(f"/campaigns/{campaign['key']}").status_code == 204
        assert agency.get(f"/offices/{office}/campaigns").json() == []


def test_strict_integrity_refuses_an_unknown_member_in_an_object(tmp_path: Path) -> None:
    document, model = tmp_path / "agency.yaml", tmp_path / "agency.model.yaml"
    text = (DOCUMENTS / "agency.yaml").read_text()
    office = "title: {type: string}, office: {type: object, properties: {key: {type: string}}}"
    document.write_text(
        text.replace("required: [title], properties: {title: {type: string}", f"properties: {{{office}", 1)
    )
    model.write_text("integrity: strict\n")
    with served(document, model=model) as agency:
        first = agency.get("/offices").json()[0]["key"]
        path, before = f"/offices/{first}/campaigns", agency.get("/campaigns").json()
        assert agency.post(path, json={"office": {"key": "unknown"}}).status_code in (400, 422)
        assert agency.get("/campaigns").json() == before
        assert agency.post(path, json={"office": {"key": first}}).status_code == 201


def test_the_stand_in_keeps_the_laws_of_lists_below_a_member() -> None:
    assert verdict(DOCUMENTS / "agency.yaml")["findings"] == []
