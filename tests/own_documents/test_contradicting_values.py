"""Lists that filter by default, and responses that cannot show what was sent, give no false alarms; defects are still found."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served
from tests.own_documents.test_laws import Ask, Defect, checked, none

from counterfoil.app import build
from counterfoil.contract.law_books import credential_scheme
from counterfoil.lookup import own_api
from counterfoil.testing.in_process import InProcessTransport

CRATES = DOCUMENTS / "crates.yaml"


def test_a_list_whose_items_no_value_fits_is_empty() -> None:
    """Two parts of a mailing list different kinds of bounces, so that no bounce is valid; a mailing must have the list."""
    with served(DOCUMENTS / "mailings.yaml", rows=3) as client:
        listed = client.get("/mailings").json()
        assert [each["bounces"] for each in listed] == [[], [], []]
        assert client.get(f"/mailings/{listed[0]['id']}").json() == listed[0]


def test_a_created_crate_is_found_though_the_list_shows_others_and_the_answer_other_words() -> None:
    records = {id.removeprefix("crates."): record for id, record in checked(none, CRATES).items()}
    assert [record for record in records.values() if record.status == "broken"] == []
    held = {id for id, record in records.items() if record.status == "held"}
    assert held >= {"crates.listed", "crates.written", "crates.auth", "crates.filter.grade", "crates.filter.weight_min"}
    assert held >= {"tallies.count", "tallies.pages.concat", "tallies.pages.slices"}, "read with 202 and a header"
    assert held >= {"yards.pages.end", "yards.pages.concat"}, "where 404 says that a page has nothing"
    assert "tallies.reference.yard_id" in held, "the ids of yards fit the field that refers to them"


def stores_nothing(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A new crate is never stored."""
    made = {"id": "never", "label": "Tea", "grade": "coarse", "country": "NETHERLANDS", "weight": 1}
    return httpx.Response(201, json=made) if request.method == "POST" else ask(request)


