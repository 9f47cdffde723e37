"""Less usual forms in documents are understood: schemas by their own names, ids outside a member, and so on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.own_documents.test_laws import checked, none

from counterfoil.app import build
from counterfoil.lookup import own_api
from counterfoil.openapi import SpecError, read_document
from counterfoil.testing.in_process import InProcessTransport

LANTERN = Path(__file__).parent / "documents" / "lantern.yaml"


@pytest.fixture(scope="module")
def lantern() -> Iterator[httpx.Client]:
    application = build(own=[own_api(LANTERN, rows=6, seed=0)])
    with httpx.Client(
        transport=InProcessTransport(application.asgi_app), base_url="http://localhost/lantern", timeout=60
    ) as client:
        yield client


def test_a_schema_is_found_by_its_id_and_by_its_anchor(lantern: httpx.Client) -> None:
    assert read_document(LANTERN).notices == ()
    rooms = lantern.get("/rooms").json()
    assert all(len(each["title"]) <= 12 and 0 < each["lit"] < 1 for each in rooms)
    long = lantern.post("/lamps", json={"label": "thirteen long", "wattage": 5})
    assert long.json() == {"error": "label in the body: the value is longer than 12 characters", "code": 400}


def test_an_anchor_that_no_schema_has_is_told_with_its_line(tmp_path: Path) -> None:
    text = LANTERN.read_text().replace('"#short"', '"#shorter"')
    (tmp_path / "lantern.yaml").write_text(text)
    (told,) = read_document(tmp_path / "lantern.yaml").notices
    assert told.line == text[: text.index('"#shorter"')].count("\n") + 1
    assert "names an anchor that no schema has; anything is valid here" in told.message


def test_a_parameter_in_json_in_a_path_names_a_member(lantern: httpx.Client) -> None:
    room = lantern.get("/rooms").json()[2]
    assert lantern.get(f"/rooms/{room['id']}").json() == room
    assert lantern.get("/rooms/none").status_code == 400
    attic = lantern.get(f"/rooms/{room['id']}", headers={"Prefer": "example=attic"})
    assert attic.json() == {"id": 7, "title": "Attic"}


def test_an_id_stands_beside_its_member(lantern: httpx.Client) -> None:
    sent = {"label": "Reading", "wattage": 5, "prices": {"EUR": 12.5}}
    made = lantern.post("/lamps", json=sent).json()
    assert made == {"id": made["id"], "result": sent}
    assert lantern.get(f"/lamps/{made['id']}").json() == made
    assert made["id"] in [each["id"] for each in lantern.get("/lamps").json()["result"]]
    dimmed = lantern.put(f"/lamps/{made['id']}", json={"label": "Reading", "wattage": 3}).json()
    assert (dimmed["id"], dimmed["result"]["wattage"]) == (made["id"], 3)
    assert lantern.delete(f"/lamps/{made['id']}").status_code == 204
    assert lantern.get(f"/lamps/{made['id']}").status_code == 404


def test_a_text_refers_to_a_number(lantern: httpx.Client) -> None:
    rooms = {str(each["id"]) for each in lantern.get("/rooms").json()}
    lamps = lantern.get("/lamps").json()["result"]
    assert {each["room_id"] for each in lamps} <= rooms
    below = [each for room in sorted(rooms) for each in lantern.get(f"/rooms/{room}/lamps").json()]
    assert sorted(each["id"] for each in below) == sorted(each["id"] for each in lamps)


def test_an_error_says_what_is_wrong_wherever_its_shape_has_room_for_it(lantern: httpx.Client) -> None:
    missing = lantern.put("/lamps/1", json={"label": "Desk"})
    assert (missing.status_code, missing.json()) == (
        422,
        {
            "detail": [
                {
                    "loc": ["body", "wattage"],
                    "msg": "wattage is required in the body",
                    "type": "unprocessable_content",
                }
            ]
        },
    )
    unknown = lantern.get("/lamps/99")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/xml")
    assert "<fault><faultstring>/lamps has no member '99'</faultstring></fault>" in unknown.text


def test_a_file_that_is_put_to_its_name_is_made_and_found_by_name_and_by_id(lantern: httpx.Client) -> None:
    manual = lantern.put("/manuals/desk.pdf", content=b"%PDF", headers={"content-type": "application/octet-stream"})
    assert (manual.status_code, manual.json()["fileName"], manual.json()["size"]) == (200, "desk.pdf", 4)
    assert manual.json()["url"].startswith("https://"), "a field that the server sets is made by its name"
    again = lantern.put("/manuals/desk.pdf", content=b"%PDF-2", headers={"content-type": "application/octet-stream"})
    assert (again.json()["manualId"], again.json()["size"]) == (manual.json()["manualId"], 6)
    assert lantern.get("/manuals/desk.pdf").content == b"%PDF-2"
    assert lantern.get(f"/manuals/{manual.json()['manualId']}").content == b"%PDF-2"
    assert lantern.get("/manuals/lamp.pdf").status_code == 404
    assert sum(each["fileName"] == "desk.pdf" for each in lantern.get("/manuals").json()) == 1


def test_the_laws_know_these_forms() -> None:
    records = {id.removeprefix("lantern."): record.status for id, record in checked(none, LANTERN).items()}
    assert [id for id, status in records.items() if status == "broken"] == []
    held = {id for id, status in records.items() if status == "held"}
    assert held >= {"lamps.written", "lamps.listed", "lamps.gone", "lamps.agree", "rooms.agree"}, sorted(
        records.items()
    )


def test_a_document_that_nests_too_deep_is_refused_in_one_line(tmp_path: Path) -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(150):
        schema = {"type": "object", "properties": {"inner": schema}}
    document = {"openapi": "3.0.3", "info": {}, "paths": {}, "components": {"schemas": {"Deep": schema}}}
    (tmp_path / "deep.json").write_text(json.dumps(document))
    with pytest.raises(SpecError, match=r"deep\.json: nests too deep$"):
        read_document(tmp_path / "deep.json")
