"""Lists in published documents that once caused false findings: lists of texts, in large pages, below other ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.own_documents.checked import verdict
from tests.own_documents.served import served, whole_server

ARCHIVE = """
openapi: 3.0.3
info: {title: Archive, version: "1"}
security: [{key: []}]
paths:
  /boxes:
    get:
      responses:
        "200":
          description: boxes
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Box"}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
      responses:
        "201": {description: kept, content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
  /boxes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {responses: {"200": {$ref: "#/components/responses/Box"}, "404": {description: no such box}}}
    put:
      description: The document leaves out that the box may have been changed since.
      parameters: [{name: If-Match, in: header, schema: {type: string}, example: 'W/"12"'}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
      responses: {"200": {$ref: "#/components/responses/Box"}, "404": {description: no such box}}
  /boxes/{id}/readers:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      description: The list has the ids of readers, and not the readers.
      security: [{key: []}]
      responses: {"200": {description: ids, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {reader: {type: string}}}}}}
      responses:
        "201":
          description: allowed
          content:
            application/json:
              schema: {type: object, required: [id], properties: {id: {type: string}, reader: {type: string}}}
  /boxes/{id}/letters:
    get:
      description: The boxes have texts as ids, and this path takes numbers.
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {$ref: "#/components/responses/Letters"}, "400": {description: no number}}
  /letters:
    get:
      description: A page has 20 letters at least.
      parameters:
        - {name: after, in: query, schema: {type: string}}
        - {name: limit, in: query, schema: {type: integer, minimum: 20, maximum: 200}}
      responses:
        "200":
          description: letters
          content:
            application/json:
              schema:
                type: object
                required: [letters]
                properties:
                  letters: {type: array, items: {$ref: "#/components/schemas/Letter"}}
                  next: {type: string, nullable: true}
  /maps:
    get:
      description: A page has 5 maps at least.
      parameters:
        - {name: page, in: query, schema: {type: integer, minimum: 1}}
        - {name: size, in: query, schema: {type: integer, minimum: 5, maximum: 50}}
      responses: {"200": {$ref: "#/components/responses/Letters"}}
  /shelves/{shelf}:
    get:
      description: Nothing lists the shelves.
      parameters: [{name: shelf, in: path, required: true, schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/Shelf"}, "404": {description: no such shelf}}
    delete:
      parameters: [{name: shelf, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: gone}, "404": {description: no such shelf}}
  /shelves/{shelf}/letters:
    get:
      parameters: [{name: shelf, in: path, required: true, schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/Letters"}, "404": {description: no such shelf}}
  /seals:
    get:
      description: It takes a token where the others take a key, in the same header.
      security: [{token: []}]
      responses: {"200": {$ref: "#/components/responses/Letters"}, "401": {description: no token}}
  /stamps:
    post:
      description: Nothing can write such a body.
      requestBody: {required: true, content: {application/x-pem-file: {schema: {type: string}, example: MIIB}}}
      responses: {"201": {description: stamped}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: Authorization}
    token: {type: oauth2, flows: {clientCredentials: {tokenUrl: /token, scopes: {}}}}
  responses:
    Box: {description: box, content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
    Shelf: {description: shelf, content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
    Letters:
      description: letters
      content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Letter"}}}}
  schemas:
    Box: {type: object, required: [id], properties: {id: {type: string, readOnly: true}, shelf: {type: string}}}
    Letter: {type: object, required: [id], properties: {id: {type: string}, from: {type: string}}}
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    document = tmp_path / "archive.yaml"
    document.write_text(ARCHIVE)
    return document


def test_the_stand_in_of_such_a_document_has_no_finding(archive: Path) -> None:
    found = verdict(archive)
    assert (found["findings"], found["troubles"]) == ([], [])
    laws = {each["id"]: each["status"] for each in found["records"]}
    assert laws["archive.letters.pages.walk"] == "held"
    assert {laws[f"archive.maps.pages.{law}"] for law in ("concat", "size", "end", "slices")} == {"held"}
    assert laws["archive.seals.unique"] == "held"
    assert laws["archive.boxes.readers.auth"] == "held"
    assert "archive.boxes.readers.unique" not in laws
    assert laws["archive.boxes.letters.unique"] == "not tried"
    untested = [each["reason"] for each in found["records"] if each["operation"] == "POST /stamps" and each["reason"]]
    assert "application/x-pem-file" in untested[0]


def test_an_id_that_nothing_lists_can_be_given(archive: Path) -> None:
    laws = ("--only", "archive.shelves")
    law = {each["id"]: each for each in verdict(archive, *laws)["records"]}["archive.shelves.letters.unique"]
    assert law["reason"] == "no shelf was given to look at: use --known archive.shelf=VALUE"
    with whole_server(archive) as client:
        place = {"api": "archive", "collection": "/shelves"}
        shelf = client.get("/_sandbox/v1/worlds/default/resources", params=place).json()["resources"][0]["id"]
    found = verdict(archive, *laws, "--known", f"archive.shelf={shelf}")
    assert {each["id"]: each["status"] for each in found["records"]}["archive.shelves.letters.unique"] == "held"


def test_pages_are_as_large_as_the_document_says(archive: Path) -> None:
    with served(archive, rows=25) as client:
        first = client.get("/letters?limit=20").json()
        second = client.get(f"/letters?limit=20&after={first['next']}").json()
        assert (len(first["letters"]), len(second["letters"]), second["next"]) == (20, 5, None)
        assert client.get("/letters?limit=19").status_code == 400
