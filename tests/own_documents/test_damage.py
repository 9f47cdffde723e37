"""Any mistake anywhere in a document gives one line, or a stand-in that serves the rest: never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from counterfoil import yaml_reader
from counterfoil.json_schema.validators import schemas_of
from counterfoil.openapi import SpecError, read_document
from counterfoil.server.app import build_server

from .conftest import DOCUMENTS, api_of

Steps = tuple[str | int, ...]
WRONG: list[Any] = [
    None,
    5,
    -0.5,
    "x",
    "",
    True,
    [],
    [None],
    {},
    {"": None},
    {"$ref": "#/x"},
    {"$ref": 5},
    {"$ref": "#"},
]
CASES = 40
"""For each document, chosen at random from all places and all values: 8,619 cases in the four documents."""


def places(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Every place of a document but its top."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        yield (*steps, step)
        yield from places(member, (*steps, step))


def damaged(document: Any, steps: Steps, wrong: Any) -> Any:
    copy = deepcopy(document)
    holder = copy
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = wrong
    return copy


def serve(path: Path) -> None:
    """Read, route and compile a document, unless it is refused in one line."""
    try:
        spec = read_document(path, "own")
    except SpecError as refused:
        if "\n" in str(refused):
            raise AssertionError("more than one line") from refused
        return
    build_server([api_of(spec)], lambda name: None)
    schemas_of(spec).compile()
    assert all(notice.line > 0 and "\n" not in notice.message for notice in spec.notices)


@pytest.mark.parametrize("name", ["workshop.yaml", "library.yaml", "ferry.json", "crooked.yaml"])
def test_a_document_with_anything_wrong_anywhere_is_served_or_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COUNTERFOIL_CACHE", "")
    text = (DOCUMENTS / name).read_bytes()
    document = yaml_reader.read_document(text, name, tolerant=True).value
    cases = [(steps, wrong) for steps in places(document) for wrong in WRONG]
    for steps, wrong in Random(7).sample(cases, CASES):
        path = tmp_path / "own.json"
        path.write_text(json.dumps(damaged(document, steps, wrong), indent=1))
        try:
            serve(path)
        except Exception as error:
            raise AssertionError(f"{name} with {wrong!r} at {steps}") from error
