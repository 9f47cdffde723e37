"""Documents whose paths say with a verb what is done: ``/ferries/add``, ``/ferries/edit/{id}``."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served


@pytest.fixture
def ferries() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "ferries.yaml", rows=3) as client:
        yield client


def test_verbs_before_an_id_are_about_one_resource(ferries: httpx.Client) -> None:
    made = ferries.post("/ferries/add", json={"name": "Isle of Mull", "decks": []}).json()
    assert ferries.get("/ferries/all").json()[-1] == made
    assert ferries.patch(f"/ferries/edit/{made['id']}", json={"name": "Hebrides"}).json() == {
        **made,
        "name": "Hebrides",
    }
    assert ferries.get(f"/ferries/find/{made['id']}").json() == {**made, "name": "Hebrides"}
    assert ferries.post(f"/ferries/delete/{made['id']}").status_code == 204
    assert ferries.get(f"/ferries/find/{made['id']}").status_code == 404
    assert len(ferries.get("/ferries/all").json()) == 3


def test_a_verb_creates_beside_paths_without_one(ferries: httpx.Client) -> None:
    made = ferries.post("/crew/create", json={"name": "Ada"}).json()
    assert (made["name"], type(made["id"])) == ("Ada", int)
    assert ferries.put(f"/crew/update/{made['id']}", json={"name": "Ada", "rank": "mate"}).json()["rank"] == "mate"
    assert ferries.get(f"/crew/{made['id']}").json() == {**made, "rank": "mate"}
    assert ferries.get("/crew").json()[-1] == {**made, "rank": "mate"}


def test_a_verb_without_a_resource_before_it_is_a_name(ferries: httpx.Client) -> None:
    assert ferries.get("/edit/home").json()["page"] == "home"
