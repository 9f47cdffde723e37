"""Which member a request is about, where its query has more than one id, and which batches are read and which created."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.own_documents.served import served

DOCUMENT = """
openapi: 3.0.3
info: {title: Depot (ids in requests), version: "1"}
servers: [{url: /}]
paths:
  /jobs:
    get:
      responses: {"200": {description: All., content: {application/json: {schema: {$ref: "#/components/schemas/Jobs"}}}}}
    put:
      parameters:
      - {name: id, in: query, schema: {type: integer}}
      - {name: jobNumber, in: query, required: true, schema: {type: string}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Job"}}}}
      responses: {"200": {description: Changed., content: {application/json: {schema: {$ref: "#/components/schemas/Job"}}}}}
  /jobs/{jobNumber}:
    parameters: [{name: jobNumber, in: path, required: true, schema: {type: string}}]
    get:
      responses: {"200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Job"}}}}}
  /payments:
    get:
      responses: {"200": {description: All., content: {application/json: {schema: {$ref: "#/components/schemas/Payments"}}}}}
  /payments/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      responses: {"200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Payment"}}}}}
  /payments/batch-details:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Payments"}}}}
      responses: {"201": {description: Created., content: {application/json: {schema: {$ref: "#/components/schemas/Payments"}}}}}
components:
  schemas:
    Job:
      type: object
      required: [jobNumber, driver]
      properties: {id: {type: integer}, jobNumber: {type: string}, driver: {type: string}}
    Jobs: {type: array, items: {$ref: "#/components/schemas/Job"}}
    Payment: {type: object, required: [id, cents], properties: {id: {type: integer}, cents: {type: integer}}}
    Payments: {type: array, items: {$ref: "#/components/schemas/Payment"}}
"""


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[httpx.Client]:
    path = tmp_path / "depot.yaml"
    path.write_text(DOCUMENT)
    with served(path, rows=4) as client:
        yield client


def test_the_id_of_the_members_path_is_its_id_in_the_query(depot: httpx.Client) -> None:
    one, two, *others = depot.get("/jobs").json()
    sent = {**one, "driver": "Ada"}
    asked = {"id": two["id"], "jobNumber": one["jobNumber"]}
    assert depot.put("/jobs", params=asked, json=sent).json() == sent
    assert depot.get("/jobs").json() == [sent, two, *others]


def test_a_batch_of_details_is_created(depot: httpx.Client) -> None:
    sent = [{"id": 9001, "cents": 100}, {"id": 9002, "cents": 250}]
    assert depot.post("/payments/batch-details", json=sent).json() == sent
    assert depot.get("/payments/9002").json() == sent[1]
