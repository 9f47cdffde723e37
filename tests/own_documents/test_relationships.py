"""JSON:API's relationships: their linkage is part of the member, and a related resource is what the linkage names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from tests.own_documents.checked import verdict
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.cli import main

MAGAZINE = DOCUMENTS / "magazine.yaml"
JSON_API = {"Content-Type": "application/vnd.api+json"}


@pytest.fixture
def magazine() -> Iterator[httpx.Client]:
    with served(MAGAZINE, rows=4) as client:
        client.headers.update(JSON_API)
        yield client


def data(magazine: httpx.Client, path: str) -> Any:
    answer = magazine.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ids(magazine: httpx.Client, path: str) -> list[str]:
    return [each["id"] for each in data(magazine, path)]


def named(kind: str, *ids: str) -> Any:
    return {"data": [{"type": kind, "id": each} for each in ids]}


def write(magazine: httpx.Client, method: str, path: str, body: Any) -> int:
    return magazine.request(method, path, json=body).status_code


def test_a_relationship_shows_the_linkage_of_the_member(magazine: httpx.Client) -> None:
    article = data(magazine, "/articles")[1]
    path = f"/articles/{article['id']}"
    assert data(magazine, f"{path}/relationships/tags") == article["relationships"]["tags"]["data"] != []
    assert data(magazine, f"{path}/relationships/author") == article["relationships"]["author"]["data"]
    for each in ("relationships/tags", "relationships/author", "tags", "author"):
        assert magazine.get(f"/articles/none/{each}").status_code == 404


def test_linkage_is_replaced_added_and_removed_and_the_member_shows_it(magazine: httpx.Client) -> None:
    one, two, three, _ = ids(magazine, "/tags")
    path = f"/articles/{ids(magazine, '/articles')[0]}"
    tags = f"{path}/relationships/tags"

    assert write(magazine, "PATCH", tags, named("tags", three, one)) == 204
    assert ids(magazine, tags) == [three, one]
    added = magazine.post(tags, json=named("tags", one, two, two))
    assert (added.status_code, added.json()["data"]) == (200, named("tags", three, one, two)["data"])
    assert write(magazine, "DELETE", tags, named("tags", three, "none")) == 204
    assert data(magazine, path)["relationships"]["tags"]["data"] == named("tags", one, two)["data"]
    assert write(magazine, "PATCH", tags, named("tags")) == 204
    assert data(magazine, path)["relationships"]["tags"]["data"] == data(magazine, tags) == []

    sent = {"data": {"type": "articles", "relationships": {"tags": named("tags", two)}}}
    assert write(magazine, "PATCH", path, sent) == 200
    assert ids(magazine, tags) == [two]
    assert write(magazine, "PATCH", "/articles/none/relationships/tags", named("tags")) == 404
    assert write(magazine, "PATCH", tags, named("people", one)) == 400


def test_a_relationship_to_one_is_set_and_emptied(magazine: httpx.Client) -> None:
    person = data(magazine, "/people")[3]
    path = f"/articles/{ids(magazine, '/articles')[0]}"
    linkage = {"type": "people", "id": person["id"]}
    shown = magazine.patch(f"{path}/relationships/author", json={"data": linkage})
    assert (shown.status_code, shown.json()["data"]) == (200, linkage)
    assert data(magazine, f"{path}/author") == person

    assert write(magazine, "PATCH", f"{path}/relationships/author", {"data": None}) == 200
    assert data(magazine, path)["relationships"]["author"]["data"] is None
    assert data(magazine, f"{path}/relationships/author") is None
    assert magazine.get(f"{path}/author").status_code == 404  # the document allows no null there


def test_related_resources_are_the_members_that_the_linkage_names(magazine: httpx.Client) -> None:
    tags = data(magazine, "/tags")
    path = f"/articles/{ids(magazine, '/articles')[0]}"
    three = named("tags", *(each["id"] for each in tags[2::-1]))
    assert write(magazine, "PATCH", f"{path}/relationships/tags", three) == 204
    assert data(magazine, f"{path}/tags") == tags[2::-1]
    assert data(magazine, f"{path}/tags?page[size]=2&page[number]=2") == tags[:1]

    made = magazine.post("/tags", json={"data": {"type": "tags", "attributes": {"label": "new"}}}).json()["data"]
    assert write(magazine, "POST", f"{path}/relationships/tags", named("tags", made["id"])) == 200
    assert data(magazine, f"{path}/tags")[-1] == made


def test_what_is_new_refers_to_nothing_until_it_is_said(magazine: httpx.Client) -> None:
    new = magazine.post("/articles", json={"data": {"type": "articles", "attributes": {"title": "Tea"}}})
    path = f"/articles/{new.json()['data']['id']}"
    assert data(magazine, f"{path}/relationships/tags") == data(magazine, f"{path}/tags") == []
    assert data(magazine, f"{path}/relationships/author") is None

    one, two = ids(magazine, "/people")[:2]  # the document has no such relationship among the fields of an article
    assert data(magazine, f"{path}/relationships/reviewers") == []
    assert write(magazine, "POST", f"{path}/relationships/reviewers", named("people", one, two)) == 204
    assert write(magazine, "DELETE", f"{path}/relationships/reviewers", named("people", one)) == 204
    assert ids(magazine, f"{path}/relationships/reviewers") == [two]


def test_links_of_a_relationship_are_its_addresses(magazine: httpx.Client) -> None:
    article = data(magazine, "/articles")[0]
    path = f"http://localhost/magazine/articles/{article['id']}"
    links = {"self": f"{path}/relationships/tags", "related": f"{path}/tags"}
    assert article["relationships"]["tags"]["links"] == links
    assert magazine.get(links["self"]).json()["links"] == links


def test_a_linkage_to_nothing_is_refused_where_the_model_is_strict(tmp_path: Path) -> None:
    model = tmp_path / "strict.yaml"
    model.write_text("integrity: strict\n")
    with served(MAGAZINE, rows=4, model=model) as magazine:
        magazine.headers.update(JSON_API)
        path = f"/articles/{ids(magazine, '/articles')[0]}"
        before = data(magazine, path)
        assert write(magazine, "POST", f"{path}/relationships/tags", named("tags", "none")) == 400
        sent = {"data": {"type": "articles", "relationships": {"tags": named("tags", "none")}}}
        assert write(magazine, "PATCH", path, sent) == 400
        assert data(magazine, path) == before


def test_the_reason_is_told_and_the_laws_hold() -> None:
    told = CliRunner().invoke(main, ["infer", str(MAGAZINE), "--why", "/articles/{id}/author"]).stdout
    assert "it shows what the relationship 'author' of a member of /articles refers to (JSON:API)" in told
    told = CliRunner().invoke(main, ["infer", str(MAGAZINE)]).stdout
    for each in ("read_linkage", "replace_linkage", "add_linkage", "remove_linkage"):
        assert each in told
    assert verdict(MAGAZINE)["findings"] == []


def test_exported_requests_for_relationships_are_accepted(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", "--format", "http", "--spec", str(MAGAZINE), str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    written = (tmp_path / "out" / "magazine.http").read_text()
    assert "# POST /articles/{id}/relationships/tags, answered with 200" in written
    assert "answered with 400" not in written


def test_replaced_linkage_names_each_member_once_and_has_a_limit(magazine: httpx.Client) -> None:
    one, two, *_ = ids(magazine, "/tags")
    tags = f"/articles/{ids(magazine, '/articles')[0]}/relationships/tags"
    assert write(magazine, "PATCH", tags, named("tags", one, two, one)) == 204
    assert ids(magazine, tags) == [one, two]
    assert write(magazine, "PATCH", tags, named("tags", *[one] * 201)) == 400
    assert ids(magazine, tags) == [one, two]
