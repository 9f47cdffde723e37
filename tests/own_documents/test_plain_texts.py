"""Texts in bodies and paths are validated against the document's schemas."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served

SWITCHBOARD = DOCUMENTS / "switchboard.yaml"


@pytest.fixture(scope="module")
def board() -> Iterator[httpx.Client]:
    with served(SWITCHBOARD, rows=5) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "sent", "status", "says"),
    [
        ("/mode", b"day", 204, ""),
        ("/mode", b"noon", 400, 'not one of "day" or "night"'),
        ("/greeting", b"Hello", 204, ""),
        ("/greeting", b"hello", 400, "does not match"),
        ("/greeting", b"Hello, world!", 400, "longer than 12"),
        ("/volume", b"10", 204, ""),
        ("/volume", b"11", 400, "greater than the maximum of 10"),
        ("/volume", b"loud", 400, 'not of type "integer"'),
        ("/mode", b"\xff", 400, "not UTF-8"),
    ],
)
def test_a_text_fits_its_schema(board: httpx.Client, path: str, sent: bytes, status: int, says: str) -> None:
    response = board.put(path, content=sent, headers={"Content-Type": "text/plain"})
    assert response.status_code == status, response.text
    assert says in response.text.replace('\\"', '"')


def test_a_text_in_another_encoding_is_refused_and_a_table_is_bytes(board: httpx.Client) -> None:
    latin = {"Content-Type": "text/plain; charset=iso-8859-1"}
    assert board.put("/mode", content=b"day", headers=latin).status_code == 415
    assert board.put("/table", content=b"a;b\n1;\xff\n", headers={"Content-Type": "text/csv"}).status_code == 204


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/lines/.1.2", 200),  # OpenAPI 3.0.3, Style Examples
        ("/lines/.1,2", 200),  # OpenAPI 3.1
        ("/lines/.7", 200),
        ("/lines/.1.x", 400),
        ("/colours/.R=1.G=2", 200),
        ("/colours/.G=2", 400),
        ("/colours/.R=red", 400),
    ],
)
def test_a_label_is_read_as_either_version_writes_it(board: httpx.Client, path: str, status: int) -> None:
    response = board.get(path)
    assert response.status_code == status, response.text


def test_what_may_not_be_there_is_named_without_its_value(board: httpx.Client) -> None:
    assert board.put("/pairs", json={"pair": [1, 2]}).status_code == 204
    third = board.put("/pairs", json={"pair": [1, 2, {"pin": 9911}]})
    assert third.json()["detail"] == "pair[2] in the body: no value is allowed here"
    assert "never in the body: no value is allowed here" in board.put("/pairs", json={"never": 1}).text
