"""Values in published documents that once caused false findings: too long, too many, twice, null, or outside a pattern."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from tests.own_documents.checked import found_by_path, server_that_takes, verdict
from tests.own_documents.served import served

GARDEN = """
openapi: 3.0.3
info: {title: Garden, version: "1"}
paths:
  /plants:
    get:
      description: A list in the query may have null, and more items than most servers would count.
      parameters:
        - name: colours
          in: query
          schema: {type: array, maxItems: 1500, items: {type: string, nullable: true, pattern: "^(0|[1-9][0-9]*)$"}}
      responses: {"200": {$ref: "#/components/responses/Plants"}, "4XX": {$ref: "#/components/responses/Wrong"}}
  /plants/{name}:
    get:
      description: A name may be longer than a URL.
      parameters: [{name: name, in: path, required: true, schema: {type: string, maxLength: 100000}}]
      responses: {"200": {$ref: "#/components/responses/Plant"}, "4XX": {$ref: "#/components/responses/Wrong"}}
  /waterings:
    get:
      parameters: [{name: until, in: query, schema: {type: string, format: date-time}}]
      responses:
        "200":
          description: waterings
          content:
            application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Watering"}}}
        "4XX": {$ref: "#/components/responses/Wrong"}
    post:
      description: A time is one of several alternatives.
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Watering"}}}
      responses:
        "201": {description: watered, content: {application/json: {schema: {$ref: "#/components/schemas/Watering"}}}}
        "4XX": {$ref: "#/components/responses/Wrong"}
  /gates:
    get:
      description: The list has one item at most, though more can be made.
      responses:
        "200":
          description: gates
          content:
            application/json: {schema: {type: array, maxItems: 1, items: {$ref: "#/components/schemas/Gate"}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Gate"}}}}
      responses:
        "201": {description: built, content: {application/json: {schema: {$ref: "#/components/schemas/Gate"}}}}
  /gates/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: gate, content: {application/json: {schema: {$ref: "#/components/schemas/Gate"}}}}
        "404": {$ref: "#/components/responses/Wrong"}
  /helpers:
    get:
      responses:
        "200":
          description: helpers
          content:
            application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Helper"}}}
    post:
      description: The example names one helper twice.
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: array, items: {$ref: "#/components/schemas/Helper"}}
            example: [{id: ada, task: weed}, {id: leo, task: weed}, {id: ada, task: water}]
      responses:
        "201":
          description: asked
          content:
            application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Helper"}}}
        "400": {$ref: "#/components/responses/Wrong"}
        "409": {$ref: "#/components/responses/Wrong"}
  /helpers/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: helper, content: {application/json: {schema: {$ref: "#/components/schemas/Helper"}}}}
        "404": {$ref: "#/components/responses/Wrong"}
  /invoices:
    get:
      responses:
        "200":
          description: invoices
          content: {application/json: {schema: {$ref: "#/components/schemas/Invoices"}}}
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [status], properties: {status: {type: string}}}}}
      responses:
        "200":
          description: an invoice
          content:
            application/json:
              schema:
                type: object
                required: [status, data]
                properties: {status: {type: boolean}, data: {$ref: "#/components/schemas/Invoice"}}
  /invoices/{id}:
    get:
      description: The document describes a list here, by mistake, so the invoice that is read has no id.
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: an invoice
          content: {application/json: {schema: {$ref: "#/components/schemas/Invoices"}}}
        "404": {description: unknown}
components:
  responses:
    Plants:
      description: plants
      content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Plant"}}}}
    Plant: {description: plant, content: {application/json: {schema: {$ref: "#/components/schemas/Plant"}}}}
    Wrong:
      description: wrong
      content: {application/json: {schema: {type: object, required: [message], properties: {message: {type: string}}}}}
  schemas:
    Plant: {type: object, required: [name], properties: {name: {type: string}}}
    Watering:
      type: object
      required: [id, at]
      properties:
        id: {type: string, readOnly: true}
        at: {type: string, format: date-time}
        dried: {oneOf: [{type: string, format: date-time}, {type: array, items: {type: integer}}]}
    Gate: {type: object, required: [id], properties: {id: {type: string, readOnly: true}, colour: {type: string}}}
    Helper: {type: object, required: [id, task], properties: {id: {type: string}, task: {type: string}}}
    Invoice: {type: object, required: [id, status], properties: {id: {type: integer}, status: {type: string}}}
    Invoices:
      type: object
      required: [status, data]
      properties: {status: {type: boolean}, data: {type: array, items: {$ref: "#/components/schemas/Invoice"}}}
