"""Documents whose paths say with a verb what is done: ``/ferries/add``, ``/ferries/edit/{id}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


# --- dotted operations that name something else than the members ---------------------------------------------------------


@pytest.fixture
def choir() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "choir.yaml", rows=3) as client:
        yield client


def songs(choir: httpx.Client) -> list[Any]:
    return choir.post("/songs.list").json()["data"]  # type: ignore[no-any-return]


def test_a_read_with_a_list_beside_the_member_shows_the_member(choir: httpx.Client) -> None:
    made = choir.post("/songs.create", json={"title": "Shenandoah", "voices": 4}).json()["data"]
    assert (made["title"], made["voices"]) == ("Shenandoah", 4)
    assert choir.post("/songs.info", json={"id": made["id"]}).json()["data"] == made
    assert songs(choir)[-1] == made
    unknown = choir.post("/songs.info", json={"id": "00000000-0000-0000-0000-000000000000"})
    assert unknown.status_code == 404


def test_adding_something_to_a_member_and_removing_it_keeps_the_member(choir: httpx.Client) -> None:
    before = songs(choir)
    pair = {"id": before[0]["id"], "singerId": "ada"}
    assert choir.post("/songs.add_singer", json=pair).json()["data"] == before[0]
    assert choir.post("/songs.remove_singer", json=pair).status_code == 200
    assert songs(choir) == before
    unknown = {**pair, "id": "00000000-0000-0000-0000-000000000000"}
    assert choir.post("/songs.add_singer", json=unknown).status_code == 404
    assert choir.post("/songs.remove_singer", json=unknown).status_code == 404


def test_how_a_member_is_deleted_may_follow_the_verb(choir: httpx.Client) -> None:
    first, *others = songs(choir)
    assert choir.post("/songs.delete_permanently", json={"id": first["id"]}).status_code == 200
    assert songs(choir) == others


def test_another_list_of_the_members_shows_those_that_exist(choir: httpx.Client) -> None:
    assert choir.post("/songs.rehearsed").json()["data"] == songs(choir)
    singers = choir.post("/songs.singers", json={"id": songs(choir)[0]["id"]}).json()["data"]
    assert all({"nickname", "range"} == {*each} for each in singers)


def test_a_change_that_names_no_member_changes_and_creates_none(choir: httpx.Client) -> None:
    before = songs(choir)
    assert choir.post("/songs.update", json={"title": "Loch Lomond"}).status_code == 200
    assert songs(choir) == before
