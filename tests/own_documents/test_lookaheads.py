"""Patterns with lookaheads, as rules for passwords and names have them, and a document whose members have such texts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.own_documents.served import served

PATTERNS = [
    r"^(?=.*[A-Za-z])(?=.*[0-9]).*$",
    r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[@$!%*?&])[A-Za-z\d@$!%*?&]{8,20}$",
    r"^(?=.{3,20}$)(?![_.])[a-zA-Z0-9._]+(?<![_.])$",
    r"(?=.*\d)(?=.*[A-Z])(?=.*\W).{8,}",
    r"^(?=.*[!@#$%^&*])(?=.{8,})",
    r"^(?!admin$).+$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_members_have_texts_that_match(tmp_path: Path, pattern: str) -> None:
    member = {
        "type": "object",
        "required": ["id", "text"],
        "properties": {"id": {"type": "integer"}, "text": {"type": "string", "minLength": 3, "pattern": pattern}},
    }
    listed = {"description": "all", "content": {"application/json": {"schema": {"type": "array", "items": member}}}}
    document = tmp_path / "accounts.json"
    info = {"title": "Accounts", "version": "1"}
    paths = {"/accounts": {"get": {"responses": {"200": listed}}}}
    document.write_text(json.dumps({"openapi": "3.0.3", "info": info, "paths": paths}))
    with served(document, rows=5) as client:
        texts = [each["text"] for each in client.get("/accounts").json()]
    assert len(texts) == 5
    assert all(re.search(pattern, text) for text in texts), texts
