"""Documents that list the same members at several paths, without a named schema."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
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
