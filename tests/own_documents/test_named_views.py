"""Paths beside ``/trees/{id}`` that show the trees in an order or a selection, and collections that only a search lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.cli import main

ORCHARD = DOCUMENTS / "orchard.yaml"


@pytest.fixture
def orchard() -> Iterator[httpx.Client]:
    with served(ORCHARD, rows=6) as client:
        yield client


def shown(orchard: httpx.Client, path: str) -> Any:
    answer = orchard.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def planted(orchard: httpx.Client, name: str, **fields: Any) -> Any:
    made = orchard.post("/trees", json={"name": name, **fields})
    assert made.status_code == 201, made.text
    return made.json()


def test_the_latest_are_the_newest_first(orchard: httpx.Client) -> None:
    one, two = planted(orchard, "oak"), planted(orchard, "ash")
    trees = shown(orchard, "/trees")
    latest = shown(orchard, "/trees/latest")
    assert latest[:2] == [two, one]  # at the same time: the last that was made is the newest
    assert latest[2:] == sorted(trees[:6], key=lambda each: each["created_at"], reverse=True)
    assert shown(orchard, "/trees/latest?limit=1") == [two]
    assert shown(orchard, "/trees/newest") == two
    assert orchard.delete(f"/trees/{two['id']}").status_code == 204
    assert shown(orchard, "/trees/newest") == one


def test_the_top_ones_have_the_highest_rating_and_mine_are_all(orchard: httpx.Client) -> None:
    best = planted(orchard, "oak", rating=100)
    trees = shown(orchard, "/trees")
    ratings = [each["rating"] for each in shown(orchard, "/trees/top")]
    assert ratings == sorted((each["rating"] for each in trees), reverse=True)
    assert best in shown(orchard, "/trees/top")
    assert shown(orchard, "/trees/mine") == trees


def test_a_random_one_is_a_member_and_a_sample_has_all_in_another_order(orchard: httpx.Client) -> None:
    trees = shown(orchard, "/trees")
    sample = shown(orchard, "/trees/sample")
    assert sample != trees
    assert sorted(each["id"] for each in sample) == sorted(each["id"] for each in trees)
    assert shown(orchard, "/trees/random") in trees
    for each in trees:
        assert orchard.delete(f"/trees/{each['id']}").status_code == 204
    assert orchard.get("/trees/random").status_code == 404
    assert shown(orchard, "/trees/sample") == []


def test_a_state_and_a_flag_select(orchard: httpx.Client) -> None:
    one, two = planted(orchard, "oak", status="felled"), planted(orchard, "ash", protected=True)
    trees = shown(orchard, "/trees")
    assert one in shown(orchard, "/trees/felled")
    assert shown(orchard, "/trees/felled") == [each for each in trees if each["status"] == "felled"]
    assert two in shown(orchard, "/trees/protected")
    assert shown(orchard, "/trees/protected") == [each for each in trees if each["protected"]]
    assert orchard.patch(f"/trees/{two['id']}", json={"protected": False}).status_code == 200
    assert two["id"] not in {each["id"] for each in shown(orchard, "/trees/protected")}


def test_a_search_that_describes_the_members_once_more_shows_the_same(orchard: httpx.Client) -> None:
    one = planted(orchard, "quince", status="felled")
    (found,) = shown(orchard, "/trees/search?q=quince")["results"]
    assert found["id"] == one["id"]
    felled = {each["id"] for each in shown(orchard, "/trees/felled")}
    assert {each["id"] for each in shown(orchard, "/trees/search?status=felled")["results"]} == felled


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_such_a_word_is_no_id(orchard: httpx.Client, method: str) -> None:
    assert orchard.request(method, "/trees/latest", json={}).status_code == 405
    assert len(shown(orchard, "/trees/latest")) == 6


def test_members_that_no_path_names_are_shown_by_such_words_too(orchard: httpx.Client) -> None:
    made = orchard.post("/quotes", json={"text": "An apple a day"}).json()
    quotes = shown(orchard, "/quotes")
    assert quotes[-1] == made
    assert shown(orchard, "/quotes/latest") == quotes[::-1]  # nothing says when they were made
    assert shown(orchard, "/quotes/random") in quotes


def test_what_only_a_search_lists_is_a_collection(orchard: httpx.Client) -> None:
    made = orchard.post("/graft-orders", json={"kind": "bud"})
    assert made.status_code == 201, made.text
    assert orchard.post("/graft-orders/search", json={"kind": "bud"}).json()["orders"] == [made.json()]
    assert len(orchard.post("/graft-orders/search", json={}).json()["orders"]) == 7
    bed = orchard.post("/beds", json={"soil": "loam"}).json()
    assert shown(orchard, "/beds/search?soil=loam") == [bed]

    visitors = orchard.post("/visitors/search", json={}).json()
    assert len(visitors) == 6
    name = visitors[2]["name"]
    found = orchard.post("/visitors/search", json={"name": name}).json()
    assert found == [each for each in visitors if each["name"] == name]


def test_the_reasons_are_told_and_the_laws_hold() -> None:
    def why(path: str) -> str:
        return CliRunner().invoke(main, ["infer", str(ORCHARD), "--why", path]).stdout

    assert "'latest' means the newest first, by 'created_at'" in why("/trees/latest")
    assert "'top' means those with the highest 'rating' first" in why("/trees/top")
    assert "'felled' is a value of 'status'" in why("/trees/felled")
    assert "it shows one member of /trees: the first" in why("/trees/random")
    assert "an item of what POST /visitors/search lists" in why("/visitors")
    assert verdict(ORCHARD)["findings"] == []
