"""A document that yields very many requests is checked with some of each kind, and the verdict says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.own_documents.checked import server_that_takes, verdict

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


def organ(folder: Path, *, stops: int, alternatives: int) -> Path:
    """The document of an organ whose stops have some alternatives each."""
    stop = {"anyOf": [{"type": "object", "properties": {f"pipe{n}": {"type": "integer"}}} for n in range(alternatives)]}
    document = folder / "organs.yaml"
    document.write_text(ORGANS.replace("STOPS", json.dumps({f"stop{n}": stop for n in range(stops)})))
    return document


def checked(document: Path, examples: int) -> tuple[Any, str]:
    """The verdict of a check of the stand-in, and what the check prints."""
    report = document.parent / f"report{examples}"
    words = ["check", "--spec", str(document), "--only", "conformance", "--fast", "--report", str(report)]
    printed = CliRunner().invoke(main, [*words, "--max-examples", str(examples)]).stdout
    return json.loads((report / "report.json").read_text()), printed


def test_some_requests_of_each_kind_are_sent_and_the_rest_is_said_to_be_not_tried(tmp_path: Path) -> None:
    """An organ of 24 stops: more than a hundred values of a wrong type."""
    document = organ(tmp_path, stops=24, alternatives=8)

    def requests(found: Any, operation: str) -> int:
        wanted = (operation, "conformance.not_a_server_error")
        return sum(each["cases"] for each in found["records"] if (each["operation"], each["id"]) == wanted)

    (few, printed), (many, _) = checked(document, 1), checked(document, 1_000)
    assert few["findings"] == many["findings"] == []
    assert requests(few, "GET /pipes") == requests(many, "GET /pipes")
    assert 100 < requests(few, "POST /organs") < 220 < 300 < requests(many, "POST /organs")
    untried = {each["operation"]: each["reason"] for each in few["records"] if each["status"] == "not tried"}
    assert list(untried) == ["POST /organs"]
    assert "--max-examples" in untried["POST /organs"]
    assert many["not_tried"] == 0
    assert "not tried: organs: conformance of POST /organs: only some of the requests" in printed


def test_a_server_that_takes_anything_is_found_though_the_valid_requests_are_more_than_are_made(tmp_path: Path) -> None:
    """An organ whose 20 stops have 120 alternatives each: more than 2,000 valid requests, which are made first."""
    document, only = organ(tmp_path, stops=20, alternatives=120), ["--only", "conformance.negative_data_rejection"]
    with server_that_takes(lambda path, body: 201 if body else 400) as url:
        found = verdict(document, "--url", url, "--writes", *only, "--max-examples", "1")
    (got,) = (each["got"] for each in found["findings"] if each["operation"] == "POST /organs")
    assert got.startswith("Schema-violating request accepted: in body - ")
