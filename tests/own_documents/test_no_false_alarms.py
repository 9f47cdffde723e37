"""Habits of published documents that a check once reported as findings, and similar defects that it still finds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from tests.own_documents.checked import found_by_path, verdict

FAIR = """
openapi: 3.0.3
info: {title: Fair, version: "1"}
paths:
  /stalls:
    get: {responses: {"200": {description: stalls, content: {application/json: {schema: {type: array, items: {type: string}}}}}}}
  /posters:
    post:
      description: A part in JSON has a member that the document calls read-only.
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              properties: {about: {$ref: "#/components/schemas/About"}, file: {type: string, format: binary}}
            encoding: {about: {contentType: application/json}}
      responses: {"200": {description: hung, content: {application/json: {schema: {$ref: "#/components/schemas/About"}}}}}
  /stalls/rents:
    post:
      description: A field is a list, or the one word that empties it.
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              properties: {days: {anyOf: [{type: array, items: {type: string, minLength: 3}}, {type: string, enum: [""]}]}}
      responses: {"200": {description: rented, content: {application/json: {schema: {$ref: "#/components/schemas/Rent"}}}}}
  /coins:
    get:
      description: Only some of the items have an id.
      parameters:
        - {name: page, in: query, schema: {type: integer, minimum: 1}}
        - {name: size, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
      responses:
        "200":
          description: coins
          content:
            application/json:
              schema:
                type: object
                required: [data, total]
                properties:
                  total: {type: integer}
                  data:
                    type: array
                    items:
                      oneOf: [{$ref: "#/components/schemas/Coin"}, {$ref: "#/components/schemas/Token"}]
                      discriminator:
                        propertyName: kind
                        mapping: {coin: "#/components/schemas/Coin", token: "#/components/schemas/Token"}
  /coins/tokens/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: coin, content: {application/json: {schema: {$ref: "#/components/schemas/Token"}}}}}
  /tickets:
    get:
      description: A page has 5 items at most, and the list is longer.
      parameters:
        - {name: cursor, in: query, schema: {type: string}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 5}}
      responses:
        "200":
          description: tickets
          content:
            application/json:
              schema:
                type: object
                required: [data]
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Ticket"}}
                  next_cursor: {type: string, nullable: true}
  /tickets/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ticket, content: {application/json: {schema: {$ref: "#/components/schemas/Ticket"}}}}}
  /stars:
    get:
      description: The page is a text, nothing says which is the next, and the items have no id.
      parameters:
        - {name: page, in: query, schema: {type: string}}
        - {name: count, in: query, schema: {type: string}}
      responses:
        "200":
          description: stars
          content:
            application/json:
              schema:
                type: object
                required: [items, paging]
                properties:
                  paging: {type: object, required: [total], properties: {total: {type: integer}}}
                  items: {type: array, items: {$ref: "#/components/schemas/Star"}}
components:
  schemas:
    Star: {type: object, additionalProperties: false, required: [colour], properties: {colour: {type: string}}}
    Ticket: {type: object, required: [id], properties: {id: {type: string}, seat: {type: integer}}}
    Coin:
      type: object
      additionalProperties: false
      required: [kind, code]
      properties: {kind: {type: string, enum: [coin]}, code: {type: string}}
    Token: {type: object, required: [id, kind], properties: {id: {type: string}, kind: {type: string, enum: [token]}}}
    About: {type: object, properties: {poster: {$ref: "#/components/schemas/Poster"}}}
    Poster: {type: object, required: [title], properties: {title: {type: string}, hung: {type: string, readOnly: true}}}
    Rent: {type: object, properties: {days: {type: array, items: {type: string}}}}
"""


@pytest.fixture
def fair(tmp_path: Path) -> Path:
    document = tmp_path / "fair.yaml"
    document.write_text(FAIR)
    return document


def test_the_stand_in_of_such_a_document_has_no_finding(fair: Path) -> None:
    found = verdict(fair)
    assert (found["findings"], found["troubles"]) == ([], [])
    held = {(each["operation"], each["id"]) for each in found["records"] if each["status"] == "held"}
    assert ("POST /posters", "conformance.negative_data_rejection") in held
    assert ("POST /stalls/rents", "conformance.positive_data_acceptance") in held
    assert ("GET /coins", "fair.coins.pages.concat") in held
    assert ("GET /tickets", "fair.tickets.pages.walk") in held


def posts(folder: Path, post: str, marked: Mapping[str, str]) -> Path:
    """A document with one operation for each path, which has that path's text where ``post`` is marked."""
    paths = {path: {"post": yaml.safe_load(post.replace("MARKED", text))} for path, text in marked.items()}
    document = folder / "posts.json"
    document.write_text(json.dumps({"openapi": "3.0.3", "info": {"title": "Posts", "version": "1"}, "paths": paths}))
    return document


POSTER = """
requestBody:
  required: true
  content:
    multipart/form-data:
      schema:
        type: object
        properties: {about: {type: object, properties: {poster: ABOUT}}, file: {type: string, format: binary}}
      encoding: {about: {contentType: application/json}}
responses: {"200": {description: hung}}
""".replace("ABOUT", "{type: object, required: [title], properties: {title: {type: string}, hung: MARKED}}")


def test_a_server_may_take_what_is_read_only_and_not_what_is_forbidden(tmp_path: Path) -> None:
    def takes_any_date(path: str, body: bytes) -> int:
        return 200 if b'"hung"' in body else 400

    document = posts(tmp_path, POSTER, {"/read-only": "{type: string, readOnly: true}", "/forbidden": "{not: {}}"})
    found = found_by_path(document, takes_any_date, "negative_data_rejection")
    assert list(found) == ["/forbidden"]
    (got,) = found["/forbidden"]
    assert "hung: Value is not allowed" in got


RENT = """
requestBody:
  content:
    application/x-www-form-urlencoded:
      schema: {type: object, properties: {days: {anyOf: [{type: array, items: {type: string, minLength: 3}}MARKED]}}}
responses: {"200": {description: rented}}
"""


def test_a_server_may_take_a_list_of_one_for_a_text_and_not_refuse_it_where_only_lists_are_allowed(
    tmp_path: Path,
) -> None:
    def wants_two_days(path: str, body: bytes) -> int:
        return 400 if body.startswith(b"days=") and body.count(b"days=") == 1 and body != b"days=" else 200

    no_text_but_an_empty_one = ', {type: string, enum: [""]}'
    any_text = ", {type: string}"  # which is then no reason to refuse one
    marked = {"/empty": no_text_but_an_empty_one, "/lists": "", "/any": any_text}
    found = found_by_path(posts(tmp_path, RENT, marked), wants_two_days, "positive_data_acceptance")
    assert found.keys() == {"/lists", "/any"}
