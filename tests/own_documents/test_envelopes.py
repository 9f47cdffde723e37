"""What a response or an error says of itself next to its member or list, and objects of the query that are sent as nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served


@pytest.fixture
def orchard() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "orchard.yaml", rows=5) as client:
        yield client


def test_an_envelope_has_the_status_and_what_the_document_says_of_a_success(orchard: httpx.Client) -> None:
    listed = orchard.get("/trees").json()
    assert (listed["status"], listed["message"]) == (200, "Found")
    made = orchard.post("/trees", json={"name": "Old pear"}).json()
    assert (made["status"], made["code"], made["message"]) == (201, 0, "Planted")
    read = orchard.get(f"/trees/{made['tree']['readTag']}").json()
    assert read == {"status": "success", "data": made["tree"]}


def test_a_status_of_a_member_is_its_own(orchard: httpx.Client) -> None:
    assert all(1 <= each["status"] <= 9 for each in orchard.get("/trees").json()["data"])
    assert orchard.post("/trees", json={"name": "Old pear"}).json()["tree"]["status"] < 10


def test_a_required_object_without_required_members_may_be_sent_as_nothing(orchard: httpx.Client) -> None:
    everything = orchard.get("/trees").json()["data"]
    assert len(everything) == 5
    assert orchard.get("/trees", params={"page": 1, "size": 2}).json()["data"] == everything[2:4]
    refused = orchard.get("/baskets")
    assert (refused.status_code, refused.json()["detail"]) == (400, "the query parameter range is required")
    assert orchard.get("/baskets", params={"from": 1}).status_code == 200


def test_an_id_in_the_path_is_a_field_of_its_format(orchard: httpx.Client) -> None:
    for tree in orchard.get("/trees").json()["data"]:
        assert orchard.get(f"/trees/{tree['readTag']}").json()["data"] == tree
        assert "-" not in tree["name"]


def test_an_error_names_the_invalid_field_where_the_document_has_messages_by_field(orchard: httpx.Client) -> None:
    missing = orchard.post("/trees", json={})
    message = "name is required in the body"
    assert (missing.status_code, missing.json()) == (422, {"message": message, "errors": {"name": [message]}})
    deep = orchard.post("/trees", json={"name": "Pear", "grafts": [{"year": "old"}]}).json()
    assert deep["errors"] == {"grafts.0.year": [deep["message"]]}
