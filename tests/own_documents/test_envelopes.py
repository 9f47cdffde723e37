"""What a response or an error says of itself next to its member or list, and objects of the query that are sent as nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served


@pytest.fixture
def arboretum() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "arboretum.yaml", rows=5) as client:
        yield client


def test_an_envelope_has_the_status_and_what_the_document_says_of_a_success(arboretum: httpx.Client) -> None:
    listed = arboretum.get("/trees").json()
    assert (listed["status"], listed["message"]) == (200, "Found")
    made = arboretum.post("/trees", json={"name": "Old pear"}).json()
    assert (made["status"], made["code"], made["message"]) == (201, 0, "Planted")
    read = arboretum.get(f"/trees/{made['tree']['readTag']}").json()
    assert read == {"status": "success", "data": made["tree"]}


def test_a_status_of_a_member_is_its_own(arboretum: httpx.Client) -> None:
    assert all(1 <= each["status"] <= 9 for each in arboretum.get("/trees").json()["data"])
    assert arboretum.post("/trees", json={"name": "Old pear"}).json()["tree"]["status"] < 10


def test_a_required_object_without_required_members_may_be_sent_as_nothing(arboretum: httpx.Client) -> None:
    everything = arboretum.get("/trees").json()["data"]
    assert len(everything) == 5
    assert arboretum.get("/trees", params={"page": 1, "size": 2}).json()["data"] == everything[2:4]
    refused = arboretum.get("/baskets")
    assert (refused.status_code, refused.json()["detail"]) == (400, "the query parameter range is required")
    assert arboretum.get("/baskets", params={"from": 1}).status_code == 200


def test_an_id_in_the_path_is_a_field_of_its_format(arboretum: httpx.Client) -> None:
    for tree in arboretum.get("/trees").json()["data"]:
        assert arboretum.get(f"/trees/{tree['readTag']}").json()["data"] == tree
        assert "-" not in tree["name"]


def test_an_error_names_the_invalid_field_where_the_document_has_messages_by_field(arboretum: httpx.Client) -> None:
    missing = arboretum.post("/trees", json={})
    message = "name is required in the body"
    assert (missing.status_code, missing.json()) == (422, {"message": message, "errors": {"name": [message]}})
    deep = arboretum.post("/trees", json={"name": "Pear", "grafts": [{"year": "old"}]}).json()
    assert deep["errors"] == {"grafts.0.year": [deep["message"]]}