def writes_another_label(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A crate that is read has another label than was sent."""
    response = ask(request)
    if request.method != "GET" or request.url.path.endswith("/crates") or response.status_code != 200:
        return response
    return httpx.Response(200, json=json.loads(response.read()) | {"label": "Coffee"})


def needs_no_key(request: httpx.Request, ask: Ask) -> httpx.Response:
    """A request without a key is answered as if it had one."""
    headers = {**request.headers, "x-key": "sesame"}
    return ask(httpx.Request(request.method, request.url, headers=headers, content=request.content))


def weighs_nothing(request: httpx.Request, ask: Ask) -> httpx.Response:
    """The lowest weight is ignored."""
    url = request.url.copy_remove_param("weight_min")
    return ask(httpx.Request(request.method, url, headers=request.headers, content=request.content))


def has_no_yard(request: httpx.Request, ask: Ask) -> httpx.Response:
    """The list of yards, which must have one, is not found."""
    return httpx.Response(404, json={}) if request.url.path.endswith("/yards") else ask(request)


def has_one_page_of_yards(request: httpx.Request, ask: Ask) -> httpx.Response:
    """Each page of yards after the first is not found, as if there were no more."""
    is_later = request.url.path.endswith("/yards") and request.url.params.get("page", "1") != "1"
    return httpx.Response(404, json={}) if is_later else ask(request)


DEFECTS: dict[Defect, str] = {
    stores_nothing: "crates.listed",
    writes_another_label: "crates.written",
    needs_no_key: "crates.auth",
    weighs_nothing: "crates.filter.weight_min",
    has_no_yard: "yards.unique",
    has_one_page_of_yards: "yards.pages.concat",
}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_the_defects_of_such_a_document_are_found(defect: Defect) -> None:
    record = checked(defect, CRATES)[f"crates.{DEFECTS[defect]}"]
    assert record.status == "broken", record


@pytest.fixture
def crates() -> Iterator[httpx.Client]:
    api = own_api(CRATES, rows=12, seed=3)
    with InProcessTransport(build(own=[api], scenario_name="quiet").server) as inner:
        base = f"http://crates.test{api.prefix}"
        yield httpx.Client(transport=inner, base_url=base, headers={"X-Key": "sesame"}, timeout=60)


def test_a_default_that_is_not_listed_selects_nothing_out(crates: httpx.Client) -> None:
    assert {each["grade"] for each in crates.get("/crates").json()} == {"fine"}, "the default is listed, and selects"
    found = [*crates.get("/crates?grade=fine").json(), *crates.get("/crates?grade=coarse").json()]
    assert {each.get("state") for each in found} >= {"full", "empty"}, "the default is not listed"


def test_a_field_that_is_required_but_not_described_comes_back(crates: httpx.Client) -> None:
    made = crates.post("/signs", json={"name": "No smoking", "Name": "Exit", "colour": "red"}).json()
    assert crates.get(f"/signs/{made['Id']}").json() == {"Id": made["Id"], "name": "No smoking", "Name": "Exit"}


def test_a_token_is_sent_so_that_one_header_is_a_key_and_a_bearer_token() -> None:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "Authorization"},
        "token": {"type": "http", "scheme": "bearer"},
    }
    for security, scheme in (
        ([{"key": [], "token": []}], ("Authorization", "Bearer ")),
        ([{"key": []}], ("Authorization", "")),
    ):
        assert credential_scheme({"components": {"securitySchemes": schemes}, "security": security}) == scheme


def test_a_list_that_may_not_be_empty_has_no_page_after_the_last(crates: httpx.Client) -> None:
    assert len(crates.get("/yards?page=2&page_size=6").json()["yards"]) == 6
    assert crates.get("/yards?page=3&page_size=6").status_code == 404


def test_what_may_be_anything_may_be_given_twice(crates: httpx.Client) -> None:
    assert crates.get("/crates?mark=a&mark=b").status_code == 200
    assert crates.get("/crates?weight=1&weight=2").status_code == 400


def test_a_form_holds_objects_in_json_where_the_document_takes_objects_or_texts(crates: httpx.Client) -> None:
    def sent(**fields: str) -> httpx.Response:
        return crates.post("/crates", data={"label": "Tea", "country": "NL", **fields})

    assert sent(**{"from": '{"city": "Delft"}'}).json()["from"] == {"city": "Delft"}
    assert sent(**{"from": "berth_7"}).json()["from"] == "berth_7"
    assert sent(**{"from": '{"town": "Delft"}'}).status_code == 400
    assert sent(label='{"a": 1}').json()["label"] == '{"a": 1}', "a label is a text"
    assert sent(notes='{"by": "Ada"}').json()["notes"] == ['{"by": "Ada"}'], "one note is a list of one"
    assert sent(notes='["dry", "cool"]').json()["notes"] == ["dry", "cool"]


def test_a_header_that_is_declared_twice_is_required_if_one_of_them_is(crates: httpx.Client) -> None:
    assert crates.post("/moves", json={"crate": "c1"}).status_code == 400
    assert crates.post("/moves", json={"crate": "c1"}, headers={"trace-id": "t1"}).status_code == 204


def test_an_answer_of_two_alternatives_with_alternatives_has_what_was_sent(crates: httpx.Client) -> None:
    sent = {"name": "Ada", "province": "Land Hessen", "code": "D 35037", "country": "DE"}
    made = crates.post("/labels", json=sent)
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["name"], shown["province"], shown["code"]) == ("Ada", "Land Hessen", "D 35037")
    assert shown["country"] in ("GERMANY", "BELGIUM")


@pytest.mark.parametrize("is_double", [True, False])
def test_a_flag_that_was_sent_says_which_alternative_is_answered(crates: httpx.Client, is_double: bool) -> None:
    made = crates.post("/sealings", json={"wax": "red", "is_double": is_double})
    assert made.status_code == 201, made.text
    assert made.json()["is_double"] is is_double
