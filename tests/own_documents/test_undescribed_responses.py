"""A document that describes what is sent, but no body of a response, as many generators write it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from tests.own_documents.served import DOCUMENTS, served

from counterfoil.cli import main


@pytest.fixture
def allotments() -> Iterator[httpx.Client]:
    with served(DOCUMENTS / "allotments.yaml", rows=4) as client:
        yield client


def test_a_created_member_is_shown_with_an_id_and_is_read_changed_listed_and_deleted(allotments: httpx.Client) -> None:
    made = allotments.post("/plots", json={"name": "Corner", "soil": "clay"})
    plot = made.json()
    assert (made.status_code, plot["name"], plot["soil"], type(plot["id"])) == (201, "Corner", "clay", int)
    assert allotments.get(f"/plots/{plot['id']}").json() == plot
    assert allotments.patch(f"/plots/{plot['id']}", json={"rent": 12.5}).json() == {**plot, "rent": 12.5}
    listed = allotments.get("/plots").json()
    assert (len(listed), listed[-1]) == (5, {**plot, "rent": 12.5})
    assert allotments.delete(f"/plots/{plot['id']}").content == b""
    assert allotments.get(f"/plots/{plot['id']}").status_code == 404
    assert len(allotments.get("/plots").json()) == 4


def test_what_is_made_has_all_that_requests_send_and_a_list_filters(allotments: httpx.Client) -> None:
    plots = allotments.get("/plots").json()
    assert all(each.keys() == {"id", "name", "soil", "rent"} and 10 <= each["rent"] <= 90 for each in plots)
    clay = allotments.get("/plots", params={"soil": "clay"}).json()
    assert clay == [each for each in plots if each["soil"] == "clay"]


def test_a_password_is_never_shown_and_me_is_one_of_the_members(allotments: httpx.Client) -> None:
    made = allotments.post("/gardeners", json={"name": "Ada", "email": "ada@example.com", "password": "secret"}).json()
    assert made == {"id": made["id"], "name": "Ada", "email": "ada@example.com"}
    assert allotments.get(f"/gardeners/{made['id']}").json() == made
    assert allotments.get("/gardeners/me").json() == allotments.get("/gardeners").json()[0]


def test_an_error_is_not_shown_as_a_member(allotments: httpx.Client) -> None:
    unknown = allotments.get("/gardeners/nobody")
    assert (unknown.status_code, unknown.content) == (404, b"")
    invalid = allotments.post("/plots", json={"soil": "clay"})
    assert (invalid.status_code, invalid.content) == (400, b"")


def test_where_the_document_describes_what_it_shows_a_response_without_a_body_has_none(
    allotments: httpx.Client,
) -> None:
    made = allotments.post("/keys", json={"id": 77, "gate": "north"})
    assert (made.status_code, made.content) == (201, b"")
    assert allotments.get("/keys").json()[-1] == {"id": 77, "gate": "north"}


def test_infer_says_that_it_is_an_assumption(tmp_path: Path) -> None:
    shutil.copy(DOCUMENTS / "allotments.yaml", tmp_path)
    shown = CliRunner().invoke(main, ["infer", str(tmp_path / "allotments.yaml"), "--why", "/plots"]).output
    assert "the document describes no response, so the fields of its requests are assumed" in " ".join(shown.split())
    assert "0.40  role: list" in shown
