"""Of a check with a time limit, one operation with many requests uses only a part, so that those after it are tried, too."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.own_documents.checked import server_that_takes, verdict

STONES = 50


def mill() -> dict[str, Any]:
    """A document with an operation whose body has forty members, before many that have one parameter each."""
    members = {f"sack{number}": {"type": "string", "minLength": 2, "maxLength": 9} for number in range(40)}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": members}}}}
    done = {"200": {"description": "done", "content": {"application/json": {"schema": {"type": "object"}}}}}
    size = {"name": "size", "in": "query", "schema": {"type": "integer", "maximum": 9}}
    small = {f"/stones/{number}": {"post": {"parameters": [size], "responses": done}} for number in range(STONES)}
    paths = {"/flour": {"post": {"requestBody": body, "responses": done}}, **small}
    return {"openapi": "3.0.3", "info": {"title": "Mill", "version": "1"}, "paths": paths}


def test_an_operation_with_many_requests_leaves_time_for_the_others(tmp_path: Path) -> None:
    """100 seconds for 51 operations are two for each; the first one has hundreds of requests, and about a hundred are sent. The
    server takes whatever it gets, and this is found at each of the others."""
    document = tmp_path / "mill.json"
    document.write_text(json.dumps(mill()))
    sent = Counter[str]()

    def answers(path: str, body: bytes) -> int:
        sent[path] += 1
        return 200

    with server_that_takes(answers) as url:
        found = verdict(document, "--url", url, "--writes", "--only", "conformance", "--max-time", "100")
    untried = {each["operation"]: each["reason"] for each in found["records"] if each["status"] == "not tried"}
    assert list(untried) == ["POST /flour"]
    assert "--max-time" in untried["POST /flour"]
    broken = {each["operation"] for each in found["findings"] if each["id"] == "conformance.negative_data_rejection"}
    assert broken == {"POST /flour", *(f"POST /stones/{number}" for number in range(STONES))}
    assert 20 < sent["/flour"] < 200, sent