"""
UNTIL = "{name: until, in: query, schema: {type: string, format: date-time}}"
SINCE = '{name: since, in: query, schema: {type: string, format: date-time, pattern: "YYYY-MM-DDThh:mm:ssZ"}}'


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    document = tmp_path / "garden.yaml"
    document.write_text(GARDEN)
    return document


def test_the_stand_in_of_such_a_document_has_no_finding(garden: Path) -> None:
    found = verdict(garden)
    assert (found["findings"], found["troubles"]) == ([], [])
    statuses = {each["id"]: each["status"] for each in found["records"]}
    assert statuses["garden.waterings.filter.until"] == "held"
    assert statuses["garden.gates.listed"] == "not tried"
    assert statuses["garden.gates.written"] == "held"
    assert statuses["garden.invoices.unique"] == "held"


def test_no_time_is_tried_where_none_is_as_the_pattern_says(garden: Path) -> None:
    """At one operation alone, because Schemathesis looks for such a time for seconds."""
    document = yaml.safe_load(GARDEN.replace(f"[{UNTIL}]", f"[{SINCE}, {UNTIL}]"))
    document["paths"] = {"/waterings": {"get": document["paths"]["/waterings"]["get"]}}
    garden.write_text(yaml.safe_dump(document))
    found = verdict(garden)
    assert (found["findings"], found["troubles"]) == ([], [])
    statuses = {each["id"]: each["status"] for each in found["records"]}
    assert statuses["garden.waterings.filter.until"] == "held"
    assert statuses["garden.waterings.filter.since"] == "not tried"


def test_a_request_may_have_as_many_values_as_the_document_says(garden: Path) -> None:
    with served(garden) as client:
        assert client.get("/plants", params={"colours": [str(number) for number in range(1500)]}).status_code == 200
        assert client.get("/plants", params={"colours": [str(number) for number in range(1501)]}).status_code == 400
        assert client.get("/plants?" + "a&" * 2001).status_code == 400


def test_of_a_member_that_one_request_names_twice_the_last_counts(garden: Path) -> None:
    asked = [{"id": "ada", "task": "weed"}, {"id": "leo", "task": "weed"}, {"id": "ada", "task": "water"}]
    with served(garden) as client:
        before = client.get("/helpers").json()
        assert client.post("/helpers", json=asked).status_code == 201
        assert client.get("/helpers").json() == [*before, asked[2], asked[1]]
        again = client.post("/helpers", json=asked[:1])
        assert (again.status_code, again.json()["message"]) == (409, "there is a member with the id 'ada' already")


WATERINGS = """
openapi: 3.0.3
info: {title: Waterings, version: "1"}
paths:
  /mornings:
    post: &watered
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Watering"}}}}
      responses: {"201": {description: watered}, "4XX": {description: not watered}}
  /evenings: {post: *watered}
components:
  schemas:
    Watering:
      type: object
      properties: {dried: {oneOf: [{type: string, format: date-time}, {type: array, items: {type: integer}}]}}
"""


def test_a_server_that_refuses_a_time_is_found_and_one_that_refuses_no_time_is_not(tmp_path: Path) -> None:
    """In the mornings the server refuses values that are not times, in the evenings times."""
    document = tmp_path / "waterings.yaml"
    document.write_text(WATERINGS)

    def answers(path: str, body: bytes) -> int:
        is_time = b'"dried"' not in body or b'"dried": "2' in body or b'"dried": [' in body
        return 201 if is_time is (path == "/mornings") else 400

    assert list(found_by_path(document, answers, "positive_data_acceptance")) == ["/evenings"]


BELL = """
openapi: 3.0.3
info: {title: Bell, version: "1"}
paths:
  /rings:
    post:
      requestBody: {required: true, content: {text/plain: {schema: {type: string, enum: ["ding\\u0007"]}}}}
      responses: {"200": {description: rung}, "422": {description: not rung}}
"""


@pytest.mark.parametrize("shell", ["/usr/bin/fish", None])
def test_a_curl_line_sends_the_control_characters_of_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str | None
) -> None:
    """Bash writes what the line would send, in whichever shell the check runs: the one text that the document allows, and the
    server refuses."""
    monkeypatch.delenv("SHELL", raising=False)
    if shell:
        monkeypatch.setenv("SHELL", shell)
    document = tmp_path / "bell.yaml"
    document.write_text(BELL)
    with server_that_takes(lambda path, body: 422) as url:
        found = verdict(document, "--url", url, "--writes", "--only", "conformance.positive_data_acceptance")
    (line,) = found["findings"][0]["requests"]
    words = line.removeprefix("curl ")
    shown = subprocess.run(["bash", "-c", f"printf '%s\\n' {words}"], capture_output=True, text=True, check=True).stdout
    assert "ding\x07" in shown.split("\n"), line
