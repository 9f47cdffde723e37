"""Requests are understood in every form that the user's own document describes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.own_documents.served import served

from .conftest import Client


@pytest.fixture(scope="module")
def library(clients: dict[str, Client]) -> Client:
    return clients["library"]


@pytest.fixture(scope="module")
def workshop(clients: dict[str, Client]) -> Client:
    return clients["workshop"]


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        ("", {}),
        ("published=1984", {"published": 1984}),
        ("published[gte]=1900&published%5Blte%5D=1999", {"published": {"gte": 1900, "lte": 1999}}),
        ("expand[]=author&expand[]=loans", {"expand": ["author", "loans"]}),
        ("expand[1]=b&expand[0]=a", {"expand": ["a", "b"]}),
        ("point=x,1.5,y,2", {"point": {"x": 1.5, "y": 2}}),
        ("height=20&width=13", {"size": {"height": 20, "width": 13}}),
        ("filter=%7B%22field%22%3A%22title%22%2C%22deep%22%3Atrue%7D", {"filter": {"field": "title", "deep": True}}),
        ("shelves=1%202+3", {"shelves": [1, 2, 3]}),
        ("grade=2", {"grade": 2}),
    ],
)
def test_query_parameters_become_what_their_schemas_say(
    library: Client, query: str, understood: dict[str, Any]
) -> None:
    assert library.understood("GET", f"/books?{query}")["query"] == {"limit": 10, **understood}


@pytest.mark.parametrize(
    ("query", "headers", "said"),
    [
        ("limit=101", {}, "limit"),
        ("published[gte]=old", {}, "published"),
        ("published[since]=1900", {}, "published"),
        ("filter=%7B%7D", {}, "field"),
        ("filter=%7B", {}, "filter"),
        ("grade=4", {}, "grade"),
        ("height=tall", {}, "size[height]"),
        ("", {"X-Trace": "abcdef"}, "X-Trace"),
        ("", {"cookie": "other=1; session=abc"}, "session"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_by_name(
    library: Client, query: str, headers: dict[str, str], said: str
) -> None:
    refused = library("GET", f"/books?{query}", headers=headers)
    assert refused.status_code == 400, refused.text
    assert said in refused.json()["message"]


def test_a_header_and_a_cookie_that_fit_are_taken(library: Client) -> None:
    library.understood("GET", "/books", headers={"X-Trace": "abc", "cookie": "a=b; session=7; seen=1,2"})
    assert library("GET", "/books", headers={"cookie": "seen=1,b"}).status_code == 400, "a list is one text in a cookie"


def test_lists_in_swagger_2_are_read_by_their_collection_format(workshop: Client) -> None:
    key = {"X-Key": "k"}
    read = workshop.understood("GET", "/jobs?states=open|done&tags=1&tags=2", token=None, headers=key)
    assert read["query"] == {"page": 1, "states": ["open", "done"], "tags": [1, 2]}
    assert workshop("GET", "/jobs?states=lost", token=None, headers=key).status_code == 400


def test_a_form_is_a_body_of_the_same_types_as_json(library: Client) -> None:
    fields = {
        "title": "Emma",
        "pages": "474",
        "price": "9.95",
        "is_new": "true",
        "authors[0][name]": "Jane",
        "authors[0][born]": "1775",
        "follows[title]": "Persuasion",
    }
    read = library.understood("POST", "/books", data=fields)["body"]
    assert read == {
        "title": "Emma",
        "pages": 474,
        "price": 9.95,
        "is_new": True,
        "authors": [{"name": "Jane", "born": 1775}],
        "follows": {"title": "Persuasion"},
    }
    assert library.understood("POST", "/books", json=read)["body"] == read
    for wrong, said in (({"pages": "1"}, "title"), ({"title": "x", "pages": "many"}, "pages in the body")):
        refused = library("POST", "/books", data=wrong)
        assert (refused.status_code, said in refused.json()["message"]) == (400, True), refused.text


def test_multipart_fields_are_read_and_a_file_is_its_name(workshop: Client, library: Client) -> None:
    photo = {"photo": ("cat.png", b"\x89PNG\r\n\x00", "image/png")}
    read = workshop.understood("POST", "/jobs/7/photo", data={"width": "640", "caption": "Cat"}, files=photo)
    assert (read["path"], read["body"]) == ({"id": 7}, {"width": 640, "caption": "Cat", "photo": "cat.png"})
    assert workshop("POST", "/jobs/7/photo", data={"width": "wide"}, files=photo).status_code == 400
    assert workshop("POST", "/jobs/7/photo", data={"width": "1"}, files={"other": b""}).status_code == 400
    address = {"address": (None, '{"city": "Kiel", "zip": 24103}', "application/json")}
    assert library.understood("POST", "/parcels", files=address)["body"] == {"address": {"city": "Kiel", "zip": 24103}}
    as_text = {"address": (None, '{"zip": 24103}')}
    assert library("POST", "/parcels", files=as_text).status_code == 400


@pytest.mark.parametrize(
    "sent",
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="width"\r\n\r\n1'),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x"),
    ],
)
def test_a_broken_form_is_refused(workshop: Client, sent: tuple[str, bytes]) -> None:
    kind, content = sent
    refused = workshop("POST", "/jobs/7/photo", content=content, headers={"content-type": kind})
    assert refused.status_code == 400, refused.text


def test_bodies_of_other_media_types_pass_as_they_are(library: Client) -> None:
    assert library.understood("PUT", "/covers", content=b"<svg/>", headers={"content-type": "image/svg+xml"})[
        "body"
    ] == ("<svg/>")
    assert library("PUT", "/covers", json={}).status_code == 415
    assert library.understood("POST", "/imports", json={"a": 1})["body"] == {"a": 1}
    assert library("POST", "/imports", json={}).status_code == 400
    assert library.understood("POST", "/imports", content=b"a;b", headers={"content-type": "text/csv"})["body"] == "a;b"


def test_any_media_type_that_is_documented_as_any_can_be_accepted(library: Client, workshop: Client) -> None:
    for accept in ("application/json", "*/*", "text/html", "application/*;q=0.5"):
        response = library("PUT", "/covers", content=b"x", headers={"content-type": "image/png", "accept": accept})
        assert response.status_code == 200, accept
    assert workshop("GET", "/report", headers={"accept": "application/json"}).status_code == 200
    assert workshop("GET", "/report", headers={"accept": "text/html"}).status_code == 406


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("GET", "/books/ab12.pdf", "GET /books/{isbn}.pdf", {"isbn": "ab12"}),
        ("GET", "/books/ab12", "GET /books/{isbn}", {"isbn": "ab12"}),
        ("GET", "/books/AB12", "GET /books/{isbn}", {"isbn": "AB12"}),
        ("GET", "/loans/12", "GET /loans/{number}", {"number": 12}),
        ("GET", "/loans/Emma", "GET /loans/{title}", {"title": "Emma"}),
        ("DELETE", "/loans/12", "DELETE /loans/{title}", {"title": "12"}),
    ],
)
def test_paths_are_told_apart_by_text_in_a_segment_and_by_schemas(
    library: Client, method: str, path: str, operation: str, parameters: dict[str, Any]
) -> None:
    read = library.understood(method, path)
    assert (read["operation"], read["path"]) == (operation, parameters)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/spines/;widths=13;widths=20/.blue.black", {"widths": [13, 20], "names": ["blue", "black"]}),
        ("/spines/;widths=13/.blue", {"widths": [13], "names": ["blue"]}),
        ("/spines/;x=13;y=20/.x=1.y=2/marks", {"size": {"x": 13, "y": 20}, "place": {"x": 1, "y": 2}}),
        ("/spines/;widths=13,20/.x,1,y,2/flat", {"widths": [13, 20], "size": {"x": 1, "y": 2}}),
    ],
)
def test_lists_and_objects_in_a_path_are_read_by_their_style(
    library: Client, path: str, parameters: dict[str, Any]
) -> None:
    """The forms are those of RFC 6570, 3.2.5 and 3.2.7."""
    assert library.understood("GET", path)["path"] == parameters


def test_an_object_without_members_may_be_sent_as_an_empty_text(library: Client) -> None:
    assert library.understood("GET", "/books?point=")["query"]["point"] == {}


def test_paths_that_no_operation_fits_are_refused(library: Client) -> None:
    assert library("GET", "/books/12").status_code == 400, "the pattern wants two letters first"
    assert library("GET", "/loans/ab").status_code == 400, "neither a number nor three letters"
    assert library("GET", "/shelves").status_code == 404
    wrong = library("POST", "/loans/12")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD")


def test_any_credential_of_the_documented_form_is_accepted(library: Client, workshop: Client) -> None:
    assert library("GET", "/books", token=None).status_code == 401
    assert library("GET", "/books", token="counterfoil-forbidden").status_code == 403
    assert library.understood("GET", "/books", token="anything")["who"] == "anything"
    assert library.understood("GET", "/books/a.pdf", token=None)["who"] is None
    assert library("GET", "/books", token=None, headers={"authorization": "Basic YTpi"}).status_code == 401
    refused = library("GET", "/books", token=None).json()
    assert (refused["reason"], refused["operation"]) == ("unauthenticated", "GET /books"), (
        "for an error in its own shape"
    )

    def basic(text: str) -> dict[str, str]:
        return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}

    assert workshop.understood("GET", "/jobs", token=None, headers=basic("ada:pw"))["who"] == "ada"
    assert workshop("GET", "/jobs", token=None, headers=basic("ada")).status_code == 401
    assert workshop("GET", "/jobs", token=None, headers=basic("ada:counterfoil-forbidden")).status_code == 403
    assert workshop("GET", "/jobs", token=None, headers={"authorization": "Basic ?"}).status_code == 401
    assert workshop.understood("GET", "/jobs", token=None, headers={"x-key": "k"})["who"] == "k"
    assert workshop("POST", "/jobs", token=None, headers={"x-key": "k"}, json={"title": "x"}).status_code == 401
    assert workshop("POST", "/jobs", token="t", json={"title": "x"}).status_code == 200


def test_two_credentials_may_be_needed_at_once(library: Client) -> None:
    """GET /pets takes the token and the cookie, or the reader in the query, or a badge."""
    assert library("GET", "/pets", token="t").status_code == 401
    assert library("GET", "/pets", token="t", headers={"cookie": "sid=1"}).status_code == 200
    assert library("GET", "/pets?reader=k", token=None).status_code == 200
    assert library("GET", "/pets?reader=", token=None).status_code == 401


def test_the_journal_holds_no_credential_whatever_the_document_calls_it(library: Client) -> None:
    assert library("GET", "/pets?a=1&reader=hush", token=None).status_code == 200
    assert library("GET", "/pets", token=None, headers={"X-Badge": "hush"}).status_code == 200
    assert library("GET", "/pets", token="hush", headers={"cookie": "sid=hush"}).status_code == 200
    exchanges = library.control("/worlds/default/journal?limit=3").json()["exchanges"]
    asked = json.dumps([(each["path"], each["request"]) for each in exchanges])
    assert "a=1&reader=***" in asked
    assert "hush" not in asked


def test_schemas_of_openapi_3_1_mean_what_they_say_there(clients: dict[str, Client]) -> None:
    ferry = clients["ferry"]
    assert ferry.understood("GET", "/trips?seats=2&kind=fast")["query"] == {"seats": 2, "kind": "fast"}
    assert ferry("GET", "/trips?seats=0").status_code == 400
    assert ferry("GET", "/trips?kind=slow").status_code == 400
    headers = {"content-type": "application/vnd.ferry+json"}

    def post(body: str) -> int:
        return ferry("POST", "/trips", content=body, headers=headers).status_code

    assert (
        post('{"port": "Kiel", "back": {"port": "Oslo", "back": null}, "stops": [{"name": "a"}], "since": null}') == 200
    )
    assert post('{"since": null}') == 400, "a member beside the reference is asked for"
    assert post('{"port": "kiel"}') == 400, "a capital letter first"
    assert post('{"port": "Kiel", "stops": [{}]}') == 400
    assert post('{"port": "Kiel", "stops": [{"name": "a"}, {"name": "b"}]}') == 400
    assert post('{"port": "Kiel", "back": {"back": null}}') == 400, "who comes back needs a port"


def test_split_and_crooked_documents_are_served_beside_a_vendor(clients: dict[str, Client]) -> None:
    bakery, crooked = clients["bakery"], clients["crooked"]
    assert bakery("GET", "/loaves?limit=many", token=None).status_code == 400
    assert bakery("GET", "/loaves", token=None).status_code == 500, "the echo is not the documented list"
    assert bakery("GET", "/ovens", token=None).status_code == 200
    assert bakery("POST", "/loaves", token=None, json={"name": "rye", "madeOf": {}}).status_code == 400
    assert bakery("POST", "/loaves", token=None, json={"name": "rye", "madeOf": {"name": "flour"}}).status_code != 400
    assert crooked("GET", "/things", token=None).status_code == 200
    assert crooked("GET", "/things?b=few", token=None).status_code == 400
    assert clients["elevate"]("GET", "/bill-runs?page=1&pageSize=3", token="counterfoil-key").status_code == 200


def test_an_answer_may_fit_several_branches_of_one_of_and_must_fit_one(library: Client) -> None:
    """The echo has both members that Pet's branches ask for; a stone is a text or a number."""
    assert library("GET", "/pets?reader=k", token=None).status_code == 200
    assert library("GET", "/stones").status_code == 500


RUNS = """
openapi: 3.0.3
info: {title: Runs, version: "1"}
paths:
  /runs:
    get:
      requestBody: {$ref: "#/components/requestBodies/Choice"}
      responses:
        "200":
          description: runs
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Run"}}}}
  /runs/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
      responses:
        "200": {description: a run, content: {application/json: {schema: {$ref: "#/components/schemas/Run"}}}}
        "404": {description: unknown}
components:
  requestBodies:
    Choice: {required: true, content: {application/json: {schema: {type: object, properties: {state: {type: string}}}}}}
  schemas:
    Run: {type: object, required: [id, state], properties: {id: {type: string}, state: {type: string}}}
"""


def test_a_get_needs_no_body_though_its_document_requires_one(tmp_path: Path) -> None:
    document = tmp_path / "runs.yaml"
    document.write_text(RUNS)
    with served(document, rows=3) as client:
        runs = client.get("/runs").json()
        assert len(runs) == 3
        assert client.get(f"/runs/{runs[0]['id']}").json() == runs[0]
        assert client.request("GET", f"/runs/{runs[0]['id']}", json={}).json() == runs[0]
        assert client.request("GET", f"/runs/{runs[0]['id']}", json=[]).status_code == 400
