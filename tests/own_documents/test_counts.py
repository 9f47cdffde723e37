"""What counts the members of a collection counts those that its list has: in an object, as a number or as a text."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served

PANTRY = DOCUMENTS / "pantry.yaml"


@pytest.fixture
def pantry() -> Iterator[httpx.Client]:
    with served(PANTRY, rows=4) as client:
        yield client


def test_an_object_with_one_number_counts_as_the_lists_filters_select(pantry: httpx.Client) -> None:
    assert pantry.get("/jars/count").json()["count"] == 4
    made = [pantry.post("/jars", json={"kind": kind}).json() for kind in ("plum", "plum", "fig")]
    assert pantry.get("/jars/count").json()["count"] == 7
    assert pantry.get("/jars/count?kind=plum").json()["count"] == len(pantry.get("/jars?kind=plum").json()) == 2
    assert pantry.delete(f"/jars/{made[0]['id']}").status_code == 204
    assert pantry.get("/jars/count?kind=plum").json()["count"] == 1
    assert pantry.get("/jars/count?limit=2").json()["count"] == 6, "it has no pages"


def test_a_number_counts_what_is_below_one_member(pantry: httpx.Client) -> None:
    jar = pantry.post("/jars", json={"kind": "plum"}).json()["id"]
    assert pantry.get(f"/jars/{jar}/labels/count").json() == 0
    pantry.post(f"/jars/{jar}/labels", json={"text": "2031"})
    assert pantry.get(f"/jars/{jar}/labels/count").json() == 1
    assert pantry.get("/jars/987654/labels/count").status_code == 404


def test_odatas_count_is_a_text_and_takes_a_filter(pantry: httpx.Client) -> None:
    for name, height in (("low", 10), ("middle", 90), ("high", 170)):
        pantry.post("/Shelves", json={"Name": name, "Height": height})
    counted = pantry.get("/Shelves/$count")
    assert (counted.text, counted.headers["content-type"].partition(";")[0]) == ("7", "text/plain")
    tall = {"$filter": "Height gt 80 and (Name eq 'high' or Name eq 'low')"}
    assert pantry.get("/Shelves/$count", params=tall).text == "1"


def test_a_count_beside_no_list_is_made_up(pantry: httpx.Client) -> None:
    assert pantry.get("/stocktaking/count").json() >= 7


def test_the_stand_in_keeps_the_laws_of_such_a_document() -> None:
    assert verdict(PANTRY)["findings"] == []
