"""Laws of lists that sort in a direction of their own, and of lists that show only some members."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.own_documents.test_laws import Ask, Defect, checked, none

RACES = """
openapi: 3.0.3
info: {title: Races, version: "1"}
security: [{key: []}]
paths:
  /races:
    get:
      description: Without a direction the latest is first.
      parameters:
        - {name: sort, in: query, schema: {type: string, enum: [started_at, laps]}}
        - {name: order, in: query, schema: {type: string, enum: [DESC, ASC], default: DESC}}
      responses:
        "200":
          description: races
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Race"}}}}
  /races/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: a race, content: {application/json: {schema: {$ref: "#/components/schemas/Race"}}}}
        "404": {description: unknown}
  /entries:
    get:
      description: A state is required, so that no request lists all entries.
      parameters:
        - {name: state, in: query, required: true, schema: {type: string, enum: [pending]}}
      responses:
        "200":
          description: entries
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Entry"}}}}
  /entries/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: an entry, content: {application/json: {schema: {$ref: "#/components/schemas/Entry"}}}}
        "404": {description: unknown}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Race:
      type: object
      required: [id, started_at, laps]
      properties:
        id: {type: string, example: "12"}
        started_at: {type: string, format: date-time}
        laps: {type: integer, minimum: 1, maximum: 90}
    Entry:
      type: object
      required: [id, state]
      properties: {id: {type: string, example: "12"}, state: {type: string, enum: [pending, accepted, refused]}}
"""


@pytest.fixture
def races(tmp_path: Path) -> Path:
    document = tmp_path / "shop.yaml"
    document.write_text(RACES)
    return document


def ignores_direction(request: httpx.Request, ask: Ask) -> httpx.Response:
    """Every list that is sorted begins with the least."""
    if "sort" in request.url.params:
        url = request.url.copy_set_param("order", "ASC")
        return ask(httpx.Request(request.method, url, headers=request.headers))
    return ask(request)


def sorts_nothing(request: httpx.Request, ask: Ask) -> httpx.Response:
    url = request.url.copy_remove_param("sort")
    return ask(httpx.Request(request.method, url, headers=request.headers))


def test_both_directions_are_asked_for_and_no_law_is_broken(races: Path) -> None:
    records = checked(none, races)
    assert [record for record in records.values() if record.status == "broken"] == []
    assert records["shop.races.sort.ascending"].status == "held"
    assert records["shop.races.sort.descending"].status == "held"
    assert records["shop.entries.unknown"].status == "held"


@pytest.mark.parametrize(("defect", "law"), [(ignores_direction, "sort.descending"), (sorts_nothing, "sort.ascending")])
def test_a_server_that_sorts_otherwise_is_found(races: Path, defect: Defect, law: str) -> None:
    assert checked(defect, races)[f"shop.races.{law}"].status == "broken"
