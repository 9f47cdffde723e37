"""A document that describes requests and responses by examples alone, without schemas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.openapi.example_schemas import BY_EXAMPLE, describe_by_examples


@pytest.fixture
def lights() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "lighthouse.yaml", rows=5) as client:
        yield client


def test_members_are_created_read_changed_listed_and_deleted(lights: httpx.Client) -> None:
    made = lights.post("/lights", json={"name": "Skerries", "range": 2.5})
    light = made.json()
    assert (made.status_code, light["name"], light["range"], type(light["id"])) == (201, "Skerries", 2.5, int)
    assert lights.get(f"/lights/{light['id']}").json() == light
    assert lights.patch(f"/lights/{light['id']}", json={"range": 23}).json() == {**light, "range": 23}
    listed = lights.get("/lights").json()
    assert (len(listed["lights"]), listed["total"]) == (6, 6)
    assert listed["lights"][-1] == {**light, "range": 23}
    assert lights.delete(f"/lights/{light['id']}").status_code == 204
    gone = lights.get(f"/lights/{light['id']}")
    assert (gone.status_code, list(gone.json())) == (404, ["error"])
    assert lights.get("/lights").json()["total"] == 5


def test_what_is_made_is_like_the_examples(lights: httpx.Client) -> None:
    first, *others = lights.get("/lights").json()["lights"]
    assert (first["name"], first["place"]) == ("Old Head", {"lat": 51.6, "lon": -8.5})
    for light in others:
        assert {"id", "name", "range", "lit", "place", "keeper", "since"} == light.keys()
        assert (type(light["lit"]), type(light["keeper"]["name"]), len(light["since"])) == (bool, str, 10)
    assert lights.get("/motto").text == "Keep the light"


def test_what_is_below_a_member_is_kept_and_selected_by_its_time(lights: httpx.Client) -> None:
    entry = {"time": "2031-05-01T12:00:00Z", "text": "Clear"}
    number = lights.get("/lights").json()["lights"][2]["id"]
    assert lights.post(f"/lights/{number}/logs", json=entry).status_code == 202
    assert lights.get(f"/lights/{number}/logs?from=2031-01-01T00:00:00Z").json() == {"logs": [entry]}


def test_an_example_is_no_promise(lights: httpx.Client) -> None:
    sent = {"name": "Skerries", "range": "far", "crew": [1]}
    assert lights.post("/lights", json=sent).status_code == 201, "the document says that any object may be sent"


def test_a_schema_that_says_something_is_left_alone(tmp_path: Path) -> None:
    told = {"schema": {"type": "object", "properties": {"a": {}}}, "example": {"b": 1}}
    plain = {"schema": {"type": "object"}, "example": {"at": "2024-01-01T00:00:00Z", "n": [1, 2.5], "empty": []}}
    content = {"application/json": told, "application/hal+json": plain, "text/csv": {"example": {"c": 1}}}
    describe_by_examples({"paths": {"/x": {"get": {"responses": {"200": {"content": content}}}}}})
    assert [BY_EXAMPLE in each for each in content.values()] == [False, True, False]
    fields = plain[BY_EXAMPLE]["properties"]
    assert (fields["at"]["format"], fields["n"]["items"]["type"], fields["empty"]["items"]) == (
        "date-time",
        "number",
        {},
    )
