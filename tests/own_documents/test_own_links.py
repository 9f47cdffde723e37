"""A link of a member of an own document to itself can be followed, and links to elsewhere stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, whole_server

DOCUMENT = DOCUMENTS / "pier.yaml"


@pytest.fixture
def pier() -> Iterator[httpx.Client]:
    with whole_server(DOCUMENT, rows=3) as client:
        yield client


def get(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_link_to_the_member_itself_is_followed(pier: httpx.Client) -> None:
    made = pier.post("/pier/v2/boats", json={"name": "Ann", "url": "https://ann.example.com/"}).json()
    assert made["links"]["self"] == f"http://localhost/pier/v2/boats/{made['id']}"
    assert made["url"] == "https://ann.example.com/"
    for boat in get(pier, "/pier/v2/boats")["boats"]:
        assert get(pier, boat["links"]["self"]) == boat
    assert get(pier, made["links"]["self"]) == made

    for rope in get(pier, f"/pier/v2/boats/{made['id']}/ropes"):
        assert rope["uri"] == f"/pier/v2/boats/{made['id']}/ropes/{rope['id']}"  # without a host, as in the example
        assert get(pier, rope["uri"]) == rope
        assert get(pier, rope["_links"]["self"]["href"]) == rope


def test_a_link_is_to_the_world_and_host_that_were_asked(pier: httpx.Client) -> None:
    assert pier.post("/_sandbox/v1/worlds/default/fork", json={"name": "blue"}).status_code == 201
    boat = get(pier, "/w/blue/pier/v2/boats")["boats"][0]
    assert boat["links"]["self"].startswith("http://localhost/w/blue/pier/v2/boats/")
    assert get(pier, boat["links"]["self"]) == boat
    assert get(pier, "/pier/v2/boats")["boats"][0]["links"]["self"].startswith("http://localhost/pier/v2/boats/")


def test_links_elsewhere_and_those_that_must_be_otherwise_stay(pier: httpx.Client) -> None:
    for post in get(pier, "/pier/v2/posts"):
        assert post["href"].startswith("https://pier.example.com/")
        assert not post["url"].startswith("http://localhost")
