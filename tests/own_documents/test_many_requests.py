"""A document that yields very many requests is checked with some of each kind, and the verdict says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.own_documents.test_no_false_alarms import found_at

from counterfoil.cli import main

ORGANS = """
openapi: 3.0.3
info: {title: Organs, version: "1"}
paths:
  /organs:
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: STOPS}}}}
      responses: {"201": {description: built}}
  /pipes:
    get: {responses: {"200": {description: pipes, content: {application/json: {schema: {type: array, items: {type: string}}}}}}}
"""


def organ(folder: Path, stops: int) -> Path:
    """The document of an organ whose stops have 8 alternatives each."""
    stop = {"anyOf": [{"type": "object", "properties": {f"pipe{n}": {"type": "integer"}}} for n in range(8)]}
    document = folder / "organs.yaml"
    document.write_text(ORGANS.replace("STOPS", json.dumps({f"stop{n}": stop for n in range(stops)})))
    return document


def checked(document: Path, *options: str) -> str:
    words = ["check", "--spec", str(document), "--only", "conformance", "--fast", *options]
    return CliRunner().invoke(main, words).stdout


def test_some_requests_of_each_kind_are_sent_and_the_rest_is_said_to_be_not_tried(tmp_path: Path) -> None:
    """An organ of 24 stops: more than a hundred values of a wrong type."""
    document = organ(tmp_path, 24)

    def verdict(examples: int) -> Any:
        return json.loads(checked(document, "--max-examples", str(examples), "--json"))

    def requests(found: Any, operation: str) -> int:
        wanted = (operation, "conformance.not_a_server_error")
        return sum(each["cases"] for each in found["records"] if (each["operation"], each["id"]) == wanted)

    few, many = verdict(1), verdict(1_000)
    assert few["findings"] == many["findings"] == []
    assert requests(few, "GET /pipes") == requests(many, "GET /pipes")
    assert 100 < requests(few, "POST /organs") < 220 < 300 < requests(many, "POST /organs")
    untried = {each["operation"]: each["reason"] for each in few["records"] if each["status"] == "not tried"}
    assert list(untried) == ["POST /organs"]
    assert "--max-examples" in untried["POST /organs"]
    assert many["not_tried"] == 0
    assert "not tried: organs: conformance of POST /organs: only some of the requests" in checked(
        document, "--max-examples", "1"
    )


def test_a_server_that_takes_anything_is_found_though_the_valid_requests_are_more_than_are_made(tmp_path: Path) -> None:
    """An organ of 220 stops: more than 2,000 valid requests, which are made first."""
    (got,) = found_at(
        organ(tmp_path, 220), lambda path, body: 201 if body else 400, "negative_data_rejection", "/organs"
    )
    assert got.startswith("Schema-violating request accepted: in body - ")
